# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what services do to what they need: the documented permissions come out of the audit lines, both ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._rules.coverage import covers
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import serving
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import run
from ansible_collections.dcos.security.tests.workload import Client, Deployer, Refused, Scheduler, Watcher, Workload

SUPERUSER = ("dcos:superuser", "full")
MARATHON = "dcos:service:marathon:marathon:services:"
MOST_ROUNDS = 20
"""More than any service here has permissions."""

STATEFUL = Scheduler("", reserves=True, volumes=True)

# Preset, name, DC/OS, and what the documents of the service say that it does; not one permission.
SERVICES: list[tuple[str, str, str, Workload]] = [
    ("cassandra", "/cassandra", "2.2.4", replace(STATEFUL, role="cassandra-role")),
    ("cassandra", "/prod/cassandra", "2.2.4", replace(STATEFUL, role="prod__cassandra-role")),
    ("hdfs", "/hdfs", "2.2.4", replace(STATEFUL, role="hdfs-role")),
    ("kafka", "/kafka", "2.2.4", replace(STATEFUL, role="kafka-role")),
    ("confluent-kafka", "/confluent-kafka", "2.2.4", replace(STATEFUL, role="confluent-kafka-role")),
    ("confluent-zookeeper", "/confluent-zookeeper", "2.2.4", replace(STATEFUL, role="confluent-zookeeper-role")),
    ("spark", "/spark", "2.2.4", Scheduler("*", folder="/spark")),
    ("marathon-lb", "/marathon-lb", "2.2.4", Watcher()),
    # The lists for services of one's own are older than the question of the agents.
    ("scheduler_minimum", "/own", "1.8.8", Scheduler("own-role")),
    ("scheduler_reservations", "/own", "1.8.8", Scheduler("own-role", reserves=True)),
    ("scheduler_local_volumes", "/own", "1.8.8", Scheduler("own-role", volumes=True)),
    ("scheduler_stateful", "/own", "1.8.8", replace(STATEFUL, role="own-role")),
]
NAMES = [f"{preset} as {name}" for preset, name, _version, _workload in SERVICES]


@dataclass
class Service:
    """One service on a cluster of its own: its account, and a secret that it reads itself."""

    cluster: EmulatedCluster
    uid: str
    workload: Workload

    def starts(self) -> bool:
        """Whether it gets through everything that it does."""
        with serving(self.cluster):
            try:
                self.workload.work(Client(URL, self.uid, private_text("service")))
            except Refused:
                return False
        return True

    def look(self, text: str | None = None, **options: Any) -> dict[str, Any]:
        """What its audit lines tell, or those in a text."""
        given = {"text": [self.cluster.audit() if text is None else text], "uid": [self.uid], **options}
        result = run("dcos_audit_info", given, self.cluster)
        assert result["unmapped"] == []
        return result

    def account(self, **options: Any) -> dict[str, Any]:
        (account,) = (each for each in self.look(**options)["audit"] if each["uid"] == self.uid)
        return dict(account)

    def grant(self, permissions: list[dict[str, Any]], **options: Any) -> None:
        assert permissions
        result = run("dcos_acl_grant", {"uid": self.uid, "permissions": permissions, **options}, self.cluster)
        assert result["changed"]

    def has(self) -> set[tuple[str, str]]:
        return self.cluster.grants_of(self.uid)

    def in_rounds(self) -> int:
        """Start it and grant what it was denied until it works; how often it failed."""
        for failures in range(MOST_ROUNDS):
            if self.starts():
                return failures
            self.grant(self.account()["missing"])
        raise AssertionError("it still does not work")


def documented(preset: str, name: str, version: str) -> tuple[str, set[tuple[str, str]]]:
    """The account that the documents name, and the permissions that they list for strict mode."""
    info = {"url": URL, "security_mode": "strict", "version": version, "variant": "enterprise"}
    planned = plan_service({"name": name, "preset": preset}, info)
    return planned.account, {(each.rid, action) for each in planned.permissions for action in each.actions}


def placed(workload: Workload, uid: str, cluster: EmulatedCluster) -> tuple[Service, set[tuple[str, str]]]:
    """The service, which is not the only one there, and what reading its own secret takes."""
    path = f"{uid}/settings"
    cluster.add_account("shop", public_text("service"))
    cluster.add_grant("shop", *SUPERUSER)
    with serving(cluster):
        Client(URL, "shop", private_text("service")).call("PUT", "/service/marathon/v2/apps//shop/cart", json={})
    cluster.add_account(uid, public_text("service"))
    cluster.store_secret(path, "value")
    reads = {(f"dcos:secrets:default:/{path}", "read")}
    return Service(cluster, uid, replace(workload, secrets=[path])), reads  # type: ignore[type-var]


@pytest.fixture(params=SERVICES, ids=NAMES)
def service(request: pytest.FixtureRequest) -> tuple[Service, set[tuple[str, str]]]:
    """A service that may do nothing, and what its documents list."""
    preset, name, version, workload = request.param
    uid, listed = documented(preset, name, version)
    made, reads = placed(workload, uid, EmulatedCluster("strict", version))
    return made, listed | reads


Known = tuple[Service, set[tuple[str, str]]]


def test_from_nothing_in_rounds(service: Known) -> None:
    """One permission a round or two at once; in the end it has what its documents list, and works."""
    made, listed = service
    assert not made.starts()
    assert 1 < made.in_rounds() <= len(listed)
    assert made.has() == listed
    assert made.account()["unused"] == []


