# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mesos master: calls of schedulers, who may make them, and the audit lines about that."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conformance_support import Answer, Emulator, Names

SCHEDULER = "/api/v1/scheduler"
MASTER = "dcos:mesos:master:"
INSIDE = {"Host": "leader.mesos:5050", "Content-Type": "application/json"}
FORM = {"Host": "leader.mesos:5050", "Content-Type": "application/x-www-form-urlencoded"}

LINE = (
    r"(?P<level>[IW])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ logfmt\.cpp:\d+\] type=audit "
    r'timestamp=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}\+00:00 authorizer="(?P<authorizer>mesos-(?:master|agent))"'
    r'(?: uid="(?P<uid>[^"]+)")? action="(?P<action>[^"]+)" object="(?P<object>[^"]+)" '
    r'result=(?P<result>allow|deny) reason="[^"]+"'
)


def decisions(emulator: Emulator, since: int) -> list[tuple[str, ...]]:
    """Mesos' own lines: authorizer, operation, object, result."""
    lines = [line for line in emulator.audit()[since:] if 'authorizer="mesos' in line]
    found = [re.fullmatch(LINE, line) for line in lines]
    assert None not in found, lines
    assert all((each["level"] == "W") is (each["result"] == "deny") for each in found if each)
    return [each.group("authorizer", "action", "object", "result") for each in found if each]


def events(answer: Answer) -> list[dict[str, Any]]:
    """The records of a stream: a length, a line's end, so many bytes."""
    found, rest = [], answer.body
    while rest:
        length, _newline, rest = rest.partition(b"\n")
        found.append(json.loads(rest[: int(length)]))
        rest = rest[int(length) :]
    return found


class Scheduler:
    """A framework of one account, from inside the cluster."""

    def __init__(self, emulator: Emulator, uid: str, **info: object) -> None:
        self.emulator = emulator
        self.uid = uid
        self.token: str | None = emulator.token(uid)
        self.info: dict[str, object] = {"name": "f", "user": "nobody", "roles": ["r"], "principal": uid, **info}
        self.id = ""
        self.headers = dict(INSIDE)

    def send(self, call: object) -> Answer:
        return self.emulator.call("POST", SCHEDULER, json_body=call, headers=self.headers, token=self.token)

    def subscribe(self) -> list[dict[str, Any]]:
        """What it is told; from now on it is subscribed, if it may be."""
        info = {**self.info, **({"id": {"value": self.id}} if self.id else {})}
        answer = self.send({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}})
        assert (answer.status, answer.content_type) == (200, "application/json"), answer.body
        told = events(answer)
        if told[0]["type"] == "SUBSCRIBED":
            self.id = told[0]["subscribed"]["framework_id"]["value"]
            self.headers["Mesos-Stream-Id"] = answer.headers["Mesos-Stream-Id"]
        return told

    def accept(self, *operations: object) -> Answer:
        accept = {"offer_ids": [{"value": "o"}], "operations": operations}
        return self.send({"type": "ACCEPT", "framework_id": {"value": self.id}, "accept": accept})

    def told(self) -> list[dict[str, Any]]:
        """What it has not been told yet, beside that it is subscribed and offered something."""
        return self.subscribe()[1:-1]


@pytest.fixture
def scheduler(emulator: Emulator, names: Names) -> Scheduler:
    """One that may register."""
    person = names["person"]
    emulator.grant(person, f"{MASTER}framework:role:r", "create")
    return Scheduler(emulator, person)


def resource(role: str = "r", principal: str | None = "{uid}", creator: str | None = "{uid}") -> dict[str, Any]:
    reservation = {"type": "DYNAMIC", "role": role, **({"principal": principal} if principal else {})}
    persistence = {"id": "v", **({"principal": creator} if creator else {})}
    return {"name": "disk", "type": "SCALAR", "reservations": [reservation], "disk": {"persistence": persistence}}


OLD_RESOURCE = {"name": "cpus", "type": "SCALAR", "role": "r", "reservation": {"principal": "{uid}"}}


def filled(message: Any, uid: str) -> Any:
    return json.loads(json.dumps(message).replace("{uid}", uid))


def task(**fields: Any) -> dict[str, Any]:
    return {"task_id": {"value": "t"}, "agent_id": {"value": "a"}, **fields}


def launch(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "LAUNCH", "launch": {"task_infos": list(tasks)}}


