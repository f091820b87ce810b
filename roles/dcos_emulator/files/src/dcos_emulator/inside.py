# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of services inside a cluster. Requests from outside pass Admin Router, which has permissions of its own.

The Host header tells which service a request is for. Inside a cluster a scheduler talks to the Mesos master in this
way, and a load balancer to Marathon.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .http import Request, Response
from .marathon import Marathon
from .mesos import Mesos
from .tokens import TokenAuthority

_MARATHON = re.compile(r"marathon\.mesos(?::\d+)?", re.IGNORECASE)
_MASTER = re.compile(r"(?:leader|master)\.mesos:5050", re.IGNORECASE)


class Inside:
    """The services that can be reached without Admin Router. They check the token themselves."""

    def __init__(self, marathon: Marathon, mesos: Mesos, tokens: TokenAuthority) -> None:
        self._marathon = marathon
        self._mesos = mesos
        self._tokens = tokens

    def handle(self, request: Request) -> Response | None:
        """The answer, None for a request to Admin Router."""
        host = request.headers.get("Host", "")
        if _MARATHON.fullmatch(host):
            service: Marathon | Mesos = self._marathon
        elif _MASTER.fullmatch(host):
            service = self._mesos
        else:
            return None
        caller = self._tokens.caller(request.headers.get("Authorization"))
        return replace(service.handle(request, request.path, caller), uid=caller.uid)
