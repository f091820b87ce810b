# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook bootstrap: a cluster that comes up late, seals, restarts; interruptions anywhere; what it refuses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from integration_support import PASSWORD, SUPERUSER, Emulator, Lab, Run, found_secrets, load_private, unique

NEW_PASSWORD = "as-the-operator-wants-it"
AUTOMATION = "automation"
SEALED = {"kind": "sealed"}


def eventually(what: str, holds: Callable[[], bool]) -> None:
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Emulator]:
    """A cluster of the test's own, whose ports stay the same when it restarts."""
    emulator = Emulator(tmp_path / "cluster", "strict")
    yield emulator
    emulator.stop()


class Takeover:
    """The playbook with the variables of one operator."""

    def __init__(self, cluster: Emulator, lab: Lab) -> None:
        self.cluster, self.lab = cluster, lab
        self.key_path = lab.place("keys") / "automation.pem"
        self.ca_path = lab.place("keys") / "dcos-ca.crt"
        self.service = unique("svc")

    def variables(self, **more: Any) -> dict[str, Any]:
        return {
            "dcos_url": self.cluster.url,
            "dcos_username": SUPERUSER,
            "dcos_password": PASSWORD,
            "dcos_ca_path": str(self.ca_path),
            "dcos_ca_fingerprint": self.cluster.ca_fingerprint,
            "dcos_retries": 0,
            "dcos_automation_uid": AUTOMATION,
            "dcos_automation_key_path": str(self.key_path),
            "dcos_services": json.dumps([{"name": f"/pb/{self.service}", "preset": "scheduler_minimum"}]),
            "dcos_initial_superuser_action": "replace_password",
            "dcos_initial_superuser_password": NEW_PASSWORD,
            "__dcos_bootstrap_pause": 1,
            **more,
        }

    def run(
        self,
        *arguments: str,
        fails: bool = False,
        warnings: Sequence[str] = (),
        hosts: Mapping[str, Mapping[str, Any]] | None = None,
        **more: Any,
    ) -> Run:
        plays = [{"ansible.builtin.import_playbook": "dcos.security.bootstrap"}]
        return self.lab.playbooks(
            plays, self.variables(**more), fails=fails, warnings=warnings, hosts=hosts, arguments=arguments
        )

    def in_background(self, **more: Any) -> tuple[threading.Thread, list[Run]]:
        runs: list[Run] = []
        thread = threading.Thread(target=lambda: runs.append(self.run(**more)))
        thread.start()
        return thread, runs

    def is_done(self) -> None:
        assert self.cluster.log_in(SUPERUSER, PASSWORD) is None
        assert self.cluster.log_in(SUPERUSER, NEW_PASSWORD) is not None
        key = load_private(self.key_path.read_text(encoding="utf-8"))
        token = self.cluster.log_in(AUTOMATION, key)
        assert token is not None
        self.cluster.__dict__["token"] = token
        assert self.cluster.grants(AUTOMATION) == {"dcos:superuser": ["full"]}
        assert self.cluster.logs_in(f"pb/{self.service}/{self.service}-secret")


@pytest.fixture
def takeover(cluster: Emulator, lab: Lab) -> Takeover:
    return Takeover(cluster, lab)


def changed(run: Run) -> list[str]:
    return [result.task for result in run.of("localhost") if result.changed]


