# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are switched while the emulator runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from conformance_support import IAM, KEY, SECRETS, Emulator, Names, eventually, login_token, run

PATH = f"{IAM}/users/bootstrapuser"
CUT = (OSError, HTTPException)


def statuses(emulator: Emulator, count: int, path: str = PATH) -> list[int]:
    return [emulator.call("GET", path).status for _turn in range(count)]


def last_request(emulator: Emulator) -> dict[str, Any]:
    return emulator.requests()[-1]


@pytest.fixture(autouse=True)
def logged_in(emulator: Emulator) -> Iterator[None]:
    """Before any fault, so that no test's login is hit."""
    emulator.token()
    yield
    # Some of these tests make the tokens worthless that the emulator's other tests keep.
    emulator.faults()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_status(emulator: Emulator, status: int) -> None:
    emulator.faults({"kind": "status", "status": status, "times": 1})
    answer = emulator.call("GET", PATH)
    assert (answer.status, answer.content_type) == (status, "text/html; charset=UTF-8")
    assert answer.headers["Retry-After"] is None
    assert last_request(emulator) | {"time": ""} == {
        "time": "",
        "method": "GET",
        "path": PATH,
        "query": {},
        "status": status,
        "uid": None,
        "scheme": "https",
        "fault": "status",
    }
    assert statuses(emulator, 1) == [200]


def test_retry_after(emulator: Emulator) -> None:
    emulator.faults({"kind": "status", "status": 429, "retry_after": 2})
    assert emulator.call("GET", PATH).headers["Retry-After"] == "2"


def test_a_faulty_write_has_no_effect(emulator: Emulator, names: Names) -> None:
    account = names["account"]
    emulator.faults({"kind": "status", "status": 503, "times": 1, "match": {"write": True}})
    assert emulator.iam("DELETE", f"/users/{account}").status == 503
    assert emulator.iam("GET", f"/users/{account}").status == 200


def test_skip_and_times(emulator: Emulator) -> None:
    emulator.faults({"kind": "status", "status": 503, "skip": 2, "times": 2})
    assert statuses(emulator, 6) == [200, 200, 503, 503, 200, 200]


def test_match(emulator: Emulator, names: Names) -> None:
    account = names["account"]
    match = {"method": "GET|PUT", "path": "/users/account-[0-9]+$", "write": False}
    emulator.faults({"kind": "status", "status": 500, "match": match})
    assert statuses(emulator, 1) == [200]
    assert statuses(emulator, 1, f"{IAM}/users/{account}") == [500]
    assert emulator.iam("PATCH", f"/users/{account}", {"description": ""}).status == 204


def test_match_applies_to_the_raw_path(emulator: Emulator) -> None:
    emulator.faults({"kind": "status", "status": 500, "match": {"path": "%252F"}})
    assert statuses(emulator, 1, f"{IAM}/acls/a%252Fb") == [500]
    assert statuses(emulator, 1, f"{IAM}/acls/a%2Fb") == [404]


@pytest.mark.parametrize(
    ("method", "path", "is_write"),
    [
        ("PUT", f"{IAM}/users/x", True),
        ("PATCH", f"{IAM}/users/x", True),
        ("DELETE", f"{SECRETS}/secret/default/x", True),
        ("GET", f"{IAM}/users/x", False),
        ("POST", f"{IAM}/auth/login", False),
        ("PUT", "/package/x", False),
    ],
)
def test_which_requests_are_writes(emulator: Emulator, method: str, path: str, is_write: bool) -> None:
    for wanted in (True, False):
        emulator.faults({"kind": "status", "status": 504, "match": {"write": wanted}})
        assert (emulator.call(method, path, json_body={}).status == 504) is (wanted is is_write)


