# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module through its main(): options in, result out, check mode, and what no output may hold."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint
from ansible_collections.dcos.security.plugins.module_utils._rules.identifiers import NATIVE_ACCOUNTS
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL, account_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    Handler,
    Reply,
    Sent,
    error,
)
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import LOGIN, run

UID = "svc"


@pytest.fixture
def fake() -> EmulatedCluster:
    return EmulatedCluster()


def twice(name: str, options: dict[str, Any], fake: EmulatedCluster) -> dict[str, Any]:
    """Predicted, done, and unchanged when done again; the result of the real run."""
    before = fake.state()
    predicted = run(name, options, fake, check_mode=True, diff=True)
    assert fake.state() == before
    result = run(name, options, fake, diff=True)
    assert "failed" not in result, result
    assert predicted["changed"] is result["changed"] is True
    assert predicted.pop("provisional") is True
    assert set(predicted) == set(result)
    again = run(name, options, fake, diff=True)
    assert again["changed"] is False
    assert again["diff"]["before"] == again["diff"]["after"]
    assert result["cluster"] == {"url": URL, "credentials_from": "task"}
    assert "PRIVATE KEY" not in json.dumps([predicted, result, again])
    return result


def failed(name: str, options: dict[str, Any], cluster: Handler | None = None) -> dict[str, Any]:
    result = run(name, options, cluster)
    assert result["failed"] is True
    return result


# dcos_service_account


