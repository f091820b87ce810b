# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Truth values that come as text, in the words that Ansible knows."""

from __future__ import annotations

_TRUE = frozenset(("true", "yes", "on", "1", "y", "t"))
_FALSE = frozenset(("false", "no", "off", "0", "n", "f"))


def read_truth(text: str) -> bool | None:
    """What a word says; None for one that is neither true nor false."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None