def test_a_cluster_that_comes_up_late_seals_and_restarts(takeover: Takeover, cluster: Emulator) -> None:
    cluster.stop()
    thread, runs = takeover.in_background(dcos_bootstrap_wait=100)
    tried = takeover.lab.folder / "run1" / "results.jsonl"
    eventually("the playbook has begun", lambda: tried.exists() and "Validate variables" in tried.read_text())
    cluster.start()
    cluster.faults(SEALED)
    eventually("it waits for the secret store", lambda: bool(cluster.requests(about="seal-status")))
    assert cluster.account(AUTOMATION) is None
    cluster.faults()
    thread.join()
    (first,) = runs
    assert changed(first) == [
        "Keep the CA",
        "Make the key of the automation account",
        "Create the automation account",
        "Grant it what it may do",
        "Provision the services",
        "Replace the password of the superuser of the installation, or retire that user",
    ]
    takeover.is_done()
    said = first.one("Show what there is now, and how to go on", "localhost").result["msg"]
    assert "security mode strict" in said[0]
    provisioned = first.one("Show what was done", "localhost").result["msg"]
    assert provisioned[0].split() == ["Service", f"/pb/{takeover.service}:", "new"]
    assert any(f"DCOS_USERNAME={AUTOMATION}" in line for line in said)
    secrets = {
        "password": PASSWORD,
        "new": NEW_PASSWORD,
        "key": takeover.key_path.read_text(encoding="utf-8"),
        "stored": str((cluster.stored(f"pb/{takeover.service}/{takeover.service}-secret") or {})["private_key"]),
    }

    # The variables still have the password of the installation: the automation account needs none.
    cluster.stop()
    cluster.start()
    again = takeover.run("-vvvv", "--diff")
    assert changed(again) == []
    assert {each.uid for each in cluster.requests(again.start, again.end) if each.is_login} <= {
        AUTOMATION, SUPERUSER, None
    }  # fmt: skip

    retired = takeover.run(
        "-vvvv", "--diff", dcos_initial_superuser_action="retire", dcos_initial_superuser_password=""
    )
    assert len(changed(retired)) == 2, "the automation account takes the place in the group, then the user goes"
    assert cluster.account(SUPERUSER) is None
    # The CA is kept by now.
    last = takeover.run(
        dcos_initial_superuser_action="retire", dcos_initial_superuser_password="", dcos_ca_fingerprint=""
    )
    assert changed(last) == []
    outputs = {str(number): run.output for number, run in enumerate((first, again, retired, last))}
    assert found_secrets(outputs, secrets) == []


@pytest.mark.parametrize(
    "write",
    [0, *(pytest.param(number, marks=pytest.mark.exhaustive) for number in range(1, 8))],
)
def test_an_interruption_is_repaired_by_the_next_run(write: int, takeover: Takeover, cluster: Emulator) -> None:
    """After each of its eight writes; after the first one the automation account is there and has no permissions."""
    cut = {"kind": "cut_after", "match": {"write": True}, "skip": write}
    dead = {"kind": "cut_before", "match": {"write": True}, "skip": write + 1}
    with cluster.failing(dead, cut):
        takeover.run(fails=True)
    takeover.run()
    takeover.is_done()
    assert changed(takeover.run()) == []


def test_check_mode_changes_nothing(takeover: Takeover, cluster: Emulator) -> None:
    without_ca = takeover.run("--check", dcos_services="")
    assert "check mode cannot connect" in without_ca.output
    assert not takeover.ca_path.exists()
    takeover.ca_path.write_text(Path(cluster.ca or "").read_text(encoding="utf-8"), encoding="utf-8")
    predicted = takeover.run("--check", "--diff", warnings=("nothing can be granted",))
    assert "Create the automation account" in changed(predicted)
    assert not takeover.key_path.exists()
    assert [each for each in cluster.requests(predicted.start, predicted.end) if each.is_write] == []
    assert cluster.log_in(SUPERUSER, PASSWORD) is not None


