# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Whom an ID token says it is for. Whether that is true is for the cluster to find out."""

from __future__ import annotations

import re

from .._crypto.jwt import claims
from .._files import is_utf8
from .connection import IdTokenCredentials

_NOT_IN_UIDS = re.compile(r"[^a-zA-Z0-9_@.-]+")


def user_of(credentials: IdTokenCredentials) -> str | None:
    """The user, an e-mail address; None where the token does not tell."""
    email = claims(credentials.id_token).get("email")
    return email if isinstance(email, str) and is_utf8(email) else None


def is_for(credentials: IdTokenCredentials, uid: object) -> bool:
    """Whether it is for this user. From 1.13 on the IAM replaces what a uid cannot hold."""
    email = user_of(credentials)
    return email is not None and uid in (email, _NOT_IN_UIDS.sub("_", email))
