# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action part of dcos_services: shows how many services are done."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.module_utils.parsing.convert_bool import boolean

from ..modules import dcos_services
from ..plugin_utils._progress_action import Progress, ProgressAction


class ActionModule(ProgressAction):
    """The class that ansible-core looks for."""

    main = staticmethod(dcos_services.main)

    def takes_a_while(self, args: Mapping[str, object]) -> bool:
        return bool(boolean(args.get("progress", True), strict=False))

    def words(self, progress: Progress) -> str:
        failed = f", {progress['failed']} failed" if progress["failed"] else ""
        return (
            f"dcos_services: {progress['done']} of {progress['total']} services {progress['phase']}{failed}; "
            f"the last one: {progress['name']}"
        )
