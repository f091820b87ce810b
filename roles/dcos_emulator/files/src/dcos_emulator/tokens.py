# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication tokens: issued by the IAM, checked by Admin Router."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_CACHED_TOKENS = 4096

# Claims beyond `exp` and `nbf` are none of the IAM's business: a login token with an `iat` in the future is accepted.
_LOGIN_TOKEN_CHECKS = {"verify_iat": False, "verify_iss": False, "verify_sub": False, "verify_jti": False}


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the account of a valid token, or nobody, with a token that is not valid or with none."""

    uid: str | None
    has_token: bool = True


class Tokens(ABC):
    """The tokens of one cluster: who they were issued to, as long as they are valid."""

    def __init__(self) -> None:
        self._verified: OrderedDict[str, tuple[str, float | None]] = OrderedDict()
        self._issued_since_expiry: set[bytes] | None = None

    @abstractmethod
    def _claims(self, token: str) -> Mapping[str, object]:
        """The claims of a token of this cluster; any exception means that it is none, or has expired."""

    def _issued(self, token: str) -> str:
        if self._issued_since_expiry is not None:
            self._issued_since_expiry.add(_digest(token))
        return token

    def uid_of(self, token: str) -> str | None:
        """The uid of a valid token, else None."""
        if self._issued_since_expiry is not None and _digest(token) not in self._issued_since_expiry:
            return None
        cached = self._verified.get(token)
        if cached is None:
            cached = self._verify(token)
            if cached is None:
                return None
            self._verified[token] = cached
            if len(self._verified) > _CACHED_TOKENS:
                self._verified.popitem(last=False)
        uid, exp = cached
        return uid if exp is None or exp > time.time() else None

    def caller(self, header: str | None) -> Caller:
        """Whose token an Authorization header holds."""
        if header is None:
            return Caller(None, has_token=False)
        token = token_in(header)
        return Caller(None if token is None else self.uid_of(token))

    def _verify(self, token: str) -> tuple[str, float | None] | None:
        try:
            claims = self._claims(token)
        except Exception:  # whatever a malformed token provokes, it is not valid
            return None
        uid, exp = claims.get("uid"), claims.get("exp")
        if not isinstance(uid, str):
            return None
        return uid, exp  # type: ignore[return-value]  # the library has looked at it

    def expire_all(self) -> None:
        """From now on, treat every token issued before as expired."""
        self._issued_since_expiry = set()

    def forget_expiry(self) -> None:
        """Take `expire_all` back."""
        self._issued_since_expiry = None


class TokenAuthority(Tokens):
    """Issues tokens with the cluster's signing key and checks them."""

    def __init__(self, key: RSAPrivateKey, lifetime: int) -> None:
        super().__init__()
        self._key = key
        self._public_key = key.public_key()
        self.lifetime = lifetime

    def issue(self, uid: str, exp: int | None = None, *, forever: bool = False) -> str:
        """A token with the default lifetime, with a given `exp`, or without any `exp`."""
        claims: dict[str, object] = {"uid": uid}
        if not forever:
            claims["exp"] = int(time.time() + self.lifetime) if exp is None else exp
        # Encoded by hand: the real token's header is exactly these two keys in this order.
        header = _segment({"typ": "JWT", "alg": "RS256"})
        signing_input = header + b"." + _segment(claims)
        algorithm = jwt.get_algorithm_by_name("RS256")
        signature = _base64url(algorithm.sign(signing_input, self._key))
        return self._issued((signing_input + b"." + signature).decode("ascii"))

    def _claims(self, token: str) -> Mapping[str, object]:
        return jwt.decode(token, self._public_key, algorithms=["RS256"], options=_LOGIN_TOKEN_CHECKS)  # type: ignore[arg-type]

    def jwks(self) -> dict[str, object]:
        """The public half of the signing key as a JSON Web Key Set."""
        numbers = self._public_key.public_numbers()
        kid = hashlib.sha256(f"{numbers.e}{numbers.n}RSA".encode("ascii")).hexdigest()
        key = {"kid": kid, "kty": "RSA", "n": _base64url_int(numbers.n), "e": _base64url_int(numbers.e)}
        return {"keys": [{**key, "alg": "RS256", "use": "sig"}]}


class SharedSecretTokens(Tokens):
    """The tokens of open clusters up to 1.12, signed with a secret that nobody outside can check them with."""

    def __init__(self, secret: bytes) -> None:
        super().__init__()
        self._secret = secret

    def issue(self, claims: Mapping[str, object]) -> str:
        return self._issued(jwt.encode(dict(claims), self._secret, "HS256"))

    def _claims(self, token: str) -> Mapping[str, object]:
        # The claims are those of an ID token: whom that was for is not looked at any more.
        checks = {**_LOGIN_TOKEN_CHECKS, "verify_aud": False}
        return jwt.decode(token, self._secret, algorithms=["HS256"], options=checks)  # type: ignore[arg-type]


def token_in(header: str, takes_bearer: bool = True) -> str | None:
    """The token in an Authorization header."""
    found = re.search("token=(.+)", header) or (re.search("Bearer (.+)", header) if takes_bearer else None)
    return found.group(1) if found else None


def login_token_is_valid(token: str, key: RSAPublicKey, uid: str) -> bool:
    """Whether a service login token is signed by the account's key and made for `uid`."""
    try:
        claims = jwt.decode(token, key, algorithms=["RS256"], options=_LOGIN_TOKEN_CHECKS)  # type: ignore[arg-type]
    except Exception:  # whatever a malformed token provokes, it is not valid
        return False
    exp = claims.get("exp", 0)
    # PyJWT also takes a numeric text; the IAM broke on it, which must not become a way in.
    if isinstance(exp, bool) or not isinstance(exp, (int, float)):
        return False
    return bool(claims.get("uid") == uid)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _base64url_int(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode("ascii")


def _segment(document: dict[str, object]) -> bytes:
    return _base64url(json.dumps(document, separators=(",", ":")).encode("ascii"))
