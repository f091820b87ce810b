# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grants of one account or group: what is granted, what is revoked, in which order.

All grants come first, then what is revoked, C(dcos:superuser) last: an account never has less than it should have in
between, and gives up its greatest power only when everything else is in place. ACLs that nobody uses go last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Callable, Iterable, Mapping, Sequence

from .._api.iam import (
    GroupGrant,
    Iam,
    Permissions,
    Subject,
    group_subject,
    user_subject,
)
from .._errors import DcosError
from .._rules.identifiers import (
    GRANTABLE_NATIVE_ACCOUNTS,
    check_account_uid,
    check_gid,
    check_not_superusers,
    check_uid,
)
from .._rules.permissions import (
    SUPERUSER_RID,
    Grant,
    Permission,
    grants_of,
    group_grants,
    superuser_last,
)
from .acls import grant_with_acl
from .frame import Plan, Resource, Step
from .own_account import needed_by_run, own_loss_error
from .superusers import last_superuser_error, superusers

ACL_DESCRIPTION = "Created with the Ansible collection dcos.security"


@dataclass(frozen=True)
class GrantsState:
    """What the subject has now; None if it does not exist.

    own_groups: the groups of the connection's account, read only if a group loses power.
    last_superuser: nobody else is a superuser, read only if the subject is to lose that power.
    acls: who has which grant on the resources whose ACLs shall go unless they are used; None for one without an ACL.
    """

    permissions: Permissions | None
    own_groups: tuple[str, ...] = ()
    last_superuser: bool = False
    acls: Mapping[str, Sequence[tuple[Subject, Grant]] | None] = field(default_factory=dict)


