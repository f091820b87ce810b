# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the collection, by name and with variables, as people and AWX run them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration_support import (
    KEYS,
    LOGIN,
    SUPERUSER,
    Emulator,
    Lab,
    Run,
    TaskResult,
    document,
    found_secrets,
    load_private,
    public_pem,
    unique,
)

from ansible_collections.dcos.security.plugins.filter.awx_kit import awx_kit
from ansible_collections.dcos.security.plugins.plugin_utils._playbooks import read_playbooks


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
    """Two and one. One of the first batch cannot log in: its neighbour is finished, the second batch is untouched.

    The hosts have nothing but names, and the accounts keep what they have.
    """
    services = {part: service_at(strict, part) for part in (unique("svc") for _count in range(3))}
    hosts = {part: {"dcos_service_name": service["name"]} for part, service in services.items()}
    # The connection is a token, so every login is that of a service.
    variables = {"dcos_url": strict.url, "dcos_token": strict.token, "dcos_ca_path": strict.ca, "dcos_retries": 0}
    once = {"kind": "cut_before", "match": {"method": "POST", "path": LOGIN}, "times": 1}
    rotate = [playbook("rotate_keys")]
    options: dict[str, Any] = {"hosts": hosts, "group": "dcos_services"}
    with strict.failing(once):
        run = lab.playbooks(rotate, {**variables, "dcos_batch_size": 2}, fails=True, **options)
    rotated = run.one("Rotate the keys", "localhost")
    parts = list(services)
    failed, other, *untouched = sorted(
        parts, key=lambda part: (part in parts[2:], not rotated_of(rotated, part)["failed"])
    )
    assert f"{services[failed]['name']}: logging in as {services[failed]['account']}: cannot reach " in rotated.message
    assert f"Not tried, since a batch before had failures ({services[failed]['name']})" in rotated.message
    (told,) = summaries(run)  # a failure does not keep it back
    assert told[0] == "3 services: 2 failed, 1 rotated"
    assert is_whole(strict, services[other]) == []
    assert not has_first_key(strict, services[other])
    for part in untouched:
        assert has_first_key(strict, services[part])
        assert [each for each in strict.requests(run.start, run.end, part) if each.is_write] == []

    waiting = strict.stored(f"{services[failed]['secret']}-next")
    assert waiting is not None
    again = lab.playbooks(rotate, {**variables, "dcos_batch_size": "70%"}, elsewhere="-again", **options)
    assert {part: is_whole(strict, service) for part, service in services.items()} == {part: [] for part in services}
    assert not any(has_first_key(strict, service) for service in services.values())
    stored = strict.stored(services[failed]["secret"])
    assert stored is not None
    assert stored["private_key"] == waiting["private_key"], "what was begun is finished, not begun anew"
    for part in services:
        shown = rotated_of(again.one("Rotate the keys", "localhost"), part)
        assert shown["key_changed"]
        assert shown["verified"]
    writes = [each for each in strict.requests(again.start, again.end) if each.is_write]
    times = {part: [each.time for each in writes if part in each.path] for part in services}
    assert max(max(times[part]) for part in parts[:2]) < min(times[parts[2]])


def rotated_of(result: TaskResult, part: str) -> dict[str, Any]:
    """The result for one service."""
    (found,) = (each for each in result.result["services"] if each["name"] == f"/pb/{part}")
    return dict(found)


# From provisioning to retirement


def summaries(run: Run) -> list[list[str]]:
    """What the playbooks told at their ends."""
    return [
        each.result["msg"] for each in run.of("localhost") if each.task == "Show what was done" and each.outcome == "ok"
    ]


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
    account = f"pb__{part}-principal"
    predicted = lab.playbooks([playbook("provision_service")], variables, arguments=("--check", "--diff"))
    assert summaries(predicted)[0][:2] == [
        "Nothing was changed. This is what a run would do:",
        f"Service      /pb/{part}: new",
    ]
    assert "SHA256:" not in predicted.output
    assert predicted.output.count("a new key") == 3, "the secret, the account and the summary"
    provision = lab.playbooks([playbook("provision_service"), playbook("provision_service")], variables)
    assert len(changed(provision)) == 3
    new, unchanged = summaries(provision)
    assert {f"Service      /pb/{part}: new", "Permissions  2 held, 2 granted"} < set(new)
    assert {f"Service      /pb/{part}: unchanged", f"Account      {account}", "Permissions  2 held"} < set(unchanged)
    assert strict.logs_in(f"pb/{part}/{part}-secret")
    assert len(strict.grants(account)) == 2

    # Given like that it wins over what the playbook says itself.
    given = {**variables, "dcos_service_state": "present"}
    refused = lab.playbooks([playbook("retire_service")], given, fails=True)
    assert "dcos_service_state: 'present' is given, but this playbook retires" in refused.of("localhost")[-1].message
    assert strict.account(account) is not None

    # What the environment says is meant from there, too. What was not answered is not asked for.
    elsewhere = {"dcos_ca_path": "", "dcos_service_state": ""}, {"environment": {"DCOS_TLS_CA_PATH": "ca.crt"}}
    retire = lab.playbooks(
        [playbook("retire_service"), playbook("retire_service")], {**variables, **elsewhere[0]}, **elsewhere[1]
    )
    assert changed(retire) == [
        "Remove the service account and its grants",
        "Remove the service account's secret",
    ]
    retired = [f"Service  /pb/{part}: retired", f"Account  {account}"]
    assert summaries(retire) == [retired, [retired[0].replace("retired", "already gone"), retired[1]]]
    assert strict.account(account) is None
    assert strict.secrets_below(f"pb/{part}") == []
    assert strict.acl(f"dcos:mesos:master:framework:role:pb__{part}-role") is not None


