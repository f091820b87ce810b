# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's state in one SQLite file.

Every write is committed when its method returns, so an answer is never sent for something that `kill -9` could undo.
One process writes, one thread at a time; reads that a login or a guard needs again and again are kept in memory until a
write could change them.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Literal

SubjectKind = Literal["user", "group"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    is_service INTEGER NOT NULL,
    description TEXT NOT NULL,
    provider_type TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    password_hash TEXT,
    public_key TEXT
);
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    gid TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    provider_type TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    gid TEXT NOT NULL REFERENCES groups (gid) ON DELETE CASCADE,
    uid TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    UNIQUE (gid, uid)
);
CREATE INDEX IF NOT EXISTS members_uid ON members (uid);
CREATE TABLE IF NOT EXISTS acls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rid TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT REFERENCES users (uid) ON DELETE CASCADE,
    gid TEXT REFERENCES groups (gid) ON DELETE CASCADE,
    rid TEXT NOT NULL REFERENCES acls (rid) ON DELETE CASCADE,
    action TEXT NOT NULL,
    CHECK ((uid IS NULL) <> (gid IS NULL)),
    UNIQUE (uid, rid, action),
    UNIQUE (gid, rid, action)
);
CREATE INDEX IF NOT EXISTS grants_rid ON grants (rid);
CREATE TABLE IF NOT EXISTS secrets (
    path TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    is_text INTEGER NOT NULL,
    extra TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS configurations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (kind, name)
);
"""

_GRANTS_TO: dict[SubjectKind, str] = {
    "user": "SELECT uid, rid, action FROM grants WHERE uid = ? ORDER BY id",
    "group": "SELECT gid, rid, action FROM grants WHERE gid = ? ORDER BY id",
}
_GRANTS_ON: dict[SubjectKind, str] = {
    "user": "SELECT uid, rid, action FROM grants WHERE rid = ? AND uid IS NOT NULL ORDER BY id",
    "group": "SELECT gid, rid, action FROM grants WHERE rid = ? AND gid IS NOT NULL ORDER BY id",
}


@dataclass(frozen=True)
class User:
    """A person's or a service's account."""

    uid: str
    is_service: bool
    description: str
    provider_type: str = "internal"
    provider_id: str = ""
    password_hash: str | None = None
    public_key: str | None = None

    @property
    def is_remote(self) -> bool:
        return self.provider_type != "internal"


@dataclass(frozen=True)
class Group:
    gid: str
    description: str
    provider_type: str = "internal"


@dataclass(frozen=True)
class Acl:
    """A protected resource."""

    rid: str
    description: str


@dataclass(frozen=True)
class Grant:
    """One action that one user or group may do on one resource."""

    kind: SubjectKind
    subject: str
    rid: str
    action: str


@dataclass(frozen=True)
class Secret:
    """A stored value; text is kept as UTF-8. `extra` are the descriptive fields that came with it."""

    value: bytes
    is_text: bool
    extra: dict[str, object]


class Store:
    """Everything the IAM and the secret store know; without a path it is kept in memory and ends with the process."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            # Made first, with its mode: SQLite gives the same one to its journal files.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        # Threads may take turns; that they do not meet here is the caller's business.
        self._db = sqlite3.connect(
            path or ":memory:", isolation_level=None, cached_statements=256, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing this way, and each commit costs microseconds; only a power cut may.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(_SCHEMA)
        self._users: dict[str, User] = {}
        self._grants_of: dict[str, tuple[Grant, ...]] = {}

    def close(self) -> None:
        self._db.close()

    def become(self, other: Store) -> None:
        """Hold what another store holds now, and nothing else."""
        other._db.backup(self._db)
        self._forget()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the writes inside, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self._forget()
            raise
        self._db.execute("COMMIT")

    def _write(self, statement: str, *values: object) -> int:
        """Run one statement that could change what is kept in memory; the number of rows it changed."""
        self._forget()
        return self._db.execute(statement, values).rowcount

    def _insert(self, statement: str, *values: object) -> bool:
        """Whether the row was added; False when there was one already.

        What is kept in memory stays true: rows that are not there are not kept. Grants and members see to theirs.
        """
        try:
            self._db.execute(statement, values)
        except sqlite3.IntegrityError:
            return False
        return True

    def _forget(self) -> None:
        self._users.clear()
        self._grants_of.clear()

    # --- facts about the cluster itself

    def get_meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        self._write("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, value)

    # --- users

    def user(self, uid: str) -> User | None:
        known = self._users.get(uid)
        if known is None:
            row = self._db.execute("SELECT * FROM users WHERE uid = ?", (uid,)).fetchone()
            if row is None:
                return None
            known = self._users[uid] = _user(row)
        return known

    def users(self, *, service: bool) -> list[User]:
        rows = self._db.execute("SELECT * FROM users WHERE is_service = ? ORDER BY id", (service,))
        return [_user(row) for row in rows]

    def add_user(self, user: User) -> bool:
        return self._insert(
            "INSERT INTO users (uid, is_service, description, provider_type, provider_id, password_hash, public_key) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            *astuple(user),
        )

    def update_user(self, uid: str, description: str | None, password_hash: str | None) -> None:
        """Change what is given."""
        self._write(
            "UPDATE users SET description = coalesce(?, description), password_hash = coalesce(?, password_hash) "
            "WHERE uid = ?",
            description,
            password_hash,
            uid,
        )

    def delete_user(self, uid: str) -> None:
        """The account's grants and memberships go with it."""
        self._write("DELETE FROM users WHERE uid = ?", uid)

    # --- groups

    def group(self, gid: str) -> Group | None:
        row = self._db.execute("SELECT gid, description, provider_type FROM groups WHERE gid = ?", (gid,)).fetchone()
        return None if row is None else Group(*row)

    def groups(self) -> list[Group]:
        rows = self._db.execute("SELECT gid, description, provider_type FROM groups ORDER BY id")
        return [Group(*row) for row in rows]

    def add_group(self, group: Group) -> bool:
        statement = "INSERT INTO groups (gid, description, provider_type) VALUES (?, ?, ?)"
        return self._insert(statement, group.gid, group.description, group.provider_type)

    def update_group(self, gid: str, description: str) -> None:
        self._write("UPDATE groups SET description = ? WHERE gid = ?", description, gid)

    def delete_group(self, gid: str) -> None:
        self._write("DELETE FROM groups WHERE gid = ?", gid)

    def members(self, gid: str, *, service: bool | None = None) -> list[User]:
        """The group's members, all of them or of one kind."""
        statement = "SELECT users.* FROM members JOIN users USING (uid) WHERE gid = ? ORDER BY members.id"
        rows = self._db.execute(statement, (gid,))
        return [user for user in map(_user, rows) if service is None or user.is_service is service]

    def groups_of(self, uid: str) -> list[Group]:
        rows = self._db.execute(
            "SELECT gid, description, provider_type FROM members JOIN groups USING (gid) WHERE uid = ? "
            "ORDER BY members.id",
            (uid,),
        )
        return [Group(*row) for row in rows]

    def add_member(self, gid: str, uid: str) -> bool:
        self._grants_of.pop(uid, None)
        return self._insert("INSERT INTO members (gid, uid) VALUES (?, ?)", gid, uid)

    def remove_member(self, gid: str, uid: str) -> bool:
        return self._write("DELETE FROM members WHERE gid = ? AND uid = ?", gid, uid) > 0

    # --- ACLs and grants

    def acl(self, rid: str) -> Acl | None:
        row = self._db.execute("SELECT rid, description FROM acls WHERE rid = ?", (rid,)).fetchone()
        return None if row is None else Acl(*row)

    def acls(self) -> list[Acl]:
        return [Acl(*row) for row in self._db.execute("SELECT rid, description FROM acls ORDER BY id")]

    def add_acl(self, acl: Acl) -> bool:
        return self._insert("INSERT INTO acls (rid, description) VALUES (?, ?)", acl.rid, acl.description)

    def update_acl(self, rid: str, description: str) -> None:
        self._write("UPDATE acls SET description = ? WHERE rid = ?", description, rid)

    def delete_acl(self, rid: str) -> None:
        """The grants on it go with it."""
        self._write("DELETE FROM acls WHERE rid = ?", rid)

    def grants_to(self, kind: SubjectKind, subject: str) -> list[Grant]:
        """What one user or group was granted directly; oldest first."""
        return [Grant(kind, *row) for row in self._db.execute(_GRANTS_TO[kind], (subject,))]

    def grants_on(self, kind: SubjectKind, rid: str) -> list[Grant]:
        """What users, or groups, were granted on one resource; oldest first."""
        return [Grant(kind, *row) for row in self._db.execute(_GRANTS_ON[kind], (rid,))]

    def grants_between(self, kind: SubjectKind, subject: str, rid: str) -> list[Grant]:
        """What one user or group was granted on one resource; oldest first."""
        return [grant for grant in self.grants_to(kind, subject) if grant.rid == rid]

    def grants_of_user(self, uid: str) -> tuple[Grant, ...]:
        """What the user was granted, directly and through groups."""
        known = self._grants_of.get(uid)
        if known is None:
            grants = self.grants_to("user", uid)
            for group in self.groups_of(uid):
                grants += self.grants_to("group", group.gid)
            known = self._grants_of[uid] = tuple(grants)
        return known

    def add_grant(self, grant: Grant) -> bool:
        uid, gid = _subject_columns(grant)
        if uid is None:
            self._grants_of.clear()
        else:
            self._grants_of.pop(uid, None)
        statement = "INSERT INTO grants (uid, gid, rid, action) VALUES (?, ?, ?, ?)"
        return self._insert(statement, uid, gid, grant.rid, grant.action)

    def remove_grants(self, grants: list[Grant]) -> None:
        with self.transaction():
            for grant in grants:
                uid, gid = _subject_columns(grant)
                statement = "DELETE FROM grants WHERE uid IS ? AND gid IS ? AND rid = ? AND action = ?"
                self._write(statement, uid, gid, grant.rid, grant.action)

    # --- configurations: of identity providers, of a directory, of apps

    def configuration(self, kind: str, name: str) -> dict[str, object] | None:
        return self.configurations(kind).get(name)

    def configurations(self, kind: str) -> dict[str, dict[str, object]]:
        """By name, oldest first."""
        rows = self._db.execute("SELECT name, content FROM configurations WHERE kind = ? ORDER BY id", (kind,))
        return {name: json.loads(content) for name, content in rows}

    def add_configuration(self, kind: str, name: str, content: dict[str, object]) -> bool:
        statement = "INSERT INTO configurations (kind, name, content) VALUES (?, ?, ?)"
        return self._insert(statement, kind, name, json.dumps(content))

    def replace_configuration(self, kind: str, name: str, content: dict[str, object]) -> None:
        """Change the one there is, else add it."""
        statement = (
            "INSERT INTO configurations (kind, name, content) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, name) DO UPDATE SET content = excluded.content"
        )
        self._db.execute(statement, (kind, name, json.dumps(content)))

    def delete_configuration(self, kind: str, name: str) -> None:
        self._db.execute("DELETE FROM configurations WHERE kind = ? AND name = ?", (kind, name))

    # --- secrets

    def secret(self, path: str) -> Secret | None:
        row = self._db.execute("SELECT value, is_text, extra FROM secrets WHERE path = ?", (path,)).fetchone()
        return None if row is None else Secret(bytes(row[0]), bool(row[1]), json.loads(row[2]))

    def secret_paths(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT path FROM secrets ORDER BY path")]

    def add_secret(self, path: str, secret: Secret) -> bool:
        statement = "INSERT INTO secrets (path, value, is_text, extra) VALUES (?, ?, ?, ?)"
        return self._insert(statement, path, secret.value, secret.is_text, json.dumps(secret.extra))

    def update_secret(self, path: str, secret: Secret) -> bool:
        statement = "UPDATE secrets SET value = ?, is_text = ?, extra = ? WHERE path = ?"
        return self._db.execute(statement, (secret.value, secret.is_text, json.dumps(secret.extra), path)).rowcount > 0

    def delete_secret(self, path: str) -> bool:
        return self._db.execute("DELETE FROM secrets WHERE path = ?", (path,)).rowcount > 0


def _user(row: tuple[Any, ...]) -> User:
    uid, is_service, *rest = row[1:]
    return User(uid, bool(is_service), *rest)


def _subject_columns(grant: Grant) -> tuple[str | None, str | None]:
    return (grant.subject, None) if grant.kind == "user" else (None, grant.subject)
