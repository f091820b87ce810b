# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""A group: its description and its members, users and service accounts in one list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Mapping, Sequence

from .._api.iam import Group, Iam, Permissions
from .._errors import DcosError
from .._rules.identifiers import (
    SUPERUSERS_GROUP,
    check_account_uid,
    check_gid,
    check_not_superusers,
    check_uid,
    may_be_native,
)
from .._rules.permissions import Grant, group_grants
from .frame import LostRaceError, Plan, Resource, Step
from .memberships import NO_LOSS, Loss, check_loss, join, leave, read_loss
from .superusers import last_superuser_error

_SHOWN = 5
"""So many missing accounts are named in a message."""


@dataclass(frozen=True)
class GroupState:
    """What the cluster holds.

    grants: read only where the group is to be deleted.
    known_uids: read only where a membership is to be made.
    loss: of the memberships that are to end, unless others take their place.
    """

    group: Group | None = None
    members: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    known_uids: frozenset[str] = frozenset()
    loss: Loss = NO_LOSS


class AccountGroup(Resource[GroupState]):
    """The group C(gid).

    description, members: None for not managed.
    members_exclusive: end every membership that is not listed.
    allow_superusers: the group of superusers may be changed; it is never deleted and never left empty.
    own_uid: the account of the connection, which keeps what the run needs.
    """

    def __init__(
        self,
        *,
        iam: Iam,
        own_uid: str | None,
        gid: str,
        present: bool = True,
        description: str | None = None,
        members: Sequence[str] | None = None,
        members_exclusive: bool = False,
        allow_superusers: bool = False,
        allow_dcos_prefix: bool = False,
    ) -> None:
        self._iam = iam
        self._own_uid = own_uid
        self._gid = check_gid(gid, "gid")
        self._present = present
        self._description = description
        self._members = None if members is None else tuple(sorted({check_uid(uid, "members") for uid in members}))
        self._members_exclusive = members_exclusive
        self._allow_dcos_prefix = allow_dcos_prefix
        if not present:
            check_not_superusers(gid, "gid", "DC/OS cannot do without it.")
        elif not allow_superusers:
            check_not_superusers(gid, "gid", "Set allow_superusers to true if that is wanted.")
        if members_exclusive and members is None:
            raise DcosError("members_exclusive: it ends all memberships that members does not list. Give members too.")

    def read(self) -> GroupState:
        group = self._iam.group(self._gid)
        members = () if group is None else tuple(read_members(self._iam, self._gid))
        joins, leaves = self._joins(members), self._leaves(members)
        loss = read_loss(self._iam, [(self._gid, uid) for uid in leaves], self._own_uid, are_replaced=bool(joins))
        grants: tuple[Grant, ...] = ()
        if group is not None and not self._present:
            grants = (self._iam.group_permissions(self._gid) or Permissions()).direct
        known = self._read_uids() if joins else frozenset()
        return GroupState(group, members, grants=grants, known_uids=known, loss=loss)

    def _read_uids(self) -> frozenset[str]:
        accounts, odd = self._iam.listed_service_accounts()
        return frozenset((*(user.uid for user in (*accounts, *self._iam.persons())), *odd))

    def _joins(self, members: Sequence[str]) -> list[str]:
        return sorted({*(self._members or ())} - {*members}) if self._present else []

    def _leaves(self, members: Sequence[str]) -> list[str]:
        if self._present and not self._members_exclusive:
            return []
        return sorted({*members} - {*((self._members or ()) if self._present else ())})

    def plan(self, state: GroupState) -> Plan:
        return self._plan_present(state) if self._present else self._plan_absent(state)

    def _plan_absent(self, state: GroupState) -> Plan:
        if state.group is None:
            return Plan({"group": None})
        check_loss(state.loss, f"gid: to delete group {self._gid}", self._own_uid)
        before = {**_diff_view(group_view(state.group, state.members)), "permissions": group_grants(state.grants)}
        step = Step(f"delete group {self._gid}", partial(self._iam.delete_group, self._gid))
        return Plan({"group": None}, (step,), before)

    def _plan_present(self, state: GroupState) -> Plan:
        joins, leaves = self._joins(state.members), self._leaves(state.members)
        self._check_changes(state, joins, leaves)
        wanted = self._wanted(state.group)
        steps: list[Step] = []
        if state.group is None:
            steps.append(Step(f"create group {self._gid}", partial(self._create, wanted.description)))
        elif state.group.description != wanted.description:
            describe = partial(self._describe, wanted.description)
            steps.append(Step(f"set the description of group {self._gid}", describe))
        steps += [join(self._iam, self._gid, uid) for uid in joins]
        steps += [leave(self._iam, self._gid, uid) for uid in leaves]
        view = group_view(wanted, sorted({*state.members, *joins} - {*leaves}))
        before = None if state.group is None else _diff_view(group_view(state.group, state.members))
        blocked = self._missing([uid for uid in joins if uid not in state.known_uids])
        return Plan({"group": view}, tuple(steps), before, _diff_view(view), blocked=blocked)

    def _check_changes(self, state: GroupState, joins: Sequence[str], leaves: Sequence[str]) -> None:
        for uid in joins:
            check_account_uid(uid, self._allow_dcos_prefix, "members")
        for uid in leaves:
            if may_be_native(uid, self._allow_dcos_prefix):
                raise DcosError(
                    f"members_exclusive: {uid} is a member of group {self._gid}, and belongs to DC/OS itself or is "
                    "named as such accounts are, so it is not taken out. Nothing was changed. List it among members.",
                    "native_account",
                )
        if leaves:
            what = f"members_exclusive: to remove {_listed(leaves)} from group {self._gid}"
            check_loss(state.loss, what, self._own_uid)
            if self._gid == SUPERUSERS_GROUP and not self._members:
                raise last_superuser_error(what)

    def _wanted(self, group: Group | None) -> Group:
        if group is None:
            # The same as for accounts, which the DC/OS CLI describes by their uids.
            description = self._gid if self._description is None else self._description
            return Group(self._gid, description, f"/acs/api/v1/groups/{self._gid}")
        return Group(group.gid, group.description if self._description is None else self._description, group.url)

    def _missing(self, uids: Sequence[str]) -> DcosError | None:
        if not uids:
            return None
        return DcosError(
            f"members: there is no account {_listed(uids)}, so it cannot become a member of group {self._gid}. Create "
            "it first, or correct the list.",
            "ERR_UNKNOWN_USER_ID",
        )

    def _create(self, description: str) -> bool:
        if not self._iam.create_group(self._gid, description):
            raise self._rival()
        return True

    def _describe(self, description: str) -> bool:
        if not self._iam.describe_group(self._gid, description):
            raise self._rival()
        return True

    def _rival(self) -> LostRaceError:
        return LostRaceError(
            f"Group {self._gid}: somebody else creates or deletes it at the same time. Run again.",
            "ERR_GROUP_EXISTS",
            409,
        )


def read_members(iam: Iam, gid: str) -> list[str]:
    """The uids of all members, users and service accounts."""
    return sorted((*iam.members(gid), *iam.members(gid, services=True)))


def group_view(group: Group, members: Sequence[str]) -> dict[str, object]:
    """A group as results show it."""
    return {"gid": group.gid, "description": group.description, "url": group.url, "members": list(members)}


def read_groups(iam: Iam, gid: str | None) -> list[Mapping[str, object]]:
    """One group, or all of them."""
    groups = iam.groups() if gid is None else [group for group in [iam.group(gid)] if group is not None]
    return [group_view(group, read_members(iam, group.gid)) for group in groups]


def _diff_view(view: Mapping[str, object]) -> dict[str, object]:
    return {name: view[name] for name in ("gid", "description", "members")}


def _listed(uids: Sequence[str]) -> str:
    more = len(uids) - _SHOWN
    return ", ".join(uids[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
