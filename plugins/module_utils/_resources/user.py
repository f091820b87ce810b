# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""A user: somebody who logs in with a password, or through a provider such as a directory.

The IAM can change a user's description and password, and nothing else. It shows no password, so the one that is wanted
is compared by a login.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Mapping, Sequence

from .._api.iam import Group, Iam, User
from .._errors import DcosError
from .._rules.identifiers import check_account_uid, check_gid, check_not_superusers, is_email
from .._rules.passwords import check_password
from .frame import LostRaceError, Plan, Resource, Step
from .memberships import (
    NO_LOSS,
    Loss,
    check_loss,
    join,
    leave,
    read_loss,
    unknown_groups,
    unknown_groups_error,
)
from .own_account import check_not_own
from .superusers import is_last_superuser, last_superuser_error

INTERNAL = "internal"
PROVIDERS_WITH_ID = ("oidc", "saml")
PROVIDER_TYPES = (INTERNAL, "ldap", *PROVIDERS_WITH_ID)


@dataclass(frozen=True)
class Provider:
    """How a user logs in: C(internal), which is a password, or another type, some of which have an id."""

    type: str
    id: str = ""

    @property
    def words(self) -> str:
        if self.type == INTERNAL:
            return "a password"
        return f"the provider {self.type}{f' ({self.id})' if self.id else ''}"


@dataclass(frozen=True)
class UserState:
    """What the cluster holds.

    other_password: the user has another password than the one that is wanted; tried only where that is asked for.
    unknown_groups: those of the groups to be joined that do not exist.
    loss: of the memberships that are to end.
    last_superuser: read only where the user is to be deleted.
    by_email: how the user logs in once created from an e-mail address alone; read only where nothing else is known of
    one that is missing, and None on DC/OS Enterprise.
    """

    user: User | None = None
    groups: tuple[str, ...] = ()
    other_password: bool = False
    unknown_groups: tuple[str, ...] = ()
    loss: Loss = NO_LOSS
    last_superuser: bool = False
    by_email: Provider | None = None


