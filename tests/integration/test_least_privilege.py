# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From denials to grants: the audit log of the emulator, read as users do it, with the module and the playbooks."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration_support import (
    IAM,
    KEYS,
    SECRETS,
    Emulator,
    Lab,
    Run,
    load_private,
    task,
    unique,
)
from workload import Client, Scheduler

ACS = "dcos:adminrouter:acs"
METADATA = "dcos:adminrouter:ops:metadata"
CHECK = ("--check",)
GUIDE = Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "least_privilege.rst"


def audit_log_of(emulator: Emulator) -> Path:
    return emulator.data_dir / "audit.log"


def work(emulator: Emulator, token: str, secret: str) -> list[int]:
    """What a service does: it reads its secret, and the metadata of the cluster; the statuses that it gets."""
    asked = [f"{SECRETS}{secret}", "/dcos-metadata/bootstrap-config.json"]
    return [emulator.call("GET", path, token=token).status_code for path in asked]


def needs(secret: str) -> list[dict[str, Any]]:
    return [
        {"rid": METADATA, "actions": ["full"]},
        {"rid": f"dcos:secrets:default:/{secret}", "actions": ["read"]},
    ]


def scheduler_needs(principal: str, role: str) -> list[dict[str, Any]]:
    """What the documents list for a scheduler with reservations and volumes, in the order of resource ids."""
    create = [f"{kind}:role:{role}" for kind in ("framework", "reservation", "volume")] + ["task:user:nobody"]
    delete = [f"{kind}:principal:{principal}" for kind in ("reservation", "volume")]
    listed = [(f"dcos:mesos:master:{each}", "create") for each in create]
    listed += [(f"dcos:mesos:master:{each}", "delete") for each in delete]
    listed += [("dcos:mesos:agent:task:user:nobody", "create")]
    return [{"rid": rid, "actions": [action]} for rid, action in sorted(listed)]


def test_denials_are_found_and_granted_permissions_are_allowed(strict: Emulator, lab: Lab) -> None:
    uid, secret = unique("denied"), f"{unique('lp')}/value"
    strict.make_account(uid, KEYS[0])
    strict.make_secret(secret, "value")
    token = strict.log_in(uid, KEYS[0])
    assert token is not None
    assert work(strict, token, secret) == [403, 403]
    strict.log_in(uid, KEYS[1])  # refused, and in no audit line
    look = task("dcos_audit_info", "look", args={"paths": [str(audit_log_of(strict))], "uid": [uid]}, register="found")
    grant = task("dcos_acl_grant", "grant", args={"uid": uid, "permissions": "{{ found.audit[0].missing }}"})
    run = lab.play([look, grant, {**look, "name": "look again"}], strict)
    (account,) = (each for each in run.one("look").result["audit"] if each["uid"] == uid)
    assert account["missing"] == account["needed"] == needs(secret)
    assert [each["granted"] for each in account["denied"]] == ["no", "no"]
    assert {each["known"] for each in account["denied"]} == {True}
    assert run.one("grant").changed
    again = next(each for each in run.one("look again").result["audit"] if each["uid"] == uid)
    assert again["missing"] == []
    assert [each["granted"] for each in again["denied"]] == ["direct", "direct"]
    assert not run.one("look again").changed
    # Its tokens are of before, and yet it may: what is asked is the account.
    assert work(strict, token, secret) == [200, 200]


def test_no_connection_is_needed_to_read_files(strict: Emulator, lab: Lab) -> None:
    uid = unique("offline")
    strict.make_account(uid, KEYS[0])
    token = strict.log_in(uid, KEYS[0])
    assert strict.call("GET", f"{IAM}/users", token=token).status_code == 403
    args = {"paths": [str(audit_log_of(strict))], "uid": [uid], "compare": False}
    run = lab.play([task("dcos_audit_info", "look", args=args)], defaults={})
    assert run.one("look").result["audit"][0]["missing"] == [{"rid": ACS, "actions": ["full"]}]


# The playbooks


