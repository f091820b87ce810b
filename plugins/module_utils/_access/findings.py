# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Findings: what is wrong with the permissions and keys of a cluster, judged from the facts that were read; no I/O.

Each fault is reported once: where one finding explains another, only the first is reported. What could not be read
counts neither as wrong nor as right; it is listed as unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Iterator, Mapping, Sequence

from .._api.iam import GroupGrant, Permissions, User
from .._crypto.rsa_keys import MINIMUM_SIZE, fingerprint, same_key
from .._rules.coverage import FULL, normal_rid, rid_covers
from .._rules.identifiers import (
    NATIVE_ACCOUNTS,
    SUPERUSERS_GROUP,
    next_path,
    uid_of_journal,
)
from .._rules.permissions import SUPERUSER_RID, Grant, by_rid
from .._rules.rid_catalog import unknown
from .._rules.secret_spaces import readable_by_every_service
from .over_wide import over_wide

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PERSON = "person"
SERVICE = "service"
NATIVE = "native"
JOURNAL = "journal"

DIRECT = "direct"
GROUP = "group"
NO = "no"

HIGH = "high"
MEDIUM = "medium"
LOW = "low"

SEVERITIES: tuple[str, ...] = (HIGH, MEDIUM, LOW)
"""In the order in which findings are shown."""


# --- facts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """A user or service account.

    key: its public key; None for a person, and where the key cannot be read.
    permissions: None if they could not be read.
    """

    user: User
    key: RSAPublicKey | None = None
    permissions: Permissions | None = None

    @property
    def uid(self) -> str:
        return self.user.uid

    @property
    def kind(self) -> str:
        """Who is behind it: a person, a service, DC/OS itself, or nobody (the journal of a replacement)."""
        if not self.user.is_service:
            return PERSON
        if self.uid in NATIVE_ACCOUNTS:
            return NATIVE
        return SERVICE if uid_of_journal(self.uid) is None else JOURNAL

    @property
    def direct(self) -> tuple[Grant, ...]:
        return () if self.permissions is None else self.permissions.direct

    @property
    def through_groups(self) -> tuple[GroupGrant, ...]:
        return () if self.permissions is None else self.permissions.through_groups

    @property
    def superuser_through(self) -> list[str]:
        """The groups that make it a superuser."""
        return [] if self.permissions is None else self.permissions.groups_with(SUPERUSER_RID)

    @property
    def superuser(self) -> str | None:
        """How it is a superuser, by any single action: DIRECT, GROUP or NO; None if its permissions are not known."""
        if self.permissions is None:
            return None
        if self.permissions.has_direct(SUPERUSER_RID):
            return DIRECT
        return GROUP if self.superuser_through else NO


@dataclass(frozen=True)
class StoredKey:
    """A service-account document in the secret store: where it is, whose it is, the public half of its key."""

    path: str
    uid: str
    key: RSAPublicKey | None = None


@dataclass(frozen=True)
class Facts:
    """What was read of a cluster.

    groups: the grants of each group; those that could not be read are missing.
    memberships: the members of each group that no grant shows; those that could not be read are missing.
    all_memberships: whether every group was read, so that an account that is in none of them is in no group.
    secret_paths: all secrets of the store, whatever they hold.
    all_secrets: whether every secret was looked at, so that one that was not found is not there.
    superuser_until: for accounts that are listed as superusers for a time, when that ends.
    now: the moment with which these ends are compared.
    """

    accounts: tuple[Account, ...]
    now: datetime
    groups: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    memberships: Mapping[str, Sequence[str]] = field(default_factory=dict)
    all_memberships: bool = False
    store: str = "default"
    stored: tuple[StoredKey, ...] = ()
    secret_paths: tuple[str, ...] = ()
    all_secrets: bool = False
    superuser_until: Mapping[str, datetime] = field(default_factory=dict)

    @cached_property
    def members(self) -> Mapping[str, Sequence[str]]:
        """The members of each group, as far as they are known: by what they may do through it, or by its list."""
        found: dict[str, list[str]] = {gid: list(uids) for gid, uids in self.memberships.items()}
        for account in self.accounts:
            for gid in dict.fromkeys(entry.gid for entry in account.through_groups):
                found.setdefault(gid, []).append(account.uid)
        return found


# --- findings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One fault.

    kind: what is wrong, for programs; one of TITLES.
    subject_type: account, group, secret or key.
    subject: its uid, gid, path or fingerprint.
    detail: what is wrong, in a sentence.
    accounts: the accounts that it concerns.
    rid: the resource that it is about, if it is about one.
    """

    kind: str
    severity: str
    subject_type: str
    subject: str
    detail: str
    accounts: tuple[str, ...] = ()
    rid: str | None = None


