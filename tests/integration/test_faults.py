# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that does not answer as it should: what is tried again, what is read back, what fails at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from integration_support import KEYS, LOGIN, SECRETS, Emulator, Lab, Run, Task, document, public_pem, task, unique


@dataclass(frozen=True)
class Row:
    """One task against faults that hit only its own paths.

    faults: without C(match), which is added.
    requests: how often the request that is hit is sent.
    """

    method: str
    task: Callable[[str], Task]
    faults: list[dict[str, Any]]
    requests: int
    state: Callable[[Emulator, str], Any]
    wanted: Any
    changed: bool = True
    fails: tuple[str | None, int | None] | None = None
    before: Callable[[Emulator, str], object] = lambda emulator, uid: None
    options: dict[str, Any] = field(default_factory=dict)


def create(uid: str) -> Task:
    return task("dcos_service_account", args={"uid": uid, "public_key": public_pem(KEYS[0])})


def describe(uid: str) -> Task:
    return task("dcos_service_account", args={"uid": uid, "description": "another"})


def remove(uid: str) -> Task:
    return task("dcos_service_account", args={"uid": uid, "state": "absent"})


def store(uid: str) -> Task:
    args = {"uid": uid, "path": f"{uid}/secret", "generate_key": True, "security_mode": "strict"}
    return task("dcos_sa_secret", args=args)


def move(uid: str) -> Task:
    args = {"uid": uid, "path": f"{uid}/secret", "generate_key": True, "login_endpoint": "https://a.example/login"}
    return task("dcos_sa_secret", args=args)


def empty(uid: str) -> Task:
    return task("dcos_sa_secret", args={"uid": uid, "path": f"{uid}/secret", "state": "absent"})


def allow(uid: str) -> Task:
    return task("dcos_acl_grant", args={"uid": uid, "rid": f"dcos:secrets:default:{uid}", "actions": ["read"]})


def forbid(uid: str) -> Task:
    return task("dcos_acl_grant", args={"uid": uid, "rid": f"dcos:secrets:default:{uid}", "state": "absent"})


def exists(emulator: Emulator, uid: str) -> bool:
    return emulator.account(uid) is not None


def description(emulator: Emulator, uid: str) -> str:
    account = emulator.account(uid)
    return "" if account is None else str(account["description"])


def documents(emulator: Emulator, uid: str) -> list[str]:
    return emulator.secrets_below(uid)


def endpoint(emulator: Emulator, uid: str) -> str:
    stored = emulator.stored(f"{uid}/secret")
    return "" if stored is None else str(stored["login_endpoint"])


def grants(emulator: Emulator, uid: str) -> dict[str, list[str]]:
    return {rid.rpartition(":")[0]: actions for rid, actions in emulator.grants(uid).items()}


def make_account(emulator: Emulator, uid: str) -> None:
    emulator.make_account(uid, KEYS[0])


def make_granted(emulator: Emulator, uid: str) -> None:
    emulator.make_account(uid, KEYS[0])
    emulator.grant(uid, f"dcos:secrets:default:{uid}", "read", "full")


def make_secret(emulator: Emulator, uid: str) -> None:
    emulator.make_secret(f"{uid}/secret", document(uid, KEYS[0]))


def passing(kind: str = "status", **more: Any) -> list[dict[str, Any]]:
    return [{"kind": kind, "times": 1, **more}]


CUTS = {"before": passing("cut_before"), "after": passing("cut_after")}
# A write that was cut before it took effect is sent again, one that was cut after it is found by reading back.
OFTEN = {"before": 2, "after": 1}
FAILS_AT_LAST = (None, 503)


