# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets runs of Ansible share the archives that they pack modules into, which each would make anew."""

from __future__ import annotations

import os
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: archives
type: notification
short_description: Shares packed modules between runs
description:
  - Keeps the archives of modules in the folder in E(MODULE_ARCHIVES), which must be for runs of one and the same code.
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
        os.makedirs(os.environ["MODULE_ARCHIVES"], exist_ok=True)
        # Where this run would keep its own.
        os.symlink(os.environ["MODULE_ARCHIVES"], os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
