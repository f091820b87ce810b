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

# Right passwords that this process has seen, each as a digest that says nothing to others: every task of a playbook
# logs in, and would wait for the same scrypt again.
_KEY = os.urandom(32)
_seen: set[tuple[str, bytes]] = set()
_MOST_SEEN = 1000


def _secret(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _digest(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(_secret(password), salt=salt, n=cost, r=block, p=parallel, maxmem=64 * 2**20, dklen=32)


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
    seen = (stored, hashlib.blake2b(_secret(password), key=_KEY).digest())
    if seen in _seen:
        return True
    computed = _digest(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    right = hmac.compare_digest(computed, base64.b64decode(digest))
    if right:
        if len(_seen) >= _MOST_SEEN:
            _seen.clear()
        _seen.add(seen)
    return right
