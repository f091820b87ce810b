# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon: apps in groups, who may do what with them, and the audit lines about that."""

from __future__ import annotations

import re
from typing import Any

import pytest
from conformance_support import Answer, Emulator, Names, Row, table
from test_persistence import kill

MARATHON = "/service/marathon"
ROUTER = "dcos:adminrouter:service:marathon"
SERVICES = "dcos:service:marathon:marathon:services:"
ADMIN = "dcos:service:marathon:marathon:admin:"
INSIDE = {"Host": "marathon.mesos:8443"}

LINE = (
    r"[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \S+ marathon\.sh\[\d+\]: "
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,(\d{3})\] INFO timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\1Z type=audit "
    r"uid=(?P<uid>\S+) srcip=127\.0\.0\.1 srcport=\d+ dstip=127\.0\.0\.1 dstport=8443 authorizer=marathon "
    r"action=(?P<action>\S+) path=(?P<path>\S+) result=(?P<result>allow|deny) \(dcos\.marathon\.auditlog:[^)]+\)"
)


def marathon(emulator: Emulator, method: str, path: str, body: object = None, **options: Any) -> Answer:
    """A request through Admin Router."""
    return emulator.call(method, MARATHON + path, json_body=body, **options)


def decisions(emulator: Emulator, since: int) -> list[tuple[str, ...]]:
    """Marathon's own lines: account, operation, path, result."""
    lines = [line for line in emulator.audit()[since:] if "authorizer=marathon" in line]
    found = [re.fullmatch(LINE, line) for line in lines]
    assert None not in found, lines
    return [each.group("uid", "action", "path", "result") for each in found if each]


def make_app(emulator: Emulator, names: Names, path: str = "app") -> str:
    app = f"/{names['unknown']}/{path}"
    assert marathon(emulator, "POST", "/v2/apps", {"id": app, "cmd": "sleep 1"}).status == 201
    return app


@table(
    Row("marathon: create", "POST //service/marathon/v2/apps", 201, {"id": "/{unknown}/a", "cmd": "x"}),
    Row("marathon: a path without a slash", "POST //service/marathon/v2/apps", 201, {"id": "{unknown}/a"}),
    Row("marathon: invalid JSON", "POST //service/marathon/v2/apps", 400, b"{"),
    Row("marathon: invalid object", "POST //service/marathon/v2/apps", 422, {"id": "/A b"}),
    Row("marathon: invalid object", "POST //service/marathon/v2/apps", 422, {"cmd": "x"}),
    Row("chosen: no object", "POST //service/marathon/v2/apps", 422, []),
    Row("chosen: an app needs a name", "POST //service/marathon/v2/apps", 422, {"id": "/"}),
    Row("marathon: unknown app", "GET //service/marathon/v2/apps//{unknown}", 404),
    Row("marathon: unknown app", "DELETE //service/marathon/v2/apps//{unknown}", 404),
    Row("marathon: PUT creates", "PUT //service/marathon/v2/apps//{unknown}", 201, {"cmd": "x"}),
    Row("marathon: unknown group", "GET //service/marathon/v2/groups//{unknown}", 404),
    Row("marathon: unknown group", "DELETE //service/marathon/v2/groups//{unknown}", 404),
    Row("marathon: create a group", "POST //service/marathon/v2/groups", 201, {"id": "/{unknown}"}),
    Row("chosen: apps are a list", "PUT //service/marathon/v2/groups//{unknown}", 422, {"apps": {}}),
    Row("chosen: apps of another group", "PUT //service/marathon/v2/groups//{unknown}", 422, {"apps": [{"id": "/x"}]}),
    Row("marathon: root group", "GET //service/marathon/v2/groups", 200),
    Row("marathon: no such method", "PATCH //service/marathon/v2/apps", 405),
    Row("marathon: no such resource", "GET //service/marathon/v2/nothing", 404),
    Row("chosen: the older prefix", "GET //marathon/v2/apps", 200),
)
def test_apps_and_groups(emulator: Emulator, names: Names, row: Row) -> None:
    row.check(emulator, names)