def test_probability(emulator: Emulator) -> None:
    """The same seed makes the same run."""
    fault = {"kind": "status", "status": 503, "probability": 0.5, "seed": 7}
    runs = []
    for _turn in range(2):
        emulator.faults(fault)
        runs.append(statuses(emulator, 20))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_latency(emulator: Emulator) -> None:
    """Slows down, changes nothing, adds up, and keeps no other request waiting."""
    latency = {"kind": "latency", "seconds": 0.2, "match": {"path": "bootstrapuser$"}}
    emulator.faults(latency, latency)
    start = time.monotonic()
    assert statuses(emulator, 1) == [200]
    assert time.monotonic() - start >= 0.4
    assert last_request(emulator)["fault"] == "latency"
    waiting = emulator.connect()
    waiting.request("GET", PATH, headers={"Authorization": f"token={emulator.token()}"})
    start = time.monotonic()
    assert statuses(emulator, 1, f"{IAM}/groups") == [200]
    assert time.monotonic() - start < 0.2
    assert waiting.getresponse().status == 200
    waiting.close()


@pytest.mark.parametrize(("kind", "expected"), [("cut_before", 200), ("cut_after", 400)])
def test_cut(emulator: Emulator, names: Names, kind: str, expected: int) -> None:
    """The connection ends without an answer, before or after the write took effect."""
    account = names["account"]
    emulator.faults({"kind": kind, "times": 1, "match": {"write": True}})
    with pytest.raises(CUT):
        emulator.iam("DELETE", f"/users/{account}")
    entry = last_request(emulator)
    assert (entry["method"], entry["status"], entry["fault"]) == ("DELETE", None, kind)
    assert emulator.iam("GET", f"/users/{account}").status == expected


def test_the_first_matching_fault_ends_the_request(emulator: Emulator) -> None:
    """Later faults do not count a request that an earlier one has answered."""
    emulator.faults(
        {"kind": "status", "status": 502, "times": 1},
        {"kind": "status", "status": 503, "times": 1},
    )
    assert statuses(emulator, 3) == [502, 503, 200]
    answer = emulator.call("GET", "/_emulator/faults", token=None).json
    assert answer["hits"] == [1, 1]
    assert [fault["status"] for fault in answer["faults"]] == [502, 503]


def test_expired_tokens(own: Emulator) -> None:
    """Tokens from before are refused, those from after are not; without the fault the old ones are good again."""
    old = own.token()
    own.faults({"kind": "expire_tokens"})
    refused = own.iam("GET", "/users", token=old)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "acsjwt")
    assert own.call("GET", f"{SECRETS}/ping", token=old).status == 401
    new = own.login(uid="bootstrapuser", password="deleteme").json["token"]
    assert own.iam("GET", "/users", token=new).status == 200
    own.use_token(new)
    uid = Names(own)["account"]
    service = own.login(uid=uid, token=login_token(KEY, uid=uid)).json["token"]
    assert own.call("GET", "/metadata", token=service).status == 200
    own.faults({"kind": "expire_tokens"})
    assert own.iam("GET", "/users", token=new).status == 401
    own.faults()
    assert own.iam("GET", "/users", token=old).status == 200


def test_sealed(emulator: Emulator, names: Names) -> None:
    """The store is sealed while the fault is set, and is not afterwards."""
    secret = names["secret"]
    emulator.faults({"kind": "sealed"})
    assert emulator.call("GET", f"{SECRETS}/secret/default/{secret}").status == 503
    assert emulator.call("GET", f"{SECRETS}/seal-status/default").json["sealed"] is True
    assert emulator.iam("GET", "/users").status == 200
    emulator.faults()
    assert emulator.call("GET", f"{SECRETS}/secret/default/{secret}").status == 200


def test_slow_permissions(emulator: Emulator, names: Names) -> None:
    """A grant is stored at once, but counts and shows later; so does a revoke."""
    person, rid = names["person"], "dcos:adminrouter:acs"
    token = emulator.token(person)
    path = f"/acls/{rid}/users/{person}/full"
    assert emulator.iam("PUT", f"/acls/{rid}", {"description": ""}).status in (201, 409)
    emulator.faults({"kind": "slow_permissions", "seconds": 0.5})

    def shown() -> bool:
        return bool(emulator.iam("GET", f"/users/{person}/permissions").json["direct"])

    def allowed() -> bool:
        return emulator.iam("GET", "/users", token=token).status == 200

    for method, afterwards in (("PUT", True), ("DELETE", False)):
        start = time.monotonic()
        emulator.must(204, method, path)
        assert (shown(), allowed()) == (not afterwards, not afterwards)
        assert emulator.iam("GET", path).json["allowed"] is afterwards
        eventually(allowed if afterwards else lambda: not allowed())
        assert time.monotonic() - start >= 0.5
        assert shown() is afterwards
    emulator.must(204, "PUT", path)
    assert not allowed()
    emulator.faults()
    assert allowed()


