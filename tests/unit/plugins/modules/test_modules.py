# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module through its main(): options in, result out, check mode, and what no output may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.fake_cluster import URL, FakeCluster, token_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    certificate_text,
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import LOGIN, run

UID = "svc"


@pytest.fixture
def fake() -> FakeCluster:
    return FakeCluster()


def twice(name: str, options: dict[str, Any], fake: FakeCluster) -> dict[str, Any]:
    """Predicted, done, and unchanged when done again; the result of the real run."""
    before = fake.state()
    predicted = run(name, options, fake, check_mode=True, diff=True)
    assert fake.state() == before
    result = run(name, options, fake, diff=True)
    assert "failed" not in result, result
    assert predicted["changed"] is result["changed"] is True
    assert predicted["check_mode"] is True
    assert set(predicted) - {"provisional", "check_mode"} == set(result)
    again = run(name, options, fake, diff=True)
    assert again["changed"] is False
    assert again["diff"]["before"] == again["diff"]["after"]
    assert result["cluster"] == {"url": URL, "credentials_from": "task"}
    assert "PRIVATE KEY" not in json.dumps([predicted, result, again])
    return result


def failed(name: str, options: dict[str, Any], fake: FakeCluster | None = None) -> dict[str, Any]:
    result = run(name, options, fake)
    assert result["failed"] is True
    return result


# dcos_service_account


@pytest.mark.parametrize("way", ["public_key", "public_key_path"])
def test_service_account(way: str, fake: FakeCluster, tmp_path: Path) -> None:
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


def test_service_account_looks_for_the_private_half(fake: FakeCluster) -> None:
    options = {"uid": UID, "public_key": public_text("b"), "replace_key": True, "secret_path": "svc/sec"}
    fake.add_account(UID, public_text("a"))
    stored = {"uid": UID, "private_key": private_text("a"), "scheme": "RS256", "login_endpoint": ""}
    fake.secrets["svc/sec"] = json.dumps(stored)
    assert failed("dcos_service_account", options, fake)["failure"]["code"] == "key_mismatch"
    assert fake.users[UID]["public_key"] == public_text("a")
    fake.secrets["svc/sec-next"] = json.dumps({**stored, "private_key": private_text("b")})
    twice("dcos_service_account", options, fake)
    assert fake.users[UID]["public_key"] == public_text("b")
    assert failed("dcos_service_account", {**options, "secret_path": "a//b"}, fake)["msg"].startswith("secret_path: ")


def test_service_account_refuses_what_is_no_public_key(tmp_path: Path) -> None:
    result = failed("dcos_service_account", {"uid": UID, "public_key": private_text("a")})
    assert result["failure"]["code"] == "invalid_key"
    assert result["msg"].startswith("public_key: ")
    path = tmp_path / "k.pem"
    path.write_text("words", encoding="ascii")
    assert str(path) in failed("dcos_service_account", {"uid": UID, "public_key_path": str(path)})["msg"]
    both = {"uid": UID, "public_key": "x", "public_key_path": "y"}
    assert "mutually exclusive" in failed("dcos_service_account", both)["msg"]


# dcos_sa_secret


def test_sa_secret_with_a_key_that_nobody_sees(fake: FakeCluster) -> None:
    options = {"uid": UID, "path": "/a/secret", "generate_key": True, "security_mode": "strict"}
    result = twice("dcos_sa_secret", options, fake)
    stored = fake.document("a/secret")
    assert stored["uid"] == UID
    assert "PRIVATE KEY" in stored["private_key"]
    assert result["secret"]["path"] == "a/secret"
    twice("dcos_sa_secret", {"uid": UID, "path": "a/secret", "state": "absent"}, fake)
    assert fake.secrets == {}