def test_what_does_not_fit_is_refused_before_any_request(takeover: Takeover, cluster: Emulator) -> None:
    slips: list[tuple[str, dict[str, Any]]] = [
        ("dcos_automation_uid: to retire", {"dcos_initial_superuser_action": "retire", "dcos_automation_uid": "",
                                            "dcos_automation_key_path": "", "dcos_initial_superuser_password": ""}),
        ("dcos_automation_uid: to replace_password", {"dcos_automation_permissions": '[{"rid": "a", "actions": []}]'}),
        ("dcos_automation_uid: must not be", {"dcos_automation_uid": SUPERUSER}),
        ("dcos_automation_key_path: name the file", {"dcos_automation_key_path": ""}),
        ("dcos_automation_key_path: there is no folder", {"dcos_automation_key_path": "/no/such/folder/key.pem"}),
        ("dcos_initial_superuser_action: delete is unknown", {"dcos_initial_superuser_action": "delete"}),
        ("dcos_initial_superuser_action: a password is given", {"dcos_initial_superuser_action": ""}),
        ("dcos_initial_superuser_password: give", {"dcos_initial_superuser_password": "abcd"}),
        ("dcos_bootstrap_wait: must be", {"dcos_bootstrap_wait": "long"}),
        ("dcos_ca_host: the inventory has no host", {"dcos_ca_host": "master-7"}),
        ("dcos_ca_path: name the file", {"dcos_ca_path": ""}),
    ]  # fmt: skip
    # Each is a host of its own, with the variables of one operator.
    here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    hosts = {f"slip{number}": takeover.variables(**slip, **here) for number, (_said, slip) in enumerate(slips)}
    plays = [{"ansible.builtin.import_playbook": "dcos.security.bootstrap"}]
    run = takeover.lab.playbooks(plays, {"dcos_hosts": "all"}, hosts=hosts, fails=True)
    for host, (said, _slip) in zip(hosts, slips, strict=True):
        assert said in json.dumps(run.of(host)[-1].result)
    assert cluster.requests(run.start, run.end) == []

    wrong = takeover.run(fails=True, dcos_ca_fingerprint="AB" * 32, dcos_bootstrap_wait=100)
    assert "dcos_ca_fingerprint" in wrong.output
    assert len(cluster.requests(wrong.start, wrong.end)) == 1, "another CA than the expected one ends the wait"
    assert not takeover.ca_path.exists()
    refused = takeover.run(fails=True, dcos_password="not-the-one", dcos_bootstrap_wait=100)
    logins = [each for each in cluster.requests(refused.start, refused.end) if each.is_login]
    assert len(logins) == 1, "a wrong password is tried once"


SSH = """#!/bin/sh
# Runs what it is to run elsewhere on this machine, with the folder of a master's CA in another place.
for last; do :; done
exec sh -c "$(printf '%s' "$last" | sed 's#/run/dcos/pki/CA#{folder}#')"
"""


def test_the_ca_comes_from_a_master_over_ssh(takeover: Takeover, cluster: Emulator) -> None:
    """Only the program ssh is another one."""
    unset = (
        "services",
        "automation_uid",
        "automation_key_path",
        "initial_superuser_action",
        "initial_superuser_password",
    )
    lab, given = takeover.lab, {"dcos_ca_host": "master1", **{f"dcos_{name}": "" for name in unset}}
    bundle = lab.place("master") / "ca-bundle.crt"
    ssh = lab.file("ssh", SSH.format(folder=bundle.parent), 0o700)
    hosts = {"master1": {"ansible_connection": "ssh", "ansible_ssh_executable": ssh, "ansible_host": "192.0.2.1"}}

    missing = takeover.run(fails=True, hosts=hosts, dcos_bootstrap_wait=1, **given)
    assert "ca-bundle.crt: No such file" in missing.output
    bundle.write_text(Path(cluster.ca or "").read_text(encoding="utf-8"), encoding="utf-8")
    another = takeover.run(fails=True, hosts=hosts, **given, dcos_ca_fingerprint="AB" * 32)
    assert "dcos_ca_fingerprint: the bundle of" in another.output
    assert not takeover.ca_path.exists()
    kept = takeover.run(hosts=hosts, **given, dcos_ca_fingerprint="")
    assert changed(kept) == ["Keep the CA"]
    assert takeover.ca_path.read_text(encoding="utf-8") == bundle.read_text(encoding="utf-8")
    assert list(lab.place("tmp").glob("dcos-ca-*")) == []
