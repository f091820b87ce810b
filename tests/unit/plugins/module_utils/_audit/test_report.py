# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines add up to: denied, used, missing, unused, problems of authentication, and what cannot be mapped."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._audit import report as report_module
from ansible_collections.dcos.security.plugins.module_utils._audit.folding import fold
from ansible_collections.dcos.security.plugins.module_utils._audit.line import parse
from ansible_collections.dcos.security.plugins.module_utils._audit.report import (
    Decisions,
    Holdings,
    Window,
    account_view,
    unknown_account_view,
    unmapped_view,
)
from ansible_collections.dcos.security.plugins.module_utils._audit.stream import LONGEST_LINE, Count, candidates
from ansible_collections.dcos.security.plugins.module_utils._rules.coverage import covers
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant

ROLE = "dcos:mesos:master:framework:role:kafka-role"
USER = "dcos:mesos:master:task:user:nobody"
PRINCIPAL = "dcos:mesos:master:reservation:principal:kafka"


def line(rid: str, action: str = "create", result: str = "deny", uid: str = "kafka", second: int = 0) -> str:
    at = f"2026-06-14 09:12:{second:02}.000001024+00:00"
    asked = f'uid="{uid}" object="{rid}" action={action} result={result}'
    return f'type=audit timestamp={at} authorizer="mesos-master" {asked}'


def added(lines: Iterable[str], window: Window | None = None) -> Decisions:
    decisions = Decisions(window or Window())
    for each in lines:
        found = parse(each)
        assert found is not None, each
        decisions.add(found)
    return decisions


def view(decisions: Decisions, uid: str = "kafka", holdings: Holdings | None = None) -> dict[str, Any]:
    return account_view(decisions, uid, holdings, list)


def test_denials_become_missing_permissions() -> None:
    found = view(added([line(ROLE, second=2), line(ROLE, second=1), line(USER, second=3)]))
    assert found["missing"] == [{"rid": ROLE, "actions": ["create"]}, {"rid": USER, "actions": ["create"]}]
    denied = found["denied"][0]
    assert (denied["count"], denied["first_at"], denied["last_at"]) == (
        2,
        "2026-06-14T09:12:01.000001Z",
        "2026-06-14T09:12:02.000001Z",
    )
    assert (denied["known"], denied["granted"]) == (True, None)
    assert "09:12:01" in denied["sample"]


def test_what_is_granted_now_is_not_missing() -> None:
    holdings = Holdings(frozenset({Grant(ROLE, "full")}), frozenset({Grant("dcos:mesos:master:task:user", "create")}))
    found = view(added([line(ROLE), line(USER)]), holdings=holdings)
    assert found["missing"] == []
    assert [each["granted"] for each in found["denied"]] == ["direct", "group"]


def test_what_a_superuser_used_is_missing_without_superuser_power() -> None:
    holdings = Holdings(frozenset({Grant("dcos:superuser", "full")}))
    lines = [line(ROLE, result="allow"), line("dcos:superuser", "full", "allow"), line(USER, result="allow")]
    found = view(added(lines), holdings=holdings)
    assert found["missing"] == [{"rid": ROLE, "actions": ["create"]}, {"rid": USER, "actions": ["create"]}]
    assert found["unused"] == []


def test_allowed_actions_are_not_missing_if_grants_are_unknown() -> None:
    assert view(added([line(ROLE, result="allow")]))["missing"] == []


def test_unused_grants() -> None:
    holdings = Holdings(
        frozenset({Grant(ROLE, "create"), Grant(PRINCIPAL, "delete")}), frozenset({Grant(USER, "create")})
    )
    found = view(added([line(ROLE, result="allow")]), holdings=holdings)
    assert found["unused"] == [{"rid": PRINCIPAL, "actions": ["delete"]}]


def test_superuser_is_never_proposed() -> None:
    assert view(added([line("dcos:superuser", "full")]))["missing"] == []


@pytest.mark.parametrize("uid", ["dcos_marathon", "dcos_of_a_later_version", "bootstrapuser"])
def test_accounts_of_dcos_itself_are_reported_and_never_proposed_for(uid: str) -> None:
    found = view(added([line(ROLE, uid=uid)]), uid)
    assert (len(found["denied"]), found["missing"], found["needed"]) == (1, [], [])