class Grants(Resource[GrantsState]):
    """The direct grants of a subject.

    permissions: what is to be granted, or with C(present=False) revoked; an entry without actions means all of them.
    exclusive: revoke every direct grant that is neither in C(permissions) nor in C(keep).
    keep: neither granted nor revoked.
    delete_unused_acls: with C(present=False) also delete the ACLs that nobody has a grant on any more.
    reads_end: read what the subject has once everything is written, so that C(direct) is no mere hope.
    is_made_before: who gives the grants has just made the subject; where it is missing, that was in check mode.
    """

    def __init__(
        self,
        iam: Iam,
        own_uid: str | None,
        subject: Subject,
        permissions: Sequence[Permission],
        *,
        present: bool = True,
        exclusive: bool = False,
        keep: Sequence[Permission] = (),
        allow_dcos_prefix: bool = False,
        delete_unused_acls: bool = False,
        reads_end: bool = True,
        is_made_before: bool = False,
    ) -> None:
        self._iam = iam
        self._own_uid = own_uid
        self._subject = subject
        self._permissions = tuple(permissions)
        self._descriptions = {permission.rid: permission.description for permission in permissions}
        self._present = present
        self._exclusive = exclusive
        self._keep = frozenset(grants_of(keep))
        self._delete_unused_acls = delete_unused_acls
        self._reads_end = reads_end
        self._is_made_before = is_made_before
        _check_subject(subject, exclusive, allow_dcos_prefix)
        for permission in self._permissions:
            if present and not permission.actions:
                raise DcosError(
                    f"actions: name the actions to grant on {permission.rid}. They can be left out only with "
                    "state=absent.",
                    "invalid_rid",
                )

    def read(self) -> GrantsState:
        rids = [permission.rid for permission in self._permissions]
        if self._exclusive and SUPERUSER_RID not in rids:
            rids.append(SUPERUSER_RID)
        return self._read(lambda direct: rids)

    def read_end(self) -> GrantsState | None:
        """The list once more. What is in it as it should is believed, so that one request is enough."""
        return self._read(self._unsettled_rids) if self._reads_end else None

    def _read(self, doubtful: Callable[[frozenset[Grant]], Sequence[str]]) -> GrantsState:
        """doubtful: the resources for which the list is not believed, given what it says."""
        if self._subject.kind == "users":
            permissions = self._iam.permissions(self._subject.name)
            if permissions is not None:
                permissions = self._confirm(permissions, doubtful(frozenset(permissions.direct)))
            own_groups: Sequence[str] = ()
        else:  # no cache answers for groups
            permissions = self._iam.group_permissions(self._subject.name)
            loses = self._exclusive or not self._present
            own_groups = self._iam.groups_of(self._own_uid) if loses and self._own_uid is not None else ()
        last = permissions is not None and self._gives_up_power(frozenset(permissions.direct)) and self._nobody_else()
        # The ACL of superusers is part of every cluster.
        rids = [p.rid for p in self._permissions if p.rid != SUPERUSER_RID] if self._delete_unused_acls else []
        acls = {rid: self._iam.grants_on(rid) for rid in rids}
        return GrantsState(permissions, tuple(own_groups), last, acls)

    def _unsettled_rids(self, current: frozenset[Grant]) -> Sequence[str]:
        """The resources with something still to grant or to revoke, unless the list is an old one."""
        return list(dict.fromkeys(grant.rid for grant in (*self._to_grant(current), *self._to_revoke(current))))

    def _gives_up_power(self, current: frozenset[Grant]) -> bool:
        """Whether the subject is a superuser, and will not be one by its own grants."""
        power = {grant for grant in current if grant.rid == SUPERUSER_RID}
        granted = any(grant.rid == SUPERUSER_RID for grant in self._to_grant(current))
        return bool(power) and not granted and power <= set(self._to_revoke(current))

    def _nobody_else(self) -> bool:
        return next(superusers(self._iam, without=self._subject), None) is None

    def _confirm(self, permissions: Permissions, rids: Sequence[str]) -> Permissions:
        """Replace what the IAM may have answered from a cache by what is stored, for some resources.

        A grant that only seems to be there would not be made, power that does not show yet would not be taken away.
        """
        confirmed = frozenset(rids)
        direct = [grant for grant in permissions.direct if grant.rid not in confirmed]
        for rid in rids:
            direct += self._iam.grants_of_subject_on(self._subject, rid)
        return Permissions(tuple(direct), permissions.through_groups)

    def plan(self, state: GrantsState) -> Plan:
        current = frozenset((state.permissions or Permissions()).direct)
        granted = superuser_last(self._to_grant(current))
        revoked = superuser_last(self._to_revoke(current))
        self._protect_own(revoked, state.own_groups)
        if state.last_superuser:
            raise last_superuser_error(f"Revoking {SUPERUSER_RID} from {self._subject.words}")
        steps: list[Step] = []
        with_acl = {SUPERUSER_RID, *(grant.rid for grant in current)}
        for grant in granted:
            do = partial(self._grant, grant, grant.rid not in with_acl)
            with_acl.add(grant.rid)
            steps.append(Step(f"grant {grant.rid} {grant.action}", do, ("granted", grant.view())))
        for grant in revoked:
            do = partial(self._iam.revoke, self._subject, grant)
            steps.append(Step(f"revoke {grant.rid} {grant.action}", do, ("revoked", grant.view())))
        gone = frozenset(revoked)
        unused = [rid for rid, holders in state.acls.items() if holders is not None and self._unused(holders, gone)]
        for rid in unused:
            steps.append(Step(f"delete the ACL of {rid}", partial(self._delete_acl, rid), ("deleted", {"rid": rid})))
        after = (current | set(granted)) - set(revoked)
        through = group_grants_view((state.permissions or Permissions()).through_groups)
        blocked = None
        if state.permissions is None and self._present:
            blocked = self._missing()
        before_view: dict[str, object] = {"direct": group_grants(current)}
        after_view: dict[str, object] = {"direct": group_grants(after)}
        if self._delete_unused_acls:
            acls = sorted(rid for rid, holders in state.acls.items() if holders is not None)
            before_view["acls"] = acls
            after_view["acls"] = sorted(frozenset(acls).difference(unused))
        quiet = self._is_made_before and self._subject.name not in GRANTABLE_NATIVE_ACCOUNTS
        return Plan(
            {"through_groups": through}, tuple(steps), before_view, after_view, blocked=blocked, quietly_blocked=quiet
        )

    def result(self, plan: Plan, done: Sequence[Step]) -> Mapping[str, object]:
        """Only what changed something is reported as granted or revoked: another run may have been faster."""
        outcomes: dict[str, list[Mapping[str, str]]] = {"granted": [], "revoked": [], "deleted": []}
        # Once each, though a step is done again if somebody undid it meanwhile.
        for step in {step.what: step for step in done}.values():
            if step.subject is not None:
                outcome, view = step.subject
                outcomes[outcome].append(view)
        deleted = [view["rid"] for view in outcomes.pop("deleted")]
        result = {**plan.result, "grants": {**outcomes, "direct": (plan.after or {})["direct"]}}
        return {**result, "deleted_acls": deleted} if self._delete_unused_acls else result

    def _to_grant(self, current: frozenset[Grant]) -> list[Grant]:
        if not self._present:
            return []
        return [grant for grant in grants_of(self._permissions) if grant not in current]

    def _to_revoke(self, current: frozenset[Grant]) -> list[Grant]:
        if not self._present:
            listed = frozenset(grants_of(self._permissions))
            whole = {permission.rid for permission in self._permissions if not permission.actions}
            return sorted(grant for grant in current if grant in listed or grant.rid in whole)
        if self._exclusive:
            return sorted(current - frozenset(grants_of(self._permissions)) - self._keep)
        return []

    def _grant(self, grant: Grant, needs_acl: bool) -> bool:
        description = self._description(grant.rid)
        if needs_acl:
            self._iam.create_acl(grant.rid, description)
        return grant_with_acl(self._iam, self._subject, grant, description)

    def _unused(self, holders: Sequence[tuple[Subject, Grant]], revoked: frozenset[Grant]) -> bool:
        """Whether nobody has a grant on the resource once this plan is carried out."""
        return all(subject == self._subject and grant in revoked for subject, grant in holders)

    def _delete_acl(self, rid: str) -> bool:
        """Deleting takes all grants away, so it is looked once more whether somebody has got one meanwhile."""
        return self._iam.grants_on(rid) == [] and self._iam.delete_acl(rid)

    def _description(self, rid: str) -> str:
        given = self._descriptions.get(rid)
        return ACL_DESCRIPTION if given is None else given

    def _protect_own(self, revoked: Iterable[Grant], own_groups: Sequence[str]) -> None:
        own = self._subject.name == self._own_uid if self._subject.kind == "users" else self._subject.name in own_groups
        needed = needed_by_run(revoked)
        if own and needed:
            what = f"Revoking {needed[0].rid} {needed[0].action} from {self._subject.words}"
            raise own_loss_error(what, self._own_uid)

    def _missing(self) -> DcosError:
        kind = "uid" if self._subject.kind == "users" else "gid"
        code = "ERR_UNKNOWN_USER_ID" if kind == "uid" else "ERR_UNKNOWN_GROUP_ID"
        if self._subject.name in GRANTABLE_NATIVE_ACCOUNTS:
            return DcosError(
                f"{self._subject.words} belongs to DC/OS itself and does not exist on this cluster, so nothing can be "
                "granted to it.",
                code,
            )
        return DcosError(
            f"{kind}: {self._subject.words} does not exist, so nothing can be granted to it. Create it first.", code
        )