def test_registration(scheduler: Scheduler) -> None:
    """mesos: a stream of records with the framework's id, an offer for its role, and an id of the stream."""
    subscribed, offers = scheduler.subscribe()
    assert subscribed["subscribed"]["framework_id"]["value"] == scheduler.id
    (offer,) = offers["offers"]["offers"]
    assert (offer["allocation_info"], offer["framework_id"]) == ({"role": "r"}, {"value": scheduler.id})
    first = scheduler.id
    scheduler.subscribe()
    assert scheduler.id == first


@pytest.mark.parametrize(
    ("info", "roles"),
    [
        ({}, ["r"]),
        ({"roles": ["r", "slave_public/r"]}, ["r", "slave_public/r"]),
        ({"roles": None, "role": "old"}, ["old"]),
        ({"roles": None}, ["*"]),
    ],
)
def test_registration_needs_each_role(
    emulator: Emulator, names: Names, info: dict[str, object], roles: list[str]
) -> None:
    """audit-log section 5: framework:role create; mesos: a refusal is the only event of the stream."""
    refused = Scheduler(emulator, names["person"], **info)
    since = len(emulator.audit())
    (told,) = refused.subscribe()
    assert told == {"type": "ERROR", "error": {"message": f"Not authorized to use roles '[ {', '.join(roles)} ]'"}}
    objects = [f"{MASTER}framework:role:{role}" for role in roles]
    assert decisions(emulator, since) == [("mesos-master", "register_framework", each, "deny") for each in objects]
    for each in objects:
        emulator.grant(refused.uid, each, "create")
    since = len(emulator.audit())
    assert refused.subscribe()[0]["type"] == "SUBSCRIBED"
    assert decisions(emulator, since) == [("mesos-master", "register_framework", each, "allow") for each in objects]


@pytest.mark.parametrize(
    ("task_info", "rids"),
    [
        (task(), [f"{MASTER}task:user:nobody", "dcos:mesos:agent:task:user:nobody"]),
        (task(command={"user": "root"}), [f"{MASTER}task:user:root", "dcos:mesos:agent:task:user:root"]),
        (
            task(executor={"command": {"user": "root"}}),
            [f"{MASTER}task:user:root", "dcos:mesos:agent:task:user:root"],
        ),
        (
            task(labels={"labels": [{"key": "a"}, {"key": "DCOS_SPACE", "value": "/dev/spark"}]}),
            [f"{MASTER}task:user:nobody", f"{MASTER}task:app_id:/dev/spark", "dcos:mesos:agent:task:user:nobody"],
        ),
    ],
)
@pytest.mark.parametrize("kind", ["LAUNCH", "LAUNCH_GROUP"])
def test_launching_needs_the_user(
    emulator: Emulator, scheduler: Scheduler, task_info: dict[str, Any], rids: list[str], kind: str
) -> None:
    """audit-log section 5: task:user create on the master; presets: on agents too from DC/OS 1.10 on.

    presets: a task that is labelled with a folder needs task:app_id create for it. mesos: a task that is refused ends
    in TASK_ERROR; chosen: the scheduler is told when it subscribes again, and nothing of a task that is allowed.
    """
    operation: dict[str, Any] = launch(task_info)
    if kind == "LAUNCH_GROUP":
        operation = {"type": kind, "launch_group": {"task_group": {"tasks": [task_info]}}}
    scheduler.subscribe()
    since = len(emulator.audit())
    assert (scheduler.accept(operation).status, len(decisions(emulator, since))) == (202, len(rids) - 1)
    for number, rid in enumerate(rids):
        (told,) = scheduler.told()
        status = told["update"]["status"]
        assert (status["task_id"], status["state"], status["reason"]) == (
            {"value": "t"},
            "TASK_ERROR",
            "REASON_TASK_UNAUTHORIZED",
        )
        assert status["source"] == ("SOURCE_AGENT" if number == len(rids) - 1 else "SOURCE_MASTER")
        emulator.grant(scheduler.uid, rid, "create")
        since = len(emulator.audit())
        scheduler.accept(operation)
    assert [each[1:] for each in decisions(emulator, since)] == [("run_task", rid, "allow") for rid in rids]
    assert scheduler.told() == []