TITLES: Mapping[str, str] = {
    "superuser_expired": "Superuser past its end date",
    "superuser": "Superuser",
    "superuser_through_group": "Superuser through a group",
    "key_mismatch": "Stored key does not match the account",
    "open_secret": "Key that every service can read",
    "secret_without_account": "Secret without an account",
    "secret_unusable": "Stored key cannot be read",
    "journal_left": "Unfinished key replacement",
    "rotation_unfinished": "Unfinished key rotation",
    "shared_key": "Key shared by several accounts",
    "weak_key": "Weak key",
    "unreadable_key": "Public key cannot be read",
    "over_wide": "Grant wider than needed",
    "unknown_rid": "Undocumented grant",
    "secret_without_reader": "Secret that nobody can read",
    "no_secret": "Account without a secret",
    "no_grants": "Account without grants",
    "person_without_group": "Person without a group",
    "empty_group": "Group without members",
}
"""All kinds of findings, in the order in which they are shown, in words."""

REMEDIES: Mapping[str, str] = {
    "superuser_expired": "Run provision_service for the service: after that date it revokes dcos:superuser.",
    "superuser": "Grant what it needs by name, then revoke dcos:superuser. For a person, use the group superusers.",
    "superuser_through_group": "If not needed, take the account out of the group, or revoke dcos:superuser from it.",
    "key_mismatch": "Nobody can log in with this secret. Rotate the account's key, or delete the secret.",
    "open_secret": "Provision the service with a secret_path below its own name, rotate the key, delete this secret.",
    "secret_without_account": "Delete the secret, or provision its service again.",
    "secret_unusable": "Nobody can log in with this secret. Rotate the account's key with overwrite, or delete it.",
    "journal_left": "Run the provisioning of the service again: it finishes what an interrupted run began.",
    "rotation_unfinished": "Run the provisioning of the service again: it finishes what an interrupted run began.",
    "shared_key": "Rotate the key of each account: whoever has this key can log in as all of them.",
    "weak_key": "Rotate the account's key.",
    "unreadable_key": "Nobody can log in as this account. Replace its key, or delete it.",
    "over_wide": "Grant the resource and the actions that are needed by name, then revoke this.",
    "unknown_rid": "If it is a typo, grant what was meant, then revoke this.",
    "secret_without_reader": "Fine if an app in its folder reads it. Otherwise grant read, or delete it.",
    "no_secret": "Fine if its key is kept in a file or by DC/OS itself; otherwise store one, or delete the account.",
    "no_grants": "Fine if its service needs none in this security mode; otherwise grant some, or delete the account.",
    "person_without_group": "Make the person a member of a group with these grants, then revoke the person's own.",
    "empty_group": "If nobody is to join it, delete it with its grants.",
}
"""What to do about each kind."""


def find(facts: Facts) -> list[Finding]:
    """All findings, the most severe first."""
    found = [
        *_superusers(facts),
        *_grants(facts),
        *_groups(facts),
        *_keys(facts),
        *_journals(facts),
        *_stored(facts),
        *_plain_secrets(facts),
    ]
    kinds = list(TITLES)
    return sorted(
        found,
        key=lambda one: (SEVERITIES.index(one.severity), kinds.index(one.kind), one.subject, one.rid or ""),
    )


def _about(account: Account, kind: str, severity: str, detail: str, rid: str | None = None) -> Finding:
    return Finding(kind, severity, "account", account.uid, detail=detail, accounts=(account.uid,), rid=rid)


def _superusers(facts: Facts) -> Iterator[Finding]:
    for account in facts.accounts:
        if account.superuser in (None, NO):
            continue
        until = facts.superuser_until.get(account.uid)
        if until is not None and until <= facts.now:
            detail = f"superuser_until was {until.isoformat()}, and it is a superuser {_by_which_way(account)}."
            yield _about(account, "superuser_expired", HIGH, detail, SUPERUSER_RID)
            continue
        actions = [grant.action for grant in account.direct if grant.rid == SUPERUSER_RID]
        if actions:
            severity = {PERSON: MEDIUM, NATIVE: LOW}.get(account.kind, HIGH)
            detail = f"It may do anything: {SUPERUSER_RID} {', '.join(actions)} is granted to it directly."
            yield _about(account, "superuser", severity, detail, SUPERUSER_RID)
        if account.superuser_through:
            ordinary = account.kind == NATIVE or (
                account.kind == PERSON and account.superuser_through == [SUPERUSERS_GROUP]
            )
            detail = f"It may do anything {_by_which_way(account, direct=False)}."
            yield _about(account, "superuser_through_group", LOW if ordinary else HIGH, detail, SUPERUSER_RID)
    for gid, grants in facts.groups.items():
        if not facts.members.get(gid) and any(grant.rid == SUPERUSER_RID for grant in grants):
            detail = "Every new member may do anything; it has no members now."
            yield Finding("superuser", MEDIUM, "group", gid, detail=detail, rid=SUPERUSER_RID)


