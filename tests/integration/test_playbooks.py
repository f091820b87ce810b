# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the collection, by name and with variables, as people and AWX run them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration_support import (
    KEYS,
    LOGIN,
    SUPERUSER,
    Emulator,
    Lab,
    Run,
    document,
    found_secrets,
    load_private,
    public_pem,
    unique,
)


def playbook(name: str, **variables: Any) -> dict[str, Any]:
    return {"ansible.builtin.import_playbook": f"dcos.security.{name}", "vars": variables}


def changed(run: Run, host: str = "localhost") -> list[str]:
    return [result.task.rpartition(" : ")[2] for result in run.of(host) if result.changed]


def service_at(emulator: Emulator, part: str) -> dict[str, str]:
    """A service that is there, with a grant and its key."""
    account, secret = f"pb__{part}-principal", f"pb/{part}/{part}-secret"
    emulator.make_account(account, KEYS[0], f"Service account of /pb/{part}")
    emulator.make_secret(secret, document(account, KEYS[0]))
    emulator.grant(account, f"dcos:secrets:default:/pb/{part}/*", "full")
    return {"name": f"/pb/{part}", "account": account, "secret": secret}


def as_host(service: dict[str, str]) -> dict[str, Any]:
    """The variables that stand for a service in an inventory."""
    part = service["name"].rpartition("/")[2]
    return {
        "dcos_service_name": service["name"],
        "dcos_service_permissions": [{"rid": f"dcos:secrets:default:/pb/{part}/*", "actions": ["full"]}],
    }


def has_first_key(emulator: Emulator, service: dict[str, str]) -> bool:
    stored = emulator.stored(service["secret"])
    account = emulator.account(service["account"])
    assert stored is not None
    assert account is not None
    keys = {public_pem(load_private(stored["private_key"])), account["public_key"]}
    return keys == {public_pem(KEYS[0])}


# Rotation


def is_whole(emulator: Emulator, service: dict[str, str]) -> list[str]:
    part = service["name"].rpartition("/")[2]
    found = {
        "login": (emulator.logs_in(service["secret"]), True),
        "grants": (emulator.grants(service["account"]), {f"dcos:secrets:default:/pb/{part}/*": ["full"]}),
        "journal": (emulator.account(f"{service['account']}.replacing"), None),
        "secrets": (emulator.secrets_below(f"pb/{part}"), [f"{part}-secret"]),
    }
    return [f"{name}: {was}, not {wanted}" for name, (was, wanted) in found.items() if was != wanted]


def test_rotation_in_batches(strict: Emulator, lab: Lab) -> None:
    """Two and one. One of the first batch cannot log in: its neighbour is finished, the second batch is untouched."""
    services = {part: service_at(strict, part) for part in (unique("svc") for _count in range(3))}
    hosts = {part: as_host(service) for part, service in services.items()}
    # The connection is a token, so every login is that of a service.
    variables = {"dcos_url": strict.url, "dcos_token": strict.token, "dcos_ca_path": strict.ca, "dcos_retries": 0}
    once = {"kind": "cut_before", "match": {"method": "POST", "path": LOGIN}, "times": 1}
    rotate = [playbook("rotate_keys")]
    options: dict[str, Any] = {"hosts": hosts, "group": "dcos_services"}
    with strict.failing(once):
        run = lab.playbooks(rotate, {**variables, "dcos_batch_size": 2}, fails=True, **options)
    batches = [list(services)[:2], list(services)[2:]]
    (failed,) = (part for part in services if run.of(part) and run.of(part)[-1].outcome == "failed")
    (other,) = (part for part in batches[0] if part != failed)
    message = run.of(failed)[-1].message
    assert message.startswith(f"{failed}: logging in as {services[failed]['account']}: cannot reach ")
    assert "Batches after this one are untouched" in message
    assert is_whole(strict, services[other]) == []
    assert not has_first_key(strict, services[other])
    for part in batches[1]:
        assert run.of(part) == []
        assert has_first_key(strict, services[part])
        assert strict.requests(run.start, run.end, part) == []

    fingerprints = dict.fromkeys(services, "")
    for part in services:
        waiting = strict.stored(f"{services[part]['secret']}-next")
        assert (waiting is not None) == (part == failed)
        fingerprints[part] = "" if waiting is None else waiting["private_key"]
    again = lab.playbooks(rotate, {**variables, "dcos_batch_size": "70%"}, elsewhere="-again", **options)
    assert {part: is_whole(strict, service) for part, service in services.items()} == {part: [] for part in services}
    assert not any(has_first_key(strict, service) for service in services.values())
    stored = strict.stored(services[failed]["secret"])
    assert stored is not None
    assert stored["private_key"] == fingerprints[failed], "what was begun is finished, not begun anew"
    for part in services:
        (shown,) = (each.result["dcos_service_result"] for each in again.of(part) if each.task == "Show what was done")
        assert shown["key_changed"]
        assert shown["verified"]
    starts = {part: min(each.start for each in again.of(part)) for part in services}
    ends = {part: max(each.end for each in again.of(part)) for part in services}
    assert max(ends[part] for part in batches[0]) < min(starts[part] for part in batches[1])


