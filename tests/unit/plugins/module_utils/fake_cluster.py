# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An in-memory cluster with the rules of the real one, as far as the library uses it.

What it holds to: a PUT of what exists is a 409 and changes nothing; the key of an account cannot be changed; deleting
an account drops its grants and memberships; unknown things are a 400 with a code of their own; a grant needs its ACL
first; resource ids arrive encoded twice; PUT only creates secrets, PATCH only updates them, their errors carry no code.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import Connection, TokenCredentials
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import LOST, Crash, Reply, Sent, error

URL = "https://dcos.example.com"
ACTIONS = ("create", "read", "update", "delete", "full")
TOKEN_END = 4102444800


def token_of(uid: str, exp: int | None = TOKEN_END, signer: str = "iam") -> str:
    """An authentication token as the IAM makes it."""
    return jwt.encode({"uid": uid} if exp is None else {"uid": uid, "exp": exp}, private_key(signer), algorithm="RS256")


def connection(uid: str = "admin", retries: int = 3) -> Connection:
    return Connection(
        url=URL,
        timeout=30,
        retries=retries,
        verify=False,
        credentials=TokenCredentials(token_of(uid)),
        credentials_from="task",
    )


def cluster_for(uid: str = "admin") -> Cluster:
    """The library's view of the cluster, connected as C(uid)."""
    return Cluster(connection(uid))


