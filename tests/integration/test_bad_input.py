# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input gets a clear error before the first write: the table of what is refused, with which words.

All rows run once, side by side; then each row's error is looked at, and the cluster, which must have seen no write.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from integration_support import (
    KEYS,
    PASSWORD,
    SUPERUSER,
    Emulator,
    Lab,
    Run,
    document,
    new_key,
    private_pem,
    public_pem,
    task,
    unique,
)

NO_CODE = "no code"
"""An error without a failure code of its own; Ansible's own errors about options have no failure at all."""


@dataclass(frozen=True)
class Row:
    """One refused task.

    says: pattern in the message; it names the option.
    connection: instead of the options of the connection; None removes one.
    """

    module: str
    args: dict[str, Any]
    code: str | None
    says: str
    connection: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """What is there before the rows run."""

    emulator: Emulator
    lab: Lab
    account: str
    """A service account with KEYS[0]."""
    person: str
    own: str
    """A service account with KEYS[1] and superuser power, as which some rows connect."""
    own_group: str
    secrets: dict[str, str]
    """Paths of what is no service-account document of the account."""
    small: str
    """A private key of 1024 bits."""
    curve: str
    """A private key on an elliptic curve."""

    @property
    def as_own(self) -> dict[str, Any]:
        return {"dcos_username": self.own, "dcos_password": None, "dcos_private_key": private_pem(KEYS[1])}

    def file(self, name: str, text: str) -> str:
        return self.lab.file(f"files/{name}", text)


@pytest.fixture(scope="module")
def world(strict_for_all: Emulator, shared_lab: Lab) -> World:
    emulator = strict_for_all
    account = emulator.make_account(unique("account"), KEYS[0])
    emulator.grant(account, "dcos:secrets:default:bad-input", "read")
    own = emulator.superuser(unique("own"), KEYS[1])
    group = emulator.make_group(unique("power"), own)
    emulator.grant(group, "dcos:superuser", "full", kind="groups")
    folder = unique("bad")
    secrets = {
        "text": emulator.make_secret(f"{folder}/text", "some text"),
        "other": emulator.make_secret(f"{folder}/other", document("somebody-else", KEYS[0])),
        "stale": emulator.make_secret(f"{folder}/stale", document(account, KEYS[2])),
        "good": emulator.make_secret(f"{folder}/good", document(account, KEYS[0])),
        "rotating": emulator.make_secret(f"{folder}/rotating", document(account, KEYS[0])),
        "rotating-next": emulator.make_secret(f"{folder}/rotating-next", document(account, KEYS[2])),
        "blocked": emulator.make_secret(f"{folder}/blocked", document(account, KEYS[0])),
        "blocked-next": emulator.make_secret(f"{folder}/blocked-next", "some text"),
        "none": f"{folder}/none",
    }
    return World(
        emulator,
        shared_lab,
        account,
        emulator.make_person(unique("person")),
        own,
        group,
        secrets,
        private_pem(new_key(1024)),
        private_pem(ec.generate_private_key(ec.SECP256R1())),
    )


