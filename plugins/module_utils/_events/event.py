# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What one line tells, as an event for Event-Driven Ansible: flat, without secrets, and with nothing that would run."""

from __future__ import annotations

import re

from .._audit.line import Decision, RefusedLogin
from .._audit.masking import masked
from .._audit.report import Asked, Problem, what_it_tells
from .._rules.identifiers import is_uid

# Ansible templates the variables that a rulebook makes of an event, and clients choose parts of a line.
_TEMPLATE = re.compile(r"\{(?=[{%#])")


def event_of(found: Decision | RefusedLogin) -> dict[str, str] | None:
    """The event of a line; None for what every account may do, and for logins that worked.

    A key is there only if the line tells its value, so that a rule can ask whether C(event.rid is defined).
    """
    told = what_it_tells(found)
    if told is None:
        return None
    event = {
        "uid": told.uid if told.uid is not None and is_uid(told.uid) else None,
        "component": told.component,
        "result": "allow" if found.allowed else "deny",
        "time": found.at,
        "sample": found.text,
    }
    if isinstance(told, Asked):
        event.update(rid=told.rid, action=told.action)
    shown = {key: _TEMPLATE.sub("{ ", masked(value)) for key, value in event.items() if value}
    if not isinstance(told, Asked):
        shown["cause"] = told.cause if isinstance(told, Problem) else told.why
    return shown