@pytest.mark.parametrize("way", ["public_key", "public_key_path"])
def test_service_account(way: str, fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    path.write_text(public_text("a"), encoding="ascii")
    options = {"uid": UID, "description": "d", way: public_text("a") if way == "public_key" else str(path)}
    result = twice("dcos_service_account", options, fake)
    assert result["service_account"]["fingerprint"] == fingerprint(public_key("a"))
    assert fake.users[UID] == {"description": "d", "public_key": public_text("a")}
    options[way] = public_text("b") if way == "public_key" else str(path)
    path.write_text(public_text("b"), encoding="ascii")
    assert failed("dcos_service_account", options, fake)["failure"]["code"] == "key_mismatch"
    twice("dcos_service_account", {**options, "replace_key": True}, fake)
    twice("dcos_service_account", {"uid": UID, "state": "absent"}, fake)
    assert UID not in fake.users


def test_service_account_checks_for_the_private_half(fake: EmulatedCluster) -> None:
    options = {"uid": UID, "public_key": public_text("b"), "replace_key": True, "secret_path": "svc/sec"}
    fake.add_account(UID, public_text("a"))
    stored = {"uid": UID, "private_key": private_text("a"), "scheme": "RS256", "login_endpoint": ""}
    fake.store_secret("svc/sec", stored)
    assert failed("dcos_service_account", options, fake)["failure"]["code"] == "key_mismatch"
    assert fake.users[UID]["public_key"] == public_text("a")
    fake.store_secret("svc/sec-next", {**stored, "private_key": private_text("b")})
    twice("dcos_service_account", options, fake)
    assert fake.users[UID]["public_key"] == public_text("b")
    assert failed("dcos_service_account", {**options, "secret_path": "a//b"}, fake)["msg"].startswith("secret_path: ")


# dcos_sa_secret


def test_sa_secret_with_a_generated_key(fake: EmulatedCluster) -> None:
    options = {"uid": UID, "path": "/a/secret", "generate_key": True, "security_mode": "strict"}
    result = twice("dcos_sa_secret", options, fake)
    stored = fake.document("a/secret")
    assert stored["uid"] == UID
    assert "PRIVATE KEY" in stored["private_key"]
    assert result["secret"]["path"] == "a/secret"
    twice("dcos_sa_secret", {"uid": UID, "path": "a/secret", "state": "absent"}, fake)
    assert fake.secrets == {}


@pytest.mark.parametrize("way", ["private_key", "private_key_path"])
def test_sa_secret_with_a_given_key(way: str, fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    path.write_text(private_text("a", form="TraditionalOpenSSL"), encoding="ascii")
    path.chmod(0o600)
    given = {"private_key": private_text("a"), "private_key_path": str(path)}[way]
    endpoint = "https://dcos.example.com/acs/api/v1/auth/login"
    result = twice("dcos_sa_secret", {"uid": UID, "path": "p", way: given, "login_endpoint": endpoint}, fake)
    assert fake.document("p")["private_key"] == private_text("a")
    assert fake.document("p")["login_endpoint"] == endpoint
    assert result["secret"]["fingerprint"] == fingerprint(public_key("a"))


def test_sa_secret_hides_a_broken_key(fake: EmulatedCluster) -> None:
    broken = private_text("a").replace("\n", " S3CRET\n", 3)
    options = {"uid": UID, "path": "p", "private_key": broken, "security_mode": "strict"}
    result = failed("dcos_sa_secret", options, fake)
    assert result["failure"]["code"] == "invalid_key"
    assert "S3CRET" not in json.dumps(result)


def test_sa_secret_with_a_legacy_endpoint(fake: EmulatedCluster) -> None:
    fake.replies["bootstrap-config.json"] = Reply(200, {"security": "permissive"})
    options = {"uid": UID, "path": "p", "generate_key": True, "security_mode": "permissive"}
    run("dcos_sa_secret", {**options, "legacy_login_endpoint": "always"}, fake)
    assert fake.document("p")["login_endpoint"].startswith("http://")
    run("dcos_sa_secret", options, fake)
    assert fake.document("p")["login_endpoint"].startswith("https://")


def test_deleting_needs_no_key(fake: EmulatedCluster, tmp_path: Path) -> None:
    """A task whose state is a variable can then retire what it made, although the local files are gone."""
    gone = {"uid": UID, "state": "absent"}
    fake.add_account(UID, public_text("a"))
    fake.store_secret("p", {"uid": UID, "private_key": private_text("a")})
    secret = {**gone, "path": "p", "private_key_path": str(tmp_path / "gone.pem")}
    assert run("dcos_sa_secret", secret, fake)["changed"] is True
    account = {**gone, "public_key_path": str(tmp_path / "gone.pub")}
    assert run("dcos_service_account", account, fake)["changed"] is True


# dcos_secret


def test_secret_of_both_kinds(fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "keytab"
    path.write_bytes(b"\x00\xffS3CRET")
    result = twice("dcos_secret", {"path": "/shop/key", "value": "S3CRET\n"}, fake)
    assert result["secret"] == {"store": "default", "path": "shop/key", "kind": "text", "exists": True}
    assert fake.secrets["shop/key"] == "S3CRET\n"
    assert "S3CRET" not in json.dumps(result)
    result = twice("dcos_secret", {"path": "shop/key", "src": str(path)}, fake)
    assert result["secret"]["kind"] == "file"
    assert fake.secrets["shop/key"] == b"\x00\xffS3CRET"
    result = twice("dcos_secret", {"path": "shop/key", "value": ""}, fake)
    assert fake.secrets["shop/key"] == ""
    result = twice("dcos_secret", {"path": "shop/key", "state": "absent", "src": "/gone"}, fake)
    assert result["secret"] == {"store": "default", "path": "shop/key", "kind": None, "exists": False}
    assert fake.secrets == {}


def test_secret_that_is_made(fake: EmulatedCluster) -> None:
    twice("dcos_secret", {"path": "a", "generate": {}}, fake)
    twice("dcos_secret", {"path": "b", "generate": {"length": 8, "characters": "0123456789"}}, fake)
    assert (len(fake.secrets["a"]), len(fake.secrets["b"])) == (32, 8)
    assert str(fake.secrets["b"]).isdigit()


def test_text_with_a_private_key_may_be_a_plain_secret(fake: EmulatedCluster) -> None:
    twice("dcos_secret", {"path": "tls/key", "value": private_text("a")}, fake)
    assert fake.secrets["tls/key"] == private_text("a")


def test_values_that_are_no_text_are_refused_and_not_shown(fake: EmulatedCluster) -> None:
    for value in (1234567, True, 0.5, {"a": "S3CRET"}, ["S3CRET"]):
        result = failed("dcos_secret", {"path": "p", "value": value}, fake)
        assert result["msg"].startswith("value: this is a number, a truth value, a list or a dictionary, not text")
        assert "S3CRET" not in json.dumps(result)
    assert fake.calls == []


def test_secret_info(fake: EmulatedCluster) -> None:
    for path in ("shop/key", "shop/deeper/key", "key"):
        fake.store_secret(path, "S3CRET")
    assert run("dcos_secret_info", {}, fake)["secrets"] == ["key", "shop/deeper/key", "shop/key"]
    assert run("dcos_secret_info", {"path": "/shop"}, fake)["secrets"] == ["shop/key"]
    assert run("dcos_secret_info", {"path": "shop", "recurse": True}, fake)["secrets"] == [
        "shop/deeper/key",
        "shop/key",
    ]
    assert failed("dcos_secret_info", {"path": "a//b"})["failure"]["code"] == "invalid_path"
    assert failed("dcos_secret_info", {"store": "other"}, fake)["failure"]["status"] == 404


# Options that decide whether something is allowed or found

STORED = json.dumps({"uid": UID, "private_key": private_text("b"), "scheme": "RS256", "login_endpoint": ""})
OWN = {"uid": "dcos_mine"}
PUBLIC = public_text("a")
NEW_SECRET = {"path": "p", "generate_key": True, "security_mode": "strict"}


@pytest.mark.parametrize(
    ("name", "options", "option", "code"),
    [
        ("dcos_service_account", {**OWN, "public_key": PUBLIC}, {"allow_dcos_prefix": True}, "native_account"),
        ("dcos_sa_secret", {**OWN, **NEW_SECRET, "path": "new"}, {"allow_dcos_prefix": True}, "native_account"),
        (
            "dcos_acl_grant",
            {"uid": "dcos_there", "rid": "dcos:a", "actions": ["read"], "unknown_rids": "ignore"},
            {"allow_dcos_prefix": True},
            "native_account",
        ),
        ("dcos_sa_secret", {"uid": "other", **NEW_SECRET}, {"overwrite": True}, "foreign_secret"),
        ("dcos_sa_secret", {"uid": "other", "path": "p", "state": "absent"}, {"overwrite": True}, "foreign_secret"),
        ("dcos_secret", {"path": "p", "value": "v"}, {"overwrite": True}, "foreign_secret"),
        ("dcos_secret", {"path": "p", "state": "absent"}, {"overwrite": True}, "foreign_secret"),
        ("dcos_acl_grant", {"uid": UID, "rid": "dcos:xyz", "actions": ["read"], "unknown_rids": "fail"},
         {"unknown_rids": "warn"}, "invalid_rid"),
    ],
)  # fmt: skip
def test_options_that_allow_more(
    name: str, options: dict[str, Any], option: dict[str, Any], code: str, fake: EmulatedCluster
) -> None:
    fake.add_account(UID, public_text("a"))
    fake.add_account("dcos_there", public_text("a"))
    fake.store_secret("p", STORED)
    assert failed(name, options, fake)["failure"]["code"] == code
    assert fake.writes == []
    assert run(name, {**options, **option}, fake)["changed"] is True


@pytest.mark.parametrize(
    ("name", "options", "option"),
    [
        ("dcos_sa_secret", {"uid": UID, **NEW_SECRET}, "store"),
        ("dcos_sa_secret", {"uid": UID, "path": "gone", "state": "absent"}, "store"),
        ("dcos_sa_secret_info", {"path": "p"}, "store"),
        ("dcos_sa_secret_info", {"path": "gone"}, "store"),
        ("dcos_secret", {"path": "new", "value": "v"}, "store"),
        ("dcos_secret", {"path": "gone", "state": "absent"}, "store"),
        ("dcos_secret_info", {}, "store"),
        ("dcos_token", {"secret_path": "p"}, "secret_store"),
        (
            "dcos_service_account",
            {"uid": UID, "public_key": public_text("b"), "replace_key": True, "secret_path": "p"},
            "secret_store",
        ),
        ("dcos_services", {"services": [{"name": "/svc", "account": UID, "secret_path": "p"}]}, "secret_store"),
    ],
)
def test_a_named_store_is_used(name: str, options: dict[str, Any], option: str, fake: EmulatedCluster) -> None:
    """And one that does not exist is an error, not an empty one."""
    fake.add_account(UID, public_text("a" if name == "dcos_service_account" else "b"))
    fake.store_secret("p", STORED)

    def with_another_store(sent: Sent) -> Any:
        if "/default" in sent.path:
            return error(404)
        return fake(replace(sent, url=sent.url.replace("/vault", "/default")))

    assert failed(name, options, with_another_store)["failure"]
    assert [call for call in fake.writes if not call.endswith(".replacing")] == []
    if name == "dcos_services":
        options, stored = {"services": [{**options["services"][0], option: "vault"}]}, {}
    else:
        stored = {option: "vault"}
    result = run(name, {**options, **stored}, with_another_store)
    assert not result.get("failed"), result


# dcos_access_info


def test_access_info(fake: EmulatedCluster) -> None:
    fake.add_account("watch-principal", public_text("a"))
    fake.add_grant("watch-principal", "dcos:superuser", "full")
    fake.set_members("readers", "watch-principal")
    fake.add_grant("readers", "dcos:adminrouter:package", "full", "groups")
    document = {"uid": "watch-principal", "private_key": private_text("b"), "scheme": "RS256"}
    fake.store_secret("watch/watch-secret", document)
    fake.store_secret("other", "s3cret-value")
    services = [{"name": "/watch", "superuser": True, "superuser_until": "2020-01-01"}, {"name": "/other"}]
    result = run("dcos_access_info", {"services": services}, fake)
    assert result["changed"] is False
    predicted = run("dcos_access_info", {"services": services}, fake, check_mode=True)
    assert {**predicted["access"], "read_at": ""} == {**result["access"], "read_at": ""}
    found = result["access"]
    assert [(each["kind"], each["subject"]) for each in found["findings"]] == [
        ("superuser_expired", "watch-principal"),
        ("key_mismatch", "watch/watch-secret"),
        ("superuser_through_group", "admin"),
    ]
    assert found["counts"] == {"high": 2, "medium": 0, "low": 1}
    assert found["security_mode"] == "strict"
    assert found["accounts"][-1] == {
        "uid": "watch-principal",
        "kind": "service",
        "description": "",
        "provider_type": "internal",
        "fingerprint": fingerprint(public_key("a")),
        "key_size": 2048,
        "superuser": "direct",
        "direct": [{"rid": "dcos:superuser", "actions": ["full"]}],
        "through_groups": [{"gid": "readers", "rid": "dcos:adminrouter:package", "actions": ["full"]}],
        "secrets": ["watch/watch-secret"],
        "findings": ["superuser_expired", "key_mismatch"],
    }
    assert found["accounts"][0]["superuser"] == "group"
    assert found["groups"] == [
        {
            "gid": "readers",
            "direct": [{"rid": "dcos:adminrouter:package", "actions": ["full"]}],
            "members": ["watch-principal"],
        },
        {"gid": "superusers", "direct": [{"rid": "dcos:superuser", "actions": ["full"]}], "members": ["admin"]},
    ]
    assert found["secrets"] == [
        {
            "path": "watch/watch-secret",
            "uid": "watch-principal",
            "fingerprint": fingerprint(public_key("b")),
            "matches_account": False,
        }
    ]
    assert found["unknown"] == []
    shown = json.dumps(result)
    assert "KEY-----" not in shown
    assert "s3cret-value" not in shown


def test_access_info_is_json_serialisable(fake: EmulatedCluster) -> None:
    fake.store_secret("s", '{"uid": "half\\ud800", "private_key": "x"}')
    account = {"uid": "a", "public_key": public_text("a"), "is_service": True, "description": "half \ud800"}
    fake.replies["/users?type=service"] = Reply(200, {"array": [account]})
    fake.add_account("a", public_text("a"))
    found = run("dcos_access_info", {}, fake)["access"]
    assert found["secrets"] == []  # no account could have this uid
    assert found["accounts"][0]["description"] == "half ?"


def test_access_info_reports_unread_parts(fake: EmulatedCluster) -> None:
    for number in range(3):
        fake.store_secret(f"s{number}", "x")
    fake.refused = {"/groups": 403, "/default/s": 403}
    found = run("dcos_access_info", {}, fake)["access"]
    assert [(each["part"], each["subjects"]) for each in found["unknown"]] == [
        ("permissions", []),
        ("secrets", ["s0", "s1", "s2"]),
    ]
    assert "403" in found["unknown"][1]["reason"]
    assert (found["accounts"][0]["superuser"], found["accounts"][0]["direct"]) == (None, None)
    assert found["accounts"][0]["secrets"] is None


# dcos_acl_grant


def test_acl_grant(fake: EmulatedCluster) -> None:
    fake.add_account(UID, public_text("a"))
    permissions = [{"rid": "dcos:a:/b", "actions": ["read", "full"]}, {"rid": "dcos:c", "actions": ["create"]}]
    result = twice("dcos_acl_grant", {"uid": UID, "permissions": permissions}, fake)
    assert len(result["grants"]["granted"]) == 3
    assert fake.grants_of(UID) == {("dcos:a:/b", "read"), ("dcos:a:/b", "full"), ("dcos:c", "create")}
    exclusive = {"uid": UID, "rid": "dcos:c", "actions": ["create"], "exclusive": True}
    twice("dcos_acl_grant", {**exclusive, "keep": [{"rid": "dcos:a:/b", "actions": ["read"]}]}, fake)
    assert fake.grants_of(UID) == {("dcos:a:/b", "read"), ("dcos:c", "create")}
    twice("dcos_acl_grant", {"uid": UID, "rid": "dcos:a:/b", "state": "absent"}, fake)
    twice("dcos_acl_grant", {"uid": UID, "permissions": [], "exclusive": True}, fake)
    assert fake.grants_of(UID) == set()


def test_acl_grant_of_a_group(fake: EmulatedCluster) -> None:
    fake.set_members("dev")
    options = {"gid": "dev", "rid": "dcos:a", "actions": ["full"], "description": "mine"}
    twice("dcos_acl_grant", options, fake)
    assert fake.grants_of("dev", "groups") == {("dcos:a", "full")}
    assert fake.acls["dcos:a"] == "mine"


def test_acl_grant_of_unknown_rids(fake: EmulatedCluster) -> None:
    fake.add_account(UID, public_text("a"))
    slip = {"uid": UID, "rid": "dcos:adminrouter:op:mesos", "actions": ["full"]}
    words = "rid: dcos:adminrouter:op:mesos is not a documented resource id"
    refused = failed("dcos_acl_grant", {**slip, "unknown_rids": "fail"})
    assert refused["msg"].startswith(words)
    assert refused["msg"].endswith("If it is right as it stands, set unknown_rids to warn or ignore.")
    assert refused["failure"]["code"] == "invalid_rid"
    checked = run("dcos_acl_grant", slip, fake, check_mode=True)
    done = run("dcos_acl_grant", slip, fake)
    for result in (checked, done):
        assert len(result["warnings"]) == 1
        assert result["warnings"][0].startswith(words)
    assert fake.grants_of(UID) == {("dcos:adminrouter:op:mesos", "full")}
    assert run("dcos_acl_grant", {**slip, "unknown_rids": "ignore"}, fake)["warnings"] == []
    for options in ({"actions": None}, {"actions": ["full"]}):
        assert run("dcos_acl_grant", {**slip, **options, "state": "absent"}, fake)["warnings"] == []


def test_token(fake: EmulatedCluster) -> None:
    result = run("dcos_token", {}, fake)
    assert result["changed"] is True
    assert result["token"] == fake.tokens[-1]
    assert result["authorization"] == f"token={fake.tokens[-1]}"
    assert result["uid"] == account_of(result["token"]) == "admin"


def test_token_is_returned_if_it_equals_the_connections(fake: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two logins of one account within a second bring one token; that of the connection is hidden."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    fake.add_account(UID, public_text("a"))
    fake.add_grant(UID, "dcos:superuser", "full")
    fake.store_secret("p", {"uid": UID, "private_key": private_text("a")})
    login = {"dcos_url": URL, "dcos_username": UID, "dcos_private_key": private_text("a")}
    result = run("dcos_token", {"secret_path": "p"}, fake, login=login)
    first, second = fake.tokens
    assert result["token"] == first == second
    assert result["authorization"] == f"token={first}"
    hidden = run("dcos_token", {"secret_path": "p", "return_token": False}, fake, login=login)
    assert first not in json.dumps(hidden)


def test_a_kept_token_is_not_printed(fake: EmulatedCluster, tmp_path: Path) -> None:
    fake.add_account(UID, public_text("a"))
    path = tmp_path / "token"
    options = {"uid": UID, "private_key": private_text("a"), "path": str(path)}
    result = twice("dcos_token", options, fake)
    token = path.read_text(encoding="ascii").strip()
    assert account_of(token) == UID
    assert token not in json.dumps(result)
    assert run("dcos_token", {**options, "return_token": True}, fake)["token"] == token
    removed = run("dcos_token", {"path": str(path), "state": "absent"})
    assert removed["changed"] is True
    assert not path.exists()


@pytest.mark.parametrize("way", ["password", "private_key", "private_key_path", "secret_path"])
def test_token_by_every_kind_of_login(way: str, fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    path.write_text(private_text("a"), encoding="ascii")
    path.chmod(0o600)
    if way == "password":
        fake.add_person(UID, "secret-password")
    else:
        fake.add_account(UID, public_text("a"))
    fake.store_secret("p", {"uid": UID, "private_key": private_text("a")})
    value = {"password": "secret-password", "private_key": private_text("a"), "private_key_path": str(path)}
    result = run("dcos_token", {"uid": UID, way: value.get(way, "p"), "return_token": False}, fake)
    assert result["uid"] == UID
    printed = json.dumps(result)
    assert "secret-password" not in printed
    assert "PRIVATE" not in printed
    assert account_of(fake.tokens[-1]) == UID
    assert not [token for token in fake.tokens if token in printed]


# Reading modules


def test_cluster_info(fake: EmulatedCluster) -> None:
    result = run("dcos_cluster_info", {}, fake, check_mode=True)
    assert result["changed"] is False
    assert result["cluster_info"]["security_mode"] == "strict"
    assert result["cluster_info"]["version"] == "2.2.4"


def test_service_account_info(fake: EmulatedCluster) -> None:
    for uid in ("svc", "a.replacing"):
        fake.add_account(uid, public_text("a"), "d")
    shown = run("dcos_service_account_info", {}, fake)["service_accounts"]
    assert [(one["uid"], one["native"], one["replacing"]) for one in shown] == [
        ("a.replacing", False, True),
        *((uid, True, False) for uid in sorted(NATIVE_ACCOUNTS)),
        ("svc", False, False),
    ]
    assert shown[0]["fingerprint"] == shown[-1]["fingerprint"] == fingerprint(public_key("a"))
    (one,) = run("dcos_service_account_info", {"uid": "svc"}, fake)["service_accounts"]
    assert one == shown[-1]
    for uid in ("none", "admin"):
        assert run("dcos_service_account_info", {"uid": uid}, fake)["service_accounts"] == []
    assert failed("dcos_service_account_info", {"uid": "a b"})["failure"]["code"] == "invalid_uid"
    assert fake.writes == []


def test_acl_grant_info(fake: EmulatedCluster) -> None:
    fake.add_account(UID, public_text("a"))
    fake.set_members("dev", UID)
    fake.add_grant(UID, "dcos:a", "read")
    fake.add_grant("dev", "dcos:a", "full", "groups")
    grants = run("dcos_acl_grant_info", {"uid": UID}, fake)["grants"]
    assert grants == {
        "direct": [{"rid": "dcos:a", "actions": ["read"]}],
        "through_groups": [{"gid": "dev", "rid": "dcos:a", "actions": ["full"]}],
    }
    assert run("dcos_acl_grant_info", {"gid": "dev"}, fake)["grants"]["direct"] == [
        {"rid": "dcos:a", "actions": ["full"]}
    ]
    assert run("dcos_acl_grant_info", {"rid": "dcos:a"}, fake)["resource"] == {
        "rid": "dcos:a",
        "users": [{"uid": UID, "actions": ["read"]}],
        "groups": [{"gid": "dev", "actions": ["full"]}],
    }
    assert run("dcos_acl_grant_info", {"uid": "none"}, fake)["grants"] is None
    assert run("dcos_acl_grant_info", {"rid": "dcos:none"}, fake)["resource"] is None
    assert failed("dcos_acl_grant_info", {"rid": "a b"})["failure"]["code"] == "invalid_rid"
    assert failed("dcos_acl_grant_info", {})["msg"]
    assert fake.writes == []


def test_sa_secret_info(fake: EmulatedCluster) -> None:
    fake.add_account(UID, public_text("a"))
    document = {"uid": UID, "scheme": "RS256", "login_endpoint": "https://x/y", "private_key": private_text("a")}
    fake.store_secret("p", document)
    result = run("dcos_sa_secret_info", {"path": "/p"}, fake)
    assert "PRIVATE" not in json.dumps(result)
    secret = result["secret"]
    assert (secret["path"], secret["uid"], secret["scheme"]) == ("p", UID, "RS256")
    assert (secret["is_document"], secret["matches_account"], secret["pending"]) == (True, True, False)
    assert secret["fingerprint"] == fingerprint(public_key("a"))
    fake.store_secret("p-next", {**document, "private_key": private_text("b")})
    fake.change_account(UID, public_text("b"))
    secret = run("dcos_sa_secret_info", {"path": "p"}, fake)["secret"]
    assert (secret["matches_account"], secret["pending"]) == (False, True)
    fake.store_secret("p", "S3CRET")
    result = run("dcos_sa_secret_info", {"path": "p"}, fake)
    assert result["secret"]["is_document"] is False
    assert "S3CRET" not in json.dumps(result)
    assert run("dcos_sa_secret_info", {"path": "none"}, fake)["secret"] is None
    assert fake.writes == []


ODD_FIELDS = [
    {"scheme": {"private_key": "S3CRET"}},
    {"scheme": "S3CRET with blanks"},
    {"scheme": ["S3CRET"]},
    {"login_endpoint": "https://joe:S3CRET@host/login"},
    {"login_endpoint": "https://leader.mesos/acs/api/v1/auth/login?ticket=S3CRET"},
    {"login_endpoint": "https://leader.mesos/acs/api/v1/auth/login#S3CRET"},
    {"login_endpoint": "S3CRET"},
    {"login_endpoint": {"S3CRET": 1}},
    {"note": "S3CRET"},
]


@pytest.mark.parametrize("odd", ODD_FIELDS, ids=str)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dcos_sa_secret_info", {}),
        ("dcos_sa_secret", {"uid": UID, "state": "absent"}),
        ("dcos_sa_secret", {"uid": UID, "generate_key": True, "security_mode": "strict"}),
    ],
    ids=["info", "absent", "present"],
)
def test_malformed_fields_of_a_document_are_not_shown(
    name: str, options: dict[str, Any], odd: dict[str, Any], fake: EmulatedCluster
) -> None:
    fake.add_account(UID, public_text("a"))
    fake.store_secret("p", {"uid": UID, "scheme": "RS256", "private_key": private_text("a"), **odd})
    for check_mode in (True, False):
        result = run(name, {"path": "p", **options}, fake, check_mode, diff=True)
        assert not result.get("failed"), result
        assert "S3CRET" not in json.dumps(result)


@pytest.mark.parametrize("uid", ["", ".", "..", "a/b", "S3CRET\n", "anonymous", "x" * 97])
def test_a_document_with_an_impossible_uid_is_none(uid: str, fake: EmulatedCluster) -> None:
    fake.store_secret("p", {"uid": uid, "private_key": private_text("a")})
    secret = run("dcos_sa_secret_info", {"path": "p"}, fake)["secret"]
    assert {name for name, value in secret.items() if value is not None} == {"store", "path", "is_document"}
    assert secret["is_document"] is False
    assert failed("dcos_token", {"secret_path": "p"}, fake)["failure"]["code"] == "foreign_secret"


# All of them


def test_wrong_credentials_are_reported_but_not_quoted(fake: EmulatedCluster) -> None:
    options = {**LOGIN, "dcos_password": "wrong-S3CRET"}
    result = run("dcos_cluster_info", {}, fake, login=options)
    assert result["failed"] is True
    assert result["failure"]["status"] == 401
    assert result["failure"]["code"] == "credentials"
    assert "S3CRET" not in json.dumps(result)


def test_environment_variables_fill_in_for_the_task(fake: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DCOS_URL", URL + "/"), ("DCOS_USERNAME", "admin"), ("DCOS_PASSWORD", "admin-password")):
        monkeypatch.setenv(name, value)
    result = run("dcos_cluster_info", {}, fake, login={"dcos_username": "", "dcos_password": ""})
    assert result["cluster"] == {"url": URL, "credentials_from": "environment"}


# dcos_services


def test_services(fake: EmulatedCluster) -> None:
    services = [{"name": "/team/api"}, {"name": "/team/queue", "superuser": True}]
    result = twice("dcos_services", {"services": services}, fake)
    assert result["counts"] == {"total": 2, "changed": 2, "unchanged": 0, "failed": 0}
    assert fake.grants_of("team__queue-principal") == {("dcos:superuser", "full")}
    assert list(result["diff"]["after"]) == ["/team/api", "/team/queue"]
    twice("dcos_services", {"services": services, "state": "absent", "concurrency": 1}, fake)
    assert fake.secrets == {}


def test_failed_services_are_named_with_the_whole_result(fake: EmulatedCluster, tmp_path: Path) -> None:
    fake.store_secret("team/api/api-secret", "somebody else's s3cret")
    told = tmp_path / "progress"
    told.write_text("", encoding="utf-8")
    options = {"services": [{"name": "/team/api"}, {"name": "/team/queue"}], "progress_path": str(told)}
    result = run("dcos_services", options, fake, diff=True)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "1 of 2 services failed" in result["msg"]
    assert result["failure"]["code"] == "foreign_secret"
    assert [service["failed"] for service in result["services"]] == [True, False]
    assert list(result["diff"]["before"]) == ["/team/queue"]
    assert "s3cret" not in json.dumps(result)
    assert [json.loads(line)["failed"] for line in told.read_text(encoding="utf-8").splitlines()][-1] == 0
    again = run("dcos_services", {**options, "progress": False}, fake)
    assert (again["failed"], again["changed"]) == (True, False)
    assert len(told.read_text(encoding="utf-8").splitlines()) == 3


# dcos_user, dcos_group


def test_users_and_groups(fake: EmulatedCluster) -> None:
    result = twice("dcos_group", {"gid": "crew", "description": "The crew"}, fake)
    assert result["group"]["members"] == []
    user = {"uid": UID, "password": "first-password", "groups": ["crew"]}
    result = twice("dcos_user", user, fake)
    assert result["user"]["groups"] == ["crew"]
    changed = {**user, "password": "another-password", "update_password": "always", "groups_exclusive": True}
    result = twice("dcos_user", changed, fake)
    assert fake.has_password(UID, "another-password")
    assert "another-password" not in json.dumps(result)
    grants = {"gid": "crew", "rid": "dcos:adminrouter:package", "actions": ["full"]}
    twice("dcos_acl_grant", grants, fake)
    found = run("dcos_user_info", {"uid": UID}, fake)
    assert found["users"] == [result["user"]]
    (crew,) = run("dcos_group_info", {"gid": "crew"}, fake)["groups"]
    assert crew["members"] == [UID]
    result = twice("dcos_group", {"gid": "crew", "state": "absent"}, fake)
    assert (result["group"], result["diff"]["after"]) == (None, {})
    assert result["diff"]["before"]["permissions"] == [{"rid": "dcos:adminrouter:package", "actions": ["full"]}]
    assert twice("dcos_user", {"uid": UID, "state": "absent"}, fake)["user"] is None


def test_superusers_of_a_module(fake: EmulatedCluster) -> None:
    fake.add_person(UID)
    options = {"gid": "superusers", "members": [UID]}
    assert failed("dcos_group", options, fake)["failure"]["code"] == "native_account"
    twice("dcos_group", {**options, "allow_superusers": True}, fake)
    options = {"gid": "superusers", "members": [UID], "members_exclusive": True, "allow_superusers": True}
    assert failed("dcos_group", options, fake)["failure"]["code"] == "own_account"


@pytest.mark.parametrize(
    ("kind", "name"), [("saml", None), ("saml", ""), ("oidc", None), ("ldap", "x"), ("internal", "x"), (None, "x")]
)
def test_provider_id_goes_with_the_provider_type(kind: str | None, name: str | None, fake: EmulatedCluster) -> None:
    given = {"provider_type": kind, "provider_id": name}
    options = {"uid": UID, **{option: value for option, value in given.items() if value is not None}}
    result = failed("dcos_user", options, fake)
    assert result["failure"]["code"] == "ERR_INVALID_DATA"
    assert result["msg"].startswith("provider_id: ")
    assert fake.calls == []


# The text of a key where a path belongs

PEM = private_text("a")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dcos_cluster_info", {"dcos_password": "", "dcos_private_key_path": PEM}),
        ("dcos_cluster_info", {"dcos_ca_path": PEM}),
        ("dcos_cluster_info", {"dcos_config": PEM, "dcos_url": ""}),
        ("dcos_ca", {"path": PEM}),
        ("dcos_ca", {"path": "/nowhere/ca.crt", "source_path": PEM}),
        ("dcos_keypair", {"private_key_path": PEM}),
        ("dcos_keypair", {"private_key_path": PEM, "state": "absent"}),
        ("dcos_keypair", {"private_key_path": "/nowhere/k.pem", "public_key_path": PEM}),
        ("dcos_sa_secret", {"uid": UID, "path": "p", "private_key_path": PEM, "security_mode": "strict"}),
        ("dcos_sa_secret", {"uid": UID, "path": PEM, "generate_key": True, "security_mode": "strict"}),
        ("dcos_sa_secret_info", {"path": PEM}),
        ("dcos_secret", {"path": PEM, "value": "v"}),
        ("dcos_secret", {"path": "p", "src": PEM}),
        ("dcos_secret", {"path": "p", "generate": {"characters": PEM}}),
        ("dcos_secret", {"path": "p", "value": [PEM]}),
        ("dcos_secret_info", {"path": PEM}),
        ("dcos_service_account", {"uid": UID, "public_key_path": PEM}),
        ("dcos_service_account", {"uid": PEM}),
        ("dcos_service_account", {"uid": UID, "public_key": PEM}),
        ("dcos_token", {"uid": UID, "private_key_path": PEM}),
        ("dcos_token", {"path": PEM}),
        ("dcos_acl_grant", {"uid": UID, "rid": PEM, "actions": ["read"]}),
        ("dcos_services", {"services": [{"name": "/a", "key_store": "file", "key_dir": PEM}]}),
        ("dcos_services", {"services": [{"name": PEM}]}),
        ("dcos_user", {"uid": PEM}),
        ("dcos_user", {"uid": UID, "groups": [PEM]}),
        ("dcos_group", {"gid": UID, "members": [PEM]}),
    ],
)
def test_a_misplaced_key_is_not_shown(
    name: str, options: dict[str, Any], fake: EmulatedCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in the message nor among the arguments, which Ansible shows with -v."""
    login = {} if name == "dcos_keypair" else {**LOGIN}
    result = run(name, options, fake, login=login)
    assert result["failed"] is True
    shown = json.dumps(result) + capsys.readouterr().out
    for line in PEM.splitlines()[1:-1]:
        assert line not in shown
    assert fake.writes == []
