# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action part of dcos_cluster_info: shows what is still missing while it waits."""

from __future__ import annotations

from collections.abc import Mapping

from ..modules import dcos_cluster_info
from ..plugin_utils._progress_action import Progress, ProgressAction


class ActionModule(ProgressAction):
    """The class that ansible-core looks for."""

    main = staticmethod(dcos_cluster_info.main)

    def takes_a_while(self, args: Mapping[str, object]) -> bool:
        return str(args.get("wait") or 0) != "0"

    def words(self, progress: Progress) -> str:
        return f"dcos_cluster_info: still waiting for {progress['missing']}, {progress['left']} s at most"