def _rows() -> dict[str, Row]:
    table = {
        "503-twice": Row("PUT", create, [{"kind": "status", "status": 503, "times": 2}], 3, exists, True),
        "502": Row("PUT", create, passing(status=502), 2, exists, True),
        "504-of-a-read": Row("GET", create, passing(status=504), 3, exists, True),  # account, again, journal
        "429": Row("PUT", create, passing(status=429, retry_after=1), 2, exists, True),
        "500": Row("PUT", create, passing(status=500), 1, exists, False, fails=(None, 500)),
        "503-for-good": Row("PUT", create, [{"kind": "status", "status": 503}], 4, exists, False, fails=FAILS_AT_LAST),
        "503-no-retries": Row(
            "PUT", create, passing(status=503), 1, exists, False, fails=FAILS_AT_LAST, options={"dcos_retries": 0}
        ),
        "cut-for-good": Row("PUT", create, [{"kind": "cut_before"}], 4, exists, False, fails=("unreachable", None)),
        "latency": Row("PUT", create, [{"kind": "latency", "seconds": 0.3}], 1, exists, True),
        "too-late": Row(
            "PUT",
            create,
            [{"kind": "latency", "seconds": 2.5}],
            0,  # logged when it is answered, when this task is over
            exists,
            None,
            fails=("unreachable", None),
            options={"dcos_timeout": 1, "dcos_retries": 0},
        ),
    }  # fmt: skip
    for when, faults in CUTS.items():
        often = OFTEN[when]
        https = "https://a.example/login"
        table |= {
            f"cut-{when}-create": Row("PUT", create, faults, often, exists, True),
            f"cut-{when}-describe": Row("PATCH", describe, faults, often, description, "another", before=make_account),
            f"cut-{when}-delete": Row("DELETE", remove, faults, often, exists, False, before=make_account),
            f"cut-{when}-store": Row("PUT", store, faults, often, documents, ["secret"]),
            f"cut-{when}-move": Row("PATCH", move, faults, often, endpoint, https, before=make_secret),
            f"cut-{when}-empty": Row("DELETE", empty, faults, often, documents, [], before=make_secret),
            # The ACL's request comes first and is the one that is hit; the grant's is another.
            f"cut-{when}-grant": Row(
                "PUT", allow, faults, often + 1, grants, {"dcos:secrets:default": ["read"]}, before=make_account
            ),
            f"cut-{when}-revoke": Row("DELETE", forbid, faults, often + 1, grants, {}, before=make_granted),
        }
    return table


ROWS = _rows()


@dataclass(frozen=True)
class Faulty:
    run: Run
    uids: dict[str, str]


@pytest.fixture(scope="module")
def faulty(strict_for_all: Emulator, shared_lab: Lab) -> Faulty:
    emulator = strict_for_all
    uids = {name: unique("faulty") for name in ROWS}
    cases = {}
    faults = []
    for name, row in ROWS.items():
        row.before(emulator, uids[name])
        cases[name] = [{**row.task(uids[name]), "name": name}]
        next(iter(v for k, v in cases[name][0].items() if k.startswith("dcos."))).update(row.options)
        match = {"path": uids[name], "method": row.method}
        faults += [{**fault, "match": match} for fault in row.faults]
    with emulator.failing(*faults):
        run = shared_lab.play(cases, emulator, fails=True)
    return Faulty(run, uids)


@pytest.mark.parametrize("name", ROWS)
def test_fault(faulty: Faulty, strict: Emulator, name: str) -> None:
    row, result, uid = ROWS[name], faulty.run.one(name, name), faulty.uids[name]
    if row.fails is None:
        assert result.outcome == "ok", result.message
        assert result.changed is row.changed
    else:
        assert result.outcome == "failed"
        assert (result.code, result.result["failure"]["status"]) == row.fails, result.message
    requests = [each for each in result.requests(strict, uid) if each.method == row.method]
    assert len(requests) == row.requests
    if name != "too-late":  # nobody knows whether it takes effect, and when
        assert row.state(strict, uid) == row.wanted


def test_retry_after_is_respected(faulty: Faulty, strict: Emulator) -> None:
    about = strict.requests(faulty.run.start, faulty.run.end, faulty.uids["429"])
    first, second = (request for request in about if request.method == "PUT")
    assert (first.status, second.status) == (429, 201)
    assert second.time - first.time >= 1.0


def test_messages_say_how_often(faulty: Faulty) -> None:
    assert "It was tried 4 times" in faulty.run.one("503-for-good", "503-for-good").message
    assert "dcos_timeout" in faulty.run.one("too-late", "too-late").message


def test_sealed_store_fails_at_once(strict: Emulator, lab: Lab) -> None:
    uid = unique("sealed")
    args = {"uid": uid, "path": f"{uid}/secret", "generate_key": True, "security_mode": "strict"}
    with strict.failing({"kind": "sealed"}):
        run = lab.play([task("dcos_sa_secret", "secret", args=args)], strict, fails=True)
    result = run.one("secret")
    assert "sealed" in result.message
    assert result.result["failure"]["status"] == 503
    assert len(result.requests(strict, SECRETS + uid)) == 1
    assert result.writes(strict) == []


