# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""One cluster, read once for many services: lists in place of single questions, as long as they can be believed.

The lists are read before the first write. A service plans with what they say, and asks the cluster itself for
everything that they do not say. They are believed only while something is planned: a look right before a write, or
after a lost answer, is always a request. Whoever finds that somebody else was faster asks for everything from then on.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Callable, Generic, Iterator, TypeVar

from .._api.cluster import Cluster
from .._api.http import HttpClient
from .._api.iam import (
    Iam,
    Permissions,
    Subject,
    User,
)
from .._api.secret_store import Secrets, StoredValue
from .._errors import ApiError, DcosError
from .._resources.frame import ReadCache
from .._rules.identifiers import (
    GRANTABLE_NATIVE_ACCOUNTS,
    uid_of_journal,
)
from .._rules.permissions import SUPERUSER_RID, Grant, by_rid

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Something that is read when it is first needed, by one thread while the others wait; it fails once for all."""

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._values: list[Value] = []
        self._error: DcosError | None = None

    @property
    def known(self) -> Value | None:
        """The value if somebody has needed it already."""
        return self._values[0] if self._values else None

    def value(self) -> Value:
        with self._lock:
            if self._error is not None:
                raise self._error.copy()
            if not self._values:
                try:
                    self._values.append(self._read())
                except DcosError as exc:
                    self._error = exc.copy()
                    raise
            return self._values[0]


class Lists:
    """What is read once for all services, each list when the first of them needs it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._accounts = Once(cluster.iam.listed_service_accounts)
        self._by_uid = Once(lambda: {user.uid: user for user in self._accounts.value()[0]})
        self._persons = Once(lambda: {user.uid: user for user in cluster.iam.persons()})
        self._superusers = Once(lambda: cluster.iam.grants_on(SUPERUSER_RID) or [])
        self._acls = Once(lambda: set(cluster.iam.resources()))
        self._shared: dict[str, Once[Permissions | None]] = {}
        self._of_groups: dict[str, Once[Permissions | None]] = {}
        self._making: dict[str, threading.Lock] = {}
        self._secrets: dict[str, Once[frozenset[str] | None]] = {}
        self._superuser_grants = Once(self._group_superusers)

    def read_accounts(self) -> None:
        """Read that list now: what keeps it from being read is no matter of single services."""
        self._accounts.value()

    def account(self, uid: str) -> User | None:
        """The service account, None where there is none."""
        odd = self._accounts.value()[1].get(uid)
        if odd is not None:
            raise odd.copy()
        return self._by_uid.value().get(uid)

    def person(self, uid: str) -> User | None:
        """The user that is no service account, None where there is none: its uid cannot be taken either."""
        return self._persons.value().get(uid)

    def superusers(self) -> list[tuple[Subject, Grant]]:
        """Who may do what on dcos:superuser directly: as it is stored, from no cache."""
        return self._superusers.value()

    def superuser_grants(self, subject: Subject) -> list[Grant]:
        """What a subject may do on dcos:superuser directly."""
        return self._superuser_grants.value().get(subject, [])

    def shared_permissions(self, uid: str) -> Permissions | None:
        """What an account may do that many services add something to."""
        with self._lock:
            found = self._shared.setdefault(uid, Once(lambda: self._cluster.iam.permissions(uid)))
        return found.value()

    def group_permissions(self, gid: str) -> Permissions | None:
        """What a group may do, None for one that is not there."""
        with self._lock:
            found = self._of_groups.setdefault(gid, Once(lambda: self._cluster.iam.group_permissions(gid)))
        return found.value()

    def lacks_secret(self, store: str, path: str) -> bool:
        """Whether there is surely no secret at a path; not known where the list may not be read."""
        with self._lock:
            listed = self._secrets.setdefault(store, Once(lambda: self._read_secrets(store)))
        found = listed.value()
        return found is not None and path not in found

    def make_acl(self, rid: str, make: Callable[[], bool]) -> bool:
        """Make a resource that the list lacks, once for all services that want it at the same time."""
        with self._lock:
            making = self._making.setdefault(rid, threading.Lock())
        with making:
            acls = self._acls.value()
            if rid in acls:
                return False
            made = make()
            acls.add(rid)
            return made

    def forget_acl(self, rid: str) -> None:
        """Somebody deleted a resource that the list has."""
        self._acls.value().discard(rid)

    def _group_superusers(self) -> dict[Subject, list[Grant]]:
        found: dict[Subject, list[Grant]] = {}
        for subject, grant in self.superusers():
            found.setdefault(subject, []).append(grant)
        return found

    def _read_secrets(self, store: str) -> frozenset[str] | None:
        try:
            return frozenset(self._cluster.secrets.paths(store))
        except ApiError as exc:
            if exc.status == 403:  # who may use single secrets may not be allowed to see which there are
                return None
            raise


