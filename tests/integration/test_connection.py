# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where connection and credentials come from, and what has no influence; with one module for all.

That every module takes them from every source, and which source wins, is in C(test_credentials).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from integration_support import (
    KEYS,
    PASSWORD,
    SUPERUSER,
    Emulator,
    Lab,
    Run,
    Task,
    private_pem,
    public_pem,
    task,
    unique,
)

WRONG = {"DCOS_ACS_TOKEN": "a.wrong.token", "DCOS_URL": "https://127.0.0.1:1", "DCOS_TLS_CA_PATH": "/nowhere"}
"""An environment that fails whoever listens to it."""


@dataclass(frozen=True)
class Row:
    """One connection: options, environment, and where the credentials are said to be from."""

    source: str
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    warning: str = ""


def rows(e: Emulator, lab: Lab) -> dict[str, Row]:
    assert e.ca is not None
    assert e.https is not None
    service = e.superuser(unique("service"), KEYS[1])
    key, ca = lab.file("service.pem", private_pem(KEYS[1])), e.ca
    loose = lab.file("loose.pem", private_pem(KEYS[1]), 0o640)
    where = {"dcos_url": e.url, "dcos_ca_path": ca}
    env_where = {"DCOS_URL": e.url, "DCOS_TLS_CA_PATH": ca}
    login = {"dcos_username": SUPERUSER, "dcos_password": PASSWORD}
    env_login = {"DCOS_USERNAME": SUPERUSER, "DCOS_PASSWORD": PASSWORD}
    token = e.token

    def cli(name: str, file: str, url: str = e.url, verify: str = ca) -> str:
        """A home whose folder .dcos the DC/OS CLI left."""
        text = f'[core]\ndcos_url = "{url}"\ndcos_acs_token = "{token}"\nssl_verify = "{verify}"\n'
        lab.file(f"{name}/.dcos/{file}", text)
        return str(lab.place(name))

    single = cli("single", "dcos.toml")
    many = cli("many", "clusters/b/dcos.toml")
    lab.file("many/.dcos/clusters/b/attached", "")
    cli("many", "clusters/a/dcos.toml", "https://127.0.0.1:1")
    cli("many", "dcos.toml", "https://127.0.0.1:2")
    netrc = lab.place("netrc")
    lab.file("netrc/.netrc", "machine 127.0.0.1 login joe password wrong\ndefault login joe password wrong\n")
    unset = dict.fromkeys(
        ("dcos_token", "dcos_private_key", "dcos_private_key_path", "dcos_validate_certs", "dcos_allow_http",
         "dcos_timeout", "dcos_retries", "dcos_config"), ""
    )  # fmt: skip
    return {
        "task-token": Row("task", {**where, "dcos_token": token}),
        "task-key": Row("task", {**where, "dcos_username": service, "dcos_private_key": private_pem(KEYS[1])}),
        "task-key-path": Row("task", {**where, "dcos_username": service, "dcos_private_key_path": key}),
        "task-key-path-loose": Row(
            "task",
            {**where, "dcos_username": service, "dcos_private_key_path": loose},
            warning=r"dcos_private_key_path: \S*loose.pem has mode 0640",
        ),
        "defaults-and-task": Row("task", login, defaults=where),
        "cli-variable": Row("dcos_config", environment={"DCOS_DIR": f"{many}/.dcos"}),
        "cli-option": Row("dcos_config", {"dcos_config": f"{single}/.dcos"}, {"DCOS_DIR": "/nowhere"}),
        "cli-token-for-its-url": Row("dcos_config", where, {"HOME": single}),
        "cli-ca": Row("task", {"dcos_username": SUPERUSER, "dcos_password": PASSWORD}, {"HOME": single}),
        "empty-is-unset": Row("environment", {"dcos_username": "", **unset}, {**env_where, **env_login}),
        "awx": Row("task", {**where, **unset, **login}, {**dict.fromkeys(WRONG, ""), "DCOS_DIR": ""}),
        "slashes": Row("task", {**where, **login, "dcos_url": f"{e.url}//"}),
        # TLS
        "verify-path": Row("task", {"dcos_url": e.url, **login}, {"DCOS_SSL_VERIFY": ca}),
        "verify-true": Row("task", {**where, **login, "dcos_validate_certs": True}, {"DCOS_SSL_VERIFY": "false"}),
        # What changes nothing.
        "netrc": Row("task", {**where, **login}, {"HOME": str(netrc), "NETRC": f"{netrc}/.netrc"}),
        "bundle": Row("task", {**where, **login}, {"REQUESTS_CA_BUNDLE": "/nowhere", "CURL_CA_BUNDLE": "/nowhere"}),
        "proxy": Row(
            "task",
            {**where, **login},
            dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:1"),
        ),
    }  # fmt: skip


