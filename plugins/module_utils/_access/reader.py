# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Reads who may do what in a whole cluster: four lists, then one request for each account and each secret, and
three for each group that no account has a grant through.

Parts that this connection may not read, or that the cluster does not have, are reported as unknown, with the reason.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Callable, Iterable, Mapping, Sequence, TypeVar

from .._api.cluster import Cluster
from .._api.iam import Permissions
from .._crypto.rsa_keys import read_public_key
from .._errors import DcosError
from .._resources.group import read_members
from .._resources.service_account_document import parse_document
from .._rules.identifiers import check_secret_path
from .._rules.permissions import Grant
from .findings import Account, Facts, StoredKey

Item = TypeVar("Item")
Found = TypeVar("Found")

_AT_ONCE = 8
"""Requests under way at the same time: the waiting is for the network, and the pool of connections has ten."""


@dataclass(frozen=True)
class Unknown:
    """What could not be read.

    part: permissions, groups or secrets.
    subject: the account, group or secret; None for the whole part.
    """

    part: str
    reason: str
    subject: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What to read from the secret store.

    secrets: whether to read it at all.
    patterns: which secrets to read, as shell patterns of their paths; a name does not say whether a secret holds a key.
    """

    secrets: bool = True
    store: str = "default"
    patterns: Sequence[str] = ("*",)


@dataclass
class AccessReading:
    """The facts, and what is missing from them."""

    facts: Facts
    security_mode: str | None = None
    unknown: list[Unknown] = field(default_factory=list)


def read_access(
    cluster: Cluster, wanted: Wanted, superuser_until: Mapping[str, datetime], now: datetime | None = None
) -> AccessReading:
    """Read the cluster. It is an error when not even the accounts can be listed."""
    users = [*cluster.iam.service_accounts(), *cluster.iam.persons()]
    accounts = tuple(
        Account(user, read_public_key(user.public_key) if user.is_service else None)
        for user in sorted(users, key=lambda user: user.uid)
    )
    facts = Facts(accounts, now or datetime.now(timezone.utc), superuser_until=superuser_until)
    reading = AccessReading(facts, cluster.security_mode())
    _read_permissions(cluster, reading)
    if wanted.secrets:
        _read_secrets(cluster, wanted, reading)
    else:
        reading.unknown.append(Unknown("secrets", "Reading secrets was switched off (secrets is false)."))
    return reading


def _read_permissions(cluster: Cluster, reading: AccessReading) -> None:
    listed = _allowed(reading, "permissions", None, cluster.iam.groups)
    if listed is None:
        return  # the same permission guards the rest: a thousand requests would be refused one by one

    def of_account(account: Account) -> Account | None:
        permissions = _allowed(reading, "permissions", account.uid, lambda: (cluster.iam.permissions(account.uid),))
        if permissions is None:
            return account
        # None: deleted since the list was read.
        return None if permissions[0] is None else replace(account, permissions=permissions[0])

    accounts = tuple(each for each in _at_once(reading.facts.accounts, of_account) if each is not None)
    groups = grants_of_groups(accounts)

    def of_group(gid: str) -> tuple[tuple[Grant, ...], list[str]] | None:
        def ask() -> tuple[Permissions | None, list[str]]:
            return cluster.iam.group_permissions(gid), read_members(cluster.iam, gid)

        found = _allowed(reading, "groups", gid, ask)
        # No permissions: deleted since the list was read.
        return None if found is None or found[0] is None else (found[0].direct, found[1])

    # What a group with members may do, and who they are, is known from the permissions of its members.
    rest = [group.gid for group in listed if group.gid not in groups]
    read = {gid: found for gid, found in zip(rest, _at_once(rest, of_group)) if found is not None}
    groups.update((gid, grants) for gid, (grants, _members) in read.items())
    reading.facts = replace(
        reading.facts,
        accounts=accounts,
        groups=dict(sorted(groups.items())),
        memberships={gid: members for gid, (_grants, members) in read.items()},
        all_memberships=not any(each.part in ("permissions", "groups") for each in reading.unknown),
    )


def grants_of_groups(accounts: Iterable[Account]) -> dict[str, tuple[Grant, ...]]:
    """What the groups with members may do, as the permissions of the members say; each grant once."""
    found: dict[str, dict[Grant, None]] = {}
    for account in accounts:
        for entry in account.through_groups:
            found.setdefault(entry.gid, {})[entry.grant] = None
    return {gid: tuple(grants) for gid, grants in found.items()}


def _read_secrets(cluster: Cluster, wanted: Wanted, reading: AccessReading) -> None:
    paths = _allowed(reading, "secrets", None, lambda: cluster.secrets.paths(wanted.store))
    if paths is None:
        return
    chosen = [path for path in paths if any(fnmatchcase(path, pattern) for pattern in wanted.patterns)]
    if len(chosen) < len(paths):
        reason = f"Not read, since secret_paths leaves them out: {len(paths) - len(chosen)} of {len(paths)}."
        reading.unknown.append(Unknown("secrets", reason))

    def read(path: str) -> StoredKey | None:
        def ask() -> tuple[StoredKey | None]:
            stored = cluster.secrets.read(wanted.store, check_secret_path(path, "path"))
            document = None if stored is None else parse_document(stored, None)
            if document is None:
                return (None,)
            key = None if document.key is None else document.key.public_key()
            return (StoredKey(path, document.uid, key),)

        found = _allowed(reading, "secrets", path, ask)
        return None if found is None else found[0]

    stored = tuple(each for each in _at_once(chosen, read) if each is not None)
    complete = not any(each.part == "secrets" for each in reading.unknown)
    reading.facts = replace(
        reading.facts, store=wanted.store, stored=stored, secret_paths=tuple(paths), all_secrets=complete
    )


def _allowed(reading: AccessReading, part: str, subject: str | None, ask: Callable[[], Found]) -> Found | None:
    """The answer; None, and a note, where this account may not ask or the cluster has no such thing."""
    try:
        return ask()
    except DcosError as exc:
        sealed = part == "secrets" and exc.status == 503  # until somebody unseals it
        unaskable = exc.code == "invalid_path"
        if exc.status not in (403, 404) and not sealed and not unaskable:
            raise
        reading.unknown.append(Unknown(part, exc.message, subject))
        return None


def _at_once(items: Sequence[Item], read: Callable[[Item], Found]) -> list[Found]:
    """Read all items, several at a time, in their order; after the first error no further one is begun."""
    failed = threading.Event()

    def unless_failed(item: Item) -> Iterable[Found]:
        if failed.is_set():
            return []
        try:
            return [read(item)]
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [found for each in pool.map(unless_failed, items) for found in each]
