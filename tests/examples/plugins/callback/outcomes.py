# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes for each task whether it changed something or failed, in the order of the run."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: outcomes
type: notification
short_description: Notes the outcome of each task as a JSON line
description:
  - Writes name, outcome and change of each task to the file in E(OUTCOMES_PATH).
author:
  - The dcos.security contributors (@dcos)
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "outcomes"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self._note(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._note(result, "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._note(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._note(result, "unreachable")

    def _note(self, result: Any, outcome: str) -> None:
        entry = {
            # Without the name of the role in front.
            "task": result._task.get_name().rpartition(" : ")[2],
            "outcome": outcome,
            "changed": bool(result._result.get("changed")),
            "message": str(result._result.get("msg", "")),
        }
        with open(os.environ["OUTCOMES_PATH"], "a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")