# What cannot be


def test_a_misspelt_variable_is_refused_before_the_first_write(strict: Emulator, lab: Lab) -> None:
    """Each with the variable's name, also what Ansible itself would stumble over later."""
    wrong = json.dumps([lab.file("words.yml", "just: words\n"), lab.file("names.yml", "- /a\n")])
    table = lab.file("table.csv", "nome,permissions\n/a,x\n")
    slips: list[tuple[str, dict[str, Any], str]] = [
        ("provision_service", {"dcos_service_name": "/a", "dcos_service_prest": "hdfs"},
         "dcos_service_prest: there is no such variable; did you mean dcos_service_preset?"),
        ("provision_services", {"dcos_services_files": "nope.yml"}, "there is no file .*/nope.yml"),
        ("provision_services", {"dcos_services_files": wrong}, "words.yml holds no list of .*names.yml holds no list"),
        ("provision_services", {"dcos_services_files": table}, "table.csv: the first line must name the variable of"),
        ("provision_services", {"dcos_services_group": "[{"},
         "dcos_services_group: the text begins like a list or a dictionary in JSON"),
        ("provision_services", {}, "There is no service. Give a list that is not empty"),
        ("rotate_keys", {"dcos_services": "/a"}, "dcos_services: must be a list"),
        ("retire_services", {"dcos_services_group": "all", "dcos_services_state": "present"},
         "dcos_services_state: 'present' is given, but this playbook can only retire services"),
        ("provision_services", {"dcos_services": {"name": "/a"}}, "dcos_services: must be a list"),
        ("rotate_keys", {"dcos_batch_size": "many", "dcos_services_group": "all"}, "'many' is not a batch size"),
        ("show_access", {"dcos_access_services": "/a", "dcos_access_html": "no/a.html", "dcos_access_json": "no/a"},
         "dcos_access_services: must be a list.*html: the folder of no/a.html does not exist.*json: the folder of no"),
        ("retire_service", {"dcos_services": [{"name": "/a"}]},
         "dcos_service_name: name the service of the list that is meant. It has /a. Nothing was changed."),
        ("keep_token", {"dcos_services": [{"name": "/a"}], "dcos_service_name": "b", "dcos_token_path": "t"},
         "dcos_service_name: the list has no service b. It has /a. Nothing was changed."),
        ("keep_token", {}, "dcos_token_path: name the file"),
        ("keep_token", {"dcos_token_path": "t", "dcos_token_rounds": "many"}, "dcos_token_rounds: must be"),
        ("keep_token", {"dcos_token_path": "t", "dcos_password": "wrong-password"}, "password is wrong"),
    ]  # fmt: skip
    for name, variables, said in slips:
        run = lab.playbooks(
            [playbook(name)],
            {**strict.connection, **variables},
            hosts={"svc": {"dcos_service_name": "/a"}},
            group="services",
            fails=True,
        )
        told = " ".join(run.output.split())
        assert re.search(said, told), f"{name} {variables}: {told}"
        assert "Traceback" not in told
        requests = strict.requests(run.start, run.end)
        assert [each for each in requests if each.is_write] == []


# From AWX

VARIABLES = {name for each in read_playbooks() for name in each.variables}
ONE_RUN = ["provision_service", "provision_services", "rotate_keys", "show_access", "keep_token"]
EVERY = [*ONE_RUN, "find_permissions", "finish_bring_up", "awx_kit"]


