# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions operations need: those of the role to reserve and create, of the principal to undo both."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .messages import BadRequest, objects, required, text

MASTER, AGENT = "mesos-master", "mesos-agent"

# The label that names the folder of a task.
_SPACE = "DCOS_SPACE"


class Asked(NamedTuple):
    """One question to the authorizer of a master or an agent."""

    authorizer: str
    operation: str
    rid: str
    action: str


def to_register(roles: list[str]) -> list[Asked]:
    return [Asked(MASTER, "register_framework", f"dcos:mesos:master:framework:role:{role}", "create") for role in roles]


def to_tear_down(principal: str | None) -> Asked:
    """For operators. A framework needs no permission to tear itself down."""
    return Asked(MASTER, "teardown_framework", _rid("framework:principal", principal), "delete")


class Step(NamedTuple):
    """One part of an operation: a task to launch, or everything it does with resources.

    subject: the task or the operation. user: the Linux user of the task. of_agent: asked only if the master allows all.
    """

    subject: dict[str, object]
    of_master: list[Asked]
    of_agent: tuple[Asked, ...] = ()
    user: str | None = None


def steps_of(operation: dict[str, object], default_user: str) -> list[Step]:
    kind = required(operation, "type")
    if kind == "LAUNCH":
        return [_launched(task, default_user) for task in objects(operation, "launch", "task_infos")]
    if kind == "LAUNCH_GROUP":
        return [_launched(task, default_user) for task in objects(operation, "launch_group", "task_group", "tasks")]
    change = _CHANGES.get(kind)
    if change is None:
        known = ", ".join(("LAUNCH", "LAUNCH_GROUP", *_CHANGES))
        raise BadRequest(f"The emulator knows no operation {kind}; it knows {known}")
    names = dict.fromkeys(map(change.named_by, objects(operation, kind.lower(), change.resources)))
    asked = [Asked(MASTER, change.operation, _rid(change.kind, name), change.action) for name in names]
    return [Step(operation, asked)]


def _launched(task: dict[str, object], default_user: str) -> Step:
    user = text(task, "command", "user") or text(task, "executor", "command", "user") or default_user
    asked = [Asked(MASTER, "run_task", f"dcos:mesos:master:task:user:{user}", "create")]
    for label in objects(task, "labels", "labels"):
        if text(label, "key") == _SPACE:
            folder = required(label, "value")
            asked.append(Asked(MASTER, "run_task", f"dcos:mesos:master:task:app_id:{folder}", "create"))
    return Step(task, asked, (Asked(AGENT, "run_task", f"dcos:mesos:agent:task:user:{user}", "create"),), user)


def _rid(kind: str, value: str | None) -> str:
    """Without a value it covers every value."""
    return f"dcos:mesos:master:{kind}" + (f":{value}" if value else "")


def _role(resource: dict[str, object]) -> str | None:
    """Of the last reservation. Before resources had a list of them, the role stood beside the only one."""
    several = objects(resource, "reservations")
    return text(several[-1], "role") if several else text(resource, "role")


def _reserver(resource: dict[str, object]) -> str | None:
    several = objects(resource, "reservations")
    return text(several[-1], "principal") if several else text(resource, "reservation", "principal")


def _creator(resource: dict[str, object]) -> str | None:
    return text(resource, "disk", "persistence", "principal")


class _Change(NamedTuple):
    """What an operation on resources needs, for each role or each principal among its resources."""

    resources: str
    operation: str
    kind: str
    action: str
    named_by: Callable[[dict[str, object]], str | None]


_CHANGES = {
    "RESERVE": _Change("resources", "reserve_resources", "reservation:role", "create", _role),
    "UNRESERVE": _Change("resources", "unreserve_resources", "reservation:principal", "delete", _reserver),
    "CREATE": _Change("volumes", "create_volume", "volume:role", "create", _role),
    "DESTROY": _Change("volumes", "destroy_volume", "volume:principal", "delete", _creator),
}