def test_slow_permissions_of_a_group(emulator: Emulator, names: Names) -> None:
    """What a group is granted shows later for its members, too."""
    member, group, path = names["member"], names["group"], names["rid_path"]
    emulator.faults({"kind": "slow_permissions", "seconds": 60})
    emulator.must(204, "PUT", f"/acls/{path}/groups/{group}/read")
    emulator.must(204, "PUT", f"/acls/{path}/users/{member}/read")
    emulator.must(204, "DELETE", f"/acls/{path}/users/{member}/read")
    assert emulator.iam("GET", f"/users/{member}/permissions").json == {"direct": [], "groups": []}
    emulator.faults()
    assert len(emulator.iam("GET", f"/users/{member}/permissions").json["groups"]) == 1


def test_slow_permissions_outlive_the_account(emulator: Emulator, names: Names) -> None:
    """The IAM keeps an answer for some seconds, and does not ask whether the account is still the same one."""
    service, member, group, path = names["account"], names["member"], names["group"], names["rid_path"]
    emulator.must(204, "PUT", f"/acls/{path}/users/{service}/read")
    emulator.must(204, "PUT", f"/acls/{path}/groups/{group}/update")
    emulator.must(204, "PUT", f"/groups/{group}/users/{service}")
    key = emulator.iam("GET", f"/users/{service}").json["public_key"]
    emulator.faults({"kind": "slow_permissions", "seconds": 0.5})
    start = time.monotonic()
    emulator.must(204, "DELETE", f"/users/{service}")
    assert emulator.iam("GET", f"/users/{service}/permissions").code == "ERR_UNKNOWN_USER_ID"
    emulator.must(201, "PUT", f"/users/{service}", {"public_key": key})

    def shown() -> dict[str, list[str]]:
        view = emulator.iam("GET", f"/users/{service}/permissions").json
        return {part: [action["name"] for entry in view[part] for action in entry["actions"]] for part in view}

    assert shown() == {"direct": ["read"], "groups": ["update"]}
    assert emulator.iam("GET", f"/acls/{path}/users/{service}").code == "ERR_USER_NOT_IN_ACL"
    assert emulator.iam("GET", f"/users/{service}/groups").json["array"] == []
    eventually(lambda: shown() == {"direct": [], "groups": []})
    assert time.monotonic() - start >= 0.5
    others = emulator.iam("GET", f"/users/{member}/permissions").json
    assert [entry["gid"] for entry in others["groups"]] == [group]


def test_slow_permissions_of_a_membership(emulator: Emulator, names: Names) -> None:
    person, group, path = names["person"], names["group"], names["rid_path"]
    emulator.must(204, "PUT", f"/acls/{path}/groups/{group}/update")

    def gids() -> list[str]:
        return [entry["gid"] for entry in emulator.iam("GET", f"/users/{person}/permissions").json["groups"]]

    for prepare, method, url, before in (
        (False, "PUT", f"/groups/{group}/users/{person}", []),
        (True, "DELETE", f"/groups/{group}/users/{person}", [group]),
        (True, "DELETE", f"/groups/{group}", [group]),
    ):
        if prepare:
            emulator.iam("PUT", f"/groups/{group}/users/{person}")
        emulator.faults({"kind": "slow_permissions", "seconds": 60})
        emulator.must(204, method, url)
        assert gids() == before
        emulator.faults()
        assert gids() == ([] if before else [group])


