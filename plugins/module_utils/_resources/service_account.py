# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""A service account: uid, description, public key, and the replacement of its key.

The IAM cannot change a key, only delete an account with everything that hangs on it and create another. So that an
interrupted replacement loses nothing, what must be restored is first written into the cluster itself: a journal, which
is a service account C(<uid>.replacing) with the new public key, no grants, and as description the JSON of description,
grants and groups. Every run reads the journal too and repairs what it finds, from any machine.

Others may change the account at any time, and a power that somebody took must not come back. So the account is looked
at once more right before it is deleted, and the journal follows what was changed. Afterwards only who made the account
again gives dcos:superuser back, as the very next write: a later run cannot tell whether it was given back and taken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Mapping, Union

from .._api.iam import Iam, Permissions, User, user_subject
from .._crypto.rsa_keys import (
    fingerprint,
    public_pem,
    read_public_key,
    same_key,
)
from .._errors import DcosError, Remedy
from .._rules.identifiers import (
    NEXT_SUFFIX,
    UID_MAX_LENGTH,
    check_account_uid,
    journal_uid,
)
from .._rules.permissions import SUPERUSER_RID, Grant, group_grants
from .acls import grant_with_acl
from .frame import LostRaceError, Plan, Resource, Step
from .own_account import check_not_own
from .superusers import is_last_superuser, last_superuser_error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


Belonging = Union[str, Grant]
"""What an account has: the membership in a group, or a grant."""

REPLACE = Remedy(
    "Set replace_key to true if that is wanted.",
    "Set {prefix}rotate_key to true if that is wanted; it makes a new key.",
)
STORE_FIRST = Remedy(
    "Store it first (dcos_sa_secret with rotate=prepare), or correct secret_path and secret_store.",
    "Run again when no other run is busy.",
)


@dataclass(frozen=True)
class Journal:
    """What a replacement must restore.

    account: the one that holds it, None for a journal that is not written yet.
    """

    key: RSAPublicKey
    description: str
    grants: tuple[Grant, ...]
    groups: tuple[str, ...]
    account: User | None = field(default=None, compare=False)

    def same_as(self, other: Journal | None) -> bool:
        """Whether another journal would restore the same."""
        return other is not None and same_key(self.key, other.key) and self.text() == other.text()

    @property
    def belongings(self) -> tuple[Belonging, ...]:
        """What must be restored, in this order: power first."""
        power = [grant for grant in self.grants if grant.rid == SUPERUSER_RID]
        return (*power, *sorted(self.groups), *sorted(grant for grant in self.grants if grant.rid != SUPERUSER_RID))

    def text(self) -> str:
        """The form in which it is in the description of the journal's account."""
        return json.dumps(
            {"description": self.description, "grants": group_grants(self.grants), "groups": list(self.groups)},
            sort_keys=True,
        )


@dataclass(frozen=True)
class AccountState:
    """What the cluster holds. Permissions and groups are read only if a replacement needs them.

    last_superuser: read only where the account is to be deleted.
    kept_back: what of the journal is power that the account has not got; read only where a replacement made it again.
    deleted: the account that this run has deleted for its replacement.
    meanwhile: what somebody else changed of it before that, as warnings.
    """

    user: User | None = None
    journal: Journal | None = None
    grants: tuple[Grant, ...] = ()
    groups: tuple[str, ...] = ()
    last_superuser: bool = False
    kept_back: tuple[Belonging, ...] = ()
    deleted: User | None = None
    meanwhile: tuple[str, ...] = ()

    @property
    def key(self) -> RSAPublicKey | None:
        return None if self.user is None else read_public_key(self.user.public_key)


def read_service_account(iam: Iam, uid: str) -> User | None:
    """The service account, None if there is none; an account of a person is an error."""
    user = iam.account_for_service(uid)
    if user is not None and not user.is_service:
        raise DcosError(
            f"uid: {uid} is the account of a person, not a service account. Nothing was changed. Choose another uid.",
            "invalid_uid",
        )
    return user