CHANGES = [
    ("RESERVE", "resources", "reserve_resources", "reservation:role:r", "create"),
    ("UNRESERVE", "resources", "unreserve_resources", "reservation:principal:{uid}", "delete"),
    ("CREATE", "volumes", "create_volume", "volume:role:r", "create"),
    ("DESTROY", "volumes", "destroy_volume", "volume:principal:{uid}", "delete"),
]


@pytest.mark.parametrize(("kind", "listed", "operation", "rid", "action"), CHANGES)
def test_what_an_operation_on_resources_needs(
    emulator: Emulator, scheduler: Scheduler, kind: str, listed: str, operation: str, rid: str, action: str
) -> None:
    """audit-log section 5: making goes by the role, undoing by the principal."""
    rid = MASTER + rid.format(uid=scheduler.uid)
    message = filled({"type": kind, "id": {"value": "o1"}, kind.lower(): {listed: [resource()]}}, scheduler.uid)
    scheduler.subscribe()
    since = len(emulator.audit())
    assert scheduler.accept(message).status == 202
    assert decisions(emulator, since) == [("mesos-master", operation, rid, "deny")]
    (told,) = scheduler.told()
    assert told["update_operation_status"]["status"] == {
        "operation_id": {"value": "o1"},
        "state": "OPERATION_ERROR",
        "message": f"Not authorized to perform {kind} as '{scheduler.uid}'",
    }
    emulator.grant(scheduler.uid, rid, action)
    since = len(emulator.audit())
    scheduler.accept(message)
    assert decisions(emulator, since) == [("mesos-master", operation, rid, "allow")]
    assert scheduler.told() == []


@pytest.mark.parametrize(
    ("kind", "listed", "resources", "rids"),
    [
        ("RESERVE", "resources", [OLD_RESOURCE], ["reservation:role:r"]),
        ("UNRESERVE", "resources", [OLD_RESOURCE], ["reservation:principal:{uid}"]),
        ("RESERVE", "resources", [*map(resource, "aba")], ["reservation:role:a", "reservation:role:b"]),
        ("UNRESERVE", "resources", [resource(principal="other")], ["reservation:principal:other"]),
        ("UNRESERVE", "resources", [resource(principal=None)], ["reservation:principal"]),
        ("DESTROY", "volumes", [resource(creator="other")], ["volume:principal:other"]),
        ("DESTROY", "volumes", [resource(creator=None)], ["volume:principal"]),
        ("CREATE", "volumes", [], []),
    ],
)  # fmt: skip
def test_forms_of_resources(
    emulator: Emulator, scheduler: Scheduler, kind: str, listed: str, resources: list[Any], rids: list[str]
) -> None:
    """mesos: the last reservation counts, before there were several the one beside `role`; without a name it is any."""
    scheduler.subscribe()
    since = len(emulator.audit())
    # Without an id it is dropped without a word.
    scheduler.accept(filled({"type": kind, kind.lower(): {listed: resources}}, scheduler.uid))
    assert [each[2] for each in decisions(emulator, since)] == [MASTER + rid.format(uid=scheduler.uid) for rid in rids]
    assert scheduler.told() == []


@pytest.mark.parametrize("granted", ["framework:role:r", "framework:role", "framework"])
def test_what_is_left_out_stands_for_any(emulator: Emulator, names: Names, granted: str) -> None:
    """permissions reference: the optional part, left out, means every value; Storage Service: its parent too."""
    emulator.grant(names["person"], MASTER + granted, "create")
    assert Scheduler(emulator, names["person"]).subscribe()[0]["type"] == "SUBSCRIBED"


def test_part_of_a_name_is_no_resource(emulator: Emulator, names: Names) -> None:
    """permissions reference: only whole parts are left out, and not the kind of resource."""
    for granted in (f"{MASTER}framework:role:", f"{MASTER}frame", "dcos:mesos:master", f"{MASTER}framework:role:ro"):
        emulator.grant(names["person"], granted, "create")
    assert Scheduler(emulator, names["person"]).subscribe()[0]["type"] == "ERROR"


def test_principal_must_be_the_account(emulator: Emulator, scheduler: Scheduler, names: Names) -> None:
    """security-modes section 2: they match in strict mode; mesos: else a 400; a missing one is filled in."""
    since = len(emulator.audit())
    scheduler.info["principal"] = "other"
    answer = scheduler.send({"type": "SUBSCRIBE", "subscribe": {"framework_info": scheduler.info}})
    assert answer.status == 400
    assert answer.text.endswith(f"'{scheduler.uid}' does not match principal 'other' set in `FrameworkInfo`")
    assert decisions(emulator, since) == []
    del scheduler.info["principal"]
    assert scheduler.subscribe()[0]["type"] == "SUBSCRIBED"
    assert scheduler.accept(launch()).status == 202


