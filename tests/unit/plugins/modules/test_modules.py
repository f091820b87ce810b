# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules through their main() where no cluster is needed: bad options, local files, and what no output may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    certificate_text,
    private_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import AT_ENTERPRISE, Script
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import LOGIN, run

UID = "svc"


def failed(name: str, options: dict[str, Any]) -> dict[str, Any]:
    result = run(name, options)
    assert result["failed"] is True
    return result


def test_service_account_refuses_an_invalid_public_key(tmp_path: Path) -> None:
    result = failed("dcos_service_account", {"uid": UID, "public_key": private_text("a")})
    assert result["failure"]["code"] == "invalid_key"
    assert result["msg"].startswith("public_key: ")
    path = tmp_path / "k.pem"
    path.write_text("words", encoding="ascii")
    assert str(path) in failed("dcos_service_account", {"uid": UID, "public_key_path": str(path)})["msg"]
    both = {"uid": UID, "public_key": "x", "public_key_path": "y"}
    assert "mutually exclusive" in failed("dcos_service_account", both)["msg"]


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "state is present but any of the following are missing: value, src, generate"),
        ({"value": "S3CRET", "src": "b"}, "mutually exclusive: value|src|generate"),
        ({"src": "b", "generate": {}}, "mutually exclusive: value|src|generate"),
        ({"src": "/nowhere/keytab"}, "src: cannot read /nowhere/keytab"),
        ({"generate": {"length": 1}}, "generate.length: 1 is not"),
        ({"generate": {"characters": "abc"}}, "generate.characters: at least 10"),
        ({"value": 5}, "value: this is a number"),
    ],
)
def test_secret_wants_exactly_one_good_value(options: dict[str, Any], message: str) -> None:
    assert message in failed("dcos_secret", {"path": "p", **options})["msg"]


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
def test_a_login_token_has_the_requested_life(options: dict[str, Any], lifetime: int) -> None:
    login = {"uid": UID, "private_key": private_text("a"), "exchange": False, "return_token": False}
    assert lifetime - 20 < run("dcos_token", {**login, **options})["expires_in"] <= lifetime


@pytest.mark.parametrize(
    "options",
    [
        {"uid": UID},
        {"password": "x-password"},
        {"uid": UID, "password": "x-password", "secret_path": "p"},
        {"state": "absent"},
    ],
)
def test_token_refuses_an_incomplete_login(options: dict[str, Any]) -> None:
    assert "x-password" not in json.dumps(failed("dcos_token", options))


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
def test_file_attributes_are_checked_before_the_first_write(
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


def test_keypair_failures_have_the_failure_structure(tmp_path: Path) -> None:
    result = run("dcos_keypair", {"private_key_path": str(tmp_path / "none" / "k")}, login={})
    assert result["failed"] is True
    assert set(result["failure"]) == {"status", "code", "title"}
    for bad in ({"private_key_path": str(tmp_path)}, {"private_key_path": str(tmp_path / "k"), "size": 1024}):
        result = run("dcos_keypair", bad, login={})
        assert result["failed"] is True
        assert "failure" in result


def test_no_credentials_at_all() -> None:
    result = run("dcos_cluster_info", {}, Script(AT_ENTERPRISE), login={"dcos_url": URL})
    assert result["failed"] is True
    assert result["failure"]["code"] == "credentials"


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


@pytest.mark.parametrize("variable", ["DCOS_PRIVATE_KEY_PATH", "DCOS_TLS_CA_PATH", "DCOS_DIR"])
def test_a_key_in_an_environment_variable_for_a_path_is_not_shown(
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


def test_audit_lines_of_accounts_and_a_time(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text(AUDIT_LINE, encoding="utf-8")
    options = {"paths": [str(path)], "since": "2026-06-14", "until": "2026-06-15", "compare": False}
    result = run("dcos_audit_info", {**options, "uid": ["svc", "other"]}, login={}, check_mode=True)
    assert result["changed"] is False
    assert [(each["uid"], each["exists"], len(each["missing"])) for each in result["audit"]] == [
        ("other", None, 0),
        ("svc", None, 1),
    ]
    later = run("dcos_audit_info", {**options, "since": "2026-06-14T10:00"}, login={})
    assert later["audit"] == []
    assert later["window"]["since"] == "2026-06-14T10:00:00.000000Z"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "one of the following is required: text, paths"),
        ({"text": ["x"], "fold": True}, "fold is True but all of the following are missing: folder"),
        ({"text": ["x"], "fold": True, "folder": "/"}, "folder: '/' is not the folder of a service"),
        ({"text": ["x"], "fold": True, "folder": "kafka"}, "folder: 'kafka' is not the folder of a service"),
        ({"text": ["x"], "since": "soon"}, "since: 'soon' is not a time"),
        ({"text": ["x"], "since": "1h", "until": "2h"}, "is after until"),
        ({"text": ["x"], "uid": ["ok", "not ok"]}, r"uid[1]: 'not ok' is not a user id"),
        ({"text": ["x"]}, "dcos_url"),
    ],
)
def test_wrong_options_for_audit_lines(options: dict[str, Any], said: str) -> None:
    result = run("dcos_audit_info", options, login={})
    assert result["failed"] is True
    assert said in result["msg"]