def read_journal(iam: Iam, uid: str) -> Journal | None:
    """The journal of an interrupted replacement, None when there is none."""
    name = journal_uid(uid)
    user = iam.user(name) if len(name) <= UID_MAX_LENGTH else None
    if user is None:
        return None
    try:
        document = json.loads(user.description)
        key = read_public_key(user.public_key)
        if key is None:
            raise ValueError("a journal has the key that the account is to get")
        return Journal(
            key,
            str(document["description"]),
            tuple(
                Grant(rid, action)
                for entry in document["grants"]
                for rid in _texts([entry["rid"]])
                for action in _texts(entry["actions"])
            ),
            tuple(_texts(document["groups"])),
            account=user,
        )
    except (ValueError, KeyError, TypeError, RecursionError):  # who made the account may have written anything
        raise DcosError(
            f"Account {name} should hold the journal of a key replacement of {uid}, but its description is no such "
            "journal. Look at it; if it is not needed, delete it by hand, and run again.",
            "invalid_uid",
        ) from None


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError("a journal has lists of ids and actions")
    return value


def account_view(user: User) -> dict[str, object]:
    """An account as results show it, its key in the form in which we write it."""
    key = read_public_key(user.public_key)
    return {
        "uid": user.uid,
        "description": user.description,
        "public_key": None if key is None else public_pem(key),
        "fingerprint": None if key is None else fingerprint(key),
        "provider_type": user.provider_type,
        "url": user.url,
    }


