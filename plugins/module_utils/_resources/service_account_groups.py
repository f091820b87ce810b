# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The groups that a service account is made a member of, once it is there. It stays a member of others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Mapping, Sequence

from .._api.iam import Iam
from .._rules.identifiers import check_gid, check_not_superusers
from .frame import Plan, Resource
from .memberships import join, unknown_groups, unknown_groups_error
from .service_account import AccountState, ServiceAccount


@dataclass(frozen=True)
class MemberState:
    """The account, the groups that it is in, and those of the wanted ones that there are not."""

    account: AccountState
    groups: frozenset[str]
    unknown: tuple[str, ...]


class MemberAccount(Resource[MemberState]):
    """The account C(uid), which is a member of C(groups) at least."""

    def __init__(self, account: ServiceAccount, iam: Iam, uid: str, groups: Sequence[str]) -> None:
        self._account = account
        self._iam = iam
        self._uid = uid
        self._groups = tuple(dict.fromkeys(check_gid(gid, "groups") for gid in groups))
        for gid in self._groups:
            advice = "If the account needs that, grant it dcos:superuser with dcos_acl_grant."
            check_not_superusers(gid, "groups", advice)

    def read(self) -> MemberState:
        account = self._account.read()
        groups = frozenset(() if account.user is None else self._iam.groups_of(self._uid))
        return MemberState(account, groups, unknown_groups(self._iam, self._missing(groups)))

    def _missing(self, groups: frozenset[str]) -> list[str]:
        return [gid for gid in self._groups if gid not in groups]

    def plan(self, state: MemberState) -> Plan:
        plan = self._account.plan(state.account)
        joins = [join(self._iam, gid, self._uid) for gid in self._missing(state.groups)]
        return replace(
            plan,
            steps=(*plan.steps, *joins),  # a replacement restores what the account had before it
            before=None if plan.before is None else _with_groups(plan.before, state.groups),
            after=_with_groups(plan.after or {}, {*state.groups, *self._groups}),
            blocked=unknown_groups_error(state.unknown, self._uid) if state.unknown else None,
        )


def _with_groups(view: Mapping[str, object], groups: Iterable[str]) -> dict[str, object]:
    return {**view, "groups": sorted(groups)}
