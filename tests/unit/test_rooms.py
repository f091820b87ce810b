# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of plugins/module_utils import from each other as docs/architecture.md draws it: only from lower floors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "plugins" / "module_utils"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

FLOOR_OF = {
    room: int(number) for number, rooms in re.findall(r"^(\d)  (_\w.*)$", PAGE, re.MULTILINE) for room in rooms.split()
}
"""The drawing: each room with the number of its floor."""

IMPORTS_OF = {
    room: set(re.findall(r"`(\w+)`", imports))
    for room, imports in re.findall(r"^\| `(_\w+)` \|[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
}
"""The table: each room with those that it imports from."""

SOURCES = sorted(LIBRARY.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].replace(".py", "")


def imported_rooms(path: Path) -> Iterator[str]:
    """The rooms that a file imports from, inside functions and for type checkers too."""
    depth = len(path.relative_to(LIBRARY).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert "ansible_collections" not in (node.module or ""), f"{path}:{node.lineno}: use a relative import"
            assert node.level <= depth, f"{path}:{node.lineno}: imports from outside the library"
            if node.level == depth:
                yield from [node.module.split(".")[0]] if node.module else [name.name for name in node.names]


@pytest.mark.parametrize("room", sorted(FLOOR_OF))
def test_room_imports_what_the_page_says(room: str) -> None:
    found = {other for path in SOURCES if room_of(path) == room for other in imported_rooms(path)} - {room}
    assert found == IMPORTS_OF[room]


@pytest.mark.parametrize("room", sorted(FLOOR_OF))
def test_room_imports_only_from_lower_floors(room: str) -> None:
    assert [other for other in IMPORTS_OF[room] if FLOOR_OF[other] >= FLOOR_OF[room]] == []


def test_page_shows_every_room() -> None:
    rooms = {room_of(path) for path in SOURCES}
    assert set(FLOOR_OF) == rooms
    assert set(IMPORTS_OF) == rooms