def broken(pem: str) -> str:
    """The same key with a part of one half changed, so that the halves do not belong together."""
    label, *body, end = pem.strip().splitlines()
    raw = bytearray(base64.b64decode("".join(body)))
    raw[len(raw) // 2] ^= 0x55
    return "\n".join((label, base64.b64encode(raw).decode(), end, ""))


USER, GROUP = "dcos_user", "dcos_group"
ACCOUNT, SECRET, GRANT, TOKEN, PAIR, INFO = (
    "dcos_service_account",
    "dcos_sa_secret",
    "dcos_acl_grant",
    "dcos_token",
    "dcos_keypair",
    "dcos_cluster_info",
)
NEW = {"uid": "never-made", "public_key": public_pem(KEYS[2])}


def account_rows(w: World) -> dict[str, Row]:
    def uid(text: str, code: str = "invalid_uid", **more: Any) -> Row:
        return Row(ACCOUNT, {**NEW, "uid": text, **more}, code, "^uid: ")

    def key(pem: str, says: str) -> Row:
        return Row(ACCOUNT, {**NEW, "public_key": pem}, "invalid_key", f"^public_key: .*{says}")

    curve = public_pem(ec.generate_private_key(ec.SECP256R1()))
    return {
        "uid-blank": uid("a b"),
        "uid-slash": uid("a/b"),
        "uid-empty": uid(""),
        "uid-long": uid("u" * 97),
        "uid-anonymous": uid("anonymous"),
        "uid-newline": uid("svc\n"),
        "uid-person": uid(w.person),
        "uid-person-absent": Row(ACCOUNT, {"uid": w.person, "state": "absent"}, "invalid_uid", "^uid: .*person"),
        "uid-native": uid("dcos_marathon", "native_account"),
        "uid-native-vouched": uid("dcos_net_agent", "native_account", allow_dcos_prefix=True),
        "uid-native-absent": Row(ACCOUNT, {"uid": "dcos_metronome", "state": "absent"}, "native_account", "^uid: "),
        "uid-dcos-prefix": Row(ACCOUNT, {**NEW, "uid": "dcos_mine"}, "native_account", "^uid: .*allow_dcos_prefix"),
        "uid-bootstrapuser": uid(SUPERUSER, "native_account", allow_dcos_prefix=True),
        "uid-journal": uid("svc.replacing"),
        "uid-too-long-for-the-journal": uid("u" * 90, replace_key=True),
        "own-absent": Row(ACCOUNT, {"uid": w.own, "state": "absent"}, "own_account", "^uid: ", w.as_own),
        "own-replaced": Row(ACCOUNT, {**NEW, "uid": w.own, "replace_key": True}, "own_account", "^uid: ", w.as_own),
        "key-curve": key(curve, "RSA"),
        "key-1024": key(public_pem(new_key(1024)), "1024 bits"),
        "key-broken": key(public_pem(KEYS[0]).replace("MIIB", "MIIA"), "damaged"),
        "key-private": key(private_pem(KEYS[0]), "private key"),
        "key-none": Row(ACCOUNT, {"uid": "never-made"}, "invalid_key", "public_key or public_key_path"),
        "key-another": Row(ACCOUNT, {**NEW, "uid": w.account}, "key_mismatch", "replace_key"),
        "key-file-missing": Row(
            ACCOUNT,
            {"uid": "never-made", "public_key_path": "/nowhere.pub"},
            NO_CODE,
            "^public_key_path: .*/nowhere.pub",
        ),
        "key-twice": Row(ACCOUNT, {**NEW, "public_key_path": "x"}, None, "mutually exclusive: public_key"),
    }


def people_rows(w: World) -> dict[str, Row]:
    person: dict[str, Any] = {"uid": w.person}

    def user(code: str, says: str, **args: Any) -> Row:
        return Row(USER, {"uid": "never-made", "password": "a-fine-password", **args}, code, says)

    def group(code: str, says: str, **args: Any) -> Row:
        return Row(GROUP, {"gid": "never-made", **args}, code, says)

    return {
        "user-uid": user("invalid_uid", "^uid: ", uid="a b"),
        "user-service": user("invalid_uid", "^uid: .*service account", uid=w.account),
        "user-native": user("native_account", "^uid: ", uid=SUPERUSER),
        "user-prefix": user("native_account", "^uid: .*allow_dcos_prefix", uid="dcos_mine"),
        "user-no-password": user("ERR_INVALID_DATA", "^password: .*provider_type", password=None),
        "user-short-password": user("ERR_INVALID_DATA", "^password: .*at least 5", password="abcd"),
        "user-short-password-unused": user("ERR_INVALID_DATA", "^password: .*at least 5", **person, password=""),
        "user-remote-password": user("ERR_INVALID_DATA", "^password: ", provider_type="ldap"),
        "user-provider": user("ERR_USER_EXISTS", "^provider_type: ", **person, password=None, provider_type="ldap"),
        "user-no-provider-id": user("ERR_INVALID_DATA", "^provider_id: ", provider_type="saml"),
        "user-provider-id": user("ERR_INVALID_DATA", "^provider_id: ", provider_id="sso"),
        "user-provider-id-ldap": user("ERR_INVALID_DATA", "^provider_id: ", provider_type="ldap", provider_id="sso"),
        "user-provider-unknown": Row(USER, {**person, "provider_type": "kerberos"}, None, "provider_type must be one"),
        "user-gid": user("invalid_uid", "^groups: ", groups=["a b"]),
        "user-group-unknown": user(
            "ERR_UNKNOWN_GROUP_ID", "^groups: .*never-made-either", groups=["never-made-either"]
        ),
        "user-superusers": user("native_account", "^groups: .*dcos_group", **person, groups=["superusers"]),
        "user-exclusive": user(NO_CODE, "^groups_exclusive: ", **person, groups_exclusive=True),
        "group-gid": group("invalid_uid", "^gid: ", gid="a b"),
        "group-superusers": group("native_account", "^gid: .*allow_superusers", gid="superusers"),
        "group-superusers-absent": group(
            "native_account", "^gid: ", gid="superusers", state="absent", allow_superusers=True
        ),
        "group-uid": group("invalid_uid", "^members: ", members=["a/b"]),
        "group-native": group("native_account", "^members: ", members=[SUPERUSER]),
        "group-member-unknown": group("ERR_UNKNOWN_USER_ID", "^members: .*never-made", members=["never-made"]),
        "group-exclusive": group(NO_CODE, "^members_exclusive: ", members_exclusive=True),
        "group-own": Row(GROUP, {"gid": w.own_group, "state": "absent"}, "own_account", "^gid: ", w.as_own),
        "group-own-left": Row(
            GROUP,
            {"gid": w.own_group, "members": [], "members_exclusive": True},
            "own_account",
            "^members_exclusive: ",
            w.as_own,
        ),
    }


def secret_rows(w: World) -> dict[str, Row]:
    strict = {"security_mode": "strict"}

    def path(text: str) -> Row:
        return Row(
            SECRET, {"uid": "never-made", "path": text, "generate_key": True, **strict}, "invalid_path", "^path: "
        )

    def key(pem: str, says: str) -> Row:
        args = {"uid": "never-made", "path": "never/made", "private_key": pem, **strict}
        return Row(SECRET, args, "invalid_key", f"^private_key: .*{says}")

    def of(name: str, code: str, says: str, **more: Any) -> Row:
        args = {"uid": w.account, "path": w.secrets[name], "generate_key": True, **strict, **more}
        return Row(SECRET, args, code, says)

    def gone(name: str) -> Row:
        args = {"uid": w.account, "path": w.secrets[name], "state": "absent"}
        return Row(SECRET, args, "foreign_secret", "^path: .*overwrite")

    none = {"generate_key": False}
    curve_path = w.file("curve.pem", w.curve)
    return {
        "path-blank": path("a b"),
        "path-double-slash": path("a//b"),
        "path-up": path("a/../b"),
        "path-percent": path("a%2fb"),
        "store": of("none", "invalid_path", "^store: ", store="de fault"),
        "private-curve": key(w.curve, "RSA"),
        "private-curve-file": of(
            "none", "invalid_key", f"^private_key_path .*{curve_path}.*RSA", **none, private_key_path=curve_path
        ),
        "private-1024": key(w.small, "1024 bits"),
        "private-broken": key("-----BEGIN PRIVATE KEY-----\nMIIBVQ==\n-----END PRIVATE KEY-----\n", "damaged"),
        "private-halves": key(broken(private_pem(KEYS[2])), "do not belong together|damaged"),
        "private-public": key(public_pem(KEYS[0]), "public key"),
        "private-none": of("none", "invalid_key", "private_key, private_key_path, generate_key", **none),
        "private-two": of("none", "invalid_key", "private_key and generate_key", private_key=private_pem(KEYS[0])),
        "private-of-another": of("none", "key_mismatch", "private key given", **none, private_key=private_pem(KEYS[2])),
        "holds-text": of("text", "foreign_secret", "^path: .*overwrite"),
        "holds-text-absent": gone("text"),
        "holds-anothers": of("other", "foreign_secret", "^path: .*overwrite"),
        "holds-anothers-absent": gone("other"),
        "next-holds-text": of("blocked", "foreign_secret", "^path: .*-next", rotate="prepare"),
        "stored-is-stale": of("stale", "key_mismatch", "rotate=prepare"),
        "nothing-stored": of("none", "key_mismatch", "rotate=prepare"),
        "finished-too-early": of("rotating", "key_mismatch", "rotate=finish", rotate="finish"),
        "mode": of("good", "mode", "^security_mode: .*strict mode", security_mode="permissive"),
        "mode-unknown": of("good", None, "security_mode must be one of", security_mode="loose"),
        "mode-none": Row(
            SECRET,
            {"uid": w.account, "path": w.secrets["good"], "generate_key": True},
            None,
            "security_mode, login_endpoint",
        ),
        "endpoint": of("good", NO_CODE, "^login_endpoint: ", security_mode=None, login_endpoint="leader.mesos"),
        "secret-of-person": of("none", "invalid_uid", "^uid: .*person", uid=w.person),
        "secret-of-native": of("none", "native_account", "^uid: ", uid="dcos_adminrouter"),
        "secret-uid": of("none", "invalid_uid", "^uid: ", uid="a/b"),
    }


def grant_rows(w: World) -> dict[str, Row]:
    def rid(text: str, says: str) -> Row:
        # The good one comes first, so that a check on the way would come too late.
        good = {"rid": "dcos:secrets:default:never-made", "actions": ["read"]}
        args = {"uid": w.account, "permissions": [good, {"rid": text, "actions": ["read"]}]}
        return Row(GRANT, args, "invalid_rid", rf"^permissions\[1\].rid: .*{says}")

    def to(code: str | None, says: str, **args: Any) -> Row:
        return Row(GRANT, {"rid": "dcos:secrets:default:never-made", "actions": ["read"], **args}, code, says)

    power = {"rid": "dcos:superuser", "actions": None, "state": "absent"}
    return {
        "rid-blank": rid("dcos:test: a", "blanks"),
        "rid-newline": rid("dcos:secrets:default:a\n", "blanks"),
        "rid-percent": rid("dcos:service:marathon:%2Fa", "percent"),
        "rid-prefix": rid("mesos:master", "dcos:"),
        "rid-unknown": Row(
            GRANT,
            {
                "uid": w.account,
                "permissions": [
                    {"rid": "dcos:secrets:default:never-made", "actions": ["read"]},
                    {"rid": "dcos:mesos:master:framwork:role:x", "actions": ["create"]},
                ],
                "unknown_rids": "fail",
            },
            "invalid_rid",
            r"^permissions: dcos:mesos:master:framwork:.* one is dcos:mesos:master:framework:role:x\.",
        ),
        "action-unknown": to(
            "invalid_rid",
            "^rid: .* not documented with the action read, only with full",
            uid=w.account,
            rid="dcos:adminrouter:acs",
            unknown_rids="fail",
        ),
        "rid-alone": to("invalid_rid", "^rid.*percent", uid=w.account, rid="dcos:%252F"),
        "action": to(
            None, "actions must be one or more of: create, read, update, delete, full", uid=w.account, actions=["write"]
        ),
        "actions-none": to("invalid_rid", r"^(rid\[0\]\.)?actions: ", uid=w.account, actions=[]),
        "grant-to-nobody": to("ERR_UNKNOWN_USER_ID", "^uid: .*does not exist", uid="never-made"),
        "grant-to-no-group": to("ERR_UNKNOWN_GROUP_ID", "^gid: .*does not exist", gid="never-made"),
        "grant-uid": to("invalid_uid", "^uid: ", uid="a/b"),
        "grant-gid": to("invalid_uid", "^gid: ", gid="a b"),
        "grant-superusers": to("native_account", "^gid: ", gid="superusers"),
        "grant-native": to("native_account", "^uid: ", uid="dcos_net_master"),
        "grant-marathon-exclusive": to("native_account", "^exclusive: ", uid="dcos_marathon", exclusive=True),
        "own-power": Row(GRANT, {"uid": w.own, **power}, "own_account", "dcos:superuser", w.as_own),
        "own-power-exclusive": Row(
            GRANT, {"uid": w.own, "permissions": [], "exclusive": True}, "own_account", "dcos:superuser", w.as_own
        ),
        "own-groups-power": Row(GRANT, {"gid": w.own_group, **power}, "own_account", "dcos:superuser", w.as_own),
    }


def token_rows(w: World) -> dict[str, Row]:
    def row(code: str | None, says: str, **args: Any) -> Row:
        return Row(TOKEN, args, code, says)

    link = w.lab.place("files") / "link"
    if not link.is_symlink():
        link.symlink_to(w.file("somewhere", "text"))
    return {
        "token-no-way": row("credentials", "^uid: .*password, private_key", uid=w.account),
        "token-no-uid": row("credentials", "^uid: ", password="some password"),
        "token-two-ways": row(
            None, "mutually exclusive", uid=w.account, password="some password", private_key=private_pem(KEYS[0])
        ),
        "token-wrong-password": row("credentials", "refused .*401", uid=w.person, password="not the one"),
        "token-wrong-key": row("credentials", "refused .*401", uid=w.account, private_key=private_pem(KEYS[2])),
        "token-small-key": row("invalid_key", "^private_key: ", uid=w.account, private_key=w.small),
        "token-native": row("native_account", "^uid: ", uid="dcos_marathon", private_key=private_pem(KEYS[0])),
        "token-no-secret": row("credentials", "^secret_path: ", secret_path=w.secrets["none"]),
        "token-text": row("foreign_secret", "^secret_path: ", secret_path=w.secrets["text"]),
        "token-of-another": row("foreign_secret", "^secret_path: ", secret_path=w.secrets["other"], uid=w.account),
        "token-folder": row(NO_CODE, "^path: .*does not exist", path="/nowhere/token"),
        "token-link": row(NO_CODE, "^path: .*not a regular file", path=str(link)),
        "token-absent": row(NO_CODE, "^path: ", state="absent"),
        "token-unchanged": row(
            NO_CODE, "^path: ", uid=w.account, private_key=private_pem(KEYS[0]), exchange=False, path="x"
        ),
        "token-password-signs": row(NO_CODE, "^exchange: ", exchange=False),
        "token-from-token": Row(
            TOKEN,
            {},
            "credentials",
            "uses a token already",
            {"dcos_username": None, "dcos_password": None, "dcos_token": w.emulator.token},
        ),
    }


def keypair_rows(w: World) -> dict[str, Row]:
    def row(name: str, text: str | None, code: str, says: str, **args: Any) -> Row:
        path = str(w.lab.place("files") / f"{name}.pem") if text is None else w.file(f"{name}.pem", text)
        return Row(PAIR, {"private_key_path": path, **args}, code, says)

    good = private_pem(KEYS[0])
    link = w.lab.place("files") / "link.pem"
    if not link.is_symlink():
        link.symlink_to(w.file("target.pem", good))
    return {
        "pair-small": row("pair-small", None, "invalid_key", "^size: ", size=1024),
        "pair-curve": row("pair-curve", w.curve, "invalid_key", "^private_key_path .*RSA"),
        "pair-1024": row("pair-1024", w.small, "invalid_key", "^private_key_path .*1024 bits", regenerate="never"),
        "pair-broken": row("pair-broken", "-----BEGIN PRIVATE KEY-----\nx", "invalid_key", "^private_key_path .*PEM"),
        "pair-size": row("pair-size", good, "invalid_key", "^size: .*2048", size=3072),
        "pair-halves": row(
            "pair-halves",
            good,
            "key_mismatch",
            "^public_key_path: ",
            public_key_path=w.file("anothers.pub", public_pem(KEYS[1])),
        ),
        "pair-one-file": row(
            "pair-one", None, NO_CODE, "^public_key_path: ", public_key_path=str(w.lab.place("files") / "pair-one.pem")
        ),
        "pair-no-folder": Row(
            PAIR, {"private_key_path": "/nowhere/x.pem"}, NO_CODE, "^private_key_path: .*does not exist"
        ),
        "pair-link": Row(PAIR, {"private_key_path": str(link)}, NO_CODE, "^private_key_path: .*not a regular file"),
    }


def connection_rows(w: World) -> dict[str, Row]:
    """With a task that would write."""

    def row(code: str | None, says: str, environment: dict[str, str] | None = None, **connection: Any) -> Row:
        return Row(ACCOUNT, NEW, code, says, connection, environment or {})

    none = dict.fromkeys(("dcos_username", "dcos_password"))
    key = private_pem(KEYS[1])
    port = w.emulator.url.rpartition(":")[2]
    no_cluster = str(w.lab.place("files/empty"))
    two = w.lab.place("files/two")
    for name in ("one", "two"):
        w.lab.file(f"files/two/clusters/{name}/dcos.toml", "[core]\n")
        w.lab.file(f"files/two/clusters/{name}/attached", "")
    return {
        "set-none": row("credentials", "no credentials: give dcos_token", **none),
        "set-no-password": row("credentials", "^dcos_username is given without", dcos_password=None),
        "set-no-user": row("credentials", "^dcos_password without dcos_username is an incomplete", dcos_username=None),
        "set-empty": row("credentials", "no credentials", dcos_username="", dcos_password="", dcos_token=""),
        "set-two-ways": row("credentials", "dcos_password and dcos_private_key", dcos_private_key=key),
        "set-token-too": row("credentials", "^dcos_token .*dcos_username, dcos_password", dcos_token="a.b.c"),
        "set-half-environment": row("credentials", "^DCOS_USERNAME", {"DCOS_USERNAME": "x"}, **none),
        "set-other-half-environment": row("credentials", "^DCOS_PASSWORD", {"DCOS_PASSWORD": PASSWORD}, **none),
        "set-not-completed": row(
            "credentials", "^dcos_username is given without", {"DCOS_PASSWORD": PASSWORD}, dcos_password=None
        ),
        "set-wrong": row("credentials", "refused the credentials", dcos_password="not the one"),
        "set-wrong-key": row(
            "credentials",
            "refused .*private key",
            dcos_username=w.own,
            dcos_password=None,
            dcos_private_key=private_pem(KEYS[2]),
        ),
        "set-wrong-token": row("credentials", "dcos_token|The token", **none, dcos_token="a.b.c"),
        "set-native": row("native_account", "dcos_marathon", dcos_username="dcos_marathon"),
        "set-key": row(
            "invalid_key", "^dcos_private_key: ", dcos_username=w.own, dcos_password=None, dcos_private_key=w.curve
        ),
        "set-key-file": row(
            NO_CODE, "^dcos_private_key_path: .*/nowhere", dcos_password=None, dcos_private_key_path="/nowhere"
        ),
        "url-none": row("credentials", "^dcos_url: ", dcos_url=None, dcos_config=no_cluster),
        "url-scheme": row(NO_CODE, "^dcos_url: ", dcos_url="ftp://127.0.0.1"),
        "url-user": row("credentials", "^dcos_url: .*user name", dcos_url=f"https://joe:pw@127.0.0.1:{port}"),
        "url-plain": row("tls", "^dcos_url: .*dcos_allow_http", dcos_url="http://dcos.example.com"),
        "url-redirects": row(NO_CODE, f"redirect to {w.emulator.url}/acs", dcos_url=w.emulator.http),
        "url-unreachable": row("unreachable", "Check dcos_url", dcos_url="https://127.0.0.1:1", dcos_retries=0),
        "url-no-tls": row("tls", "no TLS connection", dcos_url=w.emulator.http.replace("http:", "https:")),
        "ca-missing": row("tls", "^dcos_ca_path: .*/nowhere", dcos_ca_path="/nowhere"),
        "ca-empty": row("tls", "^dcos_ca_path: ", dcos_ca_path=w.file("no-ca", public_pem(KEYS[0]))),
        "ca-system": row("tls", "does not verify.*dcos_ca_path", dcos_ca_path=None),
        "ca-variable": row("tls", "^DCOS_TLS_CA_PATH: ", {"DCOS_TLS_CA_PATH": "/nowhere"}, dcos_ca_path=None),
        "timeout-word": row(None, "'dcos_timeout' is of type .* to int", dcos_timeout="soon"),
        "timeout-range": row(NO_CODE, "^dcos_timeout: '0' is not a whole number from 1 to 3600", dcos_timeout=0),
        "timeout-variable": row(NO_CODE, "^DCOS_TIMEOUT: 'soon' is not", {"DCOS_TIMEOUT": "soon"}),
        "http-word": row(None, "'dcos_allow_http' is of type .* to bool", dcos_allow_http="perhaps"),
        "config-missing": row(NO_CODE, "^dcos_config: .*/nowhere", **none, dcos_config="/nowhere"),
        "config-two": row("credentials", "^dcos_config: .*2 clusters", **none, dcos_config=str(two)),
    }


GROUPS: tuple[Callable[[World], dict[str, Row]], ...] = (
    account_rows,
    people_rows,
    secret_rows,
    grant_rows,
    token_rows,
    keypair_rows,
    connection_rows,
)


@dataclass(frozen=True)
class Refused:
    """The run of one group of rows."""

    rows: dict[str, Row]
    run: Run
    files: tuple[dict[str, bytes], dict[str, bytes]]


@pytest.fixture(scope="module", params=GROUPS, ids=lambda group: group.__name__.removesuffix("_rows"))
def refused(request: pytest.FixtureRequest, world: World) -> Refused:
    rows: dict[str, Row] = request.param(world)
    cases = {}
    for name, row in rows.items():
        connection = {} if row.module == PAIR else {**world.emulator.connection, **row.connection}
        args = {option: value for option, value in {**connection, **row.args}.items() if value is not None}
        cases[name] = [task(row.module, name, args=args, environment=row.environment)]
    before = _files(world.lab.place("files"))
    run = world.lab.play(cases, defaults={}, fails=True)
    return Refused(rows, run, (before, _files(world.lab.place("files"))))


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_is_refused_with_its_reason(refused: Refused) -> None:
    wrong = []
    for name, row in refused.rows.items():
        result = refused.run.one(name, name)
        if result.outcome != "failed":
            wrong.append(f"{name}: {result.outcome}")
            continue
        if row.code is None:
            code = "failure" if "failure" in result.result else None
        else:
            code = (result.result.get("failure") or {"code": "no failure at all"})["code"] or NO_CODE
        if code != row.code:
            wrong.append(f"{name}: code {code}, not {row.code}: {result.message}")
        if re.search(row.says, result.message, re.DOTALL) is None:
            wrong.append(f"{name}: {row.says!r} is not in: {result.message}")
        if result.changed or "Traceback" in str(result.result):
            wrong.append(f"{name}: changed, or a traceback: {result.result}")
    assert wrong == []


def test_nothing_was_written(refused: Refused, world: World) -> None:
    requests = world.emulator.requests(refused.run.start, refused.run.end)
    assert [f"{each.method} {each.path}" for each in requests if each.is_write] == []
    before, after = refused.files
    assert after == before
