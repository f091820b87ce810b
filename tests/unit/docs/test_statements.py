# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of statements: every rule has a test that is there, and a mutation under which that test fails.

That it really fails is what "make mutations" shows.
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))

from collection import ROOT
from mutations import MUTATIONS, Mutation

PAGE = ROOT / "docs" / "docsite" / "rst" / "statements.rst"


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
        "Out of scope",
    ]
    assert len(rows()) > 70


def test_every_statement_names_a_rule_and_a_test() -> None:
    """Statements without a rule are in a table of their own, with the reason."""
    for title, cells in rows():
        assert len(cells) == (2 if title == "Out of scope" else 3), cells
        assert all(cell.strip() for cell in cells), cells
        if len(cells) == 3:
            assert in_literals(cells[2]), cells
            assert re.sub(r"``[^`]+``", "", cells[2]).strip() == "", cells


@pytest.mark.parametrize("test", NAMED)
def test_every_named_test_exists(test: str) -> None:
    path, _separator, function = test.partition("::")
    assert function in functions_in(ROOT / path)


def test_every_test_has_a_mutation_and_every_mutation_a_statement() -> None:
    assert sorted({test for each in MUTATIONS for test in each.tests}) == NAMED


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_every_mutation_applies(mutation: Mutation) -> None:
    """A rule that was written anew needs its mutation anew."""
    path, changed = mutation.changed(ROOT)
    assert changed != path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        compile(changed, path.name, "exec")


CODE = """\
LIMIT = 2


class Door:
    def open(self) -> bool:
        return self.key and (
            LIMIT > 1
        )

    def close(self) -> bool:
        return self.key and (LIMIT > 1)
"""
TASKS = """\
- name: Both
  block:
    - name: One
      when: true

- name: Two
  when: true
"""


def changed(folder: Path, where: str, old: str, new: str) -> str:
    (folder / "code.py").write_text(CODE, encoding="utf-8")
    (folder / "tasks.yml").write_text(TASKS, encoding="utf-8")
    return Mutation(where, old, new, ()).changed(folder)[1]


@pytest.mark.parametrize(
    ("where", "old", "new", "before", "after"),
    [
        ("code.py:LIMIT", "2", "1", "LIMIT = 2", "LIMIT = 1"),
        ("code.py:Door.close", "self.key", "True", "return self.key and (LIMIT", "return True and (LIMIT"),
        ("code.py:Door.open", "( LIMIT > 1 )", "True", "(\n            LIMIT > 1\n        )", "True"),
        ("tasks.yml:Both", "when: true", "when: false", "      when: true", "      when: false"),
        ("tasks.yml:Two", "when: true", "when: false", "- name: Two\n  when: true", "- name: Two\n  when: false"),
    ],
)
def test_a_mutation_changes_only_its_function(
    tmp_path: Path, where: str, old: str, new: str, before: str, after: str
) -> None:
    original = CODE if where.startswith("code") else TASKS
    assert original.count(before) == 1
    assert changed(tmp_path, where, old, new) == original.replace(before, after)


@pytest.mark.parametrize(
    ("where", "old", "message"),
    [
        ("gone.py:Door.open", "x", "there is no file gone.py"),
        ("code.py:Door.lock", "x", "code.py has no Door.lock"),
        ("code.py:Window.open", "x", "code.py has no Window.open"),
        ("tasks.yml:Three", "x", "tasks.yml has no Three"),
        ("code.py:Door.open", "LIMIT > 2", "this text is in Door.open 0 times"),
        ("code.py:Door", "self.key", "this text is in Door 2 times"),
    ],
)
def test_a_mutation_that_does_not_apply_says_why(tmp_path: Path, where: str, old: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        changed(tmp_path, where, old, "")
