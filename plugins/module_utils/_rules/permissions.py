# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Resource ids (rid) and actions: what may be in an ACL, and how lists of grants are brought into one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

from .._errors import DcosError

ACTIONS: tuple[str, ...] = ("create", "read", "update", "delete", "full")
"""The fixed set of actions, in the order in which they are granted and shown."""

SUPERUSER_RID = "dcos:superuser"
"""Any single action on it makes a superuser (permissions reference)."""


@dataclass(frozen=True)
class Permission:
    """What shall hold on one resource: the rid as it is written in documents, with plain slashes."""

    rid: str
    actions: tuple[str, ...]
    description: str | None = None


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource: what the IAM stores, grants and revokes singly."""

    rid: str
    action: str

    def view(self) -> dict[str, str]:
        """The form in which results and diffs show it."""
        return {"rid": self.rid, "action": self.action}


def is_rid(rid: str) -> bool:
    """Whether it can be sent as a resource id."""
    return _fault_of(rid) is None


def check_rid(rid: str, option: str) -> str:
    """Return C(rid) when it can be sent, else raise C(invalid_rid) naming the option."""
    fault = _fault_of(rid)
    if fault is not None:
        raise DcosError(f"{option}: {rid!r} is not a resource id: {fault}.", "invalid_rid")
    return rid


def _fault_of(rid: str) -> str | None:
    if not rid.startswith("dcos:") or len(rid) == len("dcos:"):
        return "it must begin with 'dcos:'"
    if " " in rid or not rid.isprintable():  # of all blanks, the space alone counts as printable
        return "it must not hold blanks or control characters"
    if "%" in rid:
        return "it must not hold percent signs; write slashes as they are, they are encoded for you"
    return None


def check_actions(actions: Iterable[str], option: str) -> tuple[str, ...]:
    """Return the actions once each, in the fixed order; an unknown one is an error naming the option."""
    given = list(actions)
    unknown = [a for a in given if a not in ACTIONS]
    if unknown:
        raise DcosError(f"{option}: {unknown[0]!r} is not an action. Use {', '.join(ACTIONS)}.", "invalid_rid")
    return tuple(a for a in ACTIONS if a in given)


def check_permissions(items: Sequence[Mapping[str, object]], option: str) -> tuple[Permission, ...]:
    """Validate C([{rid, actions, description}]) and merge entries of the same rid; order of first mention is kept.

    An entry without actions gets none, which stands for all of them; an empty list is an error, it can be a mistake.
    """
    merged: dict[str, Permission] = {}
    for index, item in enumerate(items):
        found = check_permission(item, f"{option}[{index}].")
        before = merged.get(found.rid)
        merged[found.rid] = found if before is None else _joined(before, found)
    return tuple(merged.values())


def check_permission(item: Mapping[str, object], place: str) -> Permission:
    """One entry of such a list, or the same as options of their own; C(place) stands before their names in messages."""
    rid = check_rid(str(item["rid"]), f"{place}rid")
    given = item.get("actions")
    if given is None:
        given = ()
    elif not isinstance(given, (list, tuple)):
        raise DcosError(f"{place}actions: what {rid} shall allow is not a list.", "invalid_rid")
    elif not given:
        raise DcosError(f"{place}actions: the list of actions for {rid} is empty.", "invalid_rid")
    description = item.get("description")
    return Permission(rid, check_actions(given, f"{place}actions"), None if description is None else str(description))


def _joined(one: Permission, other: Permission) -> Permission:
    """Two entries for the same resource; the later description counts."""
    # No actions stand for all of them, with whatever they are joined.
    both = one.actions and other.actions
    actions = tuple(a for a in ACTIONS if a in one.actions or a in other.actions) if both else ()
    return Permission(one.rid, actions, one.description if other.description is None else other.description)


def grants_of(permissions: Iterable[Permission]) -> list[Grant]:
    """The single grants of a list of permissions, in its order."""
    return [Grant(p.rid, action) for p in permissions for action in p.actions]


def group_grants(grants: Iterable[Grant]) -> list[dict[str, object]]:
    """The inverse, as results show it: C([{rid, actions}]) sorted by rid, actions in the fixed order."""
    found = by_rid(sorted(set(grants), key=_in_order))
    return [{"rid": rid, "actions": [grant.action for grant in same]} for rid, same in found.items()]


def by_rid(grants: Iterable[Grant]) -> dict[str, list[Grant]]:
    """The grants on each resource, in their order."""
    found: dict[str, list[Grant]] = {}
    for grant in grants:
        found.setdefault(grant.rid, []).append(grant)
    return found


def _in_order(grant: Grant) -> tuple[str, int, str]:
    # An action that we do not know, but a cluster stores, is kept and comes last.
    return (grant.rid, ACTIONS.index(grant.action) if grant.action in ACTIONS else len(ACTIONS), grant.action)


def superuser_last(grants: Iterable[Grant]) -> list[Grant]:
    """The same order, C(dcos:superuser) at the end: power is given last and taken away last."""
    return sorted(grants, key=lambda grant: grant.rid == SUPERUSER_RID)
