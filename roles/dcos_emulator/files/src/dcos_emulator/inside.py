# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that services have inside a cluster. From outside all goes through Admin Router, which asks for more.

A request is told by the name and port that it is sent to (its Host header): that is how a scheduler inside reaches the
Mesos master, and a load balancer Marathon.
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
    """The services that are reached without Admin Router; they look at the token themselves."""

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
