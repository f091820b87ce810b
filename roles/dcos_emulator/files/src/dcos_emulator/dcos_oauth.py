# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logins of open clusters up to 1.12, below /acs/api/v1: users are e-mail addresses, and there is nothing else."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

import jwt

from .http import Request, Response
from .iam.ui_config import ui_config
from .iam.views import PREFIX, Accounts
from .identity_provider import CLIENT_ID, ISSUER, IdentityProvider, UnreachableProvider
from .store import Store, User
from .tokens import SharedSecretTokens

UI_CONFIG_PATH = "/dcos-metadata/ui-config.json"

_COOKIES = ("dcos-acs-auth-cookie", "dcos-acs-info-cookie")
_COOKIE_LIFETIME = 388800
_EMAIL = re.compile(r"[a-zA-Z0-9\u201c\u201d._%+-]+@(?:[a-zA-Z0-9\[-]+\.)+[a-zA-Z0-9\]-]{2,}")
_USER = re.compile(re.escape(f"{PREFIX}/users/") + "([^/]+)")


class _Refusal(Exception):
    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description

    def response(self) -> Response:
        body = {"title": HTTPStatus(self.status).phrase, "description": self.description}
        headers = (("X-Content-Type-Options", "nosniff"),)
        return Response(self.status, _line(body), "application/json; charset=utf-8", headers)


class DcosOauth:
    """Answers requests that Admin Router let through."""

    def __init__(
        self,
        store: Store,
        tokens: SharedSecretTokens,
        provider: IdentityProvider,
        cluster_id: str,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._provider = provider
        self._cluster_id = cluster_id

    def handle(self, request: Request) -> Response:
        """Method and path together find the route: a known path with another method is unknown, too."""
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", f"{PREFIX}/auth/login"): self._login,
            ("GET", f"{PREFIX}/auth/logout"): self._logout,
            ("GET", f"{PREFIX}/users"): self._users,
            ("GET", f"{PREFIX}/groups"): lambda request: _document({"array": None}),
            ("GET", UI_CONFIG_PATH): self._ui_config,
        }
        try:
            route = routes.get((request.method, request.path))
            if route is not None:
                return route(request)
            found = _USER.fullmatch(request.path)
            of_user = {"GET": self._user, "PUT": self._add_user, "DELETE": self._delete_user}.get(request.method)
            if found is not None and of_user is not None:
                if _EMAIL.fullmatch(found[1]) is None:
                    raise _Refusal(500, "invalid email")
                return of_user(request, found[1])
        except _Refusal as refusal:
            return refusal.response()
        return _no_route()

    def _login(self, request: Request) -> Response:
        body = _json(request, "JSON decode error")
        token = body.get("token") or ""
        if not all(isinstance(body.get(name) or "", str) for name in ("uid", "password", "token")):
            raise _Refusal(400, "JSON decode error")
        claims = self._verified(str(token))
        if claims.get("email_verified", True) is not True:
            raise _Refusal(400, "email not verified")
        uid = claims.get("email")
        if not isinstance(uid, str):
            raise _Refusal(400, "invalid email claim")
        if not self._store.users(service=False):
            self._store.add_user(User(uid, False, uid))
        if self._store.user(uid) is None:
            raise _Refusal(401, "User unauthorized")
        cluster_token = self._tokens.issue({**claims, "uid": uid})
        info = base64.urlsafe_b64encode(json.dumps(_view(uid), separators=(",", ":")).encode()).decode("ascii")
        ends = f"Path=/; Expires={formatdate(time.time() + _COOKIE_LIFETIME, usegmt=True)}; Max-Age={_COOKIE_LIFETIME}"
        headers = tuple(
            ("Set-Cookie", cookie)
            for cookie in (f"{_COOKIES[0]}={cluster_token}; {ends}; HttpOnly", f"{_COOKIES[1]}={info}; {ends}")
        )
        # Its content type is guessed from the first bytes, since nobody sets one.
        return Response(200, _line({"token": cluster_token}), "text/plain; charset=utf-8", headers, uid)

    def _verified(self, token: str) -> dict[str, object]:
        """The claims of an ID token for this cluster; the provider's keys are fetched before it is looked at."""
        try:
            published = self._provider.published_key()
        except UnreachableProvider:
            raise _Refusal(500, "[OIDC] Fetch provider config error") from None
        try:
            jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise _Refusal(400, "JWT parsing failed") from None
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                published.key,
                algorithms=["RS256"],
                audience=CLIENT_ID,
                issuer=ISSUER,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError:
            raise _Refusal(401, "JWT verification failed") from None
        return claims

    def _logout(self, request: Request) -> Response:
        ended = f"Path=/; Expires={formatdate(1, usegmt=True)}; Max-Age=0; HttpOnly"
        return Response(200, headers=tuple(("Set-Cookie", f"{name}=; {ended}") for name in _COOKIES))

    def _users(self, request: Request) -> Response:
        users = [_view(user.uid) for user in self._store.users(service=False)]
        return _document({"array": users or None})

    def _user(self, request: Request, uid: str) -> Response:
        if self._store.user(uid) is None:
            raise _Refusal(404, "User Not Found")
        return _document(_view(uid))

    def _add_user(self, request: Request, uid: str) -> Response:
        if self._store.user(uid) is not None:
            raise _Refusal(409, "Already Exists")
        _json(request, "invalid user json")
        self._store.add_user(User(uid, False, uid))
        return Response(201)

    def _delete_user(self, request: Request, uid: str) -> Response:
        if self._store.user(uid) is None:
            raise _Refusal(404, "User not found")
        self._store.delete_user(uid)
        return Response(204)

    def _ui_config(self, request: Request) -> Response:
        return _document(ui_config(self._store, Accounts(), self._cluster_id))


def _json(request: Request, otherwise: str) -> dict[str, object]:
    """The object in the body; its content type is not looked at."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise _Refusal(400, otherwise) from None
    if not isinstance(body, dict):
        raise _Refusal(400, otherwise)
    return body


def _view(uid: str) -> dict[str, object]:
    return {"uid": uid, "description": uid}


def _document(content: object) -> Response:
    return Response(200, _line(content), "application/json")


def _line(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _no_route() -> Response:
    headers = (("X-Content-Type-Options", "nosniff"),)
    return Response(404, b"404 page not found\n", "text/plain; charset=utf-8", headers)