def test_from_superuser_in_one_pass(service: Known) -> None:
    made, listed = service
    made.cluster.add_grant(made.uid, *SUPERUSER)
    assert made.starts()
    account = made.account()
    assert account["denied"] == []
    assert account["missing"] == account["needed"]
    made.grant(account["needed"], exclusive=True)
    assert made.has() == listed
    assert made.starts()
    assert made.account()["missing"] == []


def test_a_grant_too_many_is_unused() -> None:
    uid, listed = documented("kafka", "/kafka", "2.2.4")
    made, reads = placed(replace(STATEFUL, role="kafka-role"), uid, EmulatedCluster())
    surplus = ("dcos:mesos:master:framework:role:other-role", "create")
    for rid, action in [*listed, *reads, surplus]:
        made.cluster.add_grant(uid, rid, action)
    assert made.starts()
    assert made.account()["unused"] == [{"rid": surplus[0], "actions": [surplus[1]]}]
    # What it was not seen to need is only told.
    assert surplus in made.has()


def test_one_grant_too_few_stops_it_and_is_named() -> None:
    uid, listed = documented("spark", "/spark", "2.2.4")
    made, reads = placed(Scheduler("*", folder="/spark"), uid, EmulatedCluster())
    for left_out in sorted(listed | reads):
        made.cluster.remove_grants(uid)
        for rid, action in (listed | reads) - {left_out}:
            made.cluster.add_grant(uid, rid, action)
        assert not made.starts(), left_out
        assert made.account()["missing"] == [{"rid": left_out[0], "actions": [left_out[1]]}]


@pytest.mark.parametrize("begin", ["nothing", "superuser"])
def test_a_deployer_ends_with_what_its_folder_takes(begin: str) -> None:
    """Through Admin Router, and to folders: less than the preset for the whole group, and within it."""
    made, reads = placed(Deployer("/prod"), "ci", EmulatedCluster())
    if begin == "nothing":
        made.in_rounds()
    else:
        made.cluster.add_grant(made.uid, *SUPERUSER)
        assert made.starts()
        made.grant(made.account()["needed"], exclusive=True)
    assert made.starts()
    actions = ("create", "read", "update", "delete")
    router = ("dcos:adminrouter:service:marathon", "full")
    apps = {(f"{MARATHON}/prod/{app}", action) for app in ("web", "api", "jobs/nightly") for action in actions}
    assert made.has() == {router, *apps, *reads}
    folded = made.account(fold=True, folder="/prod")["needed"]
    assert {"rid": f"{MARATHON}/prod", "actions": list(actions)} in folded
    _uid, listed = documented("group_access", "/prod/ci", "2.2.4")
    assert all(any(covers(Grant(*wide), Grant(*each)) for wide in listed) for each in made.has() - reads)


@pytest.mark.parametrize("mode", ["permissive", "disabled"])
def test_looser_modes_say_what_their_lines_do_not_show(mode: str) -> None:
    """A scheduler runs into nothing there, and leaves no line but about its secret; the result says why."""
    made, reads = placed(replace(STATEFUL, role="own-role"), "own", EmulatedCluster(mode))
    made.in_rounds()
    assert made.has() == reads
    (note,) = made.look()["notes"]
    assert f"The cluster is in {mode} mode. In this mode Mesos" in note
    assert "Use a preset, or bring the service up on a cluster in strict mode." in note


@pytest.mark.parametrize(("mode", "works_at_once"), [("permissive", False), ("disabled", True)])
def test_marathon_judges_tokens_in_permissive_mode(mode: str, works_at_once: bool) -> None:
    _uid, listed = documented("marathon-lb", "/marathon-lb", "2.2.4")
    made, reads = placed(Watcher(), "mlb", EmulatedCluster(mode))
    made.cluster.add_grant("mlb", *next(iter(reads)))
    assert made.starts() is works_at_once
    made.in_rounds()
    assert made.has() - reads == (set() if works_at_once else listed)


def test_in_strict_mode_there_is_nothing_to_say() -> None:
    made, _reads = placed(Watcher(), "mlb", EmulatedCluster())
    assert made.look()["notes"] == []
    assert made.look(compare=False)["notes"] == []


def test_whose_mode_may_not_be_read_nothing_is_said_about_it() -> None:
    cluster = EmulatedCluster("permissive")
    made, _reads = placed(Watcher(), "mlb", cluster)
    cluster.refused["bootstrap-config.json"] = 403
    assert made.look()["notes"] == []


@pytest.mark.parametrize(
    "spoil",
    [lambda line: line.replace("uid=", "uid=nobody uid="), lambda line: line[: line.index("result=")]],
    ids=["a second account", "cut"],
)
def test_lines_of_the_emulator_are_not_believed_when_they_are_spoilt(spoil: Callable[[str], str]) -> None:
    """Each form that the emulator writes is read strictly: nothing comes of a line that was tampered with."""
    made, _reads = placed(replace(STATEFUL, role="own-role"), "own", EmulatedCluster())
    made.in_rounds()
    own = [line for line in made.cluster.audit().splitlines() if "uid=own" in line or 'uid="own"' in line]
    lines = [line for line in own if "authorizer=adminrouter" not in line]
    result = run("dcos_audit_info", {"text": ["\n".join(map(spoil, lines))], "uid": [], "compare": False}, made.cluster)
    assert not any(each["missing"] or each["needed"] for each in result["audit"])
    assert sum(each["count"] for each in result["unmapped"]) == len(lines)
