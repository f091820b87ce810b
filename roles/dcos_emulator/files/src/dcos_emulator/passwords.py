# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Password hashes: scrypt with a salt per user, in a self-describing text form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

# 16 MiB and some 40 ms: strong enough for a stand-in, cheap enough for a login in each test.
COST, BLOCK, PARALLEL = 2**14, 8, 1


def _digest(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=cost, r=block, p=parallel, maxmem=64 * 2**20, dklen=32)


def hash_password(password: str) -> str:
    """A new hash, with a new salt."""
    salt = os.urandom(16)
    digest = _digest(password, salt, COST, BLOCK, PARALLEL)
    parts = (base64.b64encode(part).decode("ascii") for part in (salt, digest))
    return f"scrypt${COST}${BLOCK}${PARALLEL}$" + "$".join(parts)


def verify_password(password: str, stored: str) -> bool:
    """Whether `password` is the one that `stored` was made from."""
    scheme, cost, block, parallel, salt, digest = stored.split("$")
    if scheme != "scrypt":
        return False
    computed = _digest(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(computed, base64.b64decode(digest))