def test_life_of_an_app(emulator: Emulator, names: Names) -> None:
    """marathon: what is sent comes back with version and counts; PUT changes what is given, or all on request."""
    app = make_app(emulator, names)
    shown = marathon(emulator, "GET", f"/v2/apps/{app}").json["app"]
    assert (shown["id"], shown["cmd"], shown["tasksRunning"], shown["deployments"]) == (app, "sleep 1", 0, [])
    assert marathon(emulator, "POST", "/v2/apps", {"id": app}).status == 409
    changed = marathon(emulator, "PUT", f"/v2/apps/{app}", {"instances": 2})
    assert (changed.status, set(changed.json)) == (200, {"version", "deploymentId"})
    again = marathon(emulator, "GET", f"/v2/apps/{app}").json["app"]
    assert (again["cmd"], again["instances"]) == ("sleep 1", 2)
    assert again["version"] > shown["version"]
    assert marathon(emulator, "PUT", f"/v2/apps/{app}?partialUpdate=false", {"instances": 3}).status == 200
    assert "cmd" not in marathon(emulator, "GET", f"/v2/apps/{app}").json["app"]
    assert app in [each["id"] for each in marathon(emulator, "GET", "/v2/apps").json["apps"]]
    group = app.rpartition("/")[0]
    assert [each["id"] for each in marathon(emulator, "GET", f"/v2/apps/{group}/*").json["*"]] == [app]
    assert marathon(emulator, "DELETE", f"/v2/apps/{app}").status == 200
    assert marathon(emulator, "GET", f"/v2/groups/{group}").json["apps"] == []
    assert marathon(emulator, "DELETE", f"/v2/groups/{group}").status == 200
    assert marathon(emulator, "GET", f"/v2/groups/{group}").status == 404


def test_life_of_a_group(emulator: Emulator, names: Names) -> None:
    """marathon: ids in a group's description are relative to it; what a PUT leaves out is removed."""
    group = f"/{names['unknown']}"
    content = {"id": group, "apps": [{"id": "a"}], "groups": [{"id": "in", "apps": [{"id": f"{group}/in/b"}]}]}
    assert marathon(emulator, "POST", "/v2/groups", content).status == 201
    assert marathon(emulator, "POST", "/v2/groups", content).status == 409
    shown = marathon(emulator, "GET", f"/v2/groups/{group}").json
    assert [app["id"] for app in shown["apps"]] == [f"{group}/a"]
    assert [app["id"] for app in shown["groups"][0]["apps"]] == [f"{group}/in/b"]
    assert marathon(emulator, "PUT", f"/v2/groups/{group}", {}).status == 200
    assert marathon(emulator, "GET", f"/v2/groups/{group}").json["apps"]
    since = len(emulator.audit())
    assert marathon(emulator, "PUT", f"/v2/groups/{group}", {"apps": [{"id": "a"}, {"id": "c"}]}).status == 200
    assert [each[1:3] for each in decisions(emulator, since)] == [
        ("UpdateGroup", group),
        ("UpdateRunSpec", f"{group}/a"),
        ("CreateRunSpec", f"{group}/c"),
        ("DeleteRunSpec", f"{group}/in/b"),
    ]
    shown = marathon(emulator, "GET", f"/v2/groups/{group}").json
    assert [app["id"] for app in shown["apps"]] == [f"{group}/a", f"{group}/c"]
    assert shown["groups"][0]["apps"] == []
    assert marathon(emulator, "DELETE", f"/v2/groups/{group}").status == 200
    assert marathon(emulator, "GET", f"/v2/apps/{group}/a").status == 404


