# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one emulator was started with."""

from __future__ import annotations

import re
from dataclasses import dataclass

CONTROL_PREFIX = "/_emulator/"
SECURITY_MODES = ("strict", "permissive", "disabled")
ENTERPRISE, OPEN, OPEN_1_12 = "enterprise", "open", "open-1.12"
VARIANTS = (ENTERPRISE, OPEN, OPEN_1_12)
DEFAULT_SUPERUSER = "bootstrapuser"
DEFAULT_PASSWORD = "deleteme"  # noqa: S105 (the well-known one of new clusters)
DEFAULT_TOKEN_LIFETIME = 432000
DEFAULT_VERSIONS = {ENTERPRISE: "2.2.4", OPEN: "2.2.4", OPEN_1_12: "1.12.4"}
OPEN_IAM_SINCE = (1, 13)
"""The version of open DC/OS whose logins the IAM took over from dcos-oauth."""


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
    dcos_version: str = DEFAULT_VERSIONS[ENTERPRISE]
    variant: str = ENTERPRISE
    authentication: bool = True
    """False: nobody is asked for a token, which only an open cluster can be installed with."""

    @property
    def is_open(self) -> bool:
        return self.variant != ENTERPRISE

    def is_since(self, major: int, minor: int) -> bool:
        """Whether the cluster is of this version of DC/OS or of a later one."""
        return is_since(self.dcos_version, major, minor)


def is_since(version: str, major: int, minor: int) -> bool:
    """Whether a version of DC/OS is this one or a later one."""
    return tuple(map(int, re.findall(r"\d+", version)[:2])) >= (major, minor)