def account_or_group(uid: str | None, gid: str | None) -> Subject:
    """The subject that the options name; exactly one of them is given."""
    if uid is not None:
        return user_subject(check_uid(uid, "uid"))
    return group_subject(check_gid(gid or "", "gid"))


def _check_subject(subject: Subject, exclusive: bool, allow_dcos_prefix: bool) -> None:
    if subject.kind == "groups":
        check_not_superusers(subject.name, "gid", "Use a group of your own.")
    elif subject.name not in GRANTABLE_NATIVE_ACCOUNTS:
        check_account_uid(subject.name, allow_dcos_prefix)
    elif exclusive:
        raise DcosError(
            f"exclusive: {subject.name} belongs to DC/OS itself; single grants may be added to it or removed, but not "
            "everything else revoked.",
            "native_account",
        )


def read_subject(iam: Iam, subject: Subject) -> dict[str, object] | None:
    """What a subject may do, None for an unknown one."""
    read = iam.permissions if subject.kind == "users" else iam.group_permissions
    permissions = read(subject.name)
    if permissions is None:
        return None
    return {"direct": group_grants(permissions.direct), "through_groups": group_grants_view(permissions.through_groups)}


def who_may(iam: Iam, rid: str) -> dict[str, object] | None:
    """Who may do what on a resource directly, None for one without an ACL."""
    found = iam.grants_on(rid)
    if found is None:
        return None
    holders: dict[str, dict[str, list[Grant]]] = {"users": {}, "groups": {}}
    for subject, grant in found:
        holders[subject.kind].setdefault(subject.name, []).append(grant)
    result: dict[str, object] = {"rid": rid}
    for kind, name in (("users", "uid"), ("groups", "gid")):
        result[kind] = [
            {name: holder, "actions": group_grants(grants)[0]["actions"]}
            for holder, grants in sorted(holders[kind].items())
        ]
    return result


def group_grants_view(entries: Iterable[GroupGrant]) -> list[dict[str, object]]:
    """What an account may do through its groups, as results show it: C([{gid, rid, actions}])."""
    groups: dict[str, list[Grant]] = {}
    for entry in entries:
        groups.setdefault(entry.gid, []).append(entry.grant)
    return [{"gid": gid, **entry} for gid in sorted(groups) for entry in group_grants(groups[gid])]