class ServiceAccount(Resource[AccountState]):
    """The account C(uid).

    description, key: None for not managed (a missing account cannot be made without a key).
    describe_new_only: the description is for an account that is created here; one that exists keeps its own.
    own_uid: the account of the connection, which is neither deleted nor replaced.
    is_stored: tells whether the private half of the new key is where the service will read it. Asked before anything is
    written, and right before the account is replaced, when its journal tells others that the key is needed. In check
    mode nobody has stored it.
    """

    def __init__(
        self,
        iam: Iam,
        own_uid: str | None,
        uid: str,
        *,
        present: bool = True,
        description: str | None = None,
        key: RSAPublicKey | None = None,
        replace_key: bool = False,
        allow_dcos_prefix: bool = False,
        is_stored: Callable[[RSAPublicKey], bool] | None = None,
        describe_new_only: bool = False,
    ) -> None:
        self._iam = iam
        self._own_uid = own_uid
        self._uid = check_account_uid(uid, allow_dcos_prefix)
        self._present = present
        self._description = description
        self._key = key
        self._replace_key = replace_key
        self._is_stored = is_stored or (lambda key: True)
        self._meanwhile: list[str] = []
        self._deleted: User | None = None
        self._describe_new_only = describe_new_only
        if replace_key and len(journal_uid(uid)) > UID_MAX_LENGTH:
            raise DcosError(
                f"uid: {uid} is too long for replace_key: the journal {journal_uid(uid)} must fit into "
                f"{UID_MAX_LENGTH} characters. Replace the account by another one with a shorter name.",
                "invalid_uid",
            )

    def read(self) -> AccountState:
        user = read_service_account(self._iam, self._uid)
        journal = read_journal(self._iam, self._uid)
        state = AccountState(user, journal, deleted=self._deleted, meanwhile=tuple(self._meanwhile))
        if user is None:
            return state
        if self._present and state.journal is not None and same_key(state.key, state.journal.key):
            state = replace(state, kept_back=tuple(self._kept_back(state.journal)))
        if self._uid == self._own_uid or (self._present and not self._replaces(state)):
            return state
        state = replace(state, last_superuser=is_last_superuser(self._iam, self._uid))
        if not self._present or state.last_superuser:
            return state
        groups, grants = self._belongings()
        return replace(state, grants=grants, groups=groups)

    def _replaces(self, state: AccountState) -> bool:
        return self._replace_key and _differs(state.key, self._key)

    def _belongings(self) -> tuple[tuple[str, ...], tuple[Grant, ...]]:
        """Groups and grants, which a replacement must restore; none on an open cluster, which knows neither.

        What an account may do can come from a cache, so each entry is confirmed.
        """
        if not self._iam.has_permissions():
            return (), ()
        subject = user_subject(self._uid)
        groups = tuple(sorted(self._iam.groups_of(self._uid)))
        permissions = self._iam.permissions(self._uid) or Permissions()
        rids = sorted({grant.rid for grant in permissions.direct} - {SUPERUSER_RID})
        grants = [grant for rid in rids for grant in self._iam.grants_of_subject_on(subject, rid)]
        return groups, tuple(sorted((*grants, *self._power())))

    def _power(self) -> list[Grant]:
        return self._iam.grants_of_subject_on(user_subject(self._uid), SUPERUSER_RID)

    def _kept_back(self, journal: Journal) -> Iterator[Belonging]:
        """The power in a journal that a recreated account lacks: it may have been revoked since."""
        has: list[Belonging] = [*self._power()] if journal.grants else []
        has += self._iam.groups_of(self._uid) if journal.groups else []
        for each in journal.belongings:
            if isinstance(each, str):
                rights = self._iam.group_permissions(each) or Permissions()
                is_power = any(grant.rid == SUPERUSER_RID for grant in rights.direct)
            else:
                is_power = each.rid == SUPERUSER_RID
            if is_power and each not in has:
                yield each

    def plan(self, state: AccountState) -> Plan:
        return self._plan_present(state) if self._present else self._plan_absent(state)

    # Absent

    def _plan_absent(self, state: AccountState) -> Plan:
        steps: list[Step] = []
        # The journal first: left alone it would bring the grants back when the uid is used again.
        if state.journal is not None:
            steps.append(self._drop_journal_step(state.journal))
        if state.user is not None:
            self._protect("delete", state)
            steps.append(Step(f"delete service account {self._uid}", partial(self._iam.delete_user, state.user)))
        return Plan({"service_account": None, "created": False}, tuple(steps), self._view(state), None)

    # Present: first what an interrupted replacement left is finished, then the rest is compared with the outcome

    def _plan_present(self, state: AccountState) -> Plan:
        steps = self._repair_steps(state)
        repaired = _repaired(self._uid, state)
        key = self._key if self._key is not None else repaired.key
        if key is None and repaired.user is None:
            raise DcosError(
                f"uid: service account {self._uid} does not exist; creating it needs public_key or public_key_path.",
                "invalid_key",
            )
        description = self._described(repaired.user)
        if repaired.user is None and key is not None:
            steps.append(self._create_step(key, description))
        elif key is not None and _differs(repaired.key, key):
            steps = self._replace_steps(state, repaired, steps, key, description)
        elif repaired.user is not None and repaired.user.description != description:
            steps.append(
                Step(
                    f"set the description of service account {self._uid}",
                    partial(self._describe, repaired.user, description),
                )
            )
        after = self._shown(description, key, repaired.user)
        warnings = (*state.meanwhile, *self._warn_of_repair(state))
        # One that an interrupted replacement has deleted is no new one.
        result = {"service_account": after, "created": state.user is None and state.journal is None}
        return Plan(result, tuple(steps), self._view(state), self._diff_view(after), warnings=warnings)

    def _described(self, user: User | None) -> str:
        """The description that the account is to have."""
        if user is None:  # the DC/OS CLI describes a new account by its uid
            return self._uid if self._description is None else self._description
        return user.description if self._description is None or self._describe_new_only else self._description

    def _warn_of_repair(self, state: AccountState) -> Iterator[str]:
        """An interrupted replacement is finished whenever that was: what comes back then is easily forgotten."""
        journal = state.journal
        if journal is None or not _is_restored(state, journal):
            return
        if state.user is None and any(grant.rid == SUPERUSER_RID for grant in journal.grants):
            yield (
                f"Service account {self._uid} gets {SUPERUSER_RID} back, which it had when the replacement of its key "
                "was interrupted. Revoke it if the account is not to have it any more."
            )
        if state.kept_back:
            yield (
                f"Service account {self._uid} had {_listed(state.kept_back)} when the replacement of its key was "
                "interrupted. That is not restored, since somebody may have revoked it meanwhile. Grant it again "
                "if the account is to have it: dcos_acl_grant, or superuser among the variables of the service."
            )

    def _repair_steps(self, state: AccountState) -> list[Step]:
        """Finish an interrupted replacement, or drop the journal of one that had not yet touched the account."""
        journal = state.journal
        if journal is None:
            return []
        steps: list[Step] = []
        if state.user is None:
            steps.append(self._create_step(journal.key, journal.description))
        if _is_restored(state, journal):
            steps += self._restore_steps(_to_restore(state, journal))
        return [*steps, self._drop_journal_step(journal, None if _is_restored(state, journal) else state.user)]

    def _replace_steps(
        self, state: AccountState, repaired: AccountState, repair: list[Step], key: RSAPublicKey, description: str
    ) -> list[Step]:
        if not self._replace_key:
            unfinished = ""
            if state.journal is not None:
                goal = fingerprint(state.journal.key)
                unfinished = f" An interrupted replacement was going to {goal}; a run with that key finishes it."
            raise DcosError(
                f"Service account {self._uid} has another key ({_fingerprint_of(repaired.key)}) than the one given "
                f"({fingerprint(key)}). A key cannot be changed, only replaced together with the account: whoever "
                f"uses the old key can no longer log in.{unfinished}",
                "key_mismatch",
                remedy=REPLACE,
            )
        self._protect("replace", state)
        if state.deleted is not None:
            raise DcosError(
                f"Replacing the key of service account {self._uid}: it was deleted, and somebody else created it "
                f"again, with another key ({_fingerprint_of(repaired.key)}). That account is left alone. What the "
                f"deleted one had is in the description of {journal_uid(self._uid)} until the next run.",
                "key_mismatch",
            )
        journal = Journal(key, description, tuple(sorted(repaired.grants)), tuple(sorted(repaired.groups)))
        if journal.same_as(state.journal):
            steps = []  # the interrupted replacement is this one: continue with it
        elif state.journal is not None and state.journal.account is not None and same_key(state.journal.key, key):
            follow = partial(self._follow, state.journal.account, journal, repaired.user)
            steps = [Step(f"update the journal {journal_uid(self._uid)}", follow)]
        else:
            write = partial(self._write_journal, journal)
            steps = [*repair, Step(f"write the journal {journal_uid(self._uid)}", write)]
        return [
            *steps,
            Step(f"delete service account {self._uid}", partial(self._delete_for, journal, repaired.key)),
            Step(f"create service account {self._uid}", partial(self._create_for, journal)),
            *self._restore_steps(journal.belongings),
            self._drop_journal_step(journal),
        ]

    def _restore_steps(self, belongings: Iterable[Belonging]) -> list[Step]:
        subject = user_subject(self._uid)
        return [
            Step(f"restore {_words(each)}", partial(self._restore_membership, each))
            if isinstance(each, str)
            else Step(f"restore {_words(each)}", partial(grant_with_acl, self._iam, subject, each, each.rid))
            for each in belongings
        ]

    def _restore_membership(self, gid: str) -> bool:
        try:
            return self._iam.add_to_group(gid, self._uid)
        except DcosError as exc:
            if exc.code == "ERR_UNKNOWN_GROUP_ID":  # the group went away since the journal was written
                return False
            raise

    # Steps

    def _create_step(self, key: RSAPublicKey, description: str) -> Step:
        return Step(
            f"create service account {self._uid}", partial(self._create, self._uid, public_pem(key), description)
        )

    def _create(self, uid: str, public_key: str, description: str) -> bool:
        if not self._iam.create_service_account(uid, public_key, description):
            raise LostRaceError(
                f"Creating service account {uid}: somebody else creates it at the same time. Run again.",
                "ERR_USER_EXISTS",
                409,
            )
        return True

    def _write_journal(self, journal: Journal) -> bool:
        if not self._is_stored(journal.key):
            raise DcosError(
                f"secret_path: the private half of the new key of service account {self._uid} "
                f"({fingerprint(journal.key)}) is stored neither there nor beside it, at the same path with "
                f"{NEXT_SUFFIX}. The account still has its old key.",
                "key_mismatch",
                remedy=STORE_FIRST,
            )
        return self._create(journal_uid(self._uid), public_pem(journal.key), journal.text())

    def _follow(self, account: User, journal: Journal, user: User | None) -> bool:
        """Write another text into an existing journal: what the account has now.

        The account must be there still. Else it was deleted while it was read, and the journal knows what it had.
        """
        if user is not None:
            self._look_again(user)
        return self._describe(account, journal.text())

    def _describe(self, looked_at: User, description: str) -> bool:
        if not self._iam.set_description(looked_at, description):
            raise self._rival()
        return True

    def _delete_for(self, journal: Journal, old_key: RSAPublicKey | None) -> bool:
        """Delete the account, if it and the journal still are as the plan saw them: nobody else is in between.

        What somebody changed of the account since it was read must not be undone: the journal follows, and everything
        is planned again. The IAM knows no conditional deletion, so this look comes right before it.
        """
        if not self._is_stored(journal.key):
            raise DcosError(
                f"Replacing the key of service account {self._uid}: the private half of the new key "
                f"({fingerprint(journal.key)}) is no longer stored, since another run took it for a leftover. The "
                "account still has its old key. Run again when no other run is busy.",
                "key_mismatch",
            )
        groups, grants = self._belongings()
        user = self._iam.user(self._uid)
        unchanged = user is not None and not _differs(read_public_key(user.public_key), old_key)
        found = read_journal(self._iam, self._uid)
        if unchanged and found is None:
            # Another run took this replacement for an interrupted one. It may drop the new key's private half too, so
            # nothing may be written again here: whoever wants the replacement begins anew.
            raise DcosError(
                f"Replacing the key of service account {self._uid}: another run dropped the journal "
                f"{journal_uid(self._uid)}. The account still has its old key. Run again when no other run is busy.",
                "key_mismatch",
            )
        if user is None or not unchanged or not journal.same_as(found) or found is None or found.account is None:
            raise self._rival()
        if grants:  # power, last of all: what somebody takes must not be given back
            grants = tuple(sorted((*(each for each in grants if each.rid != SUPERUSER_RID), *self._power())))
        now = replace(journal, description=self._described(user), grants=grants, groups=groups)
        if not now.same_as(journal):
            self._follow(found.account, now, user)
            self._meanwhile += _changes(self._uid, journal, now)
            raise self._rival()
        if not self._iam.delete_user(user):
            raise self._rival()
        self._deleted = user
        return True

    def _create_for(self, journal: Journal) -> bool:
        """Make the account with its new key, if the private half of that is stored still.

        In the moment of the deletion another run may have taken the replacement for an interrupted one.
        """
        before = self._deleted
        if self._is_stored(journal.key) or before is None or before.public_key is None:  # no key, no way back
            return self._create(self._uid, public_pem(journal.key), journal.description)
        self._create(self._uid, before.public_key, before.description)
        for step in self._restore_steps(journal.belongings):
            step.do()
        raise DcosError(
            f"Replacing the key of service account {self._uid}: another run took this one for interrupted and "
            f"dropped the new key ({fingerprint(journal.key)}). The account was created again as it was, with its old "
            "key. Run again when no other run is busy.",
            "key_mismatch",
        )

    def _drop_journal_step(self, journal: Journal, untouched: User | None = None) -> Step:
        """untouched: the account where the replacement had not begun to touch it."""
        drop = partial(self._drop_journal, journal, untouched)
        return Step(f"remove the journal {journal_uid(self._uid)}", drop)

    def _drop_journal(self, journal: Journal, untouched: User | None) -> bool:
        found = read_journal(self._iam, self._uid)
        if found is None or found.account is None:
            return False
        if not journal.same_as(found):
            raise self._rival()
        if untouched is not None:
            self._look_again(untouched)  # nothing but the journal has what a replacement deletes
        return self._iam.delete_user(found.account)

    def _look_again(self, looked_at: User) -> None:
        user = self._iam.user(self._uid)
        if user is None or not user.is_same(looked_at):
            raise self._rival()

    def _rival(self) -> LostRaceError:
        return LostRaceError(
            f"Service account {self._uid}: somebody else changes it at the same time. Run again.",
            "ERR_USER_EXISTS",
            409,
        )

    def _protect(self, verb: str, state: AccountState) -> None:
        if state.last_superuser:
            raise last_superuser_error(f"uid: to {verb} service account {self._uid}")
        check_not_own(self._uid, self._own_uid, f"{verb} it")

    # Views

    def _shown(self, description: str, key: RSAPublicKey | None, user: User | None) -> dict[str, object]:
        pem = None if key is None else public_pem(key)
        url = f"/acs/api/v1/users/{self._uid}"
        provider = "internal"
        if user is not None:
            url, provider = user.url or url, user.provider_type
        return account_view(
            User(self._uid, description, is_service=True, provider_type=provider, public_key=pem, url=url)
        )

    def _view(self, state: AccountState) -> Mapping[str, object] | None:
        view: dict[str, object] = {}
        if state.user is not None:
            view = self._diff_view(self._shown(state.user.description, state.key, state.user))
        if state.journal is not None:
            view["journal"] = f"unfinished key replacement ({journal_uid(self._uid)})"
        return view or None

    @staticmethod
    def _diff_view(shown: Mapping[str, object]) -> dict[str, object]:
        return {name: shown[name] for name in ("uid", "description", "fingerprint")}


