# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event-Driven Ansible: the event source as ansible-rulebook loads it, and what the rulebook may do."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.dcos.security.plugins.module_utils._events.source import NAMES

ROOT = Path(__file__).parents[3]
EDA = ROOT / "extensions" / "eda"
SOURCE = EDA / "plugins" / "event_source" / "dcos_audit.py"
(RULESET,) = yaml.safe_load((EDA / "rulebooks" / "dcos_audit.yml").read_text(encoding="utf-8"))


def test_source_is_loaded_alone() -> None:
    """By a Python that knows of no collections; what is wrong with an argument comes through."""
    program = "import asyncio, runpy, sys; asyncio.run(runpy.run_path(sys.argv[1])['main'](asyncio.Queue(), {}))"
    command = [sys.executable, "-I", "-c", program, str(SOURCE)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "DcosError: paths: name the files" in ran.stderr


def test_copied_source_says_what_it_needs(tmp_path: Path) -> None:
    copy = tmp_path / "a" / "b" / "c" / "d" / "e" / "dcos_audit.py"
    copy.parent.mkdir(parents=True)
    shutil.copy(SOURCE, copy)
    with pytest.raises(ImportError, match=r"needs the collection dcos\.security around it"):
        runpy.run_path(str(copy))


def test_arguments_are_documented() -> None:
    text = re.search(r'^DOCUMENTATION = r"""\n(.*?)^"""', SOURCE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert text is not None
    assert tuple(yaml.safe_load(text.group(1))["options"]) == NAMES


def test_rulebook_grants_nothing_and_hands_on_no_text_of_a_line() -> None:
    actions = [action for rule in RULESET["rules"] for action in rule["actions"]]
    played = [action["run_playbook"] for action in actions if "run_playbook" in action]
    assert [play["name"] for play in played] == ["dcos.security.find_permissions"]
    assert {kind for action in actions for kind in action} == {"run_playbook", "debug"}
    for value in played[0]["extra_vars"].values():
        # An account's id is made of letters and digits. All else is chosen by whoever sends a request.
        assert "event" not in str(value).replace("event.uid", "")