def untouched_surveys() -> dict[str, Any]:
    """What AWX sends where nobody changes what the surveys of the kit begin with."""
    kit = yaml.safe_load(awx_kit({"dcos_awx_organization": "x", "dcos_awx_project": "x"})["import.yml"])
    questions = [each for template in kit["job_templates"] for each in template["related"]["survey_spec"]["spec"]]
    return {
        each["variable"]: each["default"].splitlines() if each["type"] == "multiselect" else each["default"]
        for each in questions
        if each["default"] != "" or each["type"] in ("text", "textarea")
    }


@pytest.mark.parametrize(
    ("names", "unanswered"),
    [
        pytest.param(ONE_RUN, dict.fromkeys(VARIABLES, ""), id="empty"),
        pytest.param(EVERY, dict.fromkeys(VARIABLES, ""), id="every", marks=pytest.mark.exhaustive),
        pytest.param(EVERY, dict.fromkeys(VARIABLES), id="null", marks=pytest.mark.exhaustive),
        pytest.param(EVERY, untouched_surveys(), id="defaults", marks=pytest.mark.exhaustive),
    ],
)
def test_unanswered_questions_of_a_survey(
    names: list[str], unanswered: dict[str, Any], strict: Emulator, lab: Lab
) -> None:
    """Every playbook, with extra variables as AWX writes them, lists as JSON text."""
    one, many = unique("svc"), unique("svc")
    services = json.dumps([{"name": f"/pb/{many}"}, {"name": f"/pb/{one}"}])
    rid = "dcos:adminrouter:ops:mesos"
    denied = f"type=audit authorizer=adminrouter object={rid} action=full result=deny uid=pb__{one}-principal\n"
    variables = {
        **unanswered,
        **strict.connection,
        "dcos_service_name": f"/pb/{one}",
        "dcos_services": services,
        "dcos_access_services": services,
        "dcos_access_fail_on": "",
        "dcos_token_path": str(lab.place("tokens") / "kept.token"),
        "dcos_audit_paths": json.dumps([lab.file("audit.log", denied)]),
        "dcos_permissions_file": str(lab.place("found") / "found.yml"),
        "dcos_awx_dir": str(lab.place("kit")),
        "dcos_awx_organization": "Default",
        "dcos_awx_project": "dcos",
    }
    run = lab.playbooks([playbook(name) for name in names], variables, unsafe=True)
    assert strict.logs_in(f"pb/{one}/{one}-secret")
    assert strict.logs_in(f"pb/{many}/{many}-secret")
    rotated = run.one("Rotate the keys", "localhost").result["services"]
    assert [each["key_changed"] for each in rotated] == [True, True]
    if "finish_bring_up" in names:
        assert strict.grants(f"pb__{one}-principal") == {rid: ["full"]}
    retired = lab.playbooks([playbook("retire_service"), playbook("retire_services")], variables, unsafe=True)
    assert len(changed(retired)) == 3
    assert strict.secrets_below(f"pb/{one}") == strict.secrets_below(f"pb/{many}") == []


def test_answers_of_a_survey(strict: Emulator, lab: Lab) -> None:
    """Words, numbers and lists arrive as text, false among them."""
    part = unique("svc")
    service = service_at(strict, part)
    table = lab.file("services.csv", "name;security_mode\n/pb/other;\n")
    answers = {
        "dcos_services": json.dumps([{"name": service["name"], "security_mode": "strict"}]),
        "dcos_services_defaults": json.dumps({"description": "from a survey"}),
        "dcos_services_exclusive": "false",
        "dcos_services_progress": "no",
        "dcos_services_concurrency": "2",
        "dcos_services_files": json.dumps([table]),
        "dcos_access_secrets": "false",
        "dcos_access_secret_paths": json.dumps(["pb/*"]),
        "dcos_access_show": "findings",
        "dcos_batch_size": json.dumps([1, "50%"]),
    }
    run = lab.playbooks(
        [playbook(name) for name in ("provision_services", "rotate_keys", "show_access", "retire_services")],
        {**strict.connection, **answers},
        unsafe=True,
    )
    assert strict.account(service["account"]) is None
    provisioned = run.one("Provision the services", "localhost").result["services"]
    assert [each["name"] for each in provisioned] == [service["name"], "/pb/other"]
    assert provisioned[0]["revoked"] == [], "dcos_services_exclusive is false"
    assert run.one("Retire the services", "localhost").result["counts"]["changed"] == 2