def test_a_framework_ends_itself_without_a_permission(emulator: Emulator, scheduler: Scheduler) -> None:
    """mesos: TEARDOWN is the framework's own call, which no authorizer is asked about."""
    scheduler.subscribe()
    since = len(emulator.audit())
    call = {"type": "TEARDOWN", "framework_id": {"value": scheduler.id}}
    assert scheduler.send(call).status == 202
    assert decisions(emulator, since) == []
    assert (scheduler.send(call).status, scheduler.send(call).text) == (400, "Framework cannot be found")


def test_ending_somebody_elses_framework(emulator: Emulator, scheduler: Scheduler) -> None:
    """audit-log section 5: framework:principal delete; the master's own address for operators."""
    scheduler.subscribe()
    other = Names(emulator)["person"]
    rid = f"{MASTER}framework:principal:{scheduler.uid}"

    def tear_down(framework: str = scheduler.id) -> int:
        body = f"frameworkId={framework}".encode()
        return emulator.call("POST", "/teardown", body=body, headers=FORM, token=emulator.token(other)).status

    since = len(emulator.audit())
    assert (tear_down("unknown"), tear_down()) == (400, 403)
    emulator.grant(other, rid, "delete")
    assert (tear_down(), tear_down()) == (200, 400)
    assert [each[1:] for each in decisions(emulator, since)] == [
        ("teardown_framework", rid, "deny"),
        ("teardown_framework", rid, "allow"),
    ]


def test_only_the_framework_itself_calls(emulator: Emulator, scheduler: Scheduler) -> None:
    """mesos: the sender is the framework's principal, and names its subscription; else a 400."""
    scheduler.subscribe()
    other = Scheduler(emulator, Names(emulator)["person"])
    emulator.grant(other.uid, f"{MASTER}framework:role:r", "create")
    other.id, other.headers = scheduler.id, scheduler.headers
    assert other.accept(launch(task())).status == 400
    other.headers = dict(INSIDE)
    assert other.subscribe() == [
        {"type": "ERROR", "error": {"message": "Changing framework's principal is not allowed."}}
    ]
    scheduler.headers["Mesos-Stream-Id"] = "another"
    assert scheduler.accept().status == 400
    scheduler.subscribe()
    assert scheduler.accept().status == 202


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"{"),
        (400, b"[]"),
        (400, b"{}"),
        (400, b'{"type": 1}'),
        (400, b'{"type": "DANCE"}'),
        (400, b'{"type": "SUBSCRIBE"}'),
        (400, b'{"type": "SUBSCRIBE", "subscribe": {"framework_info": {"name": "f"}}}'),
        (400, b'{"type": "SUBSCRIBE", "subscribe": {"framework_info": {"name": "f", "user": "u", "roles": "r"}}}'),
        (400, b'{"type": "ACCEPT", "framework_id": {"value": "unknown"}}'),
    ],
)
def test_calls_that_are_not_understood(emulator: Emulator, scheduler: Scheduler, status: int, body: bytes) -> None:
    """mesos: a 400 that says why."""
    answer = emulator.call("POST", SCHEDULER, body=body, headers=INSIDE, token=scheduler.token)
    assert (answer.status, answer.content_type) == (status, "text/plain; charset=utf-8")
    assert answer.text


def test_nothing_is_decided_before_all_is_read(emulator: Emulator, scheduler: Scheduler) -> None:
    """The emulator's own promise: a call with one bad operation is a bad call."""
    scheduler.subscribe()
    since = len(emulator.audit())
    for bad in ({"type": "FLY"}, {"type": "RESERVE", "reserve": {"resources": [1]}}, {}):
        assert scheduler.accept(launch(task()), bad).status == 400
    assert decisions(emulator, since) == []


@pytest.mark.parametrize("kind", ["DECLINE", "REVIVE", "SUPPRESS", "ACKNOWLEDGE", "RECONCILE", "KILL"])
def test_calls_that_need_no_permission(emulator: Emulator, scheduler: Scheduler, kind: str) -> None:
    """mesos: these are accepted from a subscribed framework."""
    scheduler.subscribe()
    since = len(emulator.audit())
    assert scheduler.send({"type": kind, "framework_id": {"value": scheduler.id}}).status == 202
    assert decisions(emulator, since) == []


