# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the IAM of an open cluster lets in who comes with an ID token of the identity provider that it trusts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..identity_provider import CLIENT_ID, ISSUER, IdentityProvider, UnreachableProvider
from ..store import Store, User
from .framing import ApiError

_STANDARD = ("iss", "sub", "aud", "exp", "iat")
_OTHERS = ("email", "email_verified")


class IdTokenLogin:
    """Logins without a uid."""

    def __init__(self, store: Store, provider: IdentityProvider) -> None:
        self._store = store
        self._provider = provider
        self._known: dict[str, RSAPublicKey] = {}

    def user(self, token: str) -> User:
        """Whom a token is for; the first one of all becomes a user by it."""
        claims = self._verified(token)
        email = str(claims["email"])
        uid = re.sub(r"[^a-zA-Z0-9_@.-]+", "_", email)
        if not self._store.users(service=False):
            self._store.add_user(User(uid, False, email, "oidc", ISSUER))
        user = self._store.user(uid)
        if user is None:
            raise ApiError(401, "ID Token login failed: user unknown")
        if user.provider_type != "oidc":
            raise ApiError(401, "ID Token login failed: provider type mismatch")
        if user.provider_id != ISSUER:
            raise ApiError(401, "ID Token login failed: provider ID mismatch")
        return user

    def _verified(self, token: str) -> Mapping[str, object]:
        try:
            unverified = jwt.decode(token, options={"verify_signature": False})
            kid = jwt.get_unverified_header(token).get("kid", "default")
        except jwt.PyJWTError:
            raise _refused("bad token") from None
        if unverified.get("iss") != ISSUER:
            raise _refused("bad token")
        try:
            claims: Mapping[str, object] = jwt.decode(
                token,
                self._key(kid),
                algorithms=["RS256"],
                audience=CLIENT_ID,
                options={"require": ["exp"], "verify_iat": False, "verify_iss": False, "verify_sub": False},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("token expired") from None
        except jwt.PyJWTError:
            raise _refused("bad token") from None
        if any(name not in claims for name in _STANDARD):
            raise _refused("bad token")
        for name in _OTHERS:
            if name not in claims:
                raise _refused(f"ID Token lacks non-standard claim: {name}")
        if not claims["email_verified"]:
            raise _refused('ID Token must have `"email_verified": true` claim')
        return claims

    def _key(self, kid: str) -> RSAPublicKey:
        """A key once fetched is known for good; an unknown one is asked for."""
        if kid not in self._known:
            try:
                published = self._provider.published_key()
            except UnreachableProvider:
                text = "Could not fetch public key material from token issuer"
                raise ApiError(500, text) from None
            self._known[published.kid] = published.key
        if kid not in self._known:
            raise _refused("bad token")
        return self._known[kid]


def _refused(reason: str) -> ApiError:
    return ApiError(401, f"OpenID Connect ID Token login failed: {reason}")
