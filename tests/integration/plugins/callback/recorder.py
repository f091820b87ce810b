# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what each task came to as one line of JSON, so that many tasks of one run can be looked at afterwards."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: notification
short_description: Records task results as JSON lines
description:
  - Writes host, task, times, outcome and result of each task to the file in E(RECORDER_PATH).
author:
  - The dcos.security contributors (@dcos)
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._path = os.environ["RECORDER_PATH"]
        self._started: dict[tuple[str, str], float] = {}

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._started[host.get_name(), task._uuid] = time.time()

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record(result, "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record(result, "unreachable")

    def _record(self, result: Any, outcome: str) -> None:
        host, now = result._host.get_name(), time.time()
        entry = {
            "host": host,
            "task": result._task.get_name(),
            "action": result._task.action,
            "outcome": outcome,
            "start": self._started.get((host, result._task._uuid), now),
            "end": now,
            "result": result._result,
        }
        with open(self._path, "a", encoding="utf-8") as out:
            out.write(json.dumps(entry, default=str) + "\n")