def test_a_cluster_that_is_not_ready_is_waited_for(strict: Emulator, lab: Lab) -> None:
    starting = {"kind": "status", "status": 503, "times": 4, "match": {"method": "POST", "path": LOGIN}}
    options = {"dcos_retries": 0, "wait_for": "secrets"}
    with strict.failing(starting, {"kind": "sealed"}):
        run = lab.play(
            [
                task("dcos_cluster_info", "login", args={"dcos_retries": 0, "wait": 60}),
                task("dcos_cluster_info", "sealed", args=options, ignore_errors=True),
            ],
            strict,
        )
    assert run.one("login").result["waited"] >= 6
    assert "dcos_cluster_info: still waiting for the IAM to take the credentials, " in run.stdout
    assert run.one("login").result["cluster_info"]["security_mode"] == "strict"
    assert "is not ready without waiting. What is missing: the secret store" in run.one("sealed").message


def test_token_that_expires_during_the_run(strict: Emulator, lab: Lab) -> None:
    """One login more and the run continues; a token that was given cannot be renewed."""
    uid = strict.make_account(unique("expiring"), KEYS[0])
    tasks = [
        task("dcos_service_account", "login", args={"uid": uid, "description": "after"}),
        task("dcos_service_account", "token", args={"uid": uid, "description": "never", "dcos_token": strict.token,
             "dcos_username": "", "dcos_password": ""}, ignore_errors=True),
    ]  # fmt: skip
    began = time.time()

    def expire() -> None:
        """While the first request after the login is held back."""
        while not any(request.is_login for request in strict.requests(began)):
            time.sleep(0.02)
        time.sleep(0.3)
        strict.faults({"kind": "expire_tokens"})

    watcher = threading.Thread(target=expire)
    held = {"kind": "latency", "seconds": 1.5, "times": 1, "match": {"path": uid}}
    with strict.failing(held):
        watcher.start()
        run = lab.play(tasks, strict, side_by_side=1)
        watcher.join()
    requests = run.one("login").requests(strict)
    assert sum(request.is_login for request in requests) == 2
    assert sum(request.status == 401 for request in requests) == 1
    assert description(strict, uid) == "after"
    given = run.one("token")
    assert given.code == "credentials"
    assert "expired" in given.message
    assert not any(request.is_login for request in given.requests(strict))


def test_permissions_that_take_a_while_to_show(strict: Emulator, lab: Lab) -> None:
    """A reading that is old makes no second change of what is there already."""
    uid = strict.make_account(unique("slow"), KEYS[0])
    args = {"uid": uid, "rid": f"dcos:secrets:default:{uid}", "actions": ["read", "update"]}
    with strict.failing({"kind": "slow_permissions", "seconds": 30}):
        tasks = [task("dcos_acl_grant", name, args=args) for name in ("first", "second")]
        run = lab.play(tasks, strict)
        assert strict.grants(uid) == {}, "the fault has no effect"
    assert [result.changed for result in run.of("case")] == [True, False]
    assert run.one("second").result["grants"]["granted"] == []
    assert strict.grants(uid) == {f"dcos:secrets:default:{uid}": ["read", "update"]}


def test_permissions_that_outlive_the_account(strict: Emulator, lab: Lab) -> None:
    """What an account seems to have, because one of that name had it, is granted to the new one all the same."""
    uid = strict.make_account(unique("again"), KEYS[0])
    args = {"uid": uid, "rid": f"dcos:secrets:default:{uid}", "actions": ["read"]}
    account = {"uid": uid, "public_key": public_pem(KEYS[0])}
    lab.play([task("dcos_acl_grant", args=args)], strict)
    with strict.failing({"kind": "slow_permissions", "seconds": 60}):
        anew = [task("dcos_service_account", args=each) for each in ({"uid": uid, "state": "absent"}, account)]
        lab.play(anew, strict)
        assert strict.grants(uid) == {f"dcos:secrets:default:{uid}": ["read"]}, "the fault has no effect"
        run = lab.play([task("dcos_acl_grant", "grant", args={**args, "exclusive": True})], strict)
    assert run.one("grant").result["grants"]["granted"] == [{"rid": f"dcos:secrets:default:{uid}", "action": "read"}]
    assert strict.grants(uid) == {f"dcos:secrets:default:{uid}": ["read"]}
