# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many services in one task: what it costs the cluster, what one bad service does to the others, and its playbook."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from integration_support import (
    IAM,
    KEYS,
    PASSWORD,
    SECRETS,
    Emulator,
    Lab,
    Request,
    Run,
    Task,
    TaskResult,
    document,
    found_secrets,
    load_private,
    task,
    unique,
)

GRANTS = 10
COUNT = 12
SHARED = "dcos:service:marathon:marathon:services:/shared"
QUIET = {"unknown_rids": "ignore"}


class Team:
    """Some services below one folder that no other test uses."""

    def __init__(self, count: int = COUNT, grants: int = GRANTS) -> None:
        self.folder = unique("fleet")
        self.names = [f"s{number:02}" for number in range(count)]
        self._grants = grants

    def account(self, name: str) -> str:
        return f"{self.folder}__{name}-principal"

    def secret(self, name: str) -> str:
        return f"{self.folder}/{name}/{name}-secret"

    def rids(self, name: str) -> list[str]:
        own = [f"dcos:service:marathon:marathon:services:/{self.folder}/{name}/{n}" for n in range(self._grants - 1)]
        return [*own, f"{SHARED}/{self.folder}"]

    def entry(self, name: str, **variables: Any) -> dict[str, Any]:
        permissions = [{"rid": rid, "actions": ["read"]} for rid in self.rids(name)]
        return {"name": f"/{self.folder}/{name}", "permissions": permissions, **QUIET, **variables}

    def entries(self, **variables: Any) -> list[dict[str, Any]]:
        return [self.entry(name, **variables) for name in self.names]

    def task(self, title: str, entries: Sequence[dict[str, Any]] | None = None, **args: Any) -> Task:
        keywords = {name: args.pop(name) for name in ("check_mode", "diff", "ignore_errors", "no_log") if name in args}
        services = self.entries() if entries is None else list(entries)
        return task("dcos_services", title, args={"services": services, **args}, **keywords)

    def state(self, emulator: Emulator) -> dict[str, Any]:
        """What the cluster holds of these services, without what differs from run to run."""
        found: dict[str, Any] = {}
        for name in self.names:
            account = emulator.account(self.account(name)) or {}
            grants = {
                rid.replace(self.folder, ""): actions for rid, actions in emulator.grants(self.account(name)).items()
            }
            stored = emulator.stored(self.secret(name)) or {}
            found[name] = {
                "description": account["description"].replace(self.folder, ""),
                "grants": {rid.replace(self.folder, ""): actions for rid, actions in grants.items()},
                "document": {k: v.replace(self.folder, "") for k, v in stored.items() if k != "private_key"},
                "logs in": emulator.logs_in(self.secret(name)),
                "left over": emulator.secret(self.secret(name) + "-next"),
                "journal": emulator.account(self.account(name) + ".replacing"),
            }
        return found

    def requests(self, result: TaskResult, emulator: Emulator) -> tuple[list[Request], list[Request]]:
        """What one task asked about these services, and what it asked once."""
        asked = result.requests(emulator)
        logins = [each for each in asked if each.is_login and each.path == IAM + "/auth/login"]
        about = [each for each in asked if self.folder in each.path]
        return about, [each for each in asked if self.folder not in each.path and each not in logins[1:]]


def kinds(requests: Sequence[Request]) -> Counter[str]:
    return Counter(each.method for each in requests)


def outcomes(result: TaskResult) -> list[str]:
    services = result.result["services"]
    return ["failed" if each["failed"] else "changed" if each["changed"] else "ok" for each in services]


# Budgets


@pytest.fixture(scope="module")
def cold(own: Emulator, shared_lab: Lab) -> tuple[Team, Run]:
    team = Team()
    run = shared_lab.play(
        [
            team.task("predicted", check_mode=True, diff=True),
            team.task("done", diff=True),
            team.task("again", diff=True),
            team.task("verified", verify_login="always"),
        ],
        own,
    )
    return team, run


def test_everything_is_there(cold: tuple[Team, Run], own: Emulator) -> None:
    team, run = cold
    for name, found in team.state(own).items():
        assert found["description"] == f"Service account of //{name}"
        assert found["grants"] == {rid.replace(team.folder, ""): ["read"] for rid in team.rids(name)}
        assert found["document"]["uid"] == f"__{name}-principal"
        assert (found["logs in"], found["left over"], found["journal"]) == (True, None, None)
    done = run.one("done").result
    assert done["counts"] == {"total": COUNT, "changed": COUNT, "unchanged": 0, "failed": 0}
    assert [each["name"] for each in done["services"]] == [f"/{team.folder}/{name}" for name in team.names]
    assert all(each["verified"] and each["key_changed"] for each in done["services"])