def not_verified(e: Emulator) -> dict[str, Row]:
    """The only tests that turn verification off."""
    login = {"dcos_url": e.url, "dcos_username": SUPERUSER, "dcos_password": PASSWORD}
    return {
        "off-by-option": Row("task", {**login, "dcos_validate_certs": False}, warning="is not verified"),
        "off-by-variable": Row("task", login, {"DCOS_SSL_VERIFY": "0"}, warning="is not verified"),
    }


def refused(e: Emulator, lab: Lab) -> dict[str, Row]:
    """The same influences, where one that had an effect would let a connection through; the source is the code."""
    assert e.ca is not None
    login = {"dcos_url": e.url, "dcos_username": SUPERUSER, "dcos_password": PASSWORD}
    host = lab.file("trusting/.netrc", f"machine 127.0.0.1 login {SUPERUSER} password {PASSWORD}\n")
    text = f'[core]\ndcos_url = "https://127.0.0.1:1"\ndcos_acs_token = "{e.token}"\nssl_verify = "false"\n'
    lab.file("elsewhere/.dcos/dcos.toml", text)
    here = text.replace("https://127.0.0.1:1", e.url)
    lab.file("careless/.dcos/dcos.toml", here)
    return {
        "bundle-is-no-ca": Row("tls", login, {"REQUESTS_CA_BUNDLE": e.ca, "CURL_CA_BUNDLE": e.ca}),
        "cli-false-is-no-wish": Row("tls", {}, {"HOME": str(lab.place("careless"))}),
        "cli-token-of-another": Row(
            "credentials", {"dcos_url": e.url, "dcos_ca_path": e.ca}, {"HOME": str(lab.place("elsewhere"))}
        ),
        "netrc-is-no-login": Row(
            "credentials", {"dcos_url": e.url, "dcos_ca_path": e.ca}, {"HOME": os.path.dirname(host), "NETRC": host}
        ),
    }


def _cases(rows: dict[str, Row]) -> dict[str, list[Task]]:
    return {
        name: [
            {
                "block": [task("dcos_cluster_info", name, args=row.options)],
                "environment": row.environment,
                "module_defaults": {"group/dcos.security.dcos": row.defaults},
            }
        ]
        for name, row in rows.items()
    }


@pytest.fixture(scope="module")
def connected(strict_for_all: Emulator, shared_lab: Lab) -> tuple[dict[str, Row], Run]:
    table = {**rows(strict_for_all, shared_lab), **not_verified(strict_for_all)}
    warnings = [row.warning for row in table.values() if row.warning]
    return table, shared_lab.play(_cases(table), defaults={}, warnings=warnings)


def test_sources(connected: tuple[dict[str, Row], Run], strict: Emulator) -> None:
    table, run = connected
    found = {name: run.one(name, name).result for name in table}
    assert {name: result["cluster"]["credentials_from"] for name, result in found.items()} == {
        name: row.source for name, row in table.items()
    }
    assert {result["cluster_info"]["url"] for result in found.values()} == {strict.url}
    assert {result["cluster_info"]["security_mode"] for result in found.values()} == {"strict"}


