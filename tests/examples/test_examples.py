# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML example of the documentation runs, and reports the changes that the table says, twice in a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from examples_support import Example, Group, Run, find_examples, run_group
from examples_table import GROUPS

FOUND = {each.id: each for each in find_examples()}

EACH_GROUP = [pytest.param(group, id=group.name, marks=pytest.mark.xdist_group(group.name)) for group in GROUPS]
EACH_EXAMPLE = [
    pytest.param(group, example, id=example.id, marks=pytest.mark.xdist_group(group.name))
    for group in GROUPS
    for example in group.examples
]


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Group], Run]:
    """The run of a group, made when first asked for, and once only: a failure to prepare it is kept too."""
    runs: dict[str, Run | Exception] = {}

    def run(group: Group) -> Run:
        if group.name not in runs:
            try:
                runs[group.name] = run_group(group, FOUND, tmp_path_factory.mktemp(group.name))
            except Exception as exc:
                runs[group.name] = exc
        result = runs[group.name]
        if isinstance(result, Exception):
            raise result
        return result

    return run


def test_every_example_is_in_the_table() -> None:
    """An example that is added to the documentation needs a line in the table; one that goes takes its line along."""
    listed = Counter(example.id for group in GROUPS for example in group.examples)
    assert sorted(listed) == sorted(FOUND)
    assert max(listed.values()) == 1
    assert len(FOUND) == len(find_examples()), "two examples of one page begin with the same name"


@pytest.mark.parametrize("group", EACH_GROUP)
def test_group_succeeds_with_the_expected_warnings(group: Group, run_of: Callable[[Group], Run]) -> None:
    run = run_of(group)
    assert run.returncode == 0, run.output
    for warning in run.warnings:
        assert any(re.search(pattern, warning) for pattern in group.warnings), f"unexpected: {warning}"
    for pattern in group.warnings:
        assert any(re.search(pattern, warning) for warning in run.warnings), f"no warning like {pattern!r}"


@pytest.mark.parametrize(("group", "example"), EACH_EXAMPLE)
def test_example(group: Group, example: Example, run_of: Callable[[Group], Run]) -> None:
    run = run_of(group)
    for turn, changed in ((1, example.changed), (2, example.again)):
        result = run.turns.get((example.id, turn))
        assert result is not None, f"turn {turn} was not reached; the test of {group.name} shows why"
        assert result.complete, f"turn {turn} broke off; the test of {group.name} shows why"
        assert result.outcomes, f"nothing ran in turn {turn}"
        assert result.failed == sorted(example.fails), f"turn {turn}"
        assert result.changed == sorted(changed), f"turn {turn}"
