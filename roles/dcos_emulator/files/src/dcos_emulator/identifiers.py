# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names users and groups may have."""

from __future__ import annotations

import re

# The pattern lets one trailing newline through, as the IAM's own does.
_ID = re.compile(r"[a-zA-Z0-9-_@\.]+$")
_LENGTH = 96


def is_valid_id(identifier: str) -> bool:
    """Whether a uid or gid is one the IAM takes."""
    return identifier != "anonymous" and len(identifier) <= _LENGTH and _ID.match(identifier) is not None