@pytest.mark.parametrize("way", ["private_key", "private_key_path"])
def test_sa_secret_with_a_given_key(way: str, fake: FakeCluster, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    path.write_text(private_text("a", form="TraditionalOpenSSL"), encoding="ascii")
    path.chmod(0o600)
    given = {"private_key": private_text("a"), "private_key_path": str(path)}[way]
    endpoint = "https://dcos.example.com/acs/api/v1/auth/login"
    result = twice("dcos_sa_secret", {"uid": UID, "path": "p", way: given, "login_endpoint": endpoint}, fake)
    assert fake.document("p")["private_key"] == private_text("a")
    assert fake.document("p")["login_endpoint"] == endpoint
    assert result["secret"]["fingerprint"] == fingerprint(public_key("a"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"generate_key": True, "private_key": "x"},
        {"private_key": "x", "private_key_path": "y"},
    ],
)
def test_sa_secret_wants_exactly_one_key(options: dict[str, Any]) -> None:
    result = failed("dcos_sa_secret", {"uid": UID, "path": "p", "security_mode": "strict", **options})
    assert result["failure"]["code"] == "invalid_key"


def test_sa_secret_wants_exactly_one_endpoint() -> None:
    options = {"uid": UID, "path": "p", "generate_key": True}
    assert "login_endpoint" in failed("dcos_sa_secret", options)["msg"]
    both = {**options, "security_mode": "strict", "login_endpoint": "https://a/b"}
    assert "mutually exclusive" in failed("dcos_sa_secret", both)["msg"]


@pytest.mark.parametrize("endpoint", ["leader.mesos", "https://u:S3CRET@leader.mesos/x", "ftp://a/b"])
def test_sa_secret_checks_a_given_endpoint(endpoint: str) -> None:
    options = {"uid": UID, "path": "p", "generate_key": True, "login_endpoint": endpoint}
    result = failed("dcos_sa_secret", options)
    assert result["msg"].startswith("login_endpoint: ")
    assert "S3CRET" not in json.dumps(result)


def test_sa_secret_shows_nothing_of_a_broken_key(fake: FakeCluster) -> None:
    broken = private_text("a").replace("\n", " S3CRET\n", 3)
    options = {"uid": UID, "path": "p", "private_key": broken, "security_mode": "strict"}
    result = failed("dcos_sa_secret", options, fake)
    assert result["failure"]["code"] == "invalid_key"
    assert "S3CRET" not in json.dumps(result)


def test_sa_secret_in_permissive_mode_as_old_versions_wrote_it(fake: FakeCluster) -> None:
    fake.metadata["bootstrap-config.json"]["security"] = "permissive"
    options = {"uid": UID, "path": "p", "generate_key": True, "security_mode": "permissive"}
    run("dcos_sa_secret", {**options, "legacy_login_endpoint": "always"}, fake)
    assert fake.document("p")["login_endpoint"].startswith("http://")
    run("dcos_sa_secret", options, fake)
    assert fake.document("p")["login_endpoint"].startswith("https://")


def test_what_is_deleted_needs_no_key(fake: FakeCluster, tmp_path: Path) -> None:
    """So that a task with a variable for its state can retire what it made, when the local files are gone."""
    gone = {"uid": UID, "state": "absent"}
    fake.add_account(UID, public_text("a"))
    fake.secrets["p"] = json.dumps({"uid": UID, "private_key": private_text("a")})
    secret = {**gone, "path": "p", "private_key_path": str(tmp_path / "gone.pem")}
    assert run("dcos_sa_secret", secret, fake)["changed"] is True
    account = {**gone, "public_key_path": str(tmp_path / "gone.pub")}
    assert run("dcos_service_account", account, fake)["changed"] is True


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
        ("dcos_acl_grant", {"uid": UID, "rid": "dcos:xyz", "actions": ["read"], "unknown_rids": "fail"},
         {"unknown_rids": "warn"}, "invalid_rid"),
    ],
)  # fmt: skip
def test_what_an_option_allows(
    name: str, options: dict[str, Any], option: dict[str, Any], code: str, fake: FakeCluster
) -> None:
    fake.add_account(UID, public_text("a"))
    fake.add_account("dcos_there", public_text("a"))
    fake.secrets["p"] = STORED
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
        ("dcos_token", {"secret_path": "p"}, "secret_store"),
        (
            "dcos_service_account",
            {"uid": UID, "public_key": public_text("b"), "replace_key": True, "secret_path": "p"},
            "secret_store",
        ),
        ("dcos_services", {"services": [{"name": "/svc", "account": UID, "secret_path": "p"}]}, "secret_store"),
    ],
)
def test_another_store_is_asked_where_it_is_named(
    name: str, options: dict[str, Any], option: str, fake: FakeCluster
) -> None:
    """And one that does not exist is an error, not an empty one."""
    fake.add_account(UID, public_text("a" if name == "dcos_service_account" else "b"))
    fake.secrets["p"] = STORED
    fake.store = "vault"
    assert failed(name, options, fake)["failure"]
    assert [call for call in fake.writes if not call.endswith(".replacing")] == []
    if name == "dcos_services":
        options, stored = {"services": [{**options["services"][0], option: "vault"}]}, {}
    else:
        stored = {option: "vault"}
    result = run(name, {**options, **stored}, fake)
    assert not result.get("failed"), result