class UserAccount(Resource[UserState]):
    """The user C(uid).

    description, groups, provider: None for not managed. A missing user without a provider gets a password.
    change_password: give an existing user the password too, not only one that is created here.
    groups_exclusive: end every membership that is not listed.
    own_uid: the account of the connection, which is neither deleted nor cut off.
    """

    def __init__(
        self,
        *,
        iam: Iam,
        own_uid: str | None,
        uid: str,
        present: bool = True,
        description: str | None = None,
        password: str | None = None,
        change_password: bool = False,
        provider: Provider | None = None,
        groups: Sequence[str] | None = None,
        groups_exclusive: bool = False,
        allow_dcos_prefix: bool = False,
    ) -> None:
        self._iam = iam
        self._own_uid = own_uid
        self._uid = check_account_uid(uid, allow_dcos_prefix)
        self._present = present
        self._description = description
        self._password = password
        self._change_password = change_password and password is not None
        self._provider = provider
        self._groups = None if groups is None else tuple(sorted({check_gid(gid, "groups") for gid in groups}))
        self._groups_exclusive = groups_exclusive
        if present and password is not None:
            check_password(password, "password")
            if provider is not None and provider.type != INTERNAL:
                raise self._no_password(provider)
        if groups_exclusive and groups is None:
            raise DcosError("groups_exclusive: it ends all memberships that groups does not list. Give groups too.")

    def read(self) -> UserState:
        user = self._iam.user(self._uid)
        if user is not None and user.is_service:
            raise DcosError(
                f"uid: {self._uid} is a service account, not a user. Nothing was changed. Choose another uid, or "
                "manage it with dcos_service_account.",
                "invalid_uid",
            )
        state = UserState(user)
        if user is not None:
            state = replace(state, groups=tuple(self._read_groups()))
        elif self._present:
            state = replace(state, by_email=self._read_by_email())
        if not self._present:
            last = user is not None and self._uid != self._own_uid and is_last_superuser(self._iam, self._uid)
            return replace(state, last_superuser=last)
        leaving = [(gid, self._uid) for gid in self._leaves(state)]
        state = replace(
            state,
            unknown_groups=unknown_groups(self._iam, self._joins(state)),
            loss=read_loss(self._iam, leaving, self._own_uid),
        )
        if user is None or self._password is None or not self._change_password or user.is_remote:
            return state
        return replace(state, other_password=not self._iam.takes_password(self._uid, self._password))

    def _read_by_email(self) -> Provider | None:
        if self._iam.knows_only_users:
            self._check_plain()
        if self._password is not None or self._provider is not None or not is_email(self._uid):
            return None
        found = self._iam.provider_of_emails()
        return None if found is None else Provider(*found)

    def _check_plain(self) -> None:
        """Refuse what an open cluster of 1.12 or before would silently leave out of a new user."""
        kept = {
            "uid": is_email(self._uid),
            "password": self._password is None,
            "provider_type": self._provider is None,
            "description": self._description in (None, self._uid),
        }
        for option, is_fine in kept.items():
            if not is_fine:
                raise DcosError(
                    f"{option}: user {self._uid} cannot be created like that: this is an open cluster of DC/OS 1.12 or "
                    "before, whose users have an e-mail address as uid, log in with an ID token, and have no other "
                    "description. Nothing was changed.",
                    "mode",
                )

    def _read_groups(self) -> list[str]:
        if self._groups is not None:
            return self._iam.groups_of(self._uid)
        return groups_of(self._iam, self._uid)

    def _joins(self, state: UserState) -> list[str]:
        return [gid for gid in self._groups or () if gid not in state.groups]

    def _leaves(self, state: UserState) -> list[str]:
        return [gid for gid in state.groups if gid not in (self._groups or ())] if self._groups_exclusive else []

    def plan(self, state: UserState) -> Plan:
        return self._plan_present(state) if self._present else self._plan_absent(state)

    def _plan_absent(self, state: UserState) -> Plan:
        if state.user is None:
            return Plan({"user": None})
        if state.last_superuser:
            raise last_superuser_error(f"uid: to delete user {self._uid}")
        check_not_own(self._uid, self._own_uid, "delete it")
        step = Step(f"delete user {self._uid}", partial(self._iam.delete_user, state.user))
        return Plan({"user": None}, (step,), _diff_view(user_view(state.user, state.groups)))

    def _plan_present(self, state: UserState) -> Plan:
        user, wanted = state.user, self._wanted(state)
        joins, leaves = self._joins(state), self._leaves(state)
        for gid in (*joins, *leaves):
            option = "groups" if gid in joins else "groups_exclusive"
            check_not_superusers(gid, option, "Use dcos_group, with allow_superusers, if that is wanted.")
        if leaves:
            words = f"groups_exclusive: to remove account {self._uid} from {', '.join(leaves)}"
            check_loss(state.loss, words, self._own_uid)
        steps: list[Step] = []
        if user is None:
            steps.append(Step(f"create user {self._uid}", partial(self._create, wanted)))
        elif user.description != wanted.description:
            describe = partial(self._iam.set_description, user, wanted.description)
            steps.append(self._change(f"set the description of user {self._uid}", describe))
        if user is not None and self._password is not None and state.other_password:
            check_not_own(self._uid, self._own_uid, "change its password")
            change = partial(self._iam.set_password, user, self._password)
            steps.append(self._change(f"set the password of user {self._uid}", change))
        steps += [join(self._iam, gid, self._uid) for gid in joins]
        steps += [leave(self._iam, gid, self._uid) for gid in leaves]
        view = user_view(wanted, sorted({*state.groups, *joins} - {*leaves}))
        before = None if user is None else _diff_view(user_view(user, state.groups))
        after = _diff_view(view)
        if before is not None and state.other_password:
            before["password"], after["password"] = "another than wanted", "as wanted"
        blocked = unknown_groups_error(state.unknown_groups, self._uid) if state.unknown_groups else None
        return Plan({"user": view}, tuple(steps), before, after, blocked=blocked)

    def _wanted(self, state: UserState) -> User:
        """The user as it shall be, as far as the IAM shows it."""
        user = state.user
        if user is None:
            provider = self._provider or state.by_email or Provider(INTERNAL)
            if provider.type == INTERNAL and self._password is None and state.by_email is None:
                raise DcosError(
                    f"password: user {self._uid} does not exist; creating it needs a password, or for a remote user "
                    "provider_type.",
                    "ERR_INVALID_DATA",
                )
            # The DC/OS CLI describes a new account by its uid.
            description = self._uid if self._description is None else self._description
            return User(
                uid=self._uid,
                description=description,
                is_service=False,
                provider_type=provider.type,
                public_key=None,
                url=f"/acs/api/v1/users/{self._uid}",
                provider_id=provider.id,
                is_remote=provider.type != INTERNAL,
            )
        found = Provider(user.provider_type, user.provider_id)
        if self._provider is not None and self._provider != found:
            raise DcosError(
                f"provider_type: user {self._uid} logs in with {found.words}, not with {self._provider.words}. The IAM "
                "cannot change that. Nothing was changed. Delete the user first (state=absent) if that is wanted.",
                "ERR_USER_EXISTS",
            )
        if self._password is not None and user.is_remote:
            raise self._no_password(found)
        return user if self._description is None else replace(user, description=self._description)

    def _no_password(self, provider: Provider) -> DcosError:
        return DcosError(
            f"password: user {self._uid} logs in with {provider.words}, so it has no password here. Nothing was "
            "changed. Leave password out.",
            "ERR_INVALID_DATA",
        )

    def _create(self, wanted: User) -> bool:
        if not self._iam.create_user(wanted, self._password):
            raise self._rival()
        return True

    def _change(self, what: str, change: partial[bool]) -> Step:
        def do() -> bool:
            if not change():
                raise self._rival()
            return True

        return Step(what, do)

    def _rival(self) -> LostRaceError:
        return LostRaceError(
            f"User {self._uid}: somebody else creates, deletes or replaces it at the same time. Run again.",
            "ERR_USER_EXISTS",
            409,
        )


def user_view(user: User, groups: Sequence[str]) -> dict[str, object]:
    """A user as results show it."""
    return {
        "uid": user.uid,
        "description": user.description,
        "provider_type": user.provider_type,
        "provider_id": user.provider_id,
        "is_remote": user.is_remote,
        "url": user.url,
        "groups": list(groups),
    }


def read_users(iam: Iam, uid: str | None) -> list[Mapping[str, object]]:
    """One user, or all of them; the memberships of all are read by group, since there are fewer of those."""
    if uid is not None:
        user = iam.user(uid)
        return [] if user is None or user.is_service else [user_view(user, groups_of(iam, uid))]
    groups: dict[str, list[str]] = {}
    none: list[Group] = []
    for group in iam.on_enterprise(iam.groups, none):
        for member in iam.members(group.gid):
            groups.setdefault(member, []).append(group.gid)
    return [user_view(user, groups.get(user.uid, ())) for user in sorted(iam.persons(), key=lambda user: user.uid)]


def groups_of(iam: Iam, uid: str) -> list[str]:
    """The groups of an account; none on an open cluster, which has none."""
    return iam.on_enterprise(partial(iam.groups_of, uid), [])


def _diff_view(view: Mapping[str, object]) -> dict[str, object]:
    return {name: view[name] for name in ("uid", "description", "provider_type", "provider_id", "groups")}
