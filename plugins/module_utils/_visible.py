# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Text that others chose, made safe to look at: nothing in it can steer a terminal or change the order of letters."""

from __future__ import annotations


def visible(text: str) -> str:
    """Replace what does not show (control characters, marks that turn the direction of text) by escapes that do."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
