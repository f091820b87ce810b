# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a module runs in the process of its task, and that one run leaves nothing to the next."""

from __future__ import annotations

import json
import os
import sys
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.plugins.action.normal import ActionModule as NormalActionModule

from ansible_collections.dcos.security.plugins.action import dcos_token
from ansible_collections.dcos.security.plugins.plugin_utils import _direct_action as direct

ROOT = Path(__file__).parents[4]


def way(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, Any],
    *,
    transport: str = "local",
    become: object = None,
    async_val: int = 0,
    environment: dict[str, str] | None = None,
    delegate_to: str | None = None,
) -> Any:
    """Which way the module of a task goes: C(direct) or C(archive)."""
    monkeypatch.setattr(NormalActionModule, "run", lambda *_: {"way": "archive"})
    monkeypatch.setattr(direct, "run_here", lambda *_: {"way": "direct"})
    plugin = dcos_token.ActionModule.__new__(dcos_token.ActionModule)
    plugin._task = SimpleNamespace(
        action="dcos.security.dcos_token",
        args={},
        async_val=async_val,
        check_mode=False,
        delegate_to=delegate_to,
        environment=[environment or {}],
    )
    plugin._connection = SimpleNamespace(transport=transport, become=become, _shell=SimpleNamespace(env_prefix=dict))
    plugin._loader = SimpleNamespace(get_basedir=str)
    plugin._templar = SimpleNamespace(template=lambda value: value)
    monkeypatch.setattr(plugin, "_update_module_args", lambda *_: None, raising=False)
    monkeypatch.setattr(NormalActionModule.__base__, "run", lambda *_: {})
    return plugin.run(None, variables)["way"]


HERE = {"ansible_python_interpreter": sys.executable}


def test_the_same_python_on_this_machine_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert way(monkeypatch, HERE, environment={"DCOS_URL": "https://dcos.example.com"}) == "direct"


@pytest.mark.parametrize(
    "task",
    [
        {"transport": "ssh"},
        {"become": object()},
        {"async_val": 60},
        {"environment": {"PYTHONPATH": "/elsewhere"}},
        {"environment": {"LD_LIBRARY_PATH": "/elsewhere"}},
        {"variables": {}},
        {"variables": {"ansible_python_interpreter": "/usr/bin/another"}},
        {"delegate_to": "other", "variables": {**HERE, "ansible_delegated_vars": {"other": {}}}},
    ],
    ids=str,
)
def test_any_other_case_is_left_to_ansible(task: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert way(monkeypatch, **{"variables": HERE, **task}) == "archive"


def test_a_forked_process_of_macos_runs_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert way(monkeypatch, HERE) == "archive"


def test_the_interpreter_is_that_of_the_host_that_a_task_is_delegated_to(monkeypatch: pytest.MonkeyPatch) -> None:
    delegated = {"ansible_delegated_vars": {"other": HERE}}
    assert way(monkeypatch, delegated, delegate_to="other") == "direct"


def echo() -> None:
    """A module that returns its arguments and surroundings, and warns."""
    module = AnsibleModule({"text": {"type": "raw"}})
    module.warn(f"warned of {module.params['text']}")
    module.exit_json(text=module.params["text"], environment=os.environ.get("DCOS_URL"), folder=os.getcwd())


def test_a_run_in_a_loop_knows_nothing_of_the_one_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("DCOS_URL", raising=False)
    here = os.getcwd()
    first = direct.run_here(echo, {"text": "one"}, {"DCOS_URL": "https://one"}, str(tmp_path))
    second = direct.run_here(echo, {"text": "two"}, {}, "/")
    assert (first["text"], first["environment"], first["folder"]) == ("one", "https://one", str(tmp_path))
    assert (second["text"], second["environment"], second["folder"]) == ("two", None, "/")
    assert "one" not in json.dumps(second)
    assert "DCOS_URL" not in os.environ
    assert os.getcwd() == here
    assert '"text"' not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (date(2026, 12, 1), "2026-12-01"),
        (datetime(2026, 12, 1, 10, 30), "2026-12-01T10:30:00"),
        ({"a": [1, None, True, "ü"]}, {"a": [1, None, True, "ü"]}),
    ],
    ids=str,
)
def test_arguments_arrive_as_ansible_writes_them(value: object, arrives: object) -> None:
    assert direct.run_here(echo, {"text": value}, {}, ".")["text"] == arrives


def test_an_error_of_the_module_is_passed_on_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("of the module")

    monkeypatch.delenv("DCOS_URL", raising=False)
    with pytest.raises(ValueError, match="of the module"):
        direct.run_here(broken, {}, {"DCOS_URL": "https://one"}, ".")
    assert "DCOS_URL" not in os.environ


def test_every_module_has_an_action_part() -> None:
    modules, actions = (
        {path.name for path in (ROOT / "plugins" / kind).glob("dcos_*.py")} for kind in ("modules", "action")
    )
    assert modules == actions
