# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of a release: the Makefile, the workflow and what decides which are due name the same ones."""

from __future__ import annotations

import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from collection import ROOT, project_files
from due import CHECKS, Check, due

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
RELEASE = re.findall(r"^RELEASE := (.*)$", MAKEFILE, re.MULTILINE)[0].split()


def test_workflow_runs_every_check() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["release"]["strategy"]["matrix"]["check"] == RELEASE


def test_every_check_may_become_due() -> None:
    always = set(re.findall(r"^CHECKS  := (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert {check.name for check in CHECKS} == set(RELEASE) - always


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_check_depends_on_files_that_are_there(check: Check) -> None:
    paths = [path.as_posix() for path in project_files()]
    assert [each for each in check.files if not any(fnmatchcase(path, each) for path in paths)] == []


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ([], []),
        (["README.md", "LICENSE"], []),
        (["README.md", "galaxy.yml"], ["packaging"]),
        (["extensions/eda/rulebooks/dcos_audit.yml"], ["packaging"]),
        (["extensions/molecule/config.yml"], ["molecule-all"]),
    ],
)
def test_checks_are_due_after_changes(changed: list[str], names: list[str]) -> None:
    assert [check.name for check in due(changed)] == names