def test_check_mode_and_diff(cold: tuple[Team, Run], own: Emulator) -> None:
    team, run = cold
    predicted, done, again = (run.one(name) for name in ("predicted", "done", "again"))
    assert predicted.writes(own) == []
    assert predicted.result["provisional"] is True
    assert "provisional" not in done.result
    assert predicted.result["counts"] == done.result["counts"]
    assert list(done.diff["after"]) == [f"/{team.folder}/{name}" for name in team.names]
    assert again.diff == {"before": {}, "after": {}}
    one = f"/{team.folder}/s00"
    assert predicted.diff["after"][one]["grants"] == done.diff["after"][one]["grants"]
    assert done.diff["before"][one] == {"secret": None, "account": None, "grants": {"direct": []}}
    assert done.diff["after"][one]["account"]["fingerprint"] == done.result["services"][0]["fingerprint"]


def test_requests_of_a_cold_run(cold: tuple[Team, Run], own: Emulator) -> None:
    team, run = cold
    about, once = team.requests(run.one("done"), own)
    assert len(once) <= 6, once
    acls = {rid for name in team.names for rid in team.rids(name)}
    assert kinds(about)["PUT"] == COUNT * (2 + GRANTS) + len(acls) <= COUNT * (2 + 2 * GRANTS)
    assert set(kinds(about)) == {"PUT", "GET"}
    assert kinds(about)["GET"] <= 2 * COUNT
    logins = [each for each in run.one("done").requests(own) if each.is_login]
    assert len(logins) == COUNT + 1
    assert {each.status for each in about} <= {200, 201, 204, 400}, "no write met a conflict"


def test_requests_of_a_run_without_changes(cold: tuple[Team, Run], own: Emulator) -> None:
    team, run = cold
    again, verified = run.one("again"), run.one("verified")
    assert (again.changed, verified.changed) == (False, False)
    about, once = team.requests(again, own)
    assert len(once) <= 6, once
    assert kinds(about) == {"GET": 2 * COUNT}
    assert len([each for each in again.requests(own) if each.is_login]) == 1
    about, once = team.requests(verified, own)
    assert kinds(about) == {"GET": 2 * COUNT}
    assert len([each for each in verified.requests(own) if each.is_login]) == 1 + COUNT
    assert all(each["verified"] for each in verified.result["services"])


# The role and the fleet are one


@pytest.mark.exhaustive
def test_role_and_fleet_leave_each_others_services_unchanged(strict: Emulator, lab: Lab) -> None:
    team = Team(2)

    def role(name: str, title: str) -> list[Task]:
        given = {f"dcos_service_{key}": value for key, value in team.entry(name).items()}
        include = task("ansible.builtin.include_role", args={"name": "dcos.security.dcos_service"}, vars=given)
        return [include, task("ansible.builtin.debug", title, args={"var": "dcos_service_result"})]

    first, second = team.names
    run = lab.play(
        [
            *role(first, "by the role"),
            team.task("by the fleet", [team.entry(second)]),
            *role(second, "by the role again"),
            team.task("by the fleet again", [team.entry(first)]),
        ],
        strict,
    )
    role_result = run.one("by the role").result["dcos_service_result"]
    fleet_result = run.one("by the fleet").result["services"][0]
    assert set(role_result) <= set(fleet_result)
    same = json.loads(json.dumps(role_result).replace(first, second))
    assert {**same, "fingerprint": ""} == {**{key: fleet_result[key] for key in role_result}, "fingerprint": ""}
    changed = [each.task for each in run.of("case") if each.changed]
    assert changed[-1] == "by the fleet"
    assert team.state(strict)[first] == json.loads(json.dumps(team.state(strict)[second]).replace(second, first))


# Others are not stopped


def test_one_bad_service_and_the_next_run(strict: Emulator, lab: Lab) -> None:
    team = Team(6, grants=2)
    foreign, mismatch, refused, twin = team.names[:4]
    strict.make_secret(team.secret(foreign), "what another team stored")
    strict.make_account(team.account(mismatch), KEYS[0])
    strict.make_secret(team.secret(mismatch), document(team.account(mismatch), KEYS[1]))
    entries = team.entries()
    entries[2]["colour"] = "red"
    entries[3]["account"] = team.account(team.names[4])
    run = lab.play([team.task("first", entries, ignore_errors=True)], strict)
    first = run.one("first")
    assert outcomes(first) == ["failed"] * 5 + ["changed"]
    services = first.result["services"]
    codes = [each["failure"]["code"] for each in services[:5]]
    assert codes == ["foreign_secret", "key_mismatch", None, "collision", "collision"]
    assert "5 of 6 services failed" in first.message
    for word in (f"/{team.folder}/{foreign}", "services[2].colour", "share the account", "run again"):
        assert word in first.message
    touched = [each.path for each in first.requests(strict) if each.is_write]
    assert touched
    assert all(team.names[5] in path or SHARED.rpartition("/")[2] in path for path in touched)
    strict.must(204, "DELETE", SECRETS + team.secret(foreign))
    entries = team.entries()
    entries[1]["rotate_key"] = True
    second = lab.play([team.task("second", entries)], strict).one("second")
    assert outcomes(second) == ["changed"] * 5 + ["ok"]
    assert all(found["logs in"] for found in team.state(strict).values())
    assert refused != twin