def test_only_the_expected_connections_warn(connected: tuple[dict[str, Row], Run]) -> None:
    table, run = connected
    warned = {name for name in table if run.one(name, name).result.get("warnings")}
    assert warned == {name for name, row in table.items() if row.warning}


def test_surroundings_do_not_affect_the_connection(strict: Emulator, lab: Lab) -> None:
    table = refused(strict, lab)
    run = lab.play(_cases(table), defaults={}, fails=True)
    assert {name: run.one(name, name).code for name in table} == {name: row.source for name, row in table.items()}
    assert "belongs to https://127.0.0.1:1 and is not sent" in run.one(
        "cli-token-of-another", "cli-token-of-another"
    ).message.replace("\n", " ")


def test_environment_of_ansible_itself(strict: Emulator, lab: Lab) -> None:
    """Variables of the shell that starts Ansible reach modules on localhost; so does what must have no effect."""
    lab.file("home/.netrc", "default login joe password wrong\n")
    environment = {
        "DCOS_URL": strict.url,
        "DCOS_USERNAME": SUPERUSER,
        "DCOS_PASSWORD": PASSWORD,
        "DCOS_SSL_VERIFY": str(strict.ca),
        "REQUESTS_CA_BUNDLE": "/nowhere",
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }
    run = lab.play([task("dcos_cluster_info", "info")], defaults={}, environment=environment)
    assert run.one("info").result["cluster"] == {"url": strict.url, "credentials_from": "environment"}


def test_one_login_a_module(strict: Emulator, lab: Lab) -> None:
    """And none if a token is given, so that a play can do with one."""
    uid = unique("logins")
    connection = {name: value for name, value in strict.connection.items() if name in ("dcos_url", "dcos_ca_path")}
    secret = {"uid": uid, "path": f"{uid}/secret", "generate_key": True, "security_mode": "strict"}
    account = {"uid": uid, "public_key": public_pem(KEYS[0])}
    grants = {"uid": uid, "permissions": [{"rid": f"dcos:secrets:default:{uid}", "actions": ["read", "update"]}]}
    tasks = [
        task("dcos_token", "login", register="login", no_log=True),
        task("dcos_service_account", "account", args=account),
        task("dcos_acl_grant", "grants", args=grants),
        task("dcos_sa_secret", "secret", args=secret, ignore_errors=True),
        {
            "block": [task("dcos_acl_grant", "with token", args=grants), task("dcos_cluster_info", "info")],
            "module_defaults": {"group/dcos.security.dcos": {**connection, "dcos_token": "{{ login.token }}"}},
        },
    ]
    run = lab.play(tasks, strict, side_by_side=1)
    logins = {
        name: sum(request.is_login for request in run.one(name).requests(strict))
        for name in ("login", "account", "grants", "secret", "with token", "info")
    }
    assert logins == {"login": 1, "account": 1, "grants": 1, "secret": 1, "with token": 0, "info": 0}
    assert run.one("secret").code == "key_mismatch"
    assert not run.one("with token").changed


def test_plain_http_and_modes(permissive: Emulator, disabled: Emulator, lab: Lab) -> None:
    """Loopback needs no leave for http, and a cluster in disabled mode has nothing else."""

    def info(name: str, emulator: Emulator, url: str) -> Task:
        return task("dcos_cluster_info", name, args={**emulator.connection, "dcos_url": url})

    assert permissive.https is not None
    tasks = [
        info("permissive, http", permissive, permissive.http),
        info("permissive, https", permissive, permissive.https),
        info("disabled", disabled, disabled.http),
    ]
    run = lab.play(tasks, defaults={})
    modes = [result.result["cluster_info"]["security_mode"] for result in run.of("case")]
    assert modes == ["permissive", "permissive", "disabled"]
    assert {result.result["cluster_info"]["variant"] for result in run.of("case")} == {"enterprise"}
