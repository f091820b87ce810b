# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In-process emulator: a whole cluster without a socket, behind the transport of the unit tests.

It is the emulator that the conformance tests compare with the real services: real tokens, real permission checks. Tests
use it to set up a state, to look at one, to lose answers, to kill a run and to let somebody else act.
"""

from __future__ import annotations

import atexit
import functools
import json
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import PASSWORD, SUPERUSER, URL
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import LOST, Crash, Reply, Sent
from dcos_emulator import passwords, seed
from dcos_emulator.datadir import DataDir
from dcos_emulator.emulator import Emulator
from dcos_emulator.http import Request
from dcos_emulator.identity_provider import ISSUER, IdentityProvider
from dcos_emulator.settings import DEFAULT_VERSIONS, ENTERPRISE, OPEN, OPEN_1_12, Settings
from dcos_emulator.store import Acl, Grant, Group, Secret, Store, SubjectKind, User

# Strong hashes take their time, and nobody attacks these passwords.
passwords.COST = 2

Kind = Literal["users", "groups"]
_KINDS: Mapping[Kind, SubjectKind] = {"users": "user", "groups": "group"}
_OPEN_PROVIDERS = {OPEN: ("oidc", ISSUER), OPEN_1_12: ("internal", "")}
_password_hash = functools.lru_cache(maxsize=None)(passwords.hash_password)


class _New:
    """What a new cluster of one kind holds, and emulators of that kind that nobody uses: making one takes its time."""

    def __init__(self, security_mode: str, version: str, variant: str, authentication: bool) -> None:
        directory = tempfile.TemporaryDirectory()
        atexit.register(directory.cleanup)
        self._settings = Settings(
            security_mode,
            superuser=SUPERUSER,
            superuser_password=PASSWORD,
            dcos_version=version,
            variant=variant,
            authentication=authentication,
        )
        self._data_dir = DataDir(Path(directory.name))
        self.provider = IdentityProvider(self._data_dir.identity_provider_key)
        # The cluster signs with a key of the tests, so that token_of() makes tokens of every cluster.
        self._data_dir.signing_key.write_text(private_text("iam"))
        self._content = Store()
        self._idle = [(Emulator(self._settings, self._data_dir, self._content), self._content)]
        self._content = _copy(self._content)

    @property
    def audit_log(self) -> Path:
        """The audit log that all these emulators share."""
        return self._data_dir.audit_log

    def borrow(self, user: object) -> tuple[Emulator, Store]:
        """An emulator in the state of a new cluster, lent until the user is gone."""
        if self._idle:
            emulator, store = self._idle.pop()
            store.become(self._content)
        else:
            store = _copy(self._content)
            emulator = Emulator(self._settings, self._data_dir, store)
        weakref.finalize(user, self._idle.append, (emulator, store))
        return emulator, store


def _copy(store: Store) -> Store:
    copy = Store()
    weakref.finalize(copy, copy._db.close)
    copy.become(store)
    return copy


_new = functools.lru_cache(maxsize=None)(_New)


class EmulatedCluster:
    """Serve it with C(transport.serving).

    calls: all requests, in their order.
    writes: those of them that changed something.
    tokens: those that logins returned, in their order.
    crash_after: the process dies once so many writes took effect.
    cut_after, cut_before: numbers of writes (from 1) whose answer is lost after, or whose request is lost before.
    rivals: number of a write -> what somebody else does just before it arrives.
    refused: parts of URLs -> the status that is answered to requests with one of them, with a page for a body.
    replies: parts of URLs -> what is answered to requests with one of them, instead of the cluster's own answer.
    gate: called with each request before it is handled, in the thread that sends it; may wait, or raise.
    answering: called with each request and a function that lets the cluster answer it; returns the answer to give.
    """

    def __init__(
        self,
        security_mode: str = "strict",
        version: str | None = None,
        *,
        variant: str = ENTERPRISE,
        authentication: bool = True,
    ) -> None:
        new = _new(security_mode, version or DEFAULT_VERSIONS[variant], variant, authentication)
        self._emulator, self._store = new.borrow(self)
        self._provider = new.provider
        self._audit_log, self._logged_before = new.audit_log, new.audit_log.stat().st_size
        self.calls: list[str] = []
        self.writes: list[str] = []
        self.tokens: list[str] = []
        self.crash_after: int | None = None
        self.cut_after: set[int] = set()
        self.cut_before: set[int] = set()
        self.rivals: dict[int, Callable[[], object]] = {}
        self.refused: dict[str, int] = {}
        self.replies: dict[str, Reply] = {}
        self.gate: Callable[[Sent], object] = lambda sent: None
        self.answering: Callable[[Sent, Callable[[], Reply]], Any] = lambda sent, answer: answer()
        self._attempts = 0
        self._one_at_a_time = threading.RLock()

    def forget_calls(self) -> None:
        """Count requests and writes from here on."""
        self.calls.clear()
        self.writes.clear()
        self._attempts = 0

    # Setting up: as an operator of the cluster would, and what no request could do

    def add_person(self, uid: str, password: str = "password") -> None:
        self._store.add_user(User(uid, False, uid, password_hash=_password_hash(password)))

    def add_remote_person(self, uid: str, provider_type: str, provider_id: str = "") -> None:
        self._store.add_user(User(uid, False, uid, provider_type=provider_type, provider_id=provider_id))

    def add_first_user(self, uid: str) -> None:
        """The first user of an open cluster, who gets in without being added."""
        assert self._emulator.settings.is_open
        assert not self._store.users(service=False)
        self._store.add_user(User(uid, False, uid, *_OPEN_PROVIDERS[self._emulator.settings.variant]))

    def id_token(self, user: str, lifetime: int = 3600, **claims: object) -> str:
        """An ID token of the provider that an open cluster trusts; C(claims) replace the usual ones."""
        return self._provider.id_token(user, lifetime, claims)

    def add_account(self, uid: str, public_key: str, description: str = "") -> None:
        """Add a service account; an existing one is deleted first, with its grants and memberships."""
        self._store.delete_user(uid)
        self._store.add_user(User(uid, True, description, public_key=public_key))

    def change_account(self, uid: str, public_key: str) -> None:
        """Give an account another key, and leave everything else."""
        grants, groups = self._store.grants_to("user", uid), self.groups_of(uid)
        self.add_account(uid, public_key, self.users[uid]["description"])
        for grant in grants:
            self._store.add_grant(grant)
        for gid in groups:
            self._store.add_member(gid, uid)

    def remove_account(self, uid: str) -> None:
        self._store.delete_user(uid)

    def set_members(self, gid: str, *uids: str) -> None:
        """Set the members of a group; it is made if it is missing."""
        self._store.add_group(Group(gid, gid))
        for user in self._store.members(gid):
            self._store.remove_member(gid, user.uid)
        self.add_members(gid, *uids)

    def add_members(self, gid: str, *uids: str) -> None:
        for uid in uids:
            self._store.add_member(gid, uid)

    def set_superusers(self, *uids: str) -> None:
        """The members of the group C(superusers); the tests' own account keeps the IAM through a grant."""
        self.set_members("superusers", *uids)
        self.add_grant(SUPERUSER, "dcos:adminrouter:acs", "full")

    def remove_group(self, gid: str) -> None:
        self._store.delete_group(gid)

    def add_acl(self, rid: str, description: str) -> None:
        self._store.add_acl(Acl(rid, description))

    def remove_acl(self, rid: str) -> None:
        self._store.delete_acl(rid)

    def add_grant(self, name: str, rid: str, action: str, kind: Kind = "users") -> None:
        self.add_acl(rid, "there before")
        self._store.add_grant(Grant(_KINDS[kind], name, rid, action))

    def remove_grants(self, name: str, *rids: str, kind: Kind = "users") -> None:
        """Remove the grants on some resources, or all grants."""
        grants = self._store.grants_to(_KINDS[kind], name)
        self._store.remove_grants([grant for grant in grants if not rids or grant.rid in rids])

    def store_secret(self, path: str, value: str | bytes | Mapping[str, Any]) -> None:
        """Store a text, bytes or a document in place of what is there."""
        if isinstance(value, Mapping):
            value = json.dumps(value)
        self._store.delete_secret(path)
        content = value.encode() if isinstance(value, str) else value
        self._store.add_secret(path, Secret(content, isinstance(value, str), {}))

    def remove_secret(self, path: str) -> None:
        self._store.delete_secret(path)

    def seal(self) -> None:
        """Seal the secret store."""
        self._store.set_meta("sealed", "1")

    # Looking in

    @property
    def users(self) -> Mapping[str, Mapping[str, str]]:
        """Description, public key or provider of everybody who does not belong to DC/OS itself."""
        users = [*self._store.users(service=False), *self._store.users(service=True)]
        return MappingProxyType({user.uid: _shown(user) for user in users if user.uid not in seed.NATIVE_ACCOUNTS})

    def has_password(self, uid: str, password: str) -> bool:
        user = self._store.user(uid)
        assert user is not None
        return user.password_hash is not None and passwords.verify_password(password, user.password_hash)

    @property
    def groups(self) -> Mapping[str, frozenset[str]]:
        groups = self._store.groups()
        members = {group.gid: self._store.members(group.gid) for group in groups}
        return MappingProxyType({gid: frozenset(user.uid for user in users) for gid, users in members.items()})

    @property
    def acls(self) -> Mapping[str, str]:
        """Resource ids with their descriptions."""
        return MappingProxyType({acl.rid: acl.description for acl in self._store.acls()})

    @property
    def secrets(self) -> Mapping[str, str | bytes]:
        stored = [(path, self._store.secret(path)) for path in self._store.secret_paths()]
        return MappingProxyType(
            {path: secret.value.decode() if secret.is_text else secret.value for path, secret in stored if secret}
        )

    def grants_of(self, name: str, kind: Kind = "users") -> set[tuple[str, str]]:
        return {(grant.rid, grant.action) for grant in self._store.grants_to(_KINDS[kind], name)}

    def groups_of(self, uid: str) -> set[str]:
        return {group.gid for group in self._store.groups_of(uid)}

    def document(self, path: str) -> dict[str, Any]:
        """The service-account document stored at a path."""
        document: dict[str, Any] = json.loads(self.secrets[path])
        return document

    def audit(self) -> str:
        """The audit lines of this cluster."""
        return self._audit_log.read_bytes()[self._logged_before :].decode()

    def state(self) -> Any:
        """Everything that the cluster holds, for comparisons."""
        grants = {
            (kind, name, grant)
            for kind, names in (("users", self._all_uids()), ("groups", self.groups))
            for name in names
            for grant in self.grants_of(name, kind)  # type: ignore[arg-type]
        }
        return {
            "users": dict(self.users),
            "groups": dict(self.groups),
            "acls": dict(self.acls),
            "grants": grants,
            "secrets": dict(self.secrets),
        }

    def _all_uids(self) -> Iterable[str]:
        return [user.uid for service in (True, False) for user in self._store.users(service=service)]

    def snapshot(self) -> Store:
        """The state, for C(restore)."""
        return _copy(self._store)

    def restore(self, snapshot: Store) -> None:
        self._store.become(snapshot)

    # Serving

    def __call__(self, sent: Sent) -> Any:
        self.gate(sent)
        with self._one_at_a_time:
            return self._answer(sent)

    def _answer(self, sent: Sent) -> Any:
        self.calls.append(sent.call)
        if sent.method in ("GET", "POST"):
            return self.answering(sent, lambda: self._handle(sent))
        self._attempts += 1
        number = self._attempts
        self.rivals.pop(number, lambda: None)()
        if number in self.cut_before:
            return LOST
        reply = self.answering(sent, lambda: self._handle(sent))
        if self.crash_after is not None and len(self.writes) >= self.crash_after:
            raise Crash
        return LOST if number in self.cut_after else reply

    def _handle(self, sent: Sent) -> Reply:
        assert sent.url.startswith(URL), sent.url
        for part, status in self.refused.items():
            if part in sent.url:
                return Reply(status, "<html>")
        for part, reply in self.replies.items():
            if part in sent.url:
                return reply
        parts = urlsplit(sent.url)
        headers = CaseInsensitiveDict(sent.headers)
        answer = self._emulator.handle(
            Request(
                method=sent.method,
                raw_path=parts.path,
                raw_query=parts.query,
                headers=headers,
                body=sent.content,
                scheme=parts.scheme,
                peer=("127.0.0.1", 0),
            )
        )
        if sent.method not in ("GET", "HEAD", "POST") and answer.status < 300:
            self.writes.append(sent.call)
        if parts.path.endswith("/auth/login") and answer.status == 200:
            self.tokens.append(json.loads(answer.body)["token"])
        given = dict(answer.headers)
        if answer.content_type is not None:
            given["Content-Type"] = answer.content_type
        return Reply(answer.status, answer.body, given, HTTPStatus(answer.status).phrase)


def _shown(user: User) -> Mapping[str, str]:
    shown = {"description": user.description}
    if user.public_key is not None:
        shown["public_key"] = user.public_key
    if user.is_remote:
        shown["provider"] = f"{user.provider_type} {user.provider_id}".rstrip()
    return MappingProxyType(shown)