def test_needed_is_everything_except_group_grants() -> None:
    holdings = Holdings(frozenset({Grant(ROLE, "create")}), frozenset({Grant(USER, "create")}))
    lines = [line(ROLE, result="allow"), line(USER, result="allow"), line(PRINCIPAL, "delete")]
    found = view(added([*lines, line("dcos:superuser", "full")]), holdings=holdings)
    assert found["needed"] == [{"rid": ROLE, "actions": ["create"]}, {"rid": PRINCIPAL, "actions": ["delete"]}]
    assert found["missing"] == [{"rid": PRINCIPAL, "actions": ["delete"]}]


def test_samples_are_short_and_end_with_a_whole_word() -> None:
    secret = "//user:" + "s" * 8000 + "@host"
    found = view(added([f"{line(ROLE)} {'x' * 900} {secret}"]))
    assert "sss" not in found["denied"][0]["sample"]
    decisions = added([f"{line(ROLE)} {'x ' * 9000}"])
    tally = next(iter(decisions.denied.values()))
    assert tally.sample is not None
    assert len(tally.sample[1]) <= 4096


def test_denials_without_an_account_are_explained() -> None:
    decisions = added(
        ["type=audit authorizer=adminrouter object=dcos:adminrouter:acs action=full result=deny request_uri=/a?x=1"]
    )
    found = unknown_account_view(decisions)
    assert found is not None
    assert found["uid"] is None
    (problem,) = found["authentication"]  # type: ignore[misc]
    assert "no valid token" in problem["cause"]
    assert unknown_account_view(added([line(ROLE)])) is None


def test_refused_logins_are_problems_of_the_account() -> None:
    decisions = added(
        [
            "[261122-03:38:44.992] Service login for `kafka`: invalid token `eyJh.e30.x`: expired",
            "type=audit component=bouncer action=password-login result=deny uid=kafka",
        ]
    )
    found = view(decisions)
    assert [each["component"] for each in found["authentication"]] == ["bouncer", "bouncer"]
    assert found["missing"] == []
    assert "eyJh" not in json.dumps(found)


def test_unmapped_lines_are_shown_with_the_reason() -> None:
    decisions = added(
        ["type=audit uid=kafka authorizer=mesos-master action=moon object=x result=deny"] * 2
        + ['type=audit uid=kafka authorizer=x action=y object=z result=deny reason="']
    )
    found = unmapped_view(decisions)
    assert [(each["action"], each["count"], each["reason"]) for each in found] == [
        ("moon", 2, "no documented permission fits this operation"),
        ("y", 1, "the line is cut"),
    ]


@pytest.mark.parametrize(
    ("window", "seconds"),
    [
        (Window(), [1, 2, 3]),
        (Window(since="2026-06-14T09:12:02.000000Z"), [2, 3]),
        (Window(until="2026-06-14T09:12:02.000001Z"), [1, 2]),
    ],
)
def test_window_of_time(window: Window, seconds: list[int]) -> None:
    found = view(added([line(ROLE, second=second) for second in (1, 2, 3)], window))
    assert found["denied"][0]["count"] == len(seconds)


def test_filtering_by_account_keeps_lines_without_one() -> None:
    decisions = added(
        [line(ROLE), line(ROLE, uid="other"), "type=audit authorizer=a object=dcos:x action=full result=deny"],
        Window(uids=["kafka", "silent"]),
    )
    assert decisions.uids == ["kafka", "silent"]
    assert unknown_account_view(decisions) is not None


def test_different_entries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "MOST_ENTRIES", 3)
    decisions = added(line(f"dcos:mesos:master:framework:role:r{number}") for number in range(5))
    assert (decisions.kept, decisions.overflow, decisions.audit_lines) == (3, 2, 5)


RIDS = st.sampled_from([ROLE, USER, PRINCIPAL, "dcos:superuser", "dcos:x"])
RESULTS = st.sampled_from(["allow", "deny", "al"])
UIDS = st.sampled_from(["kafka", "b", ""])
SECONDS = st.integers(0, 59)


def app_line(operation: str, path: str, result: str, uid: str, second: int) -> str:
    at = f"2026-06-14T09:12:{second:02}.010Z"
    asked = f"type=audit uid={uid} authorizer=marathon action={operation} path={path} result={result}"
    return f"m1 marathon.sh[1]: [x] INFO timestamp={at} {asked} (dcos.marathon.auditlog:qtp1-1)"


