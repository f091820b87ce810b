# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action part: it shows how far the module is, on local connections, and never gets in the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.action import dcos_cluster_info, dcos_services
from ansible_collections.dcos.security.plugins.plugin_utils import _progress_action as action
from ansible_collections.dcos.security.plugins.plugin_utils._direct_action import DirectAction

Work = Callable[[dict[str, Any]], None]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was displayed; the folder of Ansible's temporary files is C(tmp_path)."""
    shown: list[str] = []
    monkeypatch.setattr(action, "Display", lambda: SimpleNamespace(display=shown.append))
    monkeypatch.setattr(action.C, "DEFAULT_LOCAL_TMP", str(tmp_path), raising=False)
    monkeypatch.setattr(action, "INTERVAL", 0.01)
    return shown


def run(
    monkeypatch: pytest.MonkeyPatch,
    work: Work,
    args: dict[str, Any] | None = None,
    transport: str = "local",
    no_log: bool = False,
    async_val: int = 0,
    module: Any = dcos_services,
) -> Any:
    """Run the plugin; C(work) gets the arguments that the module would get."""

    def run_module(self: Any, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        work(self._task.args)
        return {"changed": True}

    monkeypatch.setattr(DirectAction, "run", run_module)
    plugin = module.ActionModule.__new__(module.ActionModule)
    plugin._task = SimpleNamespace(args=args or {}, no_log=no_log, async_val=async_val)
    plugin._connection = SimpleNamespace(transport=transport)
    try:
        return plugin.run(None, {})
    finally:  # the next try of a task with retries starts from the same arguments
        assert plugin._task.args == (args or {})


def tell(path: str, *lines: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def line(done: int, failed: int = 0) -> str:
    return json.dumps({"phase": "done", "done": done, "total": 9, "failed": failed, "name": f"/s{done}"})


def wait_for(lines: list[str], count: int) -> None:
    ticks = threading.Event()
    for _tick in range(1000):
        if len(lines) >= count:
            return
        ticks.wait(0.01)
    raise AssertionError(f"only {lines}")


def test_the_newest_line_is_shown(monkeypatch: pytest.MonkeyPatch, lines: list[str], tmp_path: Path) -> None:
    def work(args: dict[str, Any]) -> None:
        tell(args["progress_path"], line(1), line(2))
        wait_for(lines, 1)
        tell(args["progress_path"], line(5, failed=2))
        wait_for(lines, 2)

    assert run(monkeypatch, work, {"services": []}) == {"changed": True}
    assert lines == [
        "dcos_services: 2 of 9 services done; the last one: /s2",
        "dcos_services: 5 of 9 services done, 2 failed; the last one: /s5",
    ]
    assert list(tmp_path.iterdir()) == []


def test_short_runs_are_quiet(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setattr(action, "INTERVAL", 60)
    run(monkeypatch, lambda args: tell(args["progress_path"], line(1)))
    assert lines == []


@pytest.mark.parametrize(
    "how",
    [
        {"args": {"progress": False}},
        {"args": {"progress": "no"}},
        {"args": {"progress_path": "/own"}},
        {"transport": "ssh"},
        {"no_log": True},
        {"async_val": 60},
    ],
)
def test_no_progress_is_shown(how: dict[str, Any], monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    given: list[dict[str, Any]] = []
    run(monkeypatch, lambda args: given.append(dict(args)), **how)
    assert given == [how.get("args", {})]
    assert lines == []


def test_what_a_wait_is_for_is_shown(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    def work(args: dict[str, Any]) -> None:
        tell(args["progress_path"], json.dumps({"missing": "an answer of Admin Router", "left": 40}))
        wait_for(lines, 1)

    run(monkeypatch, work, {"wait": "60"}, module=dcos_cluster_info)
    assert lines == ["dcos_cluster_info: still waiting for an answer of Admin Router, 40 s at most"]


@pytest.mark.parametrize("args", [{}, {"wait": 0}, {"wait": ""}, {"wait": "0"}, {"wait": None}])
def test_without_a_wait_there_is_no_progress(
    args: dict[str, Any], monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    run(monkeypatch, lambda given: lines.extend(given.get("progress_path", "")), args, module=dcos_cluster_info)
    assert lines == []


def test_malformed_progress_is_ignored(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    def work(args: dict[str, Any]) -> None:
        tell(args["progress_path"], "{", line(1), "[]")
        threading.Event().wait(0.1)
        tell(args["progress_path"], line(3))
        wait_for(lines, 1)

    run(monkeypatch, work)
    assert lines[-1].startswith("dcos_services: 3 of 9")


def test_without_a_progress_file_the_module_still_runs(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(action.C, "DEFAULT_LOCAL_TMP", str(tmp_path / "gone"), raising=False)
    assert run(monkeypatch, lambda args: None) == {"changed": True}


def test_an_error_of_the_module_is_passed_on(monkeypatch: pytest.MonkeyPatch, lines: list[str], tmp_path: Path) -> None:
    def work(args: dict[str, Any]) -> None:
        raise ValueError("of the module")

    with pytest.raises(ValueError, match="of the module"):
        run(monkeypatch, work)
    assert list(tmp_path.iterdir()) == []
