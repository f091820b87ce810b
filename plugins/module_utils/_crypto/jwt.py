# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The two JSON Web Tokens of a login: the login token that the service signs, the token that the IAM issues.

Most runs log in with a password and look into no token, so the library is imported where one is looked into.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Mapping, Sequence

from .._errors import DcosError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LOGIN_TOKEN_LIFETIME = 300
"""Seconds; what the DC/OS CLI uses. It is a one-time password: it only has to reach the IAM."""

# Of the years 1000 to 9999: whoever issues tokens can write any number.
_FIRST_SECOND = -30610224000
_LAST_SECOND = 253402300799


def login_token(uid: str, key: RSAPrivateKey, lifetime: int = LOGIN_TOKEN_LIFETIME) -> str:
    """Sign a service login token: RS256, claims C(uid) and C(exp) and no others, as the IAM reads them."""
    import jwt

    return jwt.encode({"uid": uid, "exp": int(time.time()) + lifetime}, key, algorithm="RS256")


def is_token(text: str) -> bool:
    """Whether a text is a token, whatever it claims and whoever signed it."""
    import jwt

    try:
        jwt.get_unverified_header(text)
    except jwt.InvalidTokenError:
        return False
    return True


def is_signed_with_shared_secret(token: str) -> bool:
    """Whether nobody but the cluster can check a token, as those of open clusters up to 1.12."""
    import jwt

    try:
        return str(jwt.get_unverified_header(token).get("alg")).startswith("HS")
    except jwt.InvalidTokenError:
        return False


def claims(token: str) -> dict[str, object]:
    """The claims of a token, its signature not checked; empty for what is no token."""
    import jwt

    try:
        return jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, UnicodeError, RecursionError):
        return {}


def verified_claims(token: str, jwks: Sequence[Mapping[str, object]]) -> dict[str, object] | None:
    """The claims when one of the cluster's keys signed the token and it has not expired, else None.

    Tokens of the IAM carry no key id, so each key is tried; there is one.
    """
    import jwt

    for jwk in jwks:
        try:
            key = jwt.PyJWK(dict(jwk), algorithm="RS256").key
            return jwt.decode(token, key, algorithms=["RS256"])
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError):  # another kind of key, a private one, or none
            continue
    return None


def expires_at(token_claims: Mapping[str, object]) -> int | None:
    """Unix time at which a token ends, None for one that never does."""
    exp = token_claims.get("exp")
    if exp is None:
        return None
    # Nor is infinity a time, nor NaN, nor a whole number that no float can hold.
    if isinstance(exp, bool) or not isinstance(exp, (int, float)) or not abs(exp) < sys.float_info.max:
        raise DcosError("The token's claim 'exp' is not a time. Check that dcos_url is the URL of a DC/OS cluster.")
    return int(exp)


def iso_utc(unix_time: int) -> str:
    """ISO 8601 in UTC, whole seconds; what does not fit into its years is the first or last second that does."""
    within = min(max(unix_time, _FIRST_SECOND), _LAST_SECOND)
    return datetime.fromtimestamp(within, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
