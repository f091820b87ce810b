# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of plugins/module_utils stand on floors: a room imports only from rooms on lower floors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "plugins" / "module_utils"

FLOORS = (
    ("_errors",),
    ("_files", "_rules", "_crypto"),
    ("_api", "_presets"),
    ("_resources", "_service"),
    ("_module", "_fleet", "_access"),
)
"""From the ground up, as docs/architecture.md draws them."""

FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].replace(".py", "")


def imported_rooms(path: Path) -> Iterator[str]:
    """The other rooms that a file imports from, in functions and for type checkers too."""
    depth = len(path.relative_to(LIBRARY).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert "ansible_collections" not in (node.module or ""), f"{path}:{node.lineno}: use a relative import"
            if node.level == depth:
                yield from [node.module.split(".")[0]] if node.module else [name.name for name in node.names]
            else:
                assert node.level < depth, f"{path}:{node.lineno}: imports from outside the library"


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_room_imports_only_from_lower_floors(path: Path) -> None:
    floor = FLOOR_OF[room_of(path)]
    for room in set(imported_rooms(path)) - {room_of(path)}:
        assert FLOOR_OF[room] < floor, f"{path} imports from {room}, which is not on a lower floor"


def test_every_room_has_a_floor() -> None:
    rooms = {path.name.replace(".py", "") for path in LIBRARY.iterdir() if path.name != "__pycache__"}
    assert rooms == set(FLOOR_OF)
