# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity provider that an open cluster trusts: it signs ID tokens, and tells its current public key.

It is a file with its signing key, in the data directory: ID tokens can be made while no emulator runs, and a provider
that cannot be reached is one whose file is away.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from .private_keys import load_private_key, new_key, store_private_key
from .settings import DEFAULT_TOKEN_LIFETIME

ISSUER = "https://dcos.auth0.com/"
CLIENT_ID = "dcos-emulator"


class UnreachableProvider(Exception):
    """The provider's keys cannot be fetched."""


@dataclass(frozen=True)
class PublishedKey:
    kid: str
    key: RSAPublicKey


class IdentityProvider:
    """The provider whose signing key is in this file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ensure_key(self) -> None:
        if not self._path.exists():
            self.rotate_key()

    def rotate_key(self) -> None:
        """Sign with a new key from now on; the old one is not published any more."""
        store_private_key(self._path, new_key())

    def published_key(self) -> PublishedKey:
        """What everybody may fetch."""
        public = self._key().public_key()
        return PublishedKey(_kid(public), public)

    def id_token(
        self, email: str, lifetime: int = DEFAULT_TOKEN_LIFETIME, more: Mapping[str, object] | None = None
    ) -> str:
        """An ID token for somebody who has just proved who they are.

        more: claims that replace or join the usual ones; None leaves one out.
        """
        key = self._key()
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": f"emulated|{hashlib.sha256(email.encode()).hexdigest()[:24]}",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + lifetime,
            "email": email,
            "email_verified": True,
        }
        claims |= more or {}
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(told, key, "RS256", {"kid": _kid(key.public_key())})

    def _key(self) -> RSAPrivateKey:
        try:
            return load_private_key(self._path)
        except (OSError, ValueError) as error:
            raise UnreachableProvider(f"{self._path} holds no key of an identity provider") from error


def _kid(key: RSAPublicKey) -> str:
    encoding, spki = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(encoding, spki)).hexdigest()[:32]