@pytest.mark.parametrize("name", ["provision_services", "rotate_keys", "retire_services"])
def test_a_slice_without_hosts_of_the_group(name: str, strict: Emulator, lab: Lab) -> None:
    variables = {**strict.connection, "dcos_services_group": "elsewhere"}
    for given in (variables, {**strict.connection, "dcos_services_group": ""}):
        if name != "rotate_keys" and given is not variables:
            continue  # it alone has a group where none is named
        run = lab.playbooks([playbook(name)], given, hosts={"another": {}}, warnings=["elsewhere|dcos_services"])
        assert changed(run) == []
        assert "There is nothing to do" in run.one("Report that there is nothing to do", "localhost").message
        assert strict.requests(run.start, run.end) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("slices", [2, 4])
def test_slices_of_a_large_inventory(slices: int, own: Emulator, tmp_path: Path) -> None:
    """Run at the same time, with a slice that has no service; then the whole inventory needs no change."""
    folder = unique("sliced")
    shared = f"dcos:service:marathon:marathon:services:/{folder}"
    hosts = {
        f"{folder}-{n}": {
            "dcos_service_name": f"/{folder}/s{n}",
            "dcos_service_permissions": [{"rid": rid, "actions": ["read"]} for rid in (shared, f"{shared}/s{n}")],
        }
        for n in range(400)
    }
    names = sorted(hosts)
    shares = [{name: hosts[name] for name in names[n::slices]} for n in range(slices)]
    variables = {**own.connection, "dcos_services_group": "dcos_services"}

    def run(number: int, share: dict[str, Any]) -> dict[str, int]:
        lab = Lab(tmp_path / f"slice{number}")
        done = lab.playbooks([playbook("provision_services")], variables, hosts=share, group="dcos_services")
        return dict(done.one("Provision the services", "localhost").result["counts"])

    def run_empty() -> None:
        warnings = ["dcos_services"]
        done = Lab(tmp_path / "empty").playbooks(
            [playbook("provision_services")], variables, hosts={"another": {}}, warnings=warnings
        )
        assert changed(done) == []

    with ThreadPoolExecutor(slices + 1) as pool:
        empty = pool.submit(run_empty)
        counts = list(pool.map(run, range(slices), shares))
        empty.result()
    size = 400 // slices
    assert counts == [{"total": size, "changed": size, "unchanged": 0, "failed": 0}] * slices
    assert run(slices, hosts) == {"total": 400, "changed": 0, "unchanged": 400, "failed": 0}
    assert own.grants(f"{folder}__s0-principal") == {shared: ["read"], f"{shared}/s0": ["read"]}
    assert own.logs_in(f"{folder}/s399/s399-secret")


@pytest.mark.exhaustive
def test_the_kit_for_awx(lab: Lab) -> None:
    """Looked at, written, and written again; Ansible takes its variables as they stand."""
    variables = {"dcos_awx_dir": "kit", "dcos_awx_organization": "Default", "dcos_awx_project": "dcos"}
    seen = lab.playbooks([playbook("awx_kit")], variables, arguments=["--check", "--diff"])
    assert changed(seen) == ["Make the folders", "Write the files"]
    assert "+    injectors:" in seen.output
    folder = lab.place("cwd") / "kit"
    assert not folder.exists()
    shown = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": str(folder / "configuration" / "controller.yml"),
        "tasks": [
            {
                "name": "Read the variables",
                "ansible.builtin.debug": {"msg": "{{ controller_credential_types + controller_hosts }}"},
            }
        ],
    }
    run = lab.playbooks([playbook("awx_kit"), playbook("awx_kit"), shown], variables)
    assert changed(run) == ["Make the folders", "Write the files"]
    files = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.*")}
    assert files == awx_kit({name: value for name, value in variables.items() if name != "dcos_awx_dir"})
    written = yaml.safe_load(files["configuration/controller.yml"])
    read = run.one("Read the variables", "localhost").result["msg"]
    assert read == written["controller_credential_types"] + written["controller_hosts"]


# The list that provisions


