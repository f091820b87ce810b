# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From a decision to the permission it was about: a resource id and an action, or nothing where that would be a guess.

Admin Router, the IAM and the secret store name the resource id themselves. Marathon and Metronome name an operation and
a path, Mesos an operation and perhaps only its object; the tables below map what is documented, and nothing else.
"""

from __future__ import annotations

from typing import Mapping

from .._rules.permissions import ACTIONS, Grant
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

_OPEN_TO_EVERYONE = ("/secrets/v1", "/capabilities", "/metadata")
"""Paths that Admin Router opens for every valid token: what it logs there is no permission that anyone needs."""

_OWN_PERMISSIONS = "dcos:iam:users:"
"""What Admin Router logs when an account reads its own permissions, which needs none."""


def permission_of(decision: Decision) -> Grant | None:
    """The permission that was asked for, None where the line does not tell."""
    return _named(decision) or _of_marathon(decision) or _of_mesos(decision)


def needs_no_grant(decision: Decision) -> bool:
    """Whether the decision is about something that every account may do."""
    if decision.object.startswith(_OWN_PERMISSIONS):
        return True
    path = decision.request_path
    return (
        decision.component == ADMIN_ROUTER
        and decision.allowed
        and any(path == open_path or path.startswith(f"{open_path}/") for open_path in _OPEN_TO_EVERYONE)
    )


def _named(decision: Decision) -> Grant | None:
    """The resource id that the line names, with the action that it names or that its operation stands for."""
    rid = decision.object
    if not rid.startswith("dcos:"):
        return None
    if decision.action in ACTIONS:
        return Grant(rid, decision.action)
    operation = _OPERATIONS.get(decision.action.lower())
    if operation is not None:
        return Grant(rid, operation[1])
    verb = next((action for word, action in _VERBS.items() if decision.action.startswith(word)), None)
    if verb is not None and rid.startswith("dcos:service:"):
        return Grant(rid, verb)
    documented = {action for entry in find(rid) for action in entry.actions}
    return Grant(rid, documented.pop()) if len(documented) == 1 else None


def _of_marathon(decision: Decision) -> Grant | None:
    verb = next((word for word in _VERBS if decision.action.startswith(word)), None)
    if verb is None:
        return None
    kind, path, action = decision.action[len(verb) :], decision.object, _VERBS[verb]
    if decision.component == _MARATHON and kind in _OF_A_PATH and path.startswith("/"):
        return Grant(f"dcos:service:marathon:marathon:services:{path}", action)
    if decision.component == _MARATHON and kind == "Resource" and path.strip("/") in _ADMIN_RESOURCES:
        return Grant(f"dcos:service:marathon:marathon:admin:{path.strip('/')}", action)
    if decision.component == _METRONOME and kind in _OF_A_JOB:
        job = path[1:] if path.startswith("/") else path
        if job and "/" not in job:
            return Grant(f"dcos:service:metronome:metronome:jobs:{job}", action)
    return None


def _of_mesos(decision: Decision) -> Grant | None:
    """An operation with what it is about: a role, a principal, a Linux user, a path or a group."""
    if decision.component not in (_MASTER, _AGENT):
        return None
    operation = _OPERATIONS.get(decision.action.lower())
    if operation is None:
        return None
    kind, action = operation
    value = decision.object
    if kind not in _WITHOUT_VALUE:
        with_path = kind.endswith(":app_id") or kind == "endpoint:path"
        if not value or with_path is not value.startswith("/"):
            return None
        kind = f"{kind}:{value}"
    side = "agent" if decision.component == _AGENT else "master"
    rid = f"dcos:mesos:{side}:{kind}"
    return Grant(rid, action) if find(rid) else None
