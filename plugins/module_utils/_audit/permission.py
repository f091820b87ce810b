# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From a decision to the permission it was about: a resource id and an action, or nothing if that would be a guess.

Admin Router, the IAM and the secret store name the resource id themselves. Marathon and Metronome name an operation and
a path, Mesos an operation and perhaps only its object; the tables below map what is documented, and nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Mapping

from .._rules.permissions import ACTIONS, Grant, is_rid
from .._rules.rid_catalog import find
from .line import ADMIN_ROUTER, Decision

_MARATHON = "marathon"
_METRONOME = "metronome"
_AGENT = "mesos-agent"
_MASTER = "mesos-master"

# The verb that an operation of Marathon or Metronome begins with.
_VERBS: Mapping[str, str] = {"Create": "create", "View": "read", "Update": "update", "Delete": "delete"}
_OF_A_PATH = ("RunSpec", "Group", "App", "Pod")
_OF_A_JOB = ("RunSpec", "JobSpec", "JobRun", "Job")
_ADMIN_RESOURCES = ("leader", "config", "events")

_OPERATIONS: Mapping[str, tuple[str, str]] = {
    "register_framework": ("framework:role", "create"),
    "run_task": ("task:user", "create"),
    "reserve": ("reservation:role", "create"),
    "reserve_resources": ("reservation:role", "create"),
    "unreserve": ("reservation:principal", "delete"),
    "unreserve_resources": ("reservation:principal", "delete"),
    "create_volume": ("volume:role", "create"),
    "destroy_volume": ("volume:principal", "delete"),
    "teardown": ("framework:principal", "delete"),
    "teardown_framework": ("framework:principal", "delete"),
    "get_quota": ("quota:role", "read"),
    "update_quota": ("quota:role", "update"),
    "get_weight": ("weight:role", "read"),
    "update_weight": ("weight:role", "update"),
    "get_endpoint_with_path": ("endpoint:path", "read"),
    "view_flags": ("flags", "read"),
    "access_mesos_log": ("log", "read"),
    "access_sandbox": ("sandbox:app_id", "read"),
    "view_task": ("task:app_id", "read"),
    "view_executor": ("executor:app_id", "read"),
    "launch_nested_container_session": ("nested_container_session:app_id", "create"),
}
"""Operations of Mesos: the kind of resource that each is about, and the action."""

_WITHOUT_VALUE = frozenset(("flags", "log"))

_OPEN_TO_EVERYONE = ("/secrets/v1/", "/capabilities/", "/metadata/")
"""Paths that Admin Router opens for every valid token: what it logs there is no permission that anyone needs."""


def permission_of(decision: Decision) -> Grant | None:
    """The permission that was asked for, None if the line does not tell."""
    return _permission(decision.component, decision.action, decision.object)


@lru_cache(maxsize=4096)
def _permission(component: str, action: str, subject: str) -> Grant | None:
    """A journal says the same few things again and again."""
    grant = _named(action, subject) or _of_marathon(component, action, subject) or _of_mesos(component, action, subject)
    return grant if grant is not None and is_rid(grant.rid) else None


def needs_no_grant(decision: Decision) -> bool:
    """Whether the decision is about something that every account may do."""
    if not decision.allowed or decision.component != ADMIN_ROUTER:
        return False
    if decision.object == f"dcos:iam:users:{decision.uid}:permissions":
        return True
    return f"{decision.request_path}/".startswith(_OPEN_TO_EVERYONE)


def _named(action: str, rid: str) -> Grant | None:
    """The resource id that the line names, with the action that it names or that its operation stands for."""
    if not rid.startswith("dcos:"):
        return None
    if action in ACTIONS:
        return Grant(rid, action)
    operation = _OPERATIONS.get(action.lower())
    if operation is not None:
        return Grant(rid, operation[1])
    verb = next((named for word, named in _VERBS.items() if action.startswith(word)), None)
    if verb is not None and rid.startswith("dcos:service:"):
        return Grant(rid, verb)
    documented = {each for entry in find(rid) for each in entry.actions}
    return Grant(rid, documented.pop()) if len(documented) == 1 else None


def _of_marathon(component: str, operation: str, path: str) -> Grant | None:
    verb = next((word for word in _VERBS if operation.startswith(word)), None)
    if verb is None:
        return None
    kind, action = operation[len(verb) :], _VERBS[verb]
    if component == _MARATHON and kind in _OF_A_PATH and path.startswith("/"):
        return Grant(f"dcos:service:marathon:marathon:services:{path}", action)
    if component == _MARATHON and kind == "Resource" and path.strip("/") in _ADMIN_RESOURCES:
        return Grant(f"dcos:service:marathon:marathon:admin:{path.strip('/')}", action)
    if component == _METRONOME and kind in _OF_A_JOB:
        job = path[1:] if path.startswith("/") else path
        if job and "/" not in job:
            return Grant(f"dcos:service:metronome:metronome:jobs:{job}", action)
    return None


def _of_mesos(component: str, operation: str, subject: str) -> Grant | None:
    """An operation with what it is about: a role, a principal, a Linux user, a path or a group."""
    if component not in (_MASTER, _AGENT):
        return None
    known = _OPERATIONS.get(operation.lower())
    if known is None:
        return None
    kind, action = known
    if kind not in _WITHOUT_VALUE:
        with_path = kind.endswith(":app_id") or kind == "endpoint:path"
        if not subject or with_path is not subject.startswith("/"):
            return None
        kind = f"{kind}:{subject}"
    side = "agent" if component == _AGENT else "master"
    rid = f"dcos:mesos:{side}:{kind}"
    return Grant(rid, action) if find(rid) else None