def router_line(rid: str, result: str, uid: str, second: int) -> str:
    asked = f"authorizer=adminrouter object={rid} action=full result={result} request_uri=/a"
    who = f" uid={uid}" if uid else ""
    return f"[lua] auditlog(): type=audit timestamp=2026-06-14T09:12:{second:02}Z {asked}{who}, client: 10.0.0.1"


def login_line(uid: str, second: int) -> str:
    return f"[260614-09:12:{second:02}.000] INFO: Service login for `{uid}`: invalid token `x`: expired"


LINES = st.one_of(
    st.builds(line, RIDS, st.sampled_from(["create", "delete", "full", "odd"]), RESULTS, UIDS, SECONDS),
    st.builds(
        app_line, st.sampled_from(["CreateRunSpec", "ViewGroup", "Fly"]), st.sampled_from(["/", "/a/b"]), RESULTS, UIDS,
        SECONDS,
    ),
    st.builds(router_line, RIDS, RESULTS, UIDS, SECONDS),
    st.builds(login_line, UIDS, SECONDS),
)  # fmt: skip


@given(st.lists(LINES), st.randoms(use_true_random=False))
def test_order_of_lines_does_not_matter(lines: list[str], dice: random.Random) -> None:
    shuffled = list(lines)
    dice.shuffle(shuffled)
    one, other = added(lines), added(shuffled)
    holdings = Holdings(frozenset({Grant(ROLE, "create")}))
    assert unmapped_view(one) == unmapped_view(other)
    assert unknown_account_view(one) == unknown_account_view(other)
    assert one.uids == other.uids
    for uid in one.uids:
        assert view(one, uid, holdings) == view(other, uid, holdings)


@given(st.lists(LINES))
def test_missing_permissions_once_granted_are_not_missing(lines: list[str]) -> None:
    decisions = added(lines)
    for uid in decisions.uids:
        missing = view(decisions, uid, Holdings())["missing"]
        granted = frozenset(Grant(each["rid"], action) for each in missing for action in each["actions"])
        assert view(decisions, uid, Holdings(granted))["missing"] == []


# Coverage


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        (("dcos:x", "full"), ("dcos:x", "read"), True),
        (("dcos:x", "read"), ("dcos:x", "full"), False),
        (("dcos:mesos:master:task:user", "create"), ("dcos:mesos:master:task:user:nobody", "create"), True),
        (("dcos:adminrouter:ops", "full"), ("dcos:adminrouter:ops:mesos", "full"), False),
        (
            ("dcos:service:marathon:marathon:services:/prod", "read"),
            ("dcos:service:marathon:marathon:services:/prod/app", "read"),
            True,
        ),
        (
            ("dcos:service:marathon:marathon:services:/prod", "read"),
            ("dcos:service:marathon:marathon:services:/production", "read"),
            False,
        ),
        (
            ("dcos:service:marathon:marathon:services:/", "read"),
            ("dcos:service:marathon:marathon:services:/a/b", "read"),
            True,
        ),
        (("dcos:secrets:default:/prod/*", "read"), ("dcos:secrets:default:prod/a", "read"), True),
        (("dcos:secrets:default:prod/a", "read"), ("dcos:secrets:default:/prod/a", "read"), True),
        (("dcos:secrets:default:prod", "read"), ("dcos:secrets:default:prod/a", "read"), False),
        (
            ("dcos:service:metronome:metronome:jobs:team", "read"),
            ("dcos:service:metronome:metronome:jobs:team.nightly", "read"),
            True,
        ),
        (("dcos:superuser", "full"), ("dcos:x", "read"), False),
    ],
)
def test_coverage(wide: tuple[str, str], narrow: tuple[str, str], covered: bool) -> None:
    assert covers(Grant(*wide), Grant(*narrow)) is covered


# Folding

SERVICES = "dcos:service:marathon:marathon:services:"