# dcos_access_info


def test_access_info(fake: FakeCluster) -> None:
    fake.add_account("watch-principal", public_text("a"))
    fake.add_grant("watch-principal", "dcos:superuser", "full")
    fake.groups["readers"] = {"watch-principal"}
    fake.add_grant("readers", "dcos:adminrouter:package", "full", "groups")
    document = {"uid": "watch-principal", "private_key": private_text("b"), "scheme": "RS256"}
    fake.secrets.update({"watch/watch-secret": json.dumps(document), "other": "s3cret-value"})
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
    assert found["accounts"][1] == {
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


def test_access_info_can_be_written_down(fake: FakeCluster) -> None:
    fake.secrets["s"] = '{"uid": "half\\ud800", "private_key": "x"}'
    fake.add_account("a", public_text("a"), "half \ud800")
    found = run("dcos_access_info", {}, fake)["access"]
    assert found["secrets"] == []  # no account could have this uid
    assert found["accounts"][0]["description"] == "half \\ud800"


def test_access_info_tells_what_it_did_not_read(fake: FakeCluster) -> None:
    for number in range(3):
        fake.secrets[f"s{number}"] = "x"
    fake.refused = {"/groups": 403, "/default/s": 403}
    found = run("dcos_access_info", {}, fake)["access"]
    assert [(each["part"], each["subjects"]) for each in found["unknown"]] == [
        ("permissions", []),
        ("secrets", ["s0", "s1", "s2"]),
    ]
    assert "403" in found["unknown"][1]["reason"]
    assert (found["accounts"][0]["superuser"], found["accounts"][0]["direct"]) == (None, None)
    assert found["accounts"][0]["secrets"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"services": [{"name": "/a"}, {"name": "/b", "superuser_until": "soon"}]}, "services[1].superuser_until"),
        ({"services": [{"nome": "/a"}]}, "services[0].nome"),
        ({"secret_store": "a/b"}, "secret_store"),
    ],
)
def test_access_info_refuses_before_the_first_request(options: dict[str, Any], words: str) -> None:
    assert words in failed("dcos_access_info", options)["msg"]


# dcos_acl_grant


def test_acl_grant(fake: FakeCluster) -> None:
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


def test_acl_grant_of_a_group(fake: FakeCluster) -> None:
    fake.groups["dev"] = set()
    options = {"gid": "dev", "rid": "dcos:a", "actions": ["full"], "description": "mine"}
    twice("dcos_acl_grant", options, fake)
    assert fake.grants_of("dev", "groups") == {("dcos:a", "full")}
    assert fake.acls["dcos:a"] == "mine"


def test_acl_grant_of_unknown_rids(fake: FakeCluster) -> None:
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


