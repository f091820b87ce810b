# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open clusters of both generations over TLS: ID tokens from task and environment, kept tokens, accounts, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from integration_support import KEYS, Emulator, Lab, Run, Task, found_secrets, private_pem, public_pem, task

OPEN, OPEN_1_12 = "open", "open-1.12"
FIRST, SECOND = "first@example.com", "second@example.com"
LOUD = ("-vvvv", "--diff")

GRANT = {"uid": "svc", "rid": "dcos:secrets:default:svc/x", "actions": ["read"]}
SECRET = {"uid": "svc", "path": "svc/s", "generate_key": True, "security_mode": "strict"}


@dataclass(frozen=True)
class World:
    """The clusters, each after one run of all cases, and every token that played a part in it."""

    clusters: dict[str, Emulator]
    run: Run
    secrets: dict[str, str]
    lab: Lab

    def one(self, case: str, variant: str) -> Any:
        return self.run.one(case, variant)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Emulator]]:
    started: dict[str, Emulator] = {}
    try:
        for name, options in {
            OPEN: {"variant": OPEN},
            OPEN_1_12: {"variant": OPEN_1_12},
            "off": {"variant": OPEN, "authentication": False},
        }.items():
            started[name] = Emulator(tmp_path_factory.mktemp(name), "strict", **options)
        yield started
    finally:
        for each in started.values():
            each.stop()


def cases(e: Emulator, lab: Lab, name: str, secrets: dict[str, str]) -> list[Task]:
    """What one host does on one cluster; the name of each task is that of its test's subject."""
    connection = {"dcos_url": e.url, "dcos_ca_path": e.ca}
    secrets[f"{name}: ID token"] = id_token = e.id_token(FIRST)
    secrets[f"{name}: unknown"] = unknown = e.id_token(SECOND)
    secrets[f"{name}: expired"] = expired = e.id_token(FIRST, lifetime=-60)
    secrets[f"{name}: not verified"] = unverified = e.id_token(FIRST, email_verified=False)
    secrets[f"{name}: of another provider"] = foreign = e.id_token(FIRST, aud="another")
    as_jo = {**connection, "dcos_id_token": id_token}
    place = str(lab.place(name) / "token")

    def as_(token: str, subject: str) -> Task:
        return task("dcos_cluster_info", subject, args={**connection, "dcos_id_token": token}, ignore_errors=True)

    def refused(module: str, args: dict[str, Any], check: bool = False) -> Task:
        found = task(module, f"{module}{' in check mode' if check else ''}", args={**as_jo, **args}, ignore_errors=True)
        return {**found, "check_mode": check}

    as_service = {**connection, "dcos_username": "svc", "dcos_private_key": private_pem(KEYS[0])}
    return [
        # The first of all to come becomes the first user.
        task("dcos_cluster_info", "info", args=as_jo),
        as_(unknown, "unknown"),
        as_(expired, "expired"),
        as_(unverified, "not verified"),
        as_(foreign, "of another provider"),
        as_("not-a-token", "no token"),
        task("dcos_token", "keep", args={**as_jo, "path": place}, no_log=True),
        task("dcos_token", "keep again", args={**connection, "dcos_id_token": expired, "path": place}, no_log=True),
        task("dcos_token", "return", args=as_jo, no_log=True, register="login"),
        task("dcos_cluster_info", "use", args={**connection, "dcos_token": "{{ login.token }}"}),
        refused("dcos_service_account", {"uid": "svc", "public_key": public_pem(KEYS[0])}),
        task("dcos_token", "service", args={**as_service, "return_token": False}, no_log=True, ignore_errors=True),
        refused("dcos_acl_grant", GRANT, check=True),
        refused("dcos_acl_grant", GRANT),
        refused("dcos_sa_secret", SECRET),
        refused("dcos_secret", {"path": "a", "value": "a-value"}),
        refused("dcos_services", {"services": [{"name": "/svc"}]}),
        {
            "block": [task("ansible.builtin.include_role", args={"name": "dcos.security.dcos_service"})],
            "module_defaults": {"group/dcos.security.dcos": as_jo},
            "vars": {"dcos_service_name": "/svc"},
            "rescue": [task("ansible.builtin.debug", args={"msg": "refused"})],
        },
    ]