# From provisioning to retirement


def test_provisioning_and_retirement(strict: Emulator, lab: Lab) -> None:
    part = unique("svc")
    # Files are meant from where the command was given.
    (lab.place("cwd") / "ca.crt").write_bytes(Path(strict.ca or "").read_bytes())
    variables: dict[str, Any] = {
        **strict.connection,
        "dcos_ca_path": "ca.crt",
        "dcos_service_name": f"/pb/{part}",
        "dcos_service_preset": "scheduler_minimum",
        # An AWX survey sends what was not answered as empty text.
        "dcos_token": "",
        "dcos_hosts": "",
        "dcos_service_account": "",
    }
    provision = lab.playbooks([playbook("provision_service"), playbook("provision_service")], variables)
    assert len(changed(provision)) == 3
    account = f"pb__{part}-principal"
    assert strict.logs_in(f"pb/{part}/{part}-secret")
    assert len(strict.grants(account)) == 2

    # Given like that they win over what the playbook says itself.
    given = {**variables, "dcos_service_state": "", "dcos_service_rotate_key": ""}
    for name, host, said in (
        ("retire_service", "localhost", "dcos_service_state: '' is given, but this playbook retires"),
        ("rotate_keys", part, "dcos_service_rotate_key: '' is given, but this playbook rotates"),
    ):
        refused = lab.playbooks([playbook(name)], given, hosts={part: {}}, group="dcos_services", fails=True)
        assert said in refused.of(host)[-1].message
    unmatched = {"fails": True, "warnings": ["ignoring: nobody"]}
    nobody = lab.playbooks([playbook("rotate_keys", dcos_services_group="nobody")], variables, **unmatched)
    assert "dcos_services_group: no host of the inventory matches nobody" in nobody.of("localhost")[-1].message
    assert strict.account(account) is not None

    # What the environment says is meant from there, too.
    elsewhere = {"dcos_ca_path": ""}, {"environment": {"DCOS_TLS_CA_PATH": "ca.crt"}}
    retire = lab.playbooks(
        [playbook("retire_service"), playbook("retire_service")], {**variables, **elsewhere[0]}, **elsewhere[1]
    )
    assert changed(retire) == [
        "Remove the service account and with it its grants",
        "Remove the service account's secret",
    ]
    assert strict.account(account) is None
    assert strict.secrets_below(f"pb/{part}") == []
    assert strict.acl(f"dcos:mesos:master:framework:role:pb__{part}-role") is not None


# What cannot be