@pytest.mark.parametrize(
    "options",
    [
        {"rid": "dcos:a", "actions": ["read"]},
        {"uid": UID, "gid": "g", "rid": "dcos:a", "actions": ["read"]},
        {"uid": UID},
        {"uid": UID, "rid": "dcos:a", "permissions": []},
        {"uid": UID, "permissions": [], "actions": ["read"]},
        {"uid": UID, "permissions": [], "description": "x"},
        {"uid": UID, "rid": "dcos:a", "actions": ["write"]},
        {"uid": UID, "rid": "dcos:a"},
        {"uid": UID, "rid": "dcos:a", "actions": []},
        {"uid": UID, "rid": "dcos:a", "actions": [], "state": "absent"},
        {"uid": UID, "permissions": [{"rid": "dcos:a", "actions": []}], "state": "absent"},
        {"uid": UID, "rid": "a b", "actions": ["read"]},
        {"uid": UID, "rid": "dcos:a", "actions": ["read"], "exclusive": True, "state": "absent"},
        {"uid": UID, "permissions": [], "keep": [{"rid": "x", "actions": ["read"]}]},
        {"uid": "dcos_mine", "rid": "dcos:a", "actions": ["read"]},
    ],
)
def test_acl_grant_refuses_contradictions_before_any_request(options: dict[str, Any]) -> None:
    assert failed("dcos_acl_grant", options)["msg"]


# dcos_token


@pytest.mark.parametrize(("options", "lifetime"), [({}, 300), ({"login_token_lifetime": 60}, 60)])
def test_a_login_token_lives_as_long_as_is_said(options: dict[str, Any], lifetime: int) -> None:
    login = {"uid": UID, "private_key": private_text("a"), "exchange": False, "return_token": False}
    assert lifetime - 20 < run("dcos_token", {**login, **options})["expires_in"] <= lifetime


def test_token(fake: FakeCluster) -> None:
    result = run("dcos_token", {}, fake)
    assert result["changed"] is True
    assert result["token"] == token_of("admin")
    assert result["authorization"] == f"token={token_of('admin')}"
    assert result["uid"] == "admin"


def test_token_is_returned_where_the_connection_has_the_very_same_one(fake: FakeCluster) -> None:
    """Two logins of one account within a second bring one token; that of the connection is hidden."""
    fake.add_account("admin", public_text("a"))
    fake.users["admin"]["password"] = LOGIN["dcos_password"]
    fake.secrets["p"] = json.dumps({"uid": "admin", "private_key": private_text("a")})
    result = run("dcos_token", {"secret_path": "p"}, fake)
    assert result["token"] == token_of("admin")
    assert result["authorization"] == f"token={token_of('admin')}"
    assert token_of("admin") not in json.dumps(run("dcos_token", {"secret_path": "p", "return_token": False}, fake))


def test_token_that_is_kept_is_not_printed(fake: FakeCluster, tmp_path: Path) -> None:
    fake.add_account(UID, public_text("a"))
    path = tmp_path / "token"
    options = {"uid": UID, "private_key": private_text("a"), "path": str(path)}
    result = twice("dcos_token", options, fake)
    assert path.read_text(encoding="ascii").strip() == token_of(UID)
    assert token_of(UID) not in json.dumps(result)
    assert run("dcos_token", {**options, "return_token": True}, fake)["token"] == token_of(UID)
    removed = run("dcos_token", {"path": str(path), "state": "absent"})
    assert removed["changed"] is True
    assert not path.exists()