@pytest.mark.exhaustive
def test_rotation_and_retirement(strict: Emulator, lab: Lab) -> None:
    team = Team(3, grants=2)
    one = team.names[0]
    lab.play([team.task("done")], strict)
    strict.make_group(f"group.{team.folder}", team.account(one))
    old = load_private((strict.stored(team.secret(one)) or {})["private_key"])
    entries = [team.entry(one, rotate_key=True), *team.entries()[1:]]
    run = lab.play([team.task("predicted", entries, check_mode=True), team.task("rotated", entries)], strict)
    assert outcomes(run.one("predicted")) == outcomes(run.one("rotated")) == ["changed", "ok", "ok"]
    assert strict.log_in(team.account(one), old) is None
    assert strict.groups(team.account(one)) == [f"group.{team.folder}"]
    state = team.state(strict)
    assert state[one]["grants"] == {rid.replace(team.folder, ""): ["read"] for rid in team.rids(one)}
    assert all(found["logs in"] and found["left over"] is None and found["journal"] is None for found in state.values())
    unused = team.rids(one)[0]
    entries = team.entries(delete_unused_acls=True)
    tasks = [
        team.task("predicted", entries, state="absent", check_mode=True),
        team.task("retired", entries, state="absent"),
        team.task("again", entries, state="absent"),
    ]
    run = lab.play(tasks, strict)
    assert outcomes(run.one("predicted")) == outcomes(run.one("retired")) == ["changed"] * 3
    assert outcomes(run.one("again")) == ["ok"] * 3
    assert strict.secrets_below(team.folder) == []
    assert [strict.account(team.account(name)) for name in team.names] == [None] * 3
    assert strict.acl(unused) is None


@pytest.mark.exhaustive
def test_the_result_depends_on_neither_concurrency_nor_faults(own: Emulator, lab: Lab) -> None:
    """Faults on 5 % of the requests."""
    faults = [
        {"kind": "cut_before", "probability": 0.0125, "seed": 1},
        {"kind": "cut_after", "probability": 0.0127, "seed": 2},
        {"kind": "status", "status": 503, "probability": 0.0128, "seed": 3},
        {"kind": "status", "status": 429, "retry_after": 0, "probability": 0.0130, "seed": 4},
    ]
    teams = [Team(), Team()]
    with own.failing(*faults):
        tasks = [team.task(f"at {n}", concurrency=n) for team, n in zip(teams, (1, 32), strict=True)]
        run = lab.play(tasks, own)
    for n in (1, 32):
        asked = run.one(f"at {n}").requests(own)
        assert len([each for each in asked if each.fault]) > len(asked) * 0.02, "the faults struck"
        assert outcomes(run.one(f"at {n}")) == ["changed"] * COUNT
    states = [team.state(own) for team in teams]
    assert states[0] == states[1]
    assert all(found["logs in"] and len(found["grants"]) == GRANTS for found in states[0].values())
    again = lab.play([team.task(team.folder) for team in teams], own)
    assert [outcomes(again.one(team.folder)) for team in teams] == [["ok"] * COUNT] * 2


# What is shown


def test_progress(own: Emulator, lab: Lab) -> None:
    team = Team(4, grants=3)
    tasks = [team.task("told", concurrency=1), team.task("quiet", concurrency=1, progress=False, state="absent")]
    with own.failing({"kind": "latency", "seconds": 0.2}):
        run = lab.play(tasks, own)
    lines = [line for line in run.stdout.splitlines() if line.startswith("dcos_services: ")]
    told, quiet = run.one("told"), run.one("quiet")
    assert told.end - told.start > 6
    assert quiet.end - quiet.start > 6, "long enough to be told"
    assert lines
    assert "of 4 services done; the last one: /" in lines[-1]
    assert run.stdout.rfind("dcos_services: ") < run.stdout.find("TASK [quiet]")


