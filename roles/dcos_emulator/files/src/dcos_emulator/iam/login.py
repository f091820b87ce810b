# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from http.cookies import SimpleCookie

from ..audit import AuditLog
from ..http import Response
from ..passwords import verify_password
from ..public_keys import InvalidPublicKey, load_public_key
from ..store import Store, User
from ..tokens import TokenAuthority, login_token_is_valid
from .framing import ApiError, Call, Routes, Schema, document, empty
from .id_token import IdTokenLogin

_BODY = Schema(("uid", "password", "token"), closed=False)
_CLEARED_COOKIE = 'dcos-acs-auth-cookie=""; expires=Sat, 01 Jan 2000 00:00:00 GMT; HttpOnly; Path=/'
# The cookies end a little before the token in them does: 164160 s for the library's default of 172800 s.
_COOKIE_SHARE = 0.95


def _invalid_credentials() -> ApiError:
    """The one answer to every refused credential; the reason is never told."""
    challenge = (("WWW-Authenticate", "acsjwt"),)
    return ApiError(401, "Invalid credentials.", "ERR_INVALID_CREDENTIALS", headers=challenge)


class Login:
    """The resources below /auth, but for those about identity providers."""

    def __init__(
        self, store: Store, tokens: TokenAuthority, audit: AuditLog, id_tokens: IdTokenLogin | None = None
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._audit = audit
        self._id_tokens = id_tokens

    def add_routes(self, routes: Routes) -> None:
        routes.add("/auth/login", get=self.start_sso, post=self.login)
        routes.add("/auth/logout", get=self.logout)
        routes.add("/auth/jwks", get=self.jwks)

    def login(self, call: Call) -> Response:
        body = _BODY.check(call.content)
        uid, password, token = body.get("uid"), body.get("password"), body.get("token")
        if (password is None) == (token is None):
            raise ApiError(400, "Exactly one of `token` and `password` must be provided in the request body")
        if password is not None and uid is None:
            raise ApiError(400, "`uid` missing in the request body")
        if "" in (password, uid):
            raise ApiError(400, "`uid` and `password` must not be empty strings")
        if uid is None:
            if self._id_tokens is None:
                raise ApiError(401, "OpenID Connect ID Token login failed: bad token")
            person = self._id_tokens.user(token or "")
            return self._welcome(person, self._tokens.issue(person.uid))
        user = self._store.user(uid)
        if user is None or user.is_remote:
            raise _invalid_credentials()
        if user.is_service:
            return self._service_login(user, token, call.field("exp"))
        if password is None or user.password_hash is None:
            raise _invalid_credentials()
        if not verify_password(password, user.password_hash):
            self._audit.password_refused(call.request, user.uid)
            raise _invalid_credentials()
        return self._welcome(user, self._tokens.issue(user.uid))

    def _service_login(self, user: User, token: str | None, exp: object) -> Response:
        if not token:
            raise _invalid_credentials()
        try:
            key = load_public_key(user.public_key or "")
        except InvalidPublicKey:
            raise _invalid_credentials() from None
        if not login_token_is_valid(token, key, user.uid):
            raise _invalid_credentials()
        # Undocumented, but sent by real clients: 0 asks for a token that never expires, any other value is taken.
        if exp is None:
            return self._welcome(user, self._tokens.issue(user.uid))
        if exp == 0:
            return self._welcome(user, self._tokens.issue(user.uid, forever=True))
        try:
            return self._welcome(user, self._tokens.issue(user.uid, int(exp)))  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError):
            raise ApiError(400, "`exp` must be an integer", "ERR_INVALID_DATA") from None

    def _welcome(self, user: User, token: str) -> Response:
        max_age = int(self._tokens.lifetime * _COOKIE_SHARE)
        info = {"uid": user.uid, "description": user.description, "is_remote": False}
        encoded_info = base64.b64encode(json.dumps(info).encode("ascii")).decode("ascii")
        cookies: SimpleCookie = SimpleCookie()
        cookies["dcos-acs-auth-cookie"] = token
        cookies["dcos-acs-auth-cookie"]["httponly"] = True
        cookies["dcos-acs-info-cookie"] = encoded_info
        for cookie in cookies.values():
            cookie["max-age"] = str(max_age)
            cookie["path"] = "/"
        headers = tuple(("Set-Cookie", cookie.OutputString()) for cookie in cookies.values())
        return replace(document({"token": token}), headers=headers, uid=user.uid)

    def start_sso(self, call: Call) -> Response:
        names = ("oidc-provider", "saml-provider")
        asked = [name for name in names if call.request.parameter(name)]
        if not asked:
            text = "Expected query parameter `oidc-provider` or `saml-provider`."
            raise ApiError(400, text, "ERR_MISSING_QUERY_PARAMETERS")
        raise ApiError(400, f"The emulator cannot send anybody to an `{asked[0]}`.", "ERR_INVALID_DATA")

    def logout(self, call: Call) -> Response:
        """Only clears the cookie; the token stays valid."""
        return empty(200, ("Set-Cookie", _CLEARED_COOKIE))

    def jwks(self, call: Call) -> Response:
        return document(self._tokens.jwks())
