# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What the IAM demands of a password."""

from __future__ import annotations

from .._errors import DcosError

PASSWORD_MIN_LENGTH = 5
"""The only rule of the IAM (observed)."""


def check_password(password: str, option: str) -> str:
    """Return the password when the IAM would take it, else raise the error that it would answer."""
    if len(password) < PASSWORD_MIN_LENGTH:
        raise DcosError(
            f"{option}: the IAM takes passwords of at least {PASSWORD_MIN_LENGTH} characters, and this one is shorter. "
            "Nothing was changed. Choose a longer one.",
            "ERR_INVALID_DATA",
        )
    return password