@pytest.mark.exhaustive
def test_every_source_works_for_all_playbooks(strict: Emulator, lab: Lab) -> None:
    """A list, a table with semicolons, a YAML file and an inventory: provisioned, rotated, retired.

    Every "make test" takes a file through all of that, with the guide to getting started.
    """
    parts = [unique(kind) for kind in ("listed", "table", "file", "host")]
    listed, table, in_file, host = parts
    rid = "dcos:adminrouter:ops:mesos"
    variables = {
        **strict.connection,
        "dcos_services": [{"name": f"/pb/{listed}", "state": "present", "description": "first"}],
        "dcos_services_files": [
            lab.file("Services.CSV", f'name;permissions\n/pb/{table};"{rid} full; {rid}x read"\n'),
            lab.file("services.yml", json.dumps([{"name": f"/pb/{in_file}"}])),
        ],
        "dcos_services_group": "team",
        "dcos_services_defaults": {"unknown_rids": "ignore"},
    }
    options: dict[str, Any] = {"hosts": {host: {"dcos_service_name": f"/pb/{host}"}}, "group": "team"}
    accounts = [f"pb__{part}-principal" for part in parts]
    lab.playbooks([playbook("provision_services")], variables, **options)
    before = {account: strict.account(account) for account in accounts}
    grants = {account: strict.grants(account) for account in accounts}
    assert grants[accounts[1]] == {rid: ["full"], f"{rid}x": ["read"]}
    strict.grant(accounts[0], f"{rid}/by-hand", "read")
    lab.playbooks([playbook("rotate_keys")], variables, **options)
    for account, part in zip(accounts, parts, strict=True):
        after, was = strict.account(account), before[account]
        assert after is not None
        assert was is not None
        assert after["public_key"] != was["public_key"]
        assert after["description"] == was["description"]
        assert strict.logs_in(f"pb/{part}/{part}-secret")
    assert strict.grants(accounts[0]) == {f"{rid}/by-hand": ["read"]}
    retired = lab.playbooks([playbook("retire_services"), playbook("retire_services")], variables, **options)
    results = [
        each.result["counts"]["changed"] for each in retired.of("localhost") if each.task == "Retire the services"
    ]
    assert results == [4, 0]
    assert [strict.account(account) for account in accounts] == [None] * 4


# Tokens

LIFETIME = 8


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Emulator]:
    """A cluster whose tokens live for seconds."""
    emulator = Emulator(tmp_path / "short", "strict", auth_token_lifetime=LIFETIME)
    yield emulator
    emulator.stop()


def looks(run: Run, task: str, host: str = "localhost") -> list[bool]:
    """Whether each round changed something in this task."""
    return [each.changed for each in run.of(host) if each.task == task and each.outcome == "ok"]


@pytest.mark.parametrize("host", ["localhost", pytest.param("ci", marks=pytest.mark.exhaustive)])
def test_a_token_is_renewed_before_it_expires(host: str, short_lived: Emulator, lab: Lab) -> None:
    """Also on a host of the inventory, as the schedule of the kit for AWX does it."""
    path = lab.place("tokens") / "kept.token"
    looking = {"dcos_token_path": str(path), "dcos_token_rounds": 4, "dcos_token_pause": 2}
    ahead = {"dcos_token_renew_before": LIFETIME - 2}
    here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    run = lab.playbooks(
        [playbook("keep_token")],
        {**short_lived.connection, **looking, **ahead, "dcos_hosts": host},
        hosts={} if host == "localhost" else {host: here},
    )
    renewed = looks(run, "Renew the token before it expires", host)
    requests = short_lived.requests(run.start, run.end)
    logins = [each for each in requests if each.is_login]
    assert len(renewed) == len(looks(run, "Check that the cluster accepts the token", host)) == 4
    assert len(logins) == sum(renewed) >= 2
    assert logins[0].time + LIFETIME < run.end, "the first token ended while the playbook ran"
    # The module that looks at the cluster also asks, without a token, whether authentication is on.
    assert [each for each in requests if each.status != 200 and each.method != "HEAD"] == []
    assert logins[-1].uid == SUPERUSER
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.exhaustive
def test_a_token_that_the_cluster_refuses_is_replaced(strict: Emulator, lab: Lab) -> None:
    """The file and the clock know nothing of it."""
    uid = unique("kept")
    strict.make_account(uid, KEYS[0])
    strict.make_secret(f"{uid}/s", document(uid, KEYS[0]))
    path = lab.place("tokens") / "kept.token"
    variables = {**strict.connection, "dcos_token_secret_path": f"{uid}/s", "dcos_token_path": str(path)}
    first = lab.playbooks([playbook("keep_token"), playbook("keep_token")], variables)
    assert looks(first, "Renew the token before it expires") == [True, False]
    before = path.read_text()
    with strict.failing({"kind": "expire_tokens"}):
        run = lab.playbooks([playbook("keep_token"), playbook("keep_token")], variables)
        after = path.read_text().strip()
        assert strict.call("GET", f"/acs/api/v1/users/{uid}", token=before.strip()).status_code == 401
        assert strict.call("GET", f"/acs/api/v1/users/{uid}", token=after).status_code == 403
    assert looks(run, "Renew the token before it expires") == [False, False]
    assert looks(run, "Get a new token") == [True]
    assert looks(run, "Check that the cluster accepts the new token") == [False]
    assert found_secrets({"output": first.output + run.output}, {"before": before.strip(), "after": after}) == []
