# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module of the action group takes connection and credentials from every source, the most specific one first.

Each source is a host with a task for some of the modules; around it stand the sources that it wins over, all of them
wrong. All modules connect through the same code, so each takes its turn with one source, and each source serves at
least one module. C(test_connection) has the details, with one of the modules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration_support import (
    KEYS,
    PASSWORD,
    SUPERUSER,
    Emulator,
    Lab,
    Run,
    Task,
    private_pem,
    task,
    unique,
)

RUNTIME = Path(__file__).parents[2] / "meta" / "runtime.yml"
GROUP: list[str] = yaml.safe_load(RUNTIME.read_text(encoding="utf-8"))["action_groups"]["dcos"]

NOWHERE = {"DCOS_URL": "https://127.0.0.1:1", "DCOS_TLS_CA_PATH": "/nowhere"}


@dataclass(frozen=True)
class Source:
    """Where connection and credentials come from.

    credentials_from: what results say of it.
    defaults: those of a block, which take the place of the play's; None leaves the play's in force.
    in_role: the block is in a role.
    by_token: the credentials are a token, with which no login can be made.
    """

    credentials_from: str
    options: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] | None = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    in_role: bool = False
    by_token: bool = False


def sources(e: Emulator, lab: Lab, service: str) -> dict[str, Source]:
    assert e.ca is not None
    where = {"dcos_url": e.url, "dcos_ca_path": e.ca}
    env_where = {"DCOS_URL": e.url, "DCOS_TLS_CA_PATH": e.ca}
    wrong_login = {"DCOS_USERNAME": "joe", "DCOS_PASSWORD": "wrong", "DCOS_ID_TOKEN": "a.wrong.token"}

    def cli(home: str, file: str, url: str, token: str) -> None:
        text = f'[core]\ndcos_url = "{url}"\ndcos_acs_token = "{token}"\nssl_verify = "{e.ca}"\n'
        lab.file(f"{home}/.dcos/{file}", text)

    cli("stale", "dcos.toml", NOWHERE["DCOS_URL"], "a.stale.token")
    cli("single", "dcos.toml", e.url, e.token)
    cli("many", "clusters/b/dcos.toml", e.url, e.token)
    lab.file("many/.dcos/clusters/b/attached", "")
    cli("many", "clusters/a/dcos.toml", NOWHERE["DCOS_URL"], "a.stale.token")
    cli("many", "dcos.toml", NOWHERE["DCOS_URL"], "a.stale.token")
    stale = {"HOME": str(lab.place("stale"))}
    key = lab.file("service.pem", private_pem(KEYS[1]))
    return {
        "task": Source(
            "task",
            {**where, "dcos_username": SUPERUSER, "dcos_password": PASSWORD},
            {"dcos_url": NOWHERE["DCOS_URL"], "dcos_ca_path": "/nowhere"},
            {**NOWHERE, "DCOS_ACS_TOKEN": "a.wrong.token", **stale},
        ),
        "task-key": Source(
            "task",
            {**where, "dcos_username": service, "dcos_private_key": private_pem(KEYS[1])},
            {"dcos_url": NOWHERE["DCOS_URL"]},
            {**NOWHERE, **wrong_login, **stale},
        ),
        # The bundle's path may be in the variable of the DC/OS CLI, too.
        "task-key-file": Source(
            "task",
            {"dcos_url": e.url, "dcos_username": service, "dcos_private_key_path": key},
            {"dcos_url": NOWHERE["DCOS_URL"]},
            {"DCOS_SSL_VERIFY": e.ca, "DCOS_ACS_TOKEN": "a.wrong.token", **stale},
        ),
        "play": Source("task", defaults=None, environment={**NOWHERE, **wrong_login, **stale}, by_token=True),
        # With the token of the play's defaults left in them, these two would be the task's credentials.
        "block": Source(
            "environment", {}, where, {"DCOS_USERNAME": SUPERUSER, "DCOS_PASSWORD": PASSWORD, **stale}
        ),
        "role": Source(
            "environment", {}, where, {"DCOS_USERNAME": service, "DCOS_PRIVATE_KEY_PATH": key, **stale}, in_role=True
        ),
        "environment-token": Source(
            "environment", environment={**env_where, "DCOS_ACS_TOKEN": e.token, **wrong_login, **stale}, by_token=True
        ),
        "cli-attached": Source("dcos_config", environment={"HOME": str(lab.place("many"))}, by_token=True),
        "cli-option": Source(
            "dcos_config",
            {"dcos_config": str(lab.place("single") / ".dcos")},
            environment={"DCOS_DIR": str(lab.place("stale") / ".dcos"), **stale},
            by_token=True,
        ),
        "cli-single-file": Source(
            "dcos_config", environment={"DCOS_DIR": str(lab.place("single") / ".dcos"), **stale}, by_token=True
        ),
    }  # fmt: skip