class View(ReadCache):
    """The cluster as one service sees it."""

    def __init__(self, cluster: Cluster, lists: Lists) -> None:
        self._planning = False
        self._overtaken = False
        iam, secrets = _ListedIam(cluster.http, lists, self), _ListedSecrets(cluster.http, lists, self)
        self.cluster = cluster.with_endpoints(iam, secrets)

    @property
    def believes(self) -> bool:
        """Whether the lists, and what was read before, stand for the cluster right now."""
        return self._planning and not self._overtaken

    def ask_always(self) -> None:
        self._overtaken = True

    @contextmanager
    def planning(self) -> Iterator[None]:
        self._planning = True
        try:
            yield
        finally:
            self._planning = False


class _ListedIam(Iam):
    """Answers from the lists while they are believed."""

    def __init__(self, http: HttpClient, lists: Lists, view: View) -> None:
        super().__init__(http)
        self._lists = lists
        self._view = view
        self._made: dict[str, User] = {}
        self._permissions: dict[str, Permissions | None] = {}
        self._direct_of: Permissions | None = None
        self._direct: dict[str, list[Grant]] = {}

    def user(self, uid: str) -> User | None:
        if not self._view.believes:
            return super().user(uid)
        listed = self._made.get(uid) or self._lists.account(uid)
        return listed if listed is not None or uid_of_journal(uid) is not None else self._lists.person(uid)

    def permissions(self, uid: str) -> Permissions | None:
        if not self._view.believes:
            return super().permissions(uid)
        if self._lists.account(uid) is None:  # then this run makes it
            return Permissions()
        if uid in GRANTABLE_NATIVE_ACCOUNTS:
            return self._lists.shared_permissions(uid)
        if uid not in self._permissions:
            self._permissions[uid] = super().permissions(uid)
        return self._permissions[uid]

    def group_permissions(self, gid: str) -> Permissions | None:
        return self._lists.group_permissions(gid) if self._view.believes else super().group_permissions(gid)

    def grants_of_subject_on(self, subject: Subject, rid: str) -> list[Grant]:
        if not self._view.believes:
            return super().grants_of_subject_on(subject, rid)
        if rid == SUPERUSER_RID and self._lists.account(subject.name) is not None:
            return self._lists.superuser_grants(subject)
        permissions = self.permissions(subject.name) or Permissions()
        if self._direct_of is not permissions:
            self._direct_of, self._direct = permissions, by_rid(permissions.direct)
        return self._direct.get(rid, [])

    def grants_on(self, rid: str) -> list[tuple[Subject, Grant]] | None:
        if self._view.believes and rid == SUPERUSER_RID:
            return self._lists.superusers()
        return super().grants_on(rid)

    def create_service_account(self, uid: str, public_key: str, description: str) -> bool:
        created = super().create_service_account(uid, public_key, description)
        if created:
            self._made[uid] = User(
                uid, description, is_service=True, provider_type="internal", public_key=public_key, url=""
            )
        else:
            self._view.ask_always()
        return created

    def delete_user(self, looked_at: User) -> bool:
        self._view.ask_always()
        return super().delete_user(looked_at)

    def create_acl(self, rid: str, description: str) -> bool:
        return self._lists.make_acl(rid, lambda: super(_ListedIam, self).create_acl(rid, description))

    def delete_acl(self, rid: str) -> bool:
        self._lists.forget_acl(rid)
        return super().delete_acl(rid)

    def grant(self, subject: Subject, grant: Grant) -> bool:
        try:
            return super().grant(subject, grant)
        except DcosError as exc:
            if exc.code == "ERR_UNKNOWN_RESOURCE_ID":
                self._lists.forget_acl(grant.rid)  # it went away since the list was read
            raise


class _ListedSecrets(Secrets):
    """Answers from the list while it is believed. What was read once is kept until this service writes a secret."""

    def __init__(self, http: HttpClient, lists: Lists, view: View) -> None:
        super().__init__(http)
        self._lists = lists
        self._view = view
        self._read: dict[tuple[str, str], StoredValue | None] = {}
        self._wrote = False

    def read(self, store: str, path: str) -> StoredValue | None:
        if not self._view.believes or self._wrote:
            return super().read(store, path)
        if (store, path) not in self._read:
            lacks = self._lists.lacks_secret(store, path)
            self._read[store, path] = None if lacks else super().read(store, path)
        return self._read[store, path]

    def require_store(self, store: str) -> None:
        """Its list was read."""

    def create(self, store: str, path: str, value: StoredValue) -> bool:
        self._wrote = True
        created = super().create(store, path, value)
        if not created:
            self._view.ask_always()
        return created

    def update(self, store: str, path: str, value: StoredValue, looked_at: StoredValue) -> bool:
        self._wrote = True
        return super().update(store, path, value, looked_at)

    def delete(self, store: str, path: str, looked_at: StoredValue) -> bool:
        self._wrote = True
        return super().delete(store, path, looked_at)
