# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action part of dcos_keypair."""

from __future__ import annotations

from ..modules import dcos_keypair
from ..plugin_utils._direct_action import DirectAction


class ActionModule(DirectAction):
    """The class that ansible-core looks for."""

    main = staticmethod(dcos_keypair.main)
