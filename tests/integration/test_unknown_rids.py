# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slips in resource ids, which the IAM would store silently."""

from __future__ import annotations

from typing import Any

from integration_support import KEYS, Emulator, Lab, Task, task, unique

SLIP = "dcos:mesos:master:framwork:role:x"
NEAREST = "dcos:mesos:master:framework:role:x"


def grant(uid: str, **options: Any) -> Task:
    return task("dcos_acl_grant", args={"uid": uid, "rid": SLIP, "actions": ["create"], **options})


def test_an_unknown_rid_is_granted_with_a_warning(strict: Emulator, lab: Lab) -> None:
    told = f"rid: {SLIP} is not a documented resource id: .* The nearest documented one is {NEAREST}"
    uids = {name: strict.make_account(unique(name), KEYS[0]) for name in ("default", "warn", "check", "revoke")}
    strict.grant(uids["revoke"], SLIP, "create")
    cases = {
        "default": [grant(uids["default"])],
        "warn": [grant(uids["warn"], unknown_rids="warn")],
        "check": [{**grant(uids["check"]), "check_mode": True}],
    }
    run = lab.play(cases, strict, warnings=[told])
    assert all("warnings" in run.of(name)[0].result for name in cases)
    assert strict.grants(uids["default"]) == strict.grants(uids["warn"]) == {SLIP: ["create"]}
    assert strict.grants(uids["check"]) == {}
    lab.play(
        {"ignore": [grant(uids["check"], unknown_rids="ignore")], "revoke": [grant(uids["revoke"], state="absent")]},
        strict,
    )
    assert strict.grants(uids["check"]) == {SLIP: ["create"]}
    assert strict.grants(uids["revoke"]) == {}


def test_an_unknown_rid_fails_before_the_first_write(strict: Emulator, lab: Lab) -> None:
    uid = strict.make_account(unique("fail"), KEYS[0])
    permissions = [{"rid": "dcos:adminrouter:acs", "actions": ["full"]}, {"rid": SLIP, "actions": ["create"]}]
    options = {"uid": uid, "permissions": permissions, "unknown_rids": "fail"}
    run = lab.play([task("dcos_acl_grant", "slip", args=options)], strict, fails=True)
    failed = run.one("slip").result
    assert failed["failure"] == {"status": None, "code": "invalid_rid", "title": None}
    assert f"The nearest documented one is {NEAREST}. Nothing was changed." in failed["msg"]
    assert [each.path for each in strict.requests(run.start, run.end) if each.is_write] == []
    assert strict.grants(uid) == {}