def test_replacing_reading_and_clearing(emulator: Emulator) -> None:
    fault = {"kind": "latency", "seconds": 0}
    emulator.faults(fault)
    assert emulator.call("GET", "/_emulator/faults", token=None).json["faults"] == [fault]
    emulator.faults(fault, fault)
    assert emulator.call("GET", "/_emulator/faults", token=None).json["faults"] == [fault, fault]
    assert emulator.call("DELETE", "/_emulator/faults", token=None).json["faults"] == []
    assert emulator.call("GET", "/_emulator/faults", token=None).json["faults"] == []


def test_control_requests_are_neither_hit_nor_logged(emulator: Emulator) -> None:
    before = len(emulator.requests())
    emulator.faults({"kind": "status", "status": 503}, {"kind": "cut_before"})
    assert emulator.call("GET", "/_emulator/health", token=None).status == 200
    assert len(emulator.requests()) == before


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "faults"),
        ([], "faults"),
        ({"faults": {}}, "faults"),
        ({"faults": [], "more": 1}, "faults"),
        ({"faults": [1]}, "faults[0]"),
        ({"faults": [{}]}, "kind"),
        ({"faults": [{"kind": "fire"}]}, "fire"),
        ({"faults": [{"kind": "latency"}]}, "seconds"),
        ({"faults": [{"kind": "latency", "seconds": -1}]}, "seconds"),
        ({"faults": [{"kind": "latency", "seconds": True}]}, "seconds"),
        ({"faults": [{"kind": "latency", "seconds": 1, "secs": 1}]}, "secs"),
        ({"faults": [{"kind": "status", "status": 404}]}, "status"),
        ({"faults": [{"kind": "status", "status": 503, "retry_after": "x"}]}, "retry_after"),
        ({"faults": [{"kind": "cut_before", "status": 503}]}, "status"),
        ({"faults": [{"kind": "cut_before", "match": {"uid": "x"}}]}, "uid"),
        ({"faults": [{"kind": "cut_before", "match": {"path": "("}}]}, "path"),
        ({"faults": [{"kind": "cut_before", "match": {"write": "yes"}}]}, "write"),
        ({"faults": [{"kind": "cut_before", "skip": -1}]}, "skip"),
        ({"faults": [{"kind": "cut_before", "times": 1.5}]}, "times"),
        ({"faults": [{"kind": "cut_before", "probability": 2}]}, "probability"),
        ({"faults": [{"kind": "cut_before", "seed": []}]}, "seed"),
        ({"faults": [{"kind": "sealed", "times": 1}]}, "times"),
        ({"faults": [{"kind": "expire_tokens", "match": {}}]}, "match"),
    ],
)
def test_wrong_faults(emulator: Emulator, document: object, named: str) -> None:
    """Refused as a whole, with a message; what was set stays."""
    fault = {"kind": "latency", "seconds": 0}
    emulator.faults(fault)
    answer = emulator.call("PUT", "/_emulator/faults", json_body=document, token=None)
    assert answer.status == 400
    assert named in answer.json["message"]
    assert emulator.call("GET", "/_emulator/faults", token=None).json["faults"] == [fault]


def test_control_has_no_other_routes(emulator: Emulator) -> None:
    assert emulator.call("GET", "/_emulator/other", token=None).status == 404
    assert emulator.call("POST", "/_emulator/faults", token=None).status == 405
    assert emulator.call("PUT", "/_emulator/faults", body=b"{", token=None).status == 400


def test_by_command(emulator: Emulator) -> None:
    data_dir = ["--data-dir", emulator.data_dir]
    fault = {"kind": "status", "status": 503}
    assert json.loads(run("fault", *data_dir, json.dumps([fault])).stdout) == [fault]
    assert statuses(emulator, 1) == [503]
    assert json.loads(run("fault", *data_dir).stdout) == [fault]
    refused = run("fault", *data_dir, '[{"kind": "fire"}]')
    assert (refused.returncode, "fire" in refused.stderr) == (1, True)
    assert run("fault", *data_dir, "{").returncode == 2
    assert json.loads(run("fault", *data_dir, "[]").stdout) == []
    assert statuses(emulator, 1) == [200]


def test_by_command_without_an_emulator(tmp_path: Any) -> None:
    result = run("fault", "--data-dir", tmp_path, "[]")
    assert result.returncode == 1
    assert "no emulator runs" in result.stderr
