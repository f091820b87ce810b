# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one emulator was started with."""

from __future__ import annotations

import re
from dataclasses import dataclass

CONTROL_PREFIX = "/_emulator/"
SECURITY_MODES = ("strict", "permissive", "disabled")
DEFAULT_SUPERUSER = "bootstrapuser"
DEFAULT_PASSWORD = "deleteme"  # noqa: S105 (the well-known one of new clusters)
DEFAULT_TOKEN_LIFETIME = 432000
DEFAULT_VERSION = "2.2.4"


class EmulatorError(Exception):
    """Why the emulator could not be started, reached or stopped."""


@dataclass(frozen=True)
class Settings:
    """Checked by the command line already."""

    security_mode: str
    http_port: int = 0
    https_port: int = 0
    superuser: str = DEFAULT_SUPERUSER
    superuser_password: str = DEFAULT_PASSWORD
    list_superuser: bool = True
    auth_token_lifetime: int = DEFAULT_TOKEN_LIFETIME
    dcos_version: str = DEFAULT_VERSION

    def is_since(self, major: int, minor: int) -> bool:
        """Whether the cluster is of this version of DC/OS or of a later one."""
        numbers = re.findall(r"\d+", self.dcos_version)
        return tuple(map(int, numbers[:2])) >= (major, minor)
