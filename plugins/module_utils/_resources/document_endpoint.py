# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login endpoint that a service-account document names: given, or derived from the security mode."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._api.cluster import Cluster
from .._errors import DcosError, Remedy
from .._rules.security_modes import (
    LAST_HTTP_VERSION,
    LOGIN_HOST,
    PERMISSIVE,
    STRICT,
    login_endpoint,
)

_SAME_HOSTS = frozenset((LOGIN_HOST, "master.mesos"))

# What to do, in the terms of the module and in those of the role.
_GIVE_MODE = Remedy(
    "Give that one, or login_endpoint for a document that differs on purpose.",
    "Give that one, or leave the variable out to read it from the cluster.",
)


@dataclass(frozen=True)
class Endpoint:
    """The login endpoint that the document shall name.

    given: taken as it is; else derived from the mode, where both names of the leading master count as equal.
    legacy: C(never), C(auto) or C(always): http in permissive mode, as the CLI wrote it up to DC/OS 1.11.
    keeps: what is stored stays, whatever it is; all of this is for a document that has no endpoint.
    """

    given: str | None = None
    security_mode: str | None = None
    legacy: str = "never"
    keeps: bool = False

    def derive(self, cluster: Cluster) -> str:
        """The endpoint; reads the cluster's mode, and its version where that matters."""
        if self.given is not None:
            return self.given
        actual = cluster.security_mode()
        if actual is not None and actual != self.security_mode:
            raise DcosError(
                f"security_mode: {self.security_mode} is given, but the cluster says that it is in {actual} mode. "
                "Nothing was changed.",
                "mode",
                remedy=_GIVE_MODE,
            )
        return login_endpoint(self.security_mode or STRICT, self._cli_version(cluster))

    def accepts(self, stored: object, wanted: str) -> bool:
        """Whether a stored endpoint needs no change."""
        if stored == wanted or (self.keeps and isinstance(stored, str)):
            return True
        if self.given is not None or not isinstance(stored, str):
            return False
        try:
            a, b = urlsplit(stored), urlsplit(wanted)
        except ValueError:
            return False
        return {a.netloc, b.netloc} <= _SAME_HOSTS and (a.scheme, *a[2:]) == (b.scheme, *b[2:])

    def _cli_version(self, cluster: Cluster) -> str | None:
        """The version of DC/OS whose CLI would have written the document; None for a current one."""
        if self.security_mode != PERMISSIVE or self.legacy == "never":
            return None
        if self.legacy == "always":
            return LAST_HTTP_VERSION
        version = cluster.version()
        if version is None or re.match(r"\d+\.\d+", version) is None:
            raise DcosError(
                f"legacy_login_endpoint: auto needs the cluster's version, but it says {version or 'nothing'}. Use "
                "never (DC/OS 1.12 and later) or always.",
                "mode",
            )
        return version