@pytest.mark.parametrize(
    ("source", "method", "path", "body", "operation", "on", "rid", "action"),
    [
        ("create", "POST", "/v2/apps", {"id": "{new}"}, "CreateRunSpec", "{new}", "{new}", "create"),
        ("create by PUT", "PUT", "/v2/apps/{new}", {"cmd": "x"}, "CreateRunSpec", "{new}", "{new}", "create"),
        ("view", "GET", "/v2/apps/{app}", None, "ViewRunSpec", "{app}", "{app}", "read"),
        ("update", "PUT", "/v2/apps/{app}", {"cmd": "x"}, "UpdateRunSpec", "{app}", "{app}", "update"),
        ("delete", "DELETE", "/v2/apps/{app}", None, "DeleteRunSpec", "{app}", "{app}", "delete"),
        ("view a group", "GET", "/v2/groups/{group}", None, "ViewGroup", "{group}", "{group}", "read"),
        ("create a group", "POST", "/v2/groups", {"id": "{new}"}, "CreateGroup", "{new}", "{new}", "create"),
        ("update a group", "PUT", "/v2/groups/{group}", {}, "UpdateGroup", "{group}", "{group}", "update"),
        ("delete a group", "DELETE", "/v2/groups/{group}", None, "DeleteGroup", "{group}", "{group}", "delete"),
        ("events", "GET", "/v2/events", None, "ViewResource", "events", f"{ADMIN}events", "read"),
        ("leader", "GET", "/v2/leader", None, "ViewResource", "leader", f"{ADMIN}leader", "read"),
        ("leader", "DELETE", "/v2/leader", None, "UpdateResource", "leader", f"{ADMIN}leader", "update"),
        ("config", "GET", "/v2/info", None, "ViewResource", "config", f"{ADMIN}config", "read"),
    ],
)
def test_which_permission_an_operation_needs(
    emulator: Emulator,
    names: Names,
    source: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    operation: str,
    on: str,
    rid: str,
    action: str,
) -> None:
    """audit-log section 6: operation and path of each line, and the permission that its denial stands for."""
    app = make_app(emulator, names)
    group = app.rpartition("/")[0]
    place = {"app": app, "group": group, "new": f"{group}/new"}
    path, on, rid = path.format(**place), on.format(**place), rid.format(**place)
    body = body and {key: value.format(**place) for key, value in body.items()}
    person = names["person"]
    token = emulator.token(person)
    emulator.grant(person, ROUTER, "full")
    since = len(emulator.audit())
    denied = marathon(emulator, method, path, body, token=token)
    assert (denied.status, denied.json) == (403, {"message": "Not Authorized to perform this action!"})
    assert decisions(emulator, since) == [(person, operation, on, "deny")]
    emulator.grant(person, rid if rid.startswith("dcos:") else SERVICES + rid, action)
    since = len(emulator.audit())
    assert marathon(emulator, method, path, body, token=token).status in (200, 201)
    assert decisions(emulator, since) == [(person, operation, on, "allow")]


@pytest.mark.parametrize(
    ("granted", "allowed"), [("/", True), ("{group}", True), ("{group}/", True), ("{group}/ap", False), ("", False)]
)
def test_a_group_stands_for_all_below_it(emulator: Emulator, names: Names, granted: str, allowed: bool) -> None:
    """permissions reference: services:/group covers the whole subtree; a part of a name is no group."""
    app = make_app(emulator, names)
    person = names["person"]
    emulator.grant(person, ROUTER, "full")
    emulator.grant(person, SERVICES + granted.format(group=app.rpartition("/")[0]), "full")
    assert (marathon(emulator, "GET", f"/v2/apps/{app}", token=emulator.token(person)).status == 200) is allowed