def _by_which_way(account: Account, direct: bool = True) -> str:
    ways = ["directly"] if direct and account.superuser == DIRECT else []
    ways += [f"through the group {gid}" for gid in account.superuser_through]
    return " and ".join(ways)


def _grants(facts: Facts) -> Iterator[Finding]:
    for account in facts.accounts:
        if account.kind in (NATIVE, JOURNAL) or account.permissions is None:
            continue
        if not account.direct and not account.through_groups:
            yield _about(account, "no_grants", LOW, "Nothing is granted to it, neither directly nor through a group.")
        for kind, severity, rid, why in _doubtful(account.direct):
            yield _about(account, kind, severity, why, rid)
    for gid, grants in facts.groups.items():
        members = tuple(facts.members.get(gid, ()))
        for kind, severity, rid, why in _doubtful(grants):
            yield Finding(kind, severity, "group", gid, detail=why, accounts=members, rid=rid)


def _groups(facts: Facts) -> Iterator[Finding]:
    for gid, members in facts.memberships.items():
        if members or any(grant.rid == SUPERUSER_RID for grant in facts.groups.get(gid, ())):
            continue  # one that makes superusers is a finding of its own
        granted = len(by_rid(facts.groups.get(gid, ())))
        detail = f"It has no members; {_resources_are(granted)} granted to it." if granted else "It has no members."
        yield Finding("empty_group", LOW, "group", gid, detail=detail)
    if not facts.all_memberships:
        return
    in_a_group = {uid for members in facts.members.values() for uid in members}
    for account in facts.accounts:
        own = by_rid(grant for grant in account.direct if grant.rid != SUPERUSER_RID)
        if account.kind == PERSON and own and account.uid not in in_a_group:
            detail = f"The person is in no group; {_resources_are(len(own))} granted to the person alone."
            yield _about(account, "person_without_group", LOW, detail)


def _resources_are(count: int) -> str:
    return "1 resource is" if count == 1 else f"{count} resources are"


def _doubtful(grants: tuple[Grant, ...]) -> Iterator[tuple[str, str, str, str]]:
    """Kind, severity, rid and reason of grants that may be a mistake."""
    for rid, same in by_rid(grants).items():
        actions = [grant.action for grant in same]
        wide = over_wide(rid, actions)
        strange = unknown(rid, actions)
        if wide is not None:
            yield "over_wide", MEDIUM, rid, wide
        elif strange is not None:
            yield "unknown_rid", LOW, rid, strange


def _keys(facts: Facts) -> Iterator[Finding]:
    holders: dict[str, list[str]] = {}
    for account in facts.accounts:
        if account.kind not in (SERVICE, NATIVE):
            continue
        if account.key is None:
            if account.kind == SERVICE:
                yield _about(account, "unreadable_key", MEDIUM, "Its public key is missing, or not an RSA key in PEM.")
            continue
        holders.setdefault(fingerprint(account.key), []).append(account.uid)
        if account.key.key_size < MINIMUM_SIZE:
            detail = f"Its key has {account.key.key_size} bits; one of fewer than {MINIMUM_SIZE} can be broken."
            yield _about(account, "weak_key", HIGH, detail)
    for shown, uids in holders.items():
        if len(uids) > 1:
            detail = f"Whoever has the private key can log in as each of {', '.join(uids)}."
            yield Finding("shared_key", HIGH, "key", shown, detail=detail, accounts=tuple(uids))


def _journals(facts: Facts) -> Iterator[Finding]:
    by_uid = {account.uid: account for account in facts.accounts}
    for journal in facts.accounts:
        uid = uid_of_journal(journal.uid)
        if uid is None or journal.kind != JOURNAL:
            continue
        account = by_uid.get(uid)
        if account is None:
            detail = f"The account {uid} is missing; {journal.uid} holds what must be restored."
        elif same_key(account.key, journal.key):
            detail = f"The account {uid} has its new key, but perhaps not all of its grants and groups yet."
        else:
            detail = f"The account {uid} still has its old key."
        severity = HIGH if account is None else MEDIUM
        yield Finding("journal_left", severity, "account", uid, detail=detail, accounts=(uid,) if account else ())