@pytest.mark.parametrize(
    ("rids", "folded"),
    [
        (["/prod/app/a", "/prod/app/b", "/prod/app/c"], ["/prod/app"]),
        (["/prod/app/x/a", "/prod/app/x/b", "/prod/app/x/c"], ["/prod/app/x"]),
        (["/prod/app/a", "/prod/app/b"], ["/prod/app/a", "/prod/app/b"]),
        (["/prod/app", "/prod/app/a", "/prod/app/b"], ["/prod/app"]),
        (["/prod/other/a", "/prod/other/b", "/prod/other/c"], ["/prod/other/a", "/prod/other/b", "/prod/other/c"]),
        (["/prod/app/a", "/prod/app/b", "/prod/app/c", "/prod/x"], ["/prod/app", "/prod/x"]),
    ],
)
def test_folding_stays_below_the_folder_of_the_service(rids: list[str], folded: list[str]) -> None:
    grants = [Grant(SERVICES + rid, "read") for rid in rids]
    assert fold(grants, "/prod/app") == [Grant(SERVICES + rid, "read") for rid in folded]
    assert fold(grants, "/") == sorted(grants)


def test_folding_secrets_and_jobs() -> None:
    secrets = [Grant(f"dcos:secrets:default:prod/app/{name}", "read") for name in "abc"]
    jobs = [Grant(f"dcos:service:metronome:metronome:jobs:prod.app.{name}", "create") for name in "abc"]
    assert fold([*secrets, *jobs], "/prod/app") == [
        Grant("dcos:secrets:default:/prod/app/*", "read"),
        Grant("dcos:service:metronome:metronome:jobs:prod.app", "create"),
    ]


PATHS = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=8)


@given(PATHS, st.sampled_from(["/a", "/a/b", "/"]))
def test_folded_grants_cover_all_and_nothing_above_the_folder(paths: list[str], folder: str) -> None:
    grants = [Grant(f"{SERVICES}/{path}", "read") for path in paths]
    folded = fold(grants, folder)
    assert all(any(covers(wide, grant) for wide in folded) for grant in grants)
    assert all(grant in grants or grant.rid.startswith(SERVICES + folder) for grant in folded)


# Streams


def texts(chunks: list[bytes], count: Count | None = None) -> list[str]:
    return [each.text for each in candidates(chunks, count or Count())]


@given(
    st.lists(st.sampled_from(["type=audit x", "nothing", "", "Service login for `a`: b", "type=audit ü"])),
    st.integers(1, 9),
)
def test_pieces_of_any_size_give_the_same_lines(lines: list[str], size: int) -> None:
    whole = "\n".join(lines).encode()
    count = Count()
    found = texts([whole[start : start + size] for start in range(0, len(whole), size)], count)
    assert found == [each for each in lines if "audit" in each or "Service" in each]
    assert count.read == len(whole)


def test_long_lines_are_cut_and_forgotten() -> None:
    count = Count()
    head = b"type=audit " + b"x" * LONGEST_LINE
    found = texts([head, b"y" * 100, b"y\ntype=audit next\n"], count)
    assert [len(each) for each in found] == [LONGEST_LINE, len("type=audit next")]
    assert count.read == len(head) + 102 + 16


@pytest.mark.parametrize("message", ["type=audit é", "Service login for `a`: x"])
def test_entries_of_the_journal_in_json(message: str) -> None:
    entry = {"__REALTIME_TIMESTAMP": "1000000", "MESSAGE": message, "_PID": "1"}
    numbers = {**entry, "MESSAGE": list(message.encode())}
    for each in (json.dumps(entry), json.dumps(numbers, separators=(",", ":")), json.dumps(numbers)):
        (found,) = candidates([each.encode() + b"\n"], Count())
        assert (found.text, found.at) == (message, 1_000_000)


@pytest.mark.parametrize(
    "entry",
    ['{"MESSAGE":[1,2,300]}', '{"MESSAGE":["a"]}', '{"MESSAGE":[116]}', '{"MESSAGE":[', '{"MESSAGE":null,"x":[]}'],
)
def test_odd_entries_of_the_journal_are_no_audit_lines(entry: str) -> None:
    assert [each for each in texts([entry.encode()]) if "type=audit" in each] == []


def test_a_time_of_the_journal_beyond_all_years_is_none() -> None:
    entry = json.dumps({"__REALTIME_TIMESTAMP": "9" * 5000, "MESSAGE": "type=audit x"})
    (found,) = candidates([entry.encode() + b"\n"], Count())
    assert found.at is None


def test_deep_nesting_does_not_fail() -> None:
    text = '{"a":' + "[" * 60_000 + "type=audit"
    assert len(texts([text.encode()])) == 1
