# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of statements: every rule has a test that is there, and a mutation under which that test fails.

That it really fails is what "make mutations" shows.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "docsite" / "rst" / "statements.rst"


def _mutations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutations", ROOT / "scripts" / "mutations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


mutations = _mutations()


@cache
def rows() -> list[tuple[str, list[str]]]:
    """The rows of all tables: title of the section, cells. Header rows are left out."""
    found: list[tuple[str, list[str]]] = []
    title = ""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.fullmatch(r"-+", line):
            title = lines[number - 1]
        elif line.startswith("   * - "):
            found.append((title, [line[7:]]))
        elif line.startswith("     - "):
            found[-1][1].append(line[7:])
        elif line.startswith("       ") and found:
            found[-1][1][-1] += " " + line.strip()
    return [(title, cells) for title, cells in found if cells[0] != "The page says"]


def in_literals(cell: str) -> list[str]:
    return re.findall(r"``([^`]+)``", cell)


def functions_in(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


NAMED = sorted({test for _title, cells in rows() if len(cells) == 3 for test in in_literals(cells[2])})


def test_every_page_has_its_table() -> None:
    titles = [title for title, _cells in rows()]
    assert list(dict.fromkeys(titles)) == [
        "Service Authentication",
        "Configuring authentication for custom apps and pods",
        "Provisioning custom services",
        "Service Accounts",
        "Security in DC/OS",
        "Not a matter of this collection",
    ]
    assert len(rows()) > 70


def test_every_statement_names_a_rule_and_a_test() -> None:
    """What nothing is done about stands in a table of its own, with the reason."""
    for title, cells in rows():
        assert len(cells) == (2 if title.startswith("Not ") else 3), cells
        assert all(cell.strip() for cell in cells), cells
        if len(cells) == 3:
            assert in_literals(cells[2]), cells
            assert re.sub(r"``[^`]+``", "", cells[2]).strip() == "", cells


@pytest.mark.parametrize("test", NAMED)
def test_every_test_is_there(test: str) -> None:
    path, _separator, function = test.partition("::")
    assert function in functions_in(ROOT / path)


def test_every_test_has_a_mutation_and_every_mutation_a_statement() -> None:
    assert sorted({test for each in mutations.MUTATIONS for test in each.tests}) == NAMED


@pytest.mark.parametrize("mutation", mutations.MUTATIONS, ids=str)
def test_every_mutation_still_fits(mutation: mutations.Mutation) -> None:  # type: ignore[name-defined]
    """A rule that was written anew needs its mutation anew."""
    path, changed = mutation.changed(ROOT)
    assert changed != path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        compile(changed, path.name, "exec")