def test_lists_hold_what_one_may_see(emulator: Emulator, names: Names) -> None:
    """marathon: a list leaves out the apps that the caller may not view; chosen: one decision, about the group."""
    first, second = make_app(emulator, names, "a"), make_app(emulator, names, "b")
    hidden = make_app(emulator, names, "in/c")
    group = first.rpartition("/")[0]
    person = names["person"]
    token = emulator.token(person)
    emulator.grant(person, ROUTER, "full")
    assert marathon(emulator, "GET", f"/v2/groups/{group}", token=token).status == 403
    emulator.grant(person, SERVICES + second, "read")
    since = len(emulator.audit())
    assert [each["id"] for each in marathon(emulator, "GET", "/v2/apps", token=token).json["apps"]] == [second]
    shown = marathon(emulator, "GET", f"/v2/groups/{group}", token=token).json
    assert ([each["id"] for each in shown["apps"]], shown["groups"]) == ([second], [])
    assert decisions(emulator, since) == [(person, "ViewGroup", "/", "deny"), (person, "ViewGroup", group, "deny")]
    emulator.grant(person, f"{SERVICES}/", "read")
    assert {first, second, hidden} <= {
        each["id"] for each in marathon(emulator, "GET", "/v2/apps", token=token).json["apps"]
    }


def test_admin_router_stands_in_front(emulator: Emulator, names: Names) -> None:
    """audit-log section 3: both decide, Admin Router first; its permission alone opens nothing."""
    person = names["person"]
    token = emulator.token(person)
    since = len(emulator.audit())
    assert marathon(emulator, "GET", "/v2/events", token=token).content_type == "text/html; charset=UTF-8"
    assert (len(emulator.audit()) - since, decisions(emulator, since)) == (1, [])
    assert marathon(emulator, "GET", "/v2/events", token=None).status == 401


def test_from_inside_without_admin_router(emulator: Emulator, names: Names) -> None:
    """presets of Marathon-LB: it reaches Marathon at its own address, with no permission of Admin Router."""
    person = names["person"]
    emulator.grant(person, f"{ADMIN}events", "read")
    since = len(emulator.audit())
    events = emulator.call("GET", "/v2/events", headers=INSIDE, token=emulator.token(person))
    assert (events.status, events.content_type) == (200, "text/event-stream")
    assert events.text.startswith("event: event_stream_attached\n")
    assert len(emulator.audit()) - since == 1
    assert decisions(emulator, since) == [(person, "ViewResource", "events", "allow")]
    assert emulator.requests()[-1]["uid"] == person


@pytest.mark.parametrize(
    ("mode", "token", "status", "line"),
    [
        ("strict", "none", 401, False),
        ("strict", "bad", 401, False),
        ("strict", "good", 403, True),
        ("permissive", "none", 200, False),
        ("permissive", "bad", 401, False),
        ("permissive", "good", 403, True),
        ("disabled", "none", 200, False),
        ("disabled", "bad", 200, False),
        ("disabled", "good", 200, False),
    ],
)
def test_what_each_mode_demands(request: pytest.FixtureRequest, mode: str, token: str, status: int, line: bool) -> None:
    """security-modes section 2: strict judges all, permissive those with a token; chosen: 401 for a bad one."""
    emulator: Emulator = request.getfixturevalue(mode)
    person = Names(emulator)["person"]
    tokens = {"none": None, "bad": "nonsense", "good": emulator.token(person)}
    since = len(emulator.audit())
    answer = emulator.call("GET", "/v2/info", headers=INSIDE, token=tokens[token])
    assert answer.status == status
    assert answer.headers["WWW-Authenticate"] == ("acsjwt" if status == 401 else None)
    assert decisions(emulator, since) == ([(person, "ViewResource", "config", "deny")] if line else [])


def test_disabled_mode_still_has_admin_router(disabled: Emulator) -> None:
    """security-modes section 2: Admin Router's permissions are enforced in every mode, Marathon's are not."""
    person = Names(disabled)["person"]
    assert marathon(disabled, "GET", "/v2/info", token=disabled.token(person)).status == 403
    disabled.grant(person, ROUTER, "full")
    assert marathon(disabled, "GET", "/v2/info", token=disabled.token(person)).status == 200


def test_apps_survive_a_kill(own: Emulator) -> None:
    """The emulator's own promise: what was answered is kept."""
    app = make_app(own, Names(own))
    kill(own)
    own.start()
    assert marathon(own, "GET", f"/v2/apps/{app}").json["app"]["cmd"] == "sleep 1"