def half(e: Emulator) -> Source:
    """A credential set that only another source could complete."""
    environment = {"DCOS_USERNAME": SUPERUSER, "DCOS_PASSWORD": PASSWORD, "DCOS_ACS_TOKEN": e.token}
    defaults = {"dcos_url": e.url, "dcos_ca_path": e.ca, "dcos_username": SUPERUSER}
    return Source("", defaults=defaults, environment=environment)


def wishes(service: str, bundle: str, by_token: bool) -> dict[str, dict[str, Any]]:
    """What each module is asked for: it connects, and has nothing to change."""
    login = {"uid": service, "private_key": private_pem(KEYS[1])} if by_token else {}
    return {
        "dcos_access_info": {"secrets": False},
        "dcos_acl_grant": {
            "uid": service,
            "rid": "dcos:secrets:default:nothing",
            "actions": ["read"],
            "state": "absent",
        },
        "dcos_acl_grant_info": {"uid": service},
        "dcos_audit_info": {"uid": [service], "text": ["nothing"]},
        "dcos_ca": {"path": bundle},
        "dcos_cluster_info": {},
        "dcos_group": {"gid": "never-made", "state": "absent"},
        "dcos_group_info": {"gid": "never-made"},
        "dcos_initial_superuser": {"uid": "never-made", "state": "absent"},
        "dcos_sa_secret": {"path": "never/made", "uid": service, "state": "absent"},
        "dcos_sa_secret_info": {"path": "never/made"},
        "dcos_secret": {"path": "never/made", "state": "absent"},
        "dcos_secret_info": {"path": "never/made"},
        "dcos_service_account": {"uid": "never-made", "state": "absent"},
        "dcos_service_account_info": {"uid": service},
        "dcos_services": {"services": [{"name": "/never/made", "security_mode": "strict"}], "state": "absent"},
        "dcos_token": {"return_token": False, **login},
        "dcos_user": {"uid": "never-made", "state": "absent"},
        "dcos_user_info": {"uid": "never-made"},
    }


def turns(names: Sequence[str]) -> dict[str, str]:
    """For each module the source that it takes its turn with."""
    assert len(names) <= len(GROUP), "each source serves a module"
    return {module: names[number % len(names)] for number, module in enumerate(GROUP)}


@dataclass(frozen=True)
class World:
    url: str
    sources: dict[str, Source]
    turns: dict[str, str]
    run: Run


@pytest.fixture(scope="module")
def world(strict_for_all: Emulator, shared_lab: Lab) -> World:
    emulator, lab = strict_for_all, shared_lab
    service = emulator.superuser(unique("service"), KEYS[1])
    bundle = lab.file("kept.crt", Path(str(emulator.ca)).read_text(), 0o644)
    table = sources(emulator, lab, service)
    turn = turns(list(table))
    cases = {}
    for name, source in {**table, "half": half(emulator)}.items():
        tasks: list[Task] = [
            task(module, module, args={**args, **source.options}, ignore_errors=name == "half")
            for module, args in wishes(service, bundle, source.by_token).items()
            if name in ("half", turn[module])
        ]
        block: Task = {"block": tasks, "environment": source.environment}
        if source.defaults is not None:
            block["module_defaults"] = {"group/dcos.security.dcos": source.defaults}
        if source.in_role:
            lab.file(f"{name}/tasks/main.yml", json.dumps([block]))
            block = task("ansible.builtin.include_role", args={"name": str(lab.place(name))})
        cases[name] = [block]
    play = {"dcos_url": emulator.url, "dcos_ca_path": emulator.ca, "dcos_token": emulator.token}
    return World(emulator.url, table, turn, lab.play(cases, defaults=play))


def test_every_module_of_the_group_has_a_row() -> None:
    assert sorted(wishes("uid", "bundle", by_token=True)) == sorted(GROUP)


@pytest.mark.parametrize("module", GROUP)
def test_sources(module: str, world: World) -> None:
    name = world.turns[module]
    # The bundle is public: no credentials are sent for it.
    credentials_from = None if module == "dcos_ca" else world.sources[name].credentials_from
    found = world.run.one(module, name).result["cluster"]
    assert found == {"url": world.url, "credentials_from": credentials_from}


@pytest.mark.parametrize("module", sorted({*GROUP} - {"dcos_ca"}))
def test_an_incomplete_set_is_never_completed_from_elsewhere(module: str, world: World) -> None:
    refused = world.run.one(module, "half")
    assert refused.outcome == "failed"
    assert refused.code == "credentials"
    assert "dcos_username" in refused.message
    assert "an incomplete credential set" in refused.message