def test_methods_and_media_types(emulator: Emulator, scheduler: Scheduler) -> None:
    """mesos: POST of JSON; the emulator reads no protobuf."""
    assert emulator.call("GET", SCHEDULER, headers=INSIDE, token=scheduler.token).status == 405
    headers = {**INSIDE, "Content-Type": "application/x-protobuf"}
    assert emulator.call("POST", SCHEDULER, body=b"", headers=headers, token=scheduler.token).status == 415
    assert emulator.call("GET", "/nothing", headers=INSIDE, token=scheduler.token).status == 404


def test_without_a_token_in_strict_mode(emulator: Emulator) -> None:
    """audit-log sections 1 and 5: two challenges, and a line with the path as object and no account."""
    since = len(emulator.audit())
    for token in (None, "nonsense"):
        answer = emulator.call("POST", SCHEDULER, json_body={}, headers=INSIDE, token=token)
        assert (answer.status, answer.headers.get_all("WWW-Authenticate")) == (401, ["Bearer", "acsjwt"])
    assert decisions(emulator, since) == [("mesos-master", "POST", SCHEDULER, "deny")] * 2
    assert "uid=" not in emulator.audit()[-1]


@pytest.mark.parametrize("mode", ["permissive", "disabled"])
@pytest.mark.parametrize("token", ["none", "bad", "good"])
def test_other_modes_allow_everything_and_write_no_line(request: pytest.FixtureRequest, mode: str, token: str) -> None:
    """security-modes section 2 and audit-log section 1: Mesos' permissions count in strict mode only."""
    emulator: Emulator = request.getfixturevalue(mode)
    scheduler = Scheduler(emulator, Names(emulator)["person"], principal="any")
    scheduler.token = {"none": None, "bad": "nonsense", "good": scheduler.token}[token]
    since = len(emulator.audit())
    scheduler.subscribe()
    changes = [
        {"type": kind, "id": {"value": kind}, kind.lower(): {listed: [resource()]}} for kind, listed, *_rest in CHANGES
    ]
    assert scheduler.accept(launch(task(command={"user": "root"})), *changes).status == 202
    assert scheduler.told() == []
    body = f"frameworkId={scheduler.id}".encode()
    assert emulator.call("POST", "/teardown", body=body, headers=FORM, token=scheduler.token).status == 200
    assert len(emulator.audit()) == since


@pytest.mark.parametrize("path", ["/mesos/api/v1/scheduler", "/mesos/master/api/v1/scheduler"])
def test_through_admin_router(emulator: Emulator, scheduler: Scheduler, path: str) -> None:
    """audit-log section 3: from outside, ops:mesos comes first, and opens nothing by itself."""
    call = {"type": "SUBSCRIBE", "subscribe": {"framework_info": scheduler.info}}
    since = len(emulator.audit())
    assert emulator.call("POST", path, json_body=call, token=scheduler.token).status == 403
    assert decisions(emulator, since) == []
    emulator.grant(scheduler.uid, "dcos:adminrouter:ops:mesos", "full")
    assert events(emulator.call("POST", path, json_body=call, token=scheduler.token))[0]["type"] == "SUBSCRIBED"
    assert len(decisions(emulator, since)) == 1


def test_before_1_10_agents_do_not_ask(tmp_path: Path) -> None:
    """presets: the tests of the SDK call agent:task:user needed from DC/OS 1.10 on; above it is 2.2."""
    emulator = Emulator(tmp_path, "strict", dcos_version="1.9")
    try:
        scheduler = Scheduler(emulator, "bootstrapuser")
        scheduler.subscribe()
        scheduler.accept(launch(task()))
        assert [each[0] for each in decisions(emulator, 0)] == ["mesos-master"] * 2
    finally:
        emulator.stop()


def test_a_framework_comes_back_after_a_restart(own: Emulator) -> None:
    """mesos: a master that knows nothing of a framework takes it back under its id."""
    scheduler = Scheduler(own, "bootstrapuser")
    scheduler.subscribe()
    first = scheduler.id
    own.stop()
    own.start()
    assert scheduler.accept().status == 400
    scheduler.subscribe()
    assert (scheduler.id, scheduler.accept().status) == (first, 202)