class Masters:
    """Hosts whose journalctl prints what it is told to. All are this machine: what becomes root tells them apart."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.hosts: dict[str, dict[str, Any]] = {}

    def add(self, name: str, journal: Path | None, *, fails: str = "") -> None:
        """journal: what it prints; fails: what it says on stderr, and fails."""
        folder = self._lab.place(f"masters/{name}")
        script = f'printf "%s\\n" "$*" >> {folder}/asked\n'
        script += f"echo '{fails}' >&2; exit 1\n" if fails else f"cat {journal}\n"
        self._lab.file(f"masters/{name}/journalctl", f"#!/bin/sh\n{script}", 0o700)
        become = 'while [ "$1" != /bin/sh ]; do shift; done\n'
        sudo = self._lab.file(f"masters/{name}/sudo", f'#!/bin/sh\n{become}PATH={folder}:$PATH exec "$@"\n', 0o700)
        # Nobody becomes who he is, so it is to be somebody else.
        user = {"ansible_become": True, "ansible_become_user": "reader", "ansible_become_exe": sudo}
        self.hosts[name] = {"ansible_connection": "local", **user}

    def add_unreachable(self, name: str) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # nobody listens there
            port = taken.getsockname()[1]
        self.hosts[name] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": port}

    def asked(self, name: str) -> str:
        return (self._lab.place(f"masters/{name}") / "asked").read_text()


@pytest.fixture
def run_playbook(strict: Emulator, lab: Lab) -> Callable[..., Run]:
    def run(
        name: str, masters: Masters | None = None, fails: bool = False, arguments: tuple[str, ...] = (), **given: Any
    ) -> Run:
        play = {"ansible.builtin.import_playbook": f"dcos.security.{name}"}
        return lab.playbooks(
            [play],
            {**strict.connection, **given},
            hosts=masters.hosts if masters else None,
            group="masters",
            fails=fails,
            arguments=arguments,
        )

    return run


def shown(run: Run) -> str:
    (found,) = (each for each in run.results if each.task == "Show what was found")
    return "\n".join(found.result["msg"])


@pytest.mark.exhaustive
def test_from_bring_up_to_least_privilege(
    strict: Emulator, lab: Lab, run_playbook: Callable[..., Run], tmp_path: Path
) -> None:
    part = unique("svc")
    service = {"dcos_service_name": f"/lp/{part}"}
    account, role = f"lp__{part}-principal", f"lp__{part}-role"
    run_playbook("provision_service", **service, dcos_service_superuser=True)
    stored = strict.stored(f"lp/{part}/{part}-secret")
    assert stored is not None
    client = Client(strict.url, account, stored["private_key"], strict.ca or True)
    scheduler = Scheduler(role, reserves=True, volumes=True)
    scheduler.work(client)
    needed = scheduler_needs(account, role)

    # Half of what it did is in the journal of one master, half in the other's; two more cannot be read.
    lines = [line for line in audit_log_of(strict).read_text().splitlines() if account in line]
    masters = Masters(lab)
    for number, name in enumerate(("m1", "m2")):
        half = lab.file(f"{name}.journal", "".join(f"{line}\n" for line in ["noise", *lines[number::2]]))
        masters.add(name, Path(half))
    masters.add("m3", None, fails="No journal files were opened due to insufficient permissions.")
    masters.add_unreachable("m4")
    file = tmp_path / "found.yml"
    find = {**service, "dcos_audit_hosts": "masters", "dcos_permissions_file": str(file), "dcos_audit_since": "1h"}

    predicted = run_playbook("find_permissions", masters, arguments=CHECK, **find)
    assert predicted.one("Write what the service needs", "localhost").changed
    assert not file.exists()
    first = run_playbook("find_permissions", masters, **find)
    assert first.one("Write what the service needs", "localhost").changed
    found = yaml.safe_load(file.read_text())
    assert found["dcos_service_permissions"] == needed
    assert found["dcos_permissions_account"] == account
    assert found["dcos_permissions_unread"] == ["m3", "m4"]
    assert file.stat().st_mode & 0o777 == 0o600
    table = shown(first)
    assert re.search(rf"framework:role:{role} +create +allowed +mesos-master +\d+ .* no +yes", table)
    assert re.search(r"^cassandra +exactly$", table, re.MULTILINE)
    assert "m3  No journal files were opened due to insufficient permissions." in table
    assert "m4  " in table
    assert re.search(r"--no-pager -u dcos-\* --since=@\d{10}$", masters.asked("m1").strip().splitlines()[-1])
    again = run_playbook("find_permissions", masters, **find)
    assert not any(each.changed for each in again.results)

    finish = {**service, "dcos_permissions_file": str(file)}
    refused = run_playbook("finish_bring_up", fails=True, **finish)
    assert "the journals of m3, m4 could not be read" in " ".join(refused.of("localhost")[-1].message.split())
    assert "dcos:superuser" in strict.grants(account)
    for name in ("m3", "m4"):
        del masters.hosts[name]
    run_playbook("find_permissions", masters, **find)

    for given, said in (
        ({"dcos_service_superuser": True}, "dcos_service_superuser: this playbook revokes"),
        ({"dcos_service_permissions": needed[:1]}, "dcos_service_permissions: the given list lacks"),
        ({"dcos_service_name": "/lp/another"}, "is for the account"),
        ({"dcos_permissions_file": "none.yml"}, "there is no file none.yml"),
    ):
        run = run_playbook("finish_bring_up", fails=True, **{**finish, **given})
        assert said in " ".join(run.output.split())
    assert "dcos:superuser" in strict.grants(account)

    predicted = run_playbook("finish_bring_up", arguments=CHECK, **finish)
    assert "dcos:superuser" in strict.grants(account)
    assert any(each.changed for each in predicted.results)
    done = run_playbook("finish_bring_up", **finish)
    assert strict.grants(account) == {each["rid"]: each["actions"] for each in needed}
    (result,) = (each.result["msg"] for each in done.results if each.task == "Show what was done, and what to watch")
    assert {f"Account      {account}", "Permissions  7 held, 7 granted, 1 revoked", "Superuser    no"} < set(result)
    assert result[-1].startswith("Watch the service")
    scheduler.work(client)
    assert not any(each.changed for each in run_playbook("finish_bring_up", **finish).results)


@pytest.mark.exhaustive
def test_rounds_from_denials_and_lines_that_cannot_be_mapped(
    strict: Emulator, lab: Lab, run_playbook: Callable[..., Run], tmp_path: Path
) -> None:
    """Each round finds what the one before let the service come to; nothing that was found gets lost."""
    part = unique("svc")
    uid, secret = f"lp__{part}-principal", f"lp/{part}/value"
    service = {"dcos_service_name": f"/lp/{part}"}
    run_playbook("provision_service", **service)
    strict.make_secret(secret, "value")
    stored = strict.stored(f"lp/{part}/{part}-secret")
    assert stored is not None
    token = strict.log_in(uid, load_private(stored["private_key"]))
    assert token is not None
    file = tmp_path / "found.yml"
    find = {**service, "dcos_audit_paths": "lines.log", "dcos_permissions_file": str(file)}

    seen: set[str] = set()

    def look(odd: str = "") -> dict[str, Any]:
        # Only what is new. A relative path is meant from where the command was given.
        lines = [line for line in audit_log_of(strict).read_text().splitlines() if uid in line and line not in seen]
        seen.update(lines)
        (lab.place("cwd") / "lines.log").write_text("\n".join([*lines, odd]))
        run_playbook("find_permissions", **find)
        return dict(yaml.safe_load(file.read_text()))

    paths = [f"{SECRETS}{secret}", "/dcos-metadata/bootstrap-config.json"]
    for number, path in enumerate(paths):
        assert strict.call("GET", path, token=token).status_code == 403
        found = look(f"type=audit authorizer=moon uid={uid} action=land object=crater result=deny" if number else "")
        assert len(found["dcos_service_permissions"]) == number + 1
        accepted = {"dcos_accept_unmapped": True} if number else {}
        if number:
            refused = run_playbook("finish_bring_up", fails=True, **service, dcos_permissions_file=str(file))
            message = " ".join(refused.of("localhost")[-1].message.split())
            assert "lists lines that name no reliable permission (1): moon land crater (deny" in message
        run_playbook("finish_bring_up", **service, dcos_permissions_file=str(file), **accepted)
        assert strict.call("GET", path, token=token).status_code == 200
    assert strict.grants(uid) == {each["rid"]: each["actions"] for each in needs(secret)}


def test_a_permissive_cluster_says_what_its_journals_do_not_tell(permissive: Emulator, lab: Lab) -> None:
    play = {"ansible.builtin.import_playbook": "dcos.security.find_permissions"}
    given = {
        **permissive.connection,
        "dcos_audit_paths": str(audit_log_of(permissive)),
        "dcos_audit_uid": "bootstrapuser",
    }
    text = shown(lab.playbooks([play], given))
    assert (
        "WHAT THE LINES DO NOT SHOW\nThe cluster is in permissive mode. In this mode Mesos checks no permissions"
        in text
    )


# The guide


def blocks_of_the_guide(language: str, after: str, before: str) -> list[str]:
    """The code blocks between two titles of the guide, as they stand there."""
    part = GUIDE.read_text(encoding="utf-8").partition(f"\n{after}\n--")[2].partition(f"\n{before}\n--")[0]
    found = re.findall(rf"( *)\.\. code-block:: {language}\n\n((?:\1 +\S.*\n|\n)+)", part)
    return [textwrap.dedent(block) for _indent, block in found]


@pytest.mark.exhaustive
@pytest.mark.skipif(not shutil.which("curl"), reason="the guide's commands need curl")
def test_the_guide_works_as_printed(lab: Lab, tmp_path: Path) -> None:
    """Its steps against an emulator, in the order in which it tells to take them; only the masters are of this test.

    The guide to getting started goes one of its two ways in every "make test".
    """
    provision, find_on_hosts, finish = blocks_of_the_guide("bash", "In one pass", "In rounds")
    start, log_in, work, find, repeat, stop = blocks_of_the_guide("bash", "Try it with the emulator", "Variables")
    (files,) = blocks_of_the_guide("console", "In one pass", "In rounds")
    masters = Masters(lab)
    folder = lab.place("cwd")
    masters.add("m1", folder / "cluster" / "audit.log")
    service = re.match(r"\$ cat service.yml\n(.*?)\$ cat masters.yml\n", files, re.DOTALL)
    assert service is not None
    (folder / "service.yml").write_text(service[1])
    (folder / "masters.yml").write_text(json.dumps({"masters": {"hosts": masters.hosts}}))
    kept = "cp found.yml {}.yml\n"
    # The app is there by then.
    again = work.replace('ask "$DCOS_URL/service', '# ask "$DCOS_URL/service')
    steps = [start, provision, log_in, work, find, kept.format("paths"), find_on_hosts, kept.format("hosts"), finish]
    script = "".join(["set -eu\n", "trap 'dcos-emulator stop --data-dir cluster' EXIT\n", *steps, again, repeat, stop])
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=lab.environment(), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count('"type": "SUBSCRIBED"') == 2
    assert ran.stdout.count("refused\n") == 1
    found = [yaml.safe_load((folder / f"{name}.yml").read_text()) for name in ("paths", "hosts", "found")]
    app = "dcos:service:marathon:marathon:services:/lab/crawler/fetcher"
    needed = [
        {"rid": "dcos:adminrouter:service:marathon", "actions": ["full"]},
        {"rid": "dcos:mesos:master:framework:role:lab__crawler-role", "actions": ["create"]},
        {"rid": app, "actions": ["create"]},
    ]
    assert found[0]["dcos_service_permissions"] == needed
    assert found[1] == found[0]
    needed[-1]["actions"].append("delete")
    assert found[2]["dcos_service_permissions"] == needed


def test_bad_input_of_find_permissions(run_playbook: Callable[..., Run], lab: Lab, tmp_path: Path) -> None:
    masters = Masters(lab)
    masters.add("m1", None, fails="no such journal")
    other = tmp_path / "other.yml"
    other.write_text("dcos_permissions_account: other\n")
    (tmp_path / "empty.log").write_text("")
    service = {"dcos_service_name": "/lp/slip", "dcos_audit_compare": False}
    slips: list[tuple[dict[str, Any], str]] = [
        ({}, "dcos_audit_hosts: name the hosts"),
        ({"dcos_audit_hosts": "masters", "dcos_audit_since": "yesterday"}, "dcos_audit_since: must say how long ago"),
        ({"dcos_audit_hosts": "masters"}, "no journal could be read. m1: no such journal"),
        ({"dcos_audit_paths": "none.log"}, "paths: cannot read .*/none.log: No such file"),
        (
            {"dcos_audit_paths": str(tmp_path / "empty.log"), "dcos_permissions_file": str(other)},
            "was not written for the account lp__slip-principal",
        ),
        (
            {"dcos_audit_paths": "x", "dcos_permissions_file": "nowhere/f.yml", "dcos_service_name": ""},
            "dcos_permissions_file: it is for one service.*_file: the folder of nowhere/f.yml does not exist",
        ),
        ({"dcos_audit_paths": "x", "dcos_service_prest": "hdfs"}, "did you mean dcos_service_preset"),
    ]
    for given, said in slips:
        run = run_playbook("find_permissions", masters, fails=True, **{**service, **given})
        assert re.search(said, " ".join(run.output.split())), f"{given}: {run.output}"
    play = {"ansible.builtin.import_playbook": "dcos.security.find_permissions"}
    given = {**service, "dcos_audit_hosts": "nobody"}
    nobody = lab.playbooks([play], given, fails=True, warnings=["ignoring: nobody"])
    assert "dcos_audit_hosts: no host of the inventory matches nobody" in " ".join(nobody.output.split())


def test_no_token_is_shown_at_any_verbosity(strict: Emulator, lab: Lab, run_playbook: Callable[..., Run]) -> None:
    token = strict.token
    journal = lab.file(
        "m1.journal",
        f"[261122-03:38:44.992] [1:M] [x] INFO: Service login for `a`: invalid token `{token}`: expired\n"
        f"type=audit authorizer=adminrouter object={ACS} action=full result=deny request_uri=/x?token={token} uid=a\n",
    )
    masters = Masters(lab)
    masters.add("m1", Path(journal))
    wanted = {"dcos_audit_hosts": "masters", "dcos_audit_compare": False, "dcos_audit_since": "2026-11-01"}
    run = run_playbook("find_permissions", masters, arguments=("-vvvv",), **wanted)
    assert token not in run.output
    assert token not in json.dumps([each.result for each in run.results])
    assert "no grant helps" in shown(run)