@pytest.mark.parametrize("way", ["password", "private_key", "private_key_path", "secret_path"])
def test_token_by_every_way(way: str, fake: FakeCluster, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    path.write_text(private_text("a"), encoding="ascii")
    path.chmod(0o600)
    fake.add_account(UID, public_text("a"))
    if way == "password":
        fake.add_person(UID, "secret-password")
    fake.secrets["p"] = json.dumps({"uid": UID, "private_key": private_text("a")})
    value = {"password": "secret-password", "private_key": private_text("a"), "private_key_path": str(path)}
    result = run("dcos_token", {"uid": UID, way: value.get(way, "p"), "return_token": False}, fake)
    assert result["uid"] == UID
    printed = json.dumps(result)
    assert "secret-password" not in printed
    assert "PRIVATE" not in printed
    assert token_of(UID) not in printed


@pytest.mark.parametrize(
    "options",
    [
        {"uid": UID},
        {"password": "x-password"},
        {"uid": UID, "password": "x-password", "secret_path": "p"},
        {"state": "absent"},
    ],
)
def test_token_refuses_half_a_login(options: dict[str, Any]) -> None:
    assert "x-password" not in json.dumps(failed("dcos_token", options))


# Reading modules


def test_cluster_info(fake: FakeCluster) -> None:
    result = run("dcos_cluster_info", {}, fake, check_mode=True)
    assert result["changed"] is False
    assert result["cluster_info"]["security_mode"] == "strict"
    assert result["cluster_info"]["version"] == "2.2.4"


def test_service_account_info(fake: FakeCluster) -> None:
    for uid in ("svc", "dcos_marathon", "a.replacing"):
        fake.add_account(uid, public_text("a"), "d")
    shown = run("dcos_service_account_info", {}, fake)["service_accounts"]
    assert [(one["uid"], one["native"], one["replacing"]) for one in shown] == [
        ("a.replacing", False, True),
        ("dcos_marathon", True, False),
        ("svc", False, False),
    ]
    assert {one["fingerprint"] for one in shown} == {fingerprint(public_key("a"))}
    (one,) = run("dcos_service_account_info", {"uid": "svc"}, fake)["service_accounts"]
    assert one == shown[2]
    for uid in ("none", "admin"):
        assert run("dcos_service_account_info", {"uid": uid}, fake)["service_accounts"] == []
    assert failed("dcos_service_account_info", {"uid": "a b"})["failure"]["code"] == "invalid_uid"
    assert fake.writes == []


def test_acl_grant_info(fake: FakeCluster) -> None:
    fake.add_account(UID, public_text("a"))
    fake.groups["dev"] = {UID}
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


def test_sa_secret_info(fake: FakeCluster) -> None:
    fake.add_account(UID, public_text("a"))
    document = {"uid": UID, "scheme": "RS256", "login_endpoint": "https://x/y", "private_key": private_text("a")}
    fake.secrets["p"] = json.dumps(document)
    result = run("dcos_sa_secret_info", {"path": "/p"}, fake)
    assert "PRIVATE" not in json.dumps(result)
    secret = result["secret"]
    assert (secret["path"], secret["uid"], secret["scheme"]) == ("p", UID, "RS256")
    assert (secret["is_document"], secret["matches_account"], secret["pending"]) == (True, True, False)
    assert secret["fingerprint"] == fingerprint(public_key("a"))
    fake.secrets["p-next"] = json.dumps({**document, "private_key": private_text("b")})
    fake.users[UID]["public_key"] = public_text("b")
    secret = run("dcos_sa_secret_info", {"path": "p"}, fake)["secret"]
    assert (secret["matches_account"], secret["pending"]) == (False, True)
    fake.secrets["p"] = "S3CRET"
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
def test_a_field_in_which_somebody_put_a_secret_is_not_shown(
    name: str, options: dict[str, Any], odd: dict[str, Any], fake: FakeCluster
) -> None:
    fake.add_account(UID, public_text("a"))
    fake.secrets["p"] = json.dumps({"uid": UID, "scheme": "RS256", "private_key": private_text("a"), **odd})
    for check_mode in (True, False):
        result = run(name, {"path": "p", **options}, fake, check_mode, diff=True)
        assert not result.get("failed"), result
        assert "S3CRET" not in json.dumps(result)


@pytest.mark.parametrize("uid", ["", ".", "..", "a/b", "S3CRET\n", "anonymous", "x" * 97])
def test_what_names_no_account_that_could_be_is_no_document(uid: str, fake: FakeCluster) -> None:
    fake.secrets["p"] = json.dumps({"uid": uid, "private_key": private_text("a")})
    secret = run("dcos_sa_secret_info", {"path": "p"}, fake)["secret"]
    assert {name for name, value in secret.items() if value is not None} == {"store", "path", "is_document"}
    assert secret["is_document"] is False
    assert failed("dcos_token", {"secret_path": "p"}, fake)["failure"]["code"] == "foreign_secret"


# dcos_ca


def test_ca_without_any_request(tmp_path: Path) -> None:
    source, path = tmp_path / "given.pem", tmp_path / "ca.pem"
    source.write_text(certificate_text(), encoding="ascii")
    options = {"path": str(path), "source_path": str(source)}
    site = {"dcos_url": URL}
    result = run("dcos_ca", options, login=site)
    assert result["changed"] is True
    assert result["ca"]["trusted_by"] == "file"
    assert result["cluster"] == {"url": URL, "credentials_from": None}
    assert path.read_text(encoding="ascii") == certificate_text()
    assert run("dcos_ca", options, login=site)["changed"] is False
    # Nor does a cluster have to be named.
    again = run("dcos_ca", {**options, "fingerprint": [""]}, login={})
    assert (again["changed"], again["cluster"]) == (False, {"url": None, "credentials_from": None})
    assert run("dcos_ca", {"path": str(path), "state": "absent"}, login={})["changed"] is True
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"owner": "nobody-of-this-name"}, "owner: this host knows no 'nobody-of-this-name'"),
        ({"group": "nobody-of-this-name"}, "group: this host knows no"),
        ({"mode": "u=everything"}, "mode: 'u=everything' is neither octal"),
        ({"mode": "0999"}, "mode: '0999' is neither octal"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_attributes_of_files_are_looked_at_before_the_first_write(
    options: dict[str, Any], message: str, check_mode: bool, tmp_path: Path
) -> None:
    path = tmp_path / "k.pem"
    keypair = {"private_key_path": str(path), **options}
    result = run("dcos_keypair", keypair, check_mode=check_mode, login={})
    assert result["msg"].startswith(message)
    assert result["failure"] == {"status": None, "code": None, "title": None}
    assert list(tmp_path.iterdir()) == []
    # What goes needs none of them.
    assert run("dcos_keypair", {**keypair, "state": "absent"}, login={})["changed"] is False


@pytest.mark.parametrize("mode", ["0600", "600", "0o600", 0o600, "u=rw,g=,o=", "u+rw,go-rwx", "a-x"])
def test_every_way_to_write_a_mode(mode: object, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    result = run("dcos_keypair", {"private_key_path": str(path), "mode": mode}, login={})
    assert not result.get("failed"), result
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("bare_surroundings")
def test_ca_of_no_cluster(tmp_path: Path) -> None:
    result = run("dcos_ca", {"path": str(tmp_path / "ca.pem"), "source_path": ""}, login={})
    assert result["failure"]["code"] == "credentials"
    assert "no cluster is named" in result["msg"]


# dcos_keypair


def test_keypair(tmp_path: Path) -> None:
    private, public = tmp_path / "k.pem", tmp_path / "k.pub.pem"
    options = {"private_key_path": str(private), "public_key_path": str(public)}
    predicted = run("dcos_keypair", options, check_mode=True, diff=True, login={})
    assert predicted["changed"] is True
    assert predicted["provisional"] is True
    assert list(tmp_path.iterdir()) == []
    result = run("dcos_keypair", options, diff=True, login={})
    assert result["changed"] is True
    assert (private.stat().st_mode & 0o777, public.stat().st_mode & 0o777) == (0o600, 0o644)
    assert private.read_text(encoding="ascii") not in json.dumps(result)
    assert "PRIVATE KEY" not in json.dumps([predicted, result])
    again = run("dcos_keypair", options, diff=True, login={})
    assert again["changed"] is False
    assert again["keypair"] == result["keypair"]
    assert "cluster" not in result


def test_keypair_sets_a_mode_that_is_too_loose(tmp_path: Path) -> None:
    private = tmp_path / "k.pem"
    private.write_text(private_text("a"), encoding="ascii")
    private.chmod(0o644)
    options = {"private_key_path": str(private)}
    assert run("dcos_keypair", options, check_mode=True, login={})["changed"] is True
    assert private.stat().st_mode & 0o777 == 0o644
    assert run("dcos_keypair", options, login={})["changed"] is True
    assert private.stat().st_mode & 0o777 == 0o600
    assert run("dcos_keypair", options, login={})["changed"] is False
    assert run("dcos_keypair", {**options, "mode": "0640"}, login={})["changed"] is True
    assert private.stat().st_mode & 0o777 == 0o640
    assert private.read_text(encoding="ascii") == private_text("a")


def test_keypair_failures_have_their_structure(tmp_path: Path) -> None:
    result = run("dcos_keypair", {"private_key_path": str(tmp_path / "none" / "k")}, login={})
    assert result["failed"] is True
    assert set(result["failure"]) == {"status", "code", "title"}
    for bad in ({"private_key_path": str(tmp_path)}, {"private_key_path": str(tmp_path / "k"), "size": 1024}):
        result = run("dcos_keypair", bad, login={})
        assert result["failed"] is True
        assert "failure" in result


# All of them


def test_wrong_credentials_are_told_and_not_quoted(fake: FakeCluster) -> None:
    options = {**LOGIN, "dcos_password": "wrong-S3CRET"}
    result = run("dcos_cluster_info", {}, fake, login=options)
    assert result["failed"] is True
    assert result["failure"]["status"] == 401
    assert result["failure"]["code"] == "credentials"
    assert "S3CRET" not in json.dumps(result)


def test_variables_are_used_where_the_task_says_nothing(fake: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DCOS_URL", URL + "/"), ("DCOS_USERNAME", "admin"), ("DCOS_PASSWORD", "admin-password")):
        monkeypatch.setenv(name, value)
    result = run("dcos_cluster_info", {}, fake, login={"dcos_username": "", "dcos_password": ""})
    assert result["cluster"] == {"url": URL, "credentials_from": "environment"}


def test_no_credentials_at_all(fake: FakeCluster) -> None:
    result = run("dcos_cluster_info", {}, fake, login={"dcos_url": URL})
    assert result["failed"] is True
    assert result["failure"]["code"] == "credentials"
    assert fake.calls == []


# dcos_services


def test_services(fake: FakeCluster) -> None:
    services = [{"name": "/team/api"}, {"name": "/team/queue", "superuser": True}]
    result = twice("dcos_services", {"services": services}, fake)
    assert result["counts"] == {"total": 2, "changed": 2, "unchanged": 0, "failed": 0}
    assert fake.grants_of("team__queue-principal") == {("dcos:superuser", "full")}
    assert list(result["diff"]["after"]) == ["/team/api", "/team/queue"]
    twice("dcos_services", {"services": services, "state": "absent", "concurrency": 1}, fake)
    assert fake.secrets == {}


def test_services_that_fail_are_named_with_the_whole_result(fake: FakeCluster, tmp_path: Path) -> None:
    fake.secrets["team/api/api-secret"] = "somebody else's s3cret"
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


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({}, "services"),
        ({"services": ["/team/api"]}, "services"),
        ({"services": [], "concurrency": 0}, "concurrency"),
        ({"services": [{"name": "/a"}], "defaults": {"colour": "red"}}, "colour"),
        ({"services": [{"name": "/a"}], "key_store": "file"}, "key_dir"),
    ],
)
def test_services_refuses_bad_input(options: dict[str, Any], word: str) -> None:
    assert word in failed("dcos_services", options)["msg"]


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
        ("dcos_service_account", {"uid": UID, "public_key_path": PEM}),
        ("dcos_service_account", {"uid": PEM}),
        ("dcos_service_account", {"uid": UID, "public_key": PEM}),
        ("dcos_token", {"uid": UID, "private_key_path": PEM}),
        ("dcos_token", {"path": PEM}),
        ("dcos_acl_grant", {"uid": UID, "rid": PEM, "actions": ["read"]}),
        ("dcos_services", {"services": [{"name": "/a", "key_store": "file", "key_dir": PEM}]}),
        ("dcos_services", {"services": [{"name": PEM}]}),
    ],
)
def test_a_key_in_place_of_something_else_is_not_shown(
    name: str, options: dict[str, Any], fake: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in the message nor among the arguments, which Ansible shows with -v."""
    login = {} if name == "dcos_keypair" else {**LOGIN}
    result = run(name, options, fake, login=login)
    assert result["failed"] is True
    shown = json.dumps(result) + capsys.readouterr().out
    for line in PEM.splitlines()[1:-1]:
        assert line not in shown
    assert fake.writes == []


@pytest.mark.parametrize("variable", ["DCOS_PRIVATE_KEY_PATH", "DCOS_TLS_CA_PATH", "DCOS_DIR"])
def test_a_key_in_place_of_a_path_in_the_environment_is_not_shown(
    variable: str, bare_surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, PEM)
    login = {"DCOS_USERNAME": UID, "DCOS_URL": URL} if variable == "DCOS_PRIVATE_KEY_PATH" else {}
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    given = {} if login else {**LOGIN, "dcos_url": "" if variable == "DCOS_DIR" else URL}
    shown = json.dumps(run("dcos_cluster_info", {}, login=given))
    assert PEM.splitlines()[1] not in shown
    assert variable in shown


# dcos_audit_info

AUDIT_LINE = (
    "type=audit timestamp=2026-06-14T09:12:03Z authorizer=adminrouter object=dcos:adminrouter:package action=full "
    "result=deny request_uri=/package/search?token=a-secret-token uid=svc, client: 10.0.0.1"
)


def test_audit_lines_without_a_connection() -> None:
    for options in ({}, {"dcos_url": "not a url"}):
        result = run("dcos_audit_info", {"text": [AUDIT_LINE], "compare": False, **options}, login={})
        (account,) = result["audit"]
        assert account["missing"] == [{"rid": "dcos:adminrouter:package", "actions": ["full"]}]
        assert account["denied"][0]["sample"].startswith("type=audit timestamp=2026"), "Ansible hides whole texts"
        assert "a-secret-token" not in json.dumps(result)
        assert "cluster" not in result


def test_audit_lines_compared_with_the_account(fake: FakeCluster, tmp_path: Path) -> None:
    fake.users[UID] = {"description": "", "public_key": public_text("a")}
    path = tmp_path / "journal"
    path.write_text(AUDIT_LINE, encoding="utf-8")
    options = {"paths": [str(path)], "uid": [UID, "other"], "since": "2026-06-14", "until": "2026-06-15"}
    result = run("dcos_audit_info", options, fake, check_mode=True)
    assert result["changed"] is False
    assert result["cluster"]["url"] == URL
    assert [(each["uid"], each["exists"], len(each["missing"])) for each in result["audit"]] == [
        ("other", False, 0),
        (UID, True, 1),
    ]
    assert "no account other" in result["warnings"][0]
    later = run("dcos_audit_info", {**options, "since": "2026-06-14T10:00", "uid": []}, fake)
    assert later["audit"] == []
    assert later["window"]["since"] == "2026-06-14T10:00:00.000000Z"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "one of the following is required: text, paths"),
        ({"text": ["x"], "fold": True}, "fold is True but all of the following are missing: folder"),
        ({"text": ["x"], "fold": True, "folder": "/"}, "folder: '/' is no folder of a service"),
        ({"text": ["x"], "fold": True, "folder": "kafka"}, "folder: 'kafka' is no folder of a service"),
        ({"text": ["x"], "since": "soon"}, "since: 'soon' is no time"),
        ({"text": ["x"], "since": "1h", "until": "2h"}, "is after until"),
        ({"text": ["x"], "uid": ["ok", "not ok"]}, r"uid[1]: 'not ok' is not a user id"),
        ({"text": ["x"]}, "dcos_url"),
    ],
)
def test_wrong_options_for_audit_lines(options: dict[str, Any], said: str) -> None:
    result = run("dcos_audit_info", options, login={})
    assert result["failed"] is True
    assert said in result["msg"]