def test_a_slip_in_a_variable_is_told_before_the_first_write(strict: Emulator, lab: Lab) -> None:
    """Each with the variable's name, also what Ansible itself would stumble over later."""
    wrong = lab.file("words.yml", "just: words\n")
    table = lab.file("table.csv", "nome,permissions\n/a,x\n")
    slips: list[tuple[str, dict[str, Any], str]] = [
        ("provision_service", {"dcos_service_name": "/a", "dcos_service_prest": "hdfs"},
         "dcos_service_prest: there is no such variable; did you mean dcos_service_preset?"),
        ("provision_services", {"dcos_services_files": "nope.yml"}, "there is no file .*/nope.yml"),
        ("provision_services", {"dcos_services_files": wrong}, "words.yml"),
        ("provision_services", {"dcos_services_files": table}, "table.csv"),
        ("provision_services", {"dcos_services_group": "nobody"}, "the inventory has no group nobody"),
        ("provision_services", {"dcos_services": "/a"}, "dcos_services: must be a list"),
        ("provision_services", {"dcos_services": {"name": "/a"}}, "dcos_services: must be a list"),
        ("rotate_keys", {"dcos_batch_size": "many", "dcos_services_group": "all"}, "'many' is no size"),
        ("rotate_keys", {"dcos_batch_size": "0", "dcos_services_group": "all"}, "dcos_batch_size: .0. is no"),
        ("keep_token", {}, "dcos_token_path: name the file"),
        ("keep_token", {"dcos_token_path": "t", "dcos_token_rounds": "many"}, "dcos_token_rounds: must be"),
        ("keep_token", {"dcos_token_path": "t", "dcos_password": "wrong-password"}, "password is wrong"),
    ]  # fmt: skip
    for name, variables, said in slips:
        run = lab.playbooks(
            [playbook(name)], {**strict.connection, **variables}, hosts={"svc": {}}, group="services", fails=True
        )
        told = " ".join(run.output.split())
        assert re.search(said, told), f"{name} {variables}: {told}"
        assert "Traceback" not in told
        requests = strict.requests(run.start, run.end)
        assert [each for each in requests if each.is_write] == []


def test_services_as_a_survey_sends_them(strict: Emulator, lab: Lab) -> None:
    part = unique("svc")
    listed = json.dumps([{"name": f"/pb/{part}", "security_mode": "strict"}])
    run = lab.playbooks([playbook("provision_services")], {**strict.connection, "dcos_services": listed})
    assert changed(run) == ["Provision the services"]
    assert strict.logs_in(f"pb/{part}/{part}-secret")


# Tokens

LIFETIME = 8


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Emulator]:
    """A cluster whose tokens live for seconds."""
    emulator = Emulator(tmp_path / "short", "strict", "--auth-token-lifetime", str(LIFETIME))
    yield emulator
    emulator.stop()


def looks(run: Run, task: str) -> list[bool]:
    """Whether each round changed something in this task."""
    return [each.changed for each in run.of("localhost") if each.task == task and each.outcome == "ok"]


def test_a_token_is_renewed_ahead_and_outlived(short_lived: Emulator, lab: Lab) -> None:
    path = lab.place("tokens") / "kept.token"
    looking = {"dcos_token_path": str(path), "dcos_token_rounds": 4, "dcos_token_pause": 2}
    ahead = {"dcos_token_renew_before": LIFETIME - 2}
    run = lab.playbooks([playbook("keep_token")], {**short_lived.connection, **looking, **ahead})
    renewed = looks(run, "Renew the token ahead of its end")
    requests = short_lived.requests(run.start, run.end)
    logins = [each for each in requests if each.is_login]
    assert len(renewed) == len(looks(run, "See whether the cluster takes it")) == 4
    assert len(logins) == sum(renewed) >= 2
    assert logins[0].time + LIFETIME < run.end, "the first token ended while the playbook ran"
    assert [each for each in requests if each.status != 200] == []
    assert logins[-1].uid == SUPERUSER
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_token_that_the_cluster_refuses_is_replaced(strict: Emulator, lab: Lab) -> None:
    """The file and the clock know nothing of it."""
    uid = unique("kept")
    strict.make_account(uid, KEYS[0])
    strict.make_secret(f"{uid}/s", document(uid, KEYS[0]))
    path = lab.place("tokens") / "kept.token"
    variables = {**strict.connection, "dcos_token_secret_path": f"{uid}/s", "dcos_token_path": str(path)}
    first = lab.playbooks([playbook("keep_token"), playbook("keep_token")], variables)
    assert looks(first, "Renew the token ahead of its end") == [True, False]
    before = path.read_text()
    with strict.failing({"kind": "expire_tokens"}):
        run = lab.playbooks([playbook("keep_token"), playbook("keep_token")], variables)
        after = path.read_text().strip()
        assert strict.call("GET", f"/acs/api/v1/users/{uid}", token=before.strip()).status_code == 401
        assert strict.call("GET", f"/acs/api/v1/users/{uid}", token=after).status_code == 403
    assert looks(run, "Renew the token ahead of its end") == [False, False]
    assert looks(run, "Get another one") == [True]
    assert looks(run, "See whether the cluster takes that one") == [False]
    assert found_secrets({"output": first.output + run.output}, {"before": before.strip(), "after": after}) == []