def _differs(one: RSAPublicKey | None, other: RSAPublicKey | None) -> bool:
    """Whether they are two different keys, or a key and none."""
    return not same_key(one, other) and not (one is None and other is None)


def _is_restored(state: AccountState, journal: Journal) -> bool:
    """Whether the account gets what the journal says: it was deleted already, or made anew."""
    return state.user is None or same_key(state.key, journal.key)


def _to_restore(state: AccountState, journal: Journal) -> tuple[Belonging, ...]:
    """What of a journal the account is to get: everything, but power only from who makes the account again.

    What it has already is no change. Often nobody can tell whether it has it: an answer may come from a cache, from
    before the account was deleted.
    """
    made_again = state.user is not None
    return tuple(
        each
        for each in journal.belongings
        if not made_again
        or (each not in state.kept_back and not (isinstance(each, Grant) and each.rid == SUPERUSER_RID))
    )


def _repaired(uid: str, state: AccountState) -> AccountState:
    """What is there once an interrupted replacement is finished or dropped."""
    journal = state.journal
    if journal is None:
        return state
    if not _is_restored(state, journal):
        return replace(state, journal=None)
    key = public_pem(journal.key)
    user = User(uid, journal.description, is_service=True, provider_type="internal", public_key=key, url="")
    restored = _to_restore(state, journal)
    return AccountState(
        state.user if state.user is not None else user,
        None,
        tuple({*state.grants, *(each for each in restored if not isinstance(each, str))}),
        tuple({*state.groups, *(each for each in restored if isinstance(each, str))}),
    )


def _changes(uid: str, before: Journal, now: Journal) -> list[str]:
    """What somebody changed of an account while its replacement was prepared, as a warning."""
    old, new = ({*journal.belongings} for journal in (before, now))
    changes = [f"{verb} {_listed(some)}" for verb, some in (("took away", old - new), ("gave it", new - old)) if some]
    if before.description != now.description:
        changes.append("changed its description")
    return [
        f"While the replacement of the key of service account {uid} was prepared, somebody else "
        f"{' and '.join(changes)}. The account was replaced as it was after that."
    ]


def _listed(belongings: Iterable[Belonging]) -> str:
    return ", ".join(sorted(_words(each) for each in belongings))


def _words(belonging: Belonging) -> str:
    if isinstance(belonging, str):
        return f"the membership in group {belonging}"
    return f"{belonging.rid} {belonging.action}"


def _fingerprint_of(key: RSAPublicKey | None) -> str:
    return "no RSA key" if key is None else fingerprint(key)