def _stored(facts: Facts) -> Iterator[Finding]:
    accounts = {account.uid: account for account in facts.accounts}
    # While the key of an account is being replaced, its secrets may hold another key than the account.
    replaced = {uid_of_journal(uid) for uid, account in accounts.items() if account.kind == JOURNAL}
    by_place = {(stored.path, stored.uid): stored for stored in facts.stored}
    by_next_place = {(next_path(stored.path), stored.uid): stored for stored in facts.stored}
    for stored in facts.stored:
        account = accounts.get(stored.uid)
        if account is not None and readable_by_every_service(stored.path) and same_key(stored.key, account.key):
            detail = f"It is in no folder, so every service can read it and log in as {stored.uid}."
            yield _of_secret(stored, "open_secret", MEDIUM, detail)
        if stored.uid not in replaced:
            live = by_next_place.get((stored.path, stored.uid))
            waiting = by_place.get((next_path(stored.path), stored.uid))
            found = _stored_key(stored, account, live, waiting)
            if found is not None:
                yield found
    if facts.all_secrets:
        with_secret = {stored.uid for stored in facts.stored} | replaced
        for account in facts.accounts:
            if account.kind == SERVICE and account.uid not in with_secret:
                yield _about(account, "no_secret", LOW, "No secret of the store holds a key for it.")


def _stored_key(
    stored: StoredKey, account: Account | None, live: StoredKey | None, waiting: StoredKey | None
) -> Finding | None:
    """What is wrong with one document. live: the one it will replace; waiting: the one that will replace it."""
    if account is None or not account.user.is_service:
        what = "does not exist" if account is None else "belongs to a person"
        return _of_secret(stored, "secret_without_account", MEDIUM, f"Its account {stored.uid} {what}.")
    if live is not None:
        detail = "It holds a key for a rotation that has not taken place."
        if same_key(stored.key, account.key) and not same_key(live.key, account.key):
            detail = f"The account {stored.uid} has this key already, but {live.path} still holds the old one."
        return _of_secret(stored, "rotation_unfinished", MEDIUM, detail)
    if stored.key is None:
        return _of_secret(stored, "secret_unusable", HIGH, "Its private key is no RSA key that can be read.")
    if account.key is None or same_key(stored.key, account.key):
        return None  # an account without a usable key is a finding of its own
    if waiting is not None and same_key(waiting.key, account.key):
        return None  # reported with the one that is waiting
    detail = f"It holds {fingerprint(stored.key)}; {stored.uid} has {fingerprint(account.key)}."
    return _of_secret(stored, "key_mismatch", HIGH, detail)


def _of_secret(stored: StoredKey, kind: str, severity: str, detail: str) -> Finding:
    return Finding(kind, severity, "secret", stored.path, detail=detail, accounts=(stored.uid,))


def _plain_secrets(facts: Facts) -> Iterator[Finding]:
    """Secrets that hold no key of a service, and that neither a service nor an account with a grant can read.

    Services are known by where their keys are stored: beside what they read.
    """
    if not facts.all_secrets or any(account.permissions is None for account in facts.accounts):
        return
    inhabited = {folder for stored in facts.stored for folder in _folders(stored.path)}
    granted = _readable_secrets(facts)
    wide = [rid for rid in granted if rid.endswith("/*") or rid.count(":") < 3]
    documents = {stored.path for stored in facts.stored}
    for path in facts.secret_paths:
        folder, rid = path.rpartition("/")[0], f"dcos:secrets:{facts.store}:{path}"
        if path in documents or readable_by_every_service(path) or folder in inhabited or rid in granted:
            continue
        if not any(rid_covers(each, rid) for each in wide):
            detail = (
                f"No account but superusers is granted read on it, and no service has its key in or below {folder}."
            )
            yield Finding("secret_without_reader", LOW, "secret", path, detail=detail)


def _folders(path: str) -> Iterator[str]:
    """The folder of a secret, and all above it."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _readable_secrets(facts: Facts) -> set[str]:
    """The resource ids of secrets that some account may read, directly or through a group."""
    own = (grant for account in facts.accounts for grant in account.direct)
    shared = (grant for grants in facts.groups.values() for grant in grants)
    return {
        normal_rid(grant.rid)
        for grant in (*own, *shared)
        if grant.action in ("read", FULL) and grant.rid.startswith("dcos:secrets:")
    }