@pytest.fixture(scope="module")
def world(clusters: dict[str, Emulator], shared_lab: Lab) -> World:
    secrets: dict[str, str] = {}
    table = {name: cases(clusters[name], shared_lab, name, secrets) for name in (OPEN, OPEN_1_12)}
    off = {"dcos_url": clusters["off"].url, "dcos_ca_path": clusters["off"].ca}
    table["off"] = [
        task("dcos_cluster_info", "info", args=off),
        task("dcos_service_account", "account", args={**off, "uid": "svc", "public_key": public_pem(KEYS[0])}),
        task("dcos_cluster_info", "wrong", args={**off, "dcos_username": "nobody", "dcos_password": "a-password"}),
    ]
    run = shared_lab.play(table, arguments=LOUD)
    return World(clusters, run, secrets, shared_lab)


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
def test_info(variant: str, world: World) -> None:
    info = world.one("info", variant).result
    expected = {"security_mode": None, "variant": "open", "authentication": True}
    assert {name: info["cluster_info"][name] for name in expected} == expected
    assert info["cluster"]["credentials_from"] == "task"


def test_an_id_token_in_the_environment(clusters: dict[str, Emulator], lab: Lab) -> None:
    e = clusters[OPEN]
    args = {"dcos_url": e.url, "dcos_ca_path": e.ca}
    run = lab.play([task("dcos_cluster_info", "info", args=args)], environment={"DCOS_ID_TOKEN": e.id_token(FIRST)})
    assert run.one("info").result["cluster"]["credentials_from"] == "environment"


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
@pytest.mark.parametrize(
    ("subject", "cause"),
    [
        ("unknown", f"{SECOND} is unknown there"),
        ("expired", "the ID token has expired. A person must log in again"),
        ("not verified", f"the e-mail address of {FIRST} is not verified"),
        ("of another provider", "its issuer, its client id (aud) or its signature is another"),
        ("no token", "logging in with an ID token"),
    ],
)
def test_refused_id_tokens(subject: str, cause: str, variant: str, world: World) -> None:
    refused = world.one(subject, variant)
    assert refused.outcome == "failed"
    assert refused.code == "credentials"
    assert cause in refused.message


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
def test_tokens(variant: str, world: World) -> None:
    changed = [world.one(name, variant).result["changed"] for name in ("keep", "keep again")]
    assert changed == [True, False]
    assert (world.lab.place(variant) / "token").stat().st_mode & 0o777 == 0o600
    assert world.one("use", variant).outcome == "ok"


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
def test_service_accounts(variant: str, world: World) -> None:
    made, login = world.one("dcos_service_account", variant), world.one("service", variant)
    if variant == OPEN:
        assert (made.outcome, made.result["changed"], login.outcome) == ("ok", True, "ok")
    else:
        assert made.code == "mode"
        assert "1.12 or before" in made.message
        assert login.outcome == "failed"


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
@pytest.mark.parametrize(
    "subject", ["dcos_acl_grant in check mode", "dcos_acl_grant", "dcos_sa_secret", "dcos_secret", "dcos_services"]
)
def test_what_needs_enterprise(subject: str, variant: str, world: World) -> None:
    refused = world.one(subject, variant)
    assert refused.outcome == "failed"
    assert "open" in refused.message
    if subject != "dcos_services":
        assert refused.code == "mode"


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
def test_the_role_refuses_with_one_message(variant: str, world: World) -> None:
    assert "This cluster runs open DC/OS" in world.one("Refuse the service", variant).message


@pytest.mark.parametrize("variant", [OPEN, OPEN_1_12])
def test_nothing_else_was_written(variant: str, world: World) -> None:
    writes = [each.path for each in world.clusters[variant].requests() if each.is_write]
    assert writes == (["/acs/api/v1/users/svc"] if variant == OPEN else [])


def test_authentication_switched_off(world: World) -> None:
    for subject in ("info", "wrong"):
        info = world.one(subject, "off").result["cluster_info"]
        assert (info["variant"], info["authentication"]) == ("open", False)
    assert world.one("account", "off").result["changed"]
    assert world.one("info", "off").result["cluster"]["credentials_from"] is None
    assert {each.uid for each in world.clusters["off"].requests() if not each.is_login} == {None}


def test_no_token_shows(world: World) -> None:
    secrets = dict(world.secrets)
    for variant in (OPEN, OPEN_1_12):
        secrets[f"{variant}: kept"] = (world.lab.place(variant) / "token").read_text().strip()
    assert found_secrets({"output": world.run.output}, secrets) == []
    assert "eyJ0eXAi" not in world.run.output
    assert "eyJhbGci" not in world.run.output
