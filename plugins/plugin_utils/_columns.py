# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Tables for terminals and logs: aligned columns without colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from ..module_utils._visible import visible

_GAP = "  "


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as what is in them; the last one ends where it ends."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    return [
        _GAP.join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]


def _width(text: str) -> int:
    """Cells that a terminal takes for it."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.combining(each) != 0 for each in text)
