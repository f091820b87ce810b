# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML example of the documentation runs, and reports the changes that the table says.

With C(--turns 2), as in C(make release), each runs twice in a row.
"""

from __future__ import annotations

import re
from collections import Counter

import examples_table as table
import pytest
from examples_support import Example, Group, Run, find_examples, run_group


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", metafunc.cls.group.examples, ids=lambda example: example.id)


class OfGroup:
    """The tests of a group. A class for each: pytest-xdist hands out classes, and what is in one shares a run."""

    group: Group

    @pytest.fixture(scope="class")
    def run(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
        group: Group = request.cls.group
        turns: int = request.config.getoption("turns")
        return run_group(group, {each.id: each for each in find_examples()}, tmp_path_factory.mktemp("group"), turns)

    def test_the_playbook_of_examples_succeeds_with_the_expected_warnings(self, run: Run) -> None:
        assert run.returncode == 0, run.output
        for warning in run.warnings:
            assert any(re.search(pattern, warning) for pattern in self.group.warnings), f"unexpected: {warning}"
        for pattern in self.group.warnings:
            assert any(re.search(pattern, warning) for warning in run.warnings), f"no warning like {pattern!r}"

    def test_example(self, run: Run, example: Example, pytestconfig: pytest.Config) -> None:
        expected = (example.changed, example.again)[: example.turns(pytestconfig.getoption("turns"))]
        for turn, changed in enumerate(expected, 1):
            result = run.turns.get((example.id, turn))
            assert result is not None, f"turn {turn} was not reached; the test of the playbook shows why"
            assert result.complete, f"turn {turn} broke off; the test of the playbook shows why"
            assert result.outcomes, f"nothing ran in turn {turn}"
            assert result.failed == sorted(example.fails), f"turn {turn}"
            assert result.changed == sorted(changed), f"turn {turn}"


# What takes longest comes first.


class TestEmulator(OfGroup):
    group = table.EMULATOR


class TestProvisioning(OfGroup):
    group = table.PROVISIONING


class TestKeys(OfGroup):
    group = table.KEYS


class TestModules(OfGroup):
    group = table.MODULES


class TestAuthentication(OfGroup):
    group = table.AUTHENTICATION


class TestPeople(OfGroup):
    group = table.PEOPLE


class TestRole(OfGroup):
    group = table.ROLE


class TestDisabled(OfGroup):
    group = table.DISABLED


class TestPermissive(OfGroup):
    group = table.PERMISSIVE


class TestOpen(OfGroup):
    group = table.OPEN


def test_every_example_is_tested_once() -> None:
    """An example that is added to the documentation needs a line in the table; one that goes takes its line along."""
    listed = [example.id for cls in OfGroup.__subclasses__() for example in cls.group.examples]
    listed += [example.id for example in table.IN_PACKAGING]
    found = [each.id for each in find_examples()]
    assert Counter(listed) == Counter(found)
    assert max(Counter(found).values()) == 1, "two examples of one page begin with the same name"
