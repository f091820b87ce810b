# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscribed frameworks, in memory only: Mesos also accepts a framework whose id it does not know."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from .messages import Event


@dataclass
class Framework:
    """principal: the name that it registered with. events: those that it has not received yet."""

    id: str
    principal: str | None
    user: str
    roles: list[str]
    stream_id: str = ""
    events: list[Event] = field(default_factory=list)


class Frameworks:
    """By id."""

    def __init__(self) -> None:
        self._subscribed: dict[str, Framework] = {}

    def get(self, framework_id: str | None) -> Framework | None:
        return self._subscribed.get(framework_id or "")

    def subscribe(self, framework_id: str | None, principal: str | None, user: str, roles: list[str]) -> Framework:
        """A new framework, or a known one, which keeps its events."""
        known = self.get(framework_id)
        framework = Framework(framework_id or str(uuid.uuid4()), principal, user, roles, str(uuid.uuid4()))
        if known is not None:
            framework.events = known.events
        self._subscribed[framework.id] = framework
        return framework

    def remove(self, framework: Framework) -> None:
        self._subscribed.pop(framework.id, None)