def test_no_secret_is_shown_by_the_fleet(own: Emulator, lab: Lab) -> None:
    team = Team(4, grants=1)
    wrong, broken = team.names[2:]
    foreign = document("somebody-else", KEYS[2])
    own.make_secret(team.secret(wrong), foreign)
    own.make_account(team.account(broken), KEYS[0])
    entries = [*team.entries()[:1], team.entry(team.names[1], key_store="file", key_dir=str(lab.place("keys")))]
    entries += team.entries()[2:]
    log = lab.place("log") / "ansible.log"
    rotate = [{**entry, "rotate_key": True} for entry in entries]
    tasks = [
        team.task("done", entries, ignore_errors=True),
        team.task("rotated", rotate[:2], ignore_errors=True),
        team.task("no login", entries, dcos_password="wrong-password-9182", ignore_errors=True),
    ]
    environment = {
        "ANSIBLE_LOG_PATH": str(log),
        "ANSIBLE_PIPELINING": "false",
        "ANSIBLE_KEEP_REMOTE_FILES": "true",
    }
    seen: dict[str, str] = {"foreign key": foreign["private_key"], "password": PASSWORD, "wrong": "wrong-password-9182"}
    run = lab.play(tasks[:1], own, arguments=("-vvvv", "--diff"), environment=environment, packed=True)
    for name in team.names[:2]:
        seen[f"first key of {name}"] = (own.stored(team.secret(name)) or {})["private_key"]
    more = lab.play(tasks[1:], own, arguments=("-vvvv", "--diff"), environment=environment, packed=True)
    for name in team.names[:2]:
        seen[f"next key of {name}"] = (own.stored(team.secret(name)) or {})["private_key"]
    assert len(set(seen.values())) == 7
    assert outcomes(run.one("done")) == ["changed", "changed", "failed", "failed"]
    assert outcomes(more.one("rotated")) == ["changed", "changed"]
    texts = {
        "stdout": run.stdout + more.stdout,
        "stderr": run.stderr + more.stderr,
        "log": log.read_text(encoding="utf-8"),
        "results": json.dumps([each.result for each in (*run.results, *more.results)], ensure_ascii=False),
        **{path.name: path.read_text(encoding="utf-8") for path in own.data_dir.glob("*.log")},
    }
    assert found_secrets(texts, seen) == []
    assert "eyJ0eXAi" not in json.dumps(texts)
    kept = {str(path): path.read_bytes().decode("latin-1") for path in lab.place("tmp").rglob("*") if path.is_file()}
    assert any("AnsiballZ" in path for path in kept), "nothing was kept"
    keys = {name: secret for name, secret in seen.items() if "key" in name}
    assert found_secrets(kept, keys) == []


# The playbook


def test_provision_services(strict: Emulator, lab: Lab) -> None:
    team = Team(5, grants=1)
    listed, table, in_file, host, refused = team.names
    rid = f"dcos:service:marathon:marathon:services:/{team.folder}"
    csv_text = f"""
        name,account,permissions,unknown_rids,superuser
        /{team.folder}/{table},{team.account(table)},{rid} read update; {rid}/x full,ignore,no
        """
    lab.file("cwd/tables/services.csv", textwrap.dedent(csv_text).lstrip())
    yaml_file = lab.file("services.yml", json.dumps([team.entry(in_file)]))
    variables = {
        **strict.connection,
        "dcos_services": [team.entry(listed)],
        "dcos_services_files": ["tables/services.csv", yaml_file],
        "dcos_services_group": "services",
        "dcos_services_defaults": {"description": "from the playbook"},
        "dcos_services_concurrency": 2,
        "dcos_services_exclusive": False,
        "dcos_services_state": "",
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    hosts = {
        "service-1": {f"dcos_service_{name}": value for name, value in team.entry(host).items()},
    }
    playbook = [{"ansible.builtin.import_playbook": "dcos.security.provision_services"}]
    run = lab.playbooks(playbook, variables, hosts=hosts, group="services")
    result = run.one("Provision the services", "localhost").result
    assert [each["name"] for each in result["services"]] == [
        f"/{team.folder}/{name}" for name in (listed, in_file, table, host)
    ]
    assert result["counts"]["changed"] == 4
    assert strict.grants(team.account(table)) == {rid: ["read", "update"], f"{rid}/x": ["full"]}
    assert {(strict.account(team.account(name)) or {})["description"] for name in team.names[:4]} == {
        "from the playbook"
    }
    strict.grant(team.account(table), f"{rid}/y", "read")  # left alone: dcos_services_exclusive is false
    again = lab.playbooks(playbook, variables, hosts=hosts, group="services")
    assert again.one("Provision the services", "localhost").changed is False
    nothing = {**strict.connection, "dcos_services_files": ""}
    empty = lab.playbooks(playbook, nothing, fails=True)
    assert "There is no service" in empty.one("Require a source of services", "localhost").message
    assert strict.account(team.account(refused)) is None
