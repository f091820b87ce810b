# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets runs of Ansible share the archives that they pack modules into, which each would make anew."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"

DOCUMENTATION = """
name: archives
type: notification
short_description: Shares packed modules between runs
description:
  - Keeps the archives of modules below the folder in E(MODULE_ARCHIVES), those of each state of the code by themselves.
  - Packing a module takes as long as running it; tests start hundreds of runs.
author:
  - The dcos.security contributors (@dcos)
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "archives"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Ansible knows them by the module's name only, and somebody may edit it between two runs of a scenario.
        code = hashlib.sha256(__version__.encode())
        for path in sorted(PLUGINS.glob("module*/**/*.py")):
            code.update(path.read_bytes())
        folder = Path(os.environ["MODULE_ARCHIVES"], code.hexdigest())
        folder.mkdir(parents=True, exist_ok=True)
        # Where this run would keep its own.
        os.symlink(folder, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