class FakeCluster:
    """Serve it with C(transport.serving).

    writes: calls that changed something, in their order.
    crash_after: the process dies once so many writes took effect.
    cut_after, cut_before: numbers of writes (from 1) whose answer is lost after, or whose request is lost before.
    rivals: number of a write -> what somebody else does just before it arrives.
    refused: parts of paths -> the status that requests with one of them get.
    store: the name of the one secret store.
    """

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, set[str]] = {"superusers": {"admin"}}
        self.acls: dict[str, str] = {"dcos:superuser": "Superuser ACL"}
        self.grants: set[tuple[str, str, str, str]] = {("groups", "superusers", "dcos:superuser", "full")}
        self.secrets: dict[str, Any] = {}
        self.store = "default"
        self.metadata: dict[str, Any] = {
            "bootstrap-config.json": {"security": "strict"},
            "dcos-version.json": {"version": "2.2.4", "dcos-variant": "enterprise"},
        }
        self.calls: list[str] = []
        self.writes: list[str] = []
        self.crash_after: int | None = None
        self.cut_after: set[int] = set()
        self.cut_before: set[int] = set()
        self.rivals: dict[int, Callable[[], object]] = {}
        self.refused: dict[str, int] = {}
        self._attempts = 0
        self._one_at_a_time = threading.Lock()
        self.add_person("admin", "admin-password")

    # Setting up and looking in

    def add_person(self, uid: str, password: str = "password") -> None:
        self.users[uid] = {"description": uid, "password": password}

    def add_account(self, uid: str, public_key: str, description: str = "") -> None:
        self.users[uid] = {"description": description, "public_key": public_key}

    def add_grant(self, uid: str, rid: str, action: str, kind: str = "users") -> None:
        self.acls.setdefault(rid, "there before")
        self.grants.add((kind, uid, rid, action))

    def grants_of(self, name: str, kind: str = "users") -> set[tuple[str, str]]:
        return {(rid, action) for k, n, rid, action in self.grants if (k, n) == (kind, name)}

    def groups_of(self, uid: str) -> set[str]:
        return {gid for gid, members in self.groups.items() if uid in members}

    def document(self, path: str) -> dict[str, Any]:
        """The service-account document stored at a path."""
        return json.loads(self.secrets[path])

    def state(self) -> Any:
        return copy.deepcopy((self.users, self.groups, self.acls, self.grants, self.secrets))

    # Serving

    def __call__(self, sent: Sent) -> Any:
        with self._one_at_a_time:
            return self._answer(sent)

    def _answer(self, sent: Sent) -> Any:
        self.calls.append(sent.call)
        if sent.method in ("GET", "POST"):
            return self._handle(sent)
        self._attempts += 1
        number = self._attempts
        self.rivals.pop(number, lambda: None)()
        if number in self.cut_before:
            return LOST
        reply = self._handle(sent)
        if reply.status in (201, 204):
            self.writes.append(sent.call)
            if self.crash_after is not None and len(self.writes) >= self.crash_after:
                raise Crash
        return LOST if number in self.cut_after else reply

    def _handle(self, sent: Sent) -> Reply:
        assert sent.url.startswith(URL), sent.url
        for part, status in self.refused.items():
            if part in sent.url:
                return Reply(status, "<html>")
        # The web layer decodes each segment once.
        segments = [unquote(part) for part in urlsplit(sent.url).path.split("/")[1:]]
        if segments[0] == "secrets":
            return self._secret(sent, segments)
        if segments[0] == "dcos-metadata":
            found = self.metadata.get(segments[1])
            return Reply(403, "<html>") if found is None else Reply(200, found)
        assert segments[:3] == ["acs", "api", "v1"], sent.path
        handler = getattr(self, f"_{segments[3]}", None)
        assert handler is not None, sent.path
        return handler(sent, segments[4:])

    def _auth(self, sent: Sent, rest: list[str]) -> Reply:
        if rest == ["jwks"]:
            jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key("iam").public_key()))
            return Reply(200, {"keys": [{**jwk, "alg": "RS256", "use": "sig"}]})
        assert rest == ["login"]
        assert "Authorization" not in sent.headers
        user = self.users.get(sent.body["uid"], {})
        if "password" in sent.body:
            right = user.get("password") == sent.body["password"]
        else:
            try:
                right = (
                    jwt.decode(sent.body["token"], user.get("public_key", ""), algorithms=["RS256"])["uid"]
                    == (sent.body["uid"])
                )
            except (jwt.PyJWTError, KeyError, ValueError):
                right = False
        if not right:
            return error(401, "ERR_INVALID_CREDENTIALS", "401 Unauthorized")
        return Reply(200, {"token": token_of(sent.body["uid"])})

    def _users(self, sent: Sent, rest: list[str]) -> Reply:
        if not rest:
            services = sent.url.endswith("?type=service")
            assert services or sent.url.endswith("/users")
            shown = [uid for uid, user in self.users.items() if ("public_key" in user) is services]
            return Reply(200, {"array": [self._user_document(uid) for uid in shown]})
        uid, *more = rest
        user = self.users.get(uid)
        if sent.method == "PUT":
            return self._create_user(uid, sent.body)
        if user is None:
            return error(400, "ERR_UNKNOWN_USER_ID")
        if more == ["permissions"]:
            return Reply(200, {"direct": self._shown("users", uid), "groups": self._through_groups(uid)})
        if more == ["groups"]:
            return Reply(200, {"array": [{"group": {"gid": gid}} for gid in sorted(self.groups_of(uid))]})
        assert not more
        if sent.method == "DELETE":
            del self.users[uid]
            self.grants = {grant for grant in self.grants if grant[:2] != ("users", uid)}
            for members in self.groups.values():
                members.discard(uid)
            return Reply(204)
        if sent.method == "PATCH":
            assert set(sent.body) == {"description"}, "a key cannot be changed"
            user["description"] = sent.body["description"]
            return Reply(204)
        return Reply(200, self._user_document(uid))

    def _user_document(self, uid: str) -> dict[str, Any]:
        user = self.users[uid]
        document = {"uid": uid, "url": f"/acs/api/v1/users/{uid}", "description": user["description"]}
        if "public_key" in user:
            document["public_key"] = user["public_key"]
        return {**document, "is_service": "public_key" in user, "provider_type": "internal"}

    def _create_user(self, uid: str, body: dict[str, Any]) -> Reply:
        assert set(body) == {"description", "public_key"}
        assert len(uid) <= 96
        if uid in self.users:
            return error(409, "ERR_USER_EXISTS")
        self.users[uid] = dict(body)
        return Reply(201)

    def _groups(self, sent: Sent, rest: list[str]) -> Reply:
        if not rest:
            return Reply(200, {"array": [{"gid": gid} for gid in self.groups]})
        gid, what, *more = rest
        if gid not in self.groups:
            return error(400, "ERR_UNKNOWN_GROUP_ID")
        if what == "permissions":
            return Reply(200, {"array": self._shown("groups", gid)})
        if sent.method == "GET":
            services = sent.url.endswith("?type=service")
            members = [uid for uid in sorted(self.groups[gid]) if ("public_key" in self.users[uid]) is services]
            return Reply(200, {"array": [{"user": self._user_document(uid)} for uid in members]})
        assert (sent.method, what) == ("PUT", "users")
        uid = more[0]
        if uid not in self.users:
            return error(400, "ERR_UNKNOWN_USER_ID")
        if uid in self.groups[gid]:
            return error(409, "ERR_USER_ALREADY_IN_GROUP")
        self.groups[gid].add(uid)
        return Reply(204)

    def _acls(self, sent: Sent, rest: list[str]) -> Reply:
        if not rest:
            return Reply(200, {"array": [{"rid": rid} for rid in self.acls]})
        rid, *more = [unquote(rest[0]), *rest[1:]]
        if not more:
            if sent.method == "PUT":
                if rid in self.acls:
                    return error(409, "ERR_ACL_EXISTS")
                self.acls[rid] = sent.body["description"]
                return Reply(201)
            if sent.method == "DELETE" and rid in self.acls:
                del self.acls[rid]
                self.grants = {grant for grant in self.grants if grant[2] != rid}
                return Reply(204)
            return Reply(200, {"rid": rid}) if rid in self.acls else error(400, "ERR_UNKNOWN_RESOURCE_ID")
        if rid not in self.acls:
            return error(400, "ERR_UNKNOWN_RESOURCE_ID")
        if more == ["permissions"]:
            return Reply(200, {kind: self._holders(kind, rid) for kind in ("users", "groups")})
        kind, name, *action = more
        known = self.users if kind == "users" else self.groups
        if name not in known:
            return error(400, "ERR_UNKNOWN_USER_ID" if kind == "users" else "ERR_UNKNOWN_GROUP_ID")
        stored = [a for k, n, r, a in self.grants if (k, n, r) == (kind, name, rid)]
        nobody = error(400, "ERR_USER_NOT_IN_ACL" if kind == "users" else "ERR_GROUP_NOT_IN_ACL")
        if not action:
            return Reply(200, {"array": [{"name": a} for a in stored]}) if stored else nobody
        grant = (kind, name, rid, action[0])
        if sent.method == "PUT":
            assert action[0] in ACTIONS
            assert sent.body is None
            if grant in self.grants:
                return error(409, "ERR_PERMISSION_EXISTS")
            self.grants.add(grant)
            return Reply(204)
        if grant not in self.grants:
            return error(400, "ERR_ACTION_NOT_YET_STORED") if stored else nobody
        self.grants.remove(grant)
        return Reply(204)

    def _shown(self, kind: str, name: str) -> list[dict[str, Any]]:
        by_rid: dict[str, list[dict[str, str]]] = {}
        for rid, action in sorted(self.grants_of(name, kind)):
            by_rid.setdefault(rid, []).append({"name": action})
        return [{"rid": rid, "actions": actions} for rid, actions in by_rid.items()]

    def _holders(self, kind: str, rid: str) -> list[dict[str, Any]]:
        names = sorted({n for k, n, r, _action in self.grants if (k, r) == (kind, rid)})
        key = "uid" if kind == "users" else "gid"
        granted = [(name, sorted(a for k, n, r, a in self.grants if (k, n, r) == (kind, name, rid))) for name in names]
        return [{key: name, "actions": [{"name": action} for action in actions]} for name, actions in granted]

    def _through_groups(self, uid: str) -> list[dict[str, Any]]:
        return [{**entry, "gid": gid} for gid in sorted(self.groups_of(uid)) for entry in self._shown("groups", gid)]

    def _secret(self, sent: Sent, segments: list[str]) -> Reply:
        if segments[:3] == ["secrets", "v1", "seal-status"]:
            sealed = {"sealed": self.refused.get("/secrets/v1/secret") == 503}
            return Reply(200, sealed) if segments[3:] == [self.store] else error(404)
        assert segments[:3] == ["secrets", "v1", "secret"], sent.path
        if segments[3] != self.store:
            return error(404)
        path = "/".join(segments[4:])
        if sent.url.endswith(f"/secret/{self.store}/?list=true"):
            return Reply(200, {"array": list(self.secrets)})
        if sent.method == "PUT":
            if path in self.secrets:
                return error(409)
            self.secrets[path] = sent.body["value"]
            return Reply(201, {})
        if path not in self.secrets:
            return error(404)
        if sent.method == "PATCH":
            self.secrets[path] = sent.body["value"]
            return Reply(204)
        if sent.method == "DELETE":
            del self.secrets[path]
            return Reply(204)
        value = self.secrets[path]
        if isinstance(value, bytes):
            return Reply(200, value, {"Content-Type": "application/octet-stream"})
        return Reply(200, {"value": value}, {"Content-Type": "application/json"})
