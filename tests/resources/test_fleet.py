# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of services at once: the same end as service by service, few requests, and no service stops another."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import PasswordCredentials
from ansible_collections.dcos.security.plugins.module_utils._api.http import encode_rid
from ansible_collections.dcos.security.plugins.module_utils._api.iam import Iam, Subject
from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import (
    fingerprint,
    load_stored_private_key,
    read_public_key,
    same_key,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._fleet import fleet as _fleet
from ansible_collections.dcos.security.plugins.module_utils._fleet.fleet import (
    Fleet,
    Progress,
    default_concurrency,
    quiet,
)
from ansible_collections.dcos.security.plugins.module_utils._presets.model import PresetGrant
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant
from ansible_collections.dcos.security.plugins.module_utils._service import plan as _service_plan
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import (
    TOKEN_END,
    cluster_for,
    connection,
    token_of,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    LOST,
    Crash,
    Reply,
    Sent,
    serving,
)

RID = "dcos:service:marathon:marathon:services:/"
NAMES = ("/team/api", "/team/queue", "/team/worker")
API, API_SECRET = "team__api-principal", "team/api/api-secret"
RESULT = [
    *("account", "security_mode", "secret", "fingerprint", "granted", "revoked", "left_out", "superuser"),
    *("key_changed", "verified", "created", "permissions_held", "warnings"),
]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every key that is made, by name: made once in a run of the tests."""
    made: list[str] = []
    numbers = itertools.count()

    def generate(size: int = 2048) -> Any:
        made.append(f"made-{next(numbers) % 24}")
        return private_key(made[-1], size)

    monkeypatch.setattr(_fleet, "generate", generate)
    return made


@pytest.fixture
def fake() -> EmulatedCluster:
    return EmulatedCluster()


def entry(name: str, *grants: str, **variables: Any) -> dict[str, Any]:
    permissions = [{"rid": rid, "actions": ["read"]} for rid in grants]
    return {"name": name, "permissions": permissions, **variables}


def team(**variables: Any) -> list[dict[str, Any]]:
    return [entry(name, RID + name[1:], RID + "team", **variables) for name in NAMES]


def run(
    fake: Callable[[Sent], Any],
    services: Sequence[Mapping[str, Any]],
    concurrency: int = 1,
    check_mode: bool = False,
    uid: str = "admin",
    progress: Callable[[Progress], None] = quiet,
    **common: Any,
) -> Outcome:
    with serving(fake):
        return converge(
            Fleet(cluster_for(uid), services, common, concurrency=concurrency, progress=progress), check_mode
        )


def shown(outcome: Outcome, number: int = 0) -> dict[str, Any]:
    """One service of the result."""
    services: Any = outcome.values["services"]
    return dict(services[number])


def outcomes(outcome: Outcome) -> list[str]:
    services: Any = outcome.values["services"]
    return ["failed" if each["failed"] else "changed" if each["changed"] else "ok" for each in services]


def since(fake: EmulatedCluster, calls: int) -> Counter[str]:
    return Counter(call.split()[0] for call in fake.calls[calls:])


def healthy(fake: EmulatedCluster, uid: str, path: str) -> bool:
    """Whether the service could log in with what is stored for it."""
    document = fake.document(path)
    key = load_stored_private_key(document["private_key"])
    account = read_public_key(fake.users[uid]["public_key"])
    return document["uid"] == uid and key is not None and same_key(account, key.public_key())


# Cold, and again


def test_each_service_gets_what_the_role_would_make(fake: EmulatedCluster) -> None:
    outcome = run(fake, team())
    assert outcome.failure is None
    assert outcome.values["counts"] == {"total": 3, "changed": 3, "unchanged": 0, "failed": 0}
    for number, name in enumerate(NAMES):
        uid, path = f"team__{name[6:]}-principal", f"{name[1:]}/{name[6:]}-secret"
        assert fake.users[uid] == {
            "description": f"Service account of {name}",
            "public_key": public_text(f"made-{number + 1}"),  # the first one stood in while it was planned
        }
        document = fake.document(path)
        assert document == {
            "uid": uid,
            "scheme": "RS256",
            "login_endpoint": "https://leader.mesos/acs/api/v1/auth/login",
            "private_key": private_text(f"made-{number + 1}"),
        }
        assert fake.grants_of(uid) == {(RID + name[1:], "read"), (RID + "team", "read")}
        view = shown(outcome, number)
        assert list(view) == ["name", "state", "changed", "failed", *RESULT]
        assert view == {
            "name": name,
            "state": "present",
            "changed": True,
            "failed": False,
            "account": uid,
            "security_mode": "strict",
            "secret": path,
            "fingerprint": fingerprint(public_key(f"made-{number + 1}")),
            "granted": [{"rid": rid, "action": "read"} for rid in (RID + name[1:], RID + "team")],
            "revoked": [],
            "left_out": [],
            "superuser": False,
            "key_changed": True,
            "verified": True,
            "created": True,
            "permissions_held": 2,
            "warnings": [],
        }
    assert "PRIVATE KEY" not in json.dumps([outcome.values, outcome.before, outcome.after])


@pytest.mark.parametrize("concurrency", [1, 8])
def test_requests_of_a_run(concurrency: int, fake: EmulatedCluster) -> None:
    services = team()
    run(fake, services, concurrency)
    calls = Counter(fake.calls)
    acls = [call for call in calls if call.startswith("PUT /acs/api/v1/acls/") and "/users/" not in call]
    assert len(acls) == 4, "an ACL that three services share is made once"
    assert max(calls[call] for call in acls) == 1
    used = since(fake, 0)
    per_run = 5  # mode, service accounts, persons, ACLs, secrets; the token is given
    assert used["PUT"] == len(services) * 2 + len(services) * 2 + len(acls)
    assert used["GET"] <= per_run + 2 * len(services)
    assert used["POST"] == len(services)
    before = len(fake.calls)
    again = run(fake, services, concurrency)
    assert again.changed is False
    assert again.values["counts"] == {"total": 3, "changed": 0, "unchanged": 3, "failed": 0}
    assert since(fake, before) == {"GET": 4 + 2 * len(services)}  # superusers in place of ACLs
    assert [view["verified"] for view in again.values["services"]] == [False] * 3  # type: ignore[attr-defined]


def test_no_requests_for_services_without_an_account(fake: EmulatedCluster) -> None:
    services = [{"name": "/a", "optional_account": "skip", "security_mode": "permissive"}]
    fake.replies["bootstrap-config.json"] = Reply(200, {"security": "permissive"})
    outcome = run(fake, services)
    assert outcome.changed is False
    assert fake.calls == ["GET /dcos-metadata/bootstrap-config.json"]
    assert shown(outcome)["state"] == "skip"
    assert shown(outcome)["account"] is None


def test_check_mode_predicts(fake: EmulatedCluster, keys: list[str]) -> None:
    fake.add_account(API, public_text("a"), "Service account of /team/api")
    fake.store_secret(API_SECRET, document(API, "a"))
    state = fake.state()
    outcome = run(fake, [{"name": "/team/api"}, *team()[1:]], check_mode=True)
    assert fake.state() == state
    assert since(fake, 0).keys() == {"GET"}
    assert outcomes(outcome) == ["ok", "changed", "changed"]
    assert outcome.changed is True
    assert outcome.provisional
    assert keys == ["made-0"], "one key stands in for all"
    assert set(outcome.before or {}) == set(outcome.after or {}) == {"/team/queue", "/team/worker"}
    granted = [{"rid": rid, "action": "read"} for rid in (RID + "team/queue", RID + "team")]
    assert shown(outcome, 1)["granted"] == granted
    assert outcome.warnings == []
    real = run(fake, [{"name": "/team/api"}, *team()[1:]])
    assert outcomes(real) == outcomes(outcome)
    after: Any = real.after
    assert after["/team/queue"]["account"]["fingerprint"] == shown(real, 1)["fingerprint"]
    assert (real.before or {})["/team/queue"] == {"secret": None, "account": None, "grants": {"direct": []}}


def document(uid: str, key: str, **more: str) -> dict[str, str]:
    endpoint = "https://leader.mesos/acs/api/v1/auth/login"
    return {"uid": uid, "scheme": "RS256", "login_endpoint": endpoint, "private_key": private_text(key), **more}


# One rule for role, modules and fleet


def test_role_and_fleet_share_the_rules(fake: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"name": "/team/api", "preset": "scheduler_minimum"}

    def both() -> tuple[list[Any], Any]:
        plan = _service_plan.plan_service(variables, {"url": "https://dcos.example.com", "security_mode": "strict"})
        outcome = run(fake, [variables], check_mode=True)
        return [{"rid": p.rid, "action": a} for p in plan.permissions for a in p.actions], shown(outcome)["granted"]

    planned, granted = both()
    assert planned == granted != []
    monkeypatch.setattr(PresetGrant, "needed_in", lambda grant, mode: False)
    assert both() == ([], [])


def test_variables_for_all_services(fake: EmulatedCluster) -> None:
    services = [
        {"name": "/a"},
        {"name": "/b", "description": "", "verify_login": None},
        {"name": "/c", "description": "own"},
    ]
    run(fake, services, description="for all", verify_login="never")
    assert [fake.users[f"{uid}-principal"]["description"] for uid in "abc"] == ["for all", "for all", "own"]
    assert since(fake, 0)["POST"] == 0


# Input


def test_a_wrong_entry_does_not_stop_the_others(fake: EmulatedCluster) -> None:
    services = [
        entry("/team/api"),
        entry("Team"),
        {"account": "x"},
        entry("/team/queue", colour="red"),
        entry("/team/worker"),
    ]
    outcome = run(fake, services)
    assert outcomes(outcome) == ["changed", "failed", "failed", "failed", "changed"]
    messages = [shown(outcome, number)["msg"] for number in (1, 2, 3)]
    assert [message.split(":")[0] for message in messages] == [
        "services[1].name",
        "services[2].name",
        "services[3].colour",
    ]
    assert [shown(outcome, number)["name"] for number in (1, 2)] == ["Team", "services[2]"]
    assert list(shown(outcome, 1)) == ["name", "state", "changed", "failed", *RESULT, "msg", "failure"]
    assert outcome.values["counts"] == {"total": 5, "changed": 2, "unchanged": 0, "failed": 3}
    assert outcome.failure is not None
    assert outcome.failure.message.startswith("3 of 5 services failed. Team: services[1].name: ")
    assert "run again" in outcome.failure.message
    services[1:4] = [entry("/team/b"), entry("/team/c"), entry("/team/queue")]
    assert outcomes(run(fake, services)) == ["ok", "changed", "changed", "changed", "ok"]


def test_invalid_input_sends_no_request(fake: EmulatedCluster) -> None:
    outcome = run(fake, [{"name": "A"}, {"name": "B"}])
    assert fake.calls == []
    assert outcome.changed is False
    assert outcomes(outcome) == ["failed", "failed"]


def test_an_empty_list(fake: EmulatedCluster) -> None:
    outcome = run(fake, [])
    assert (outcome.changed, outcome.failure, fake.calls) == (False, None, [])
    assert outcome.values == {"services": [], "counts": {"total": 0, "changed": 0, "unchanged": 0, "failed": 0}}


@pytest.mark.parametrize(
    ("variables", "shared"),
    [
        ({"name": "/team/api"}, "/team/api is there twice"),
        ({"account": API}, "share the account"),
        ({"secret_path": API_SECRET}, "share the secret"),
        ({"secret_path": f"{API_SECRET}-next"}, "share the secret"),
    ],
)
def test_services_that_share_something_are_both_refused(
    variables: dict[str, str], shared: str, fake: EmulatedCluster
) -> None:
    outcome = run(fake, [entry("/other"), entry("/team/api"), {"name": "/team/queue", **variables}])
    assert outcomes(outcome) == ["changed", "failed", "failed"]
    for number in (1, 2):
        assert shared in shown(outcome, number)["msg"]
        assert "services[1]" in shown(outcome, number)["msg"]
        assert shown(outcome, number)["failure"]["code"] == "collision"
    assert API not in fake.users


def test_concurrency_is_checked() -> None:
    with pytest.raises(DcosError, match="concurrency"):
        Fleet(cluster_for(), [], {}, concurrency=0, progress=quiet)
    assert 1 <= default_concurrency() <= 32


# What the cluster holds


@pytest.mark.parametrize("check_mode", [True, False])
def test_obstacles_of_one_service(check_mode: bool, fake: EmulatedCluster) -> None:
    """Found before the first write for it: a foreign secret, another key, a person, the connection's account."""
    fake.add_account("admin-service", public_text("b"))
    fake.add_grant("admin-service", "dcos:superuser", "full")
    fake.add_person("team__worker-principal")
    fake.store_secret(API_SECRET, "somebody else's")
    fake.add_account("team__queue-principal", public_text("a"))
    fake.store_secret("team/queue/queue-secret", document("team__queue-principal", "b"))
    fake.store_secret("own", document("admin-service", "b"))
    own = {"name": "/own", "account": "admin-service", "secret_path": "own", "state": "absent"}
    state = fake.state()
    outcome = run(fake, [*team(), own, entry("/fine")], check_mode=check_mode, uid="admin-service")
    assert outcomes(outcome) == ["failed"] * 4 + ["changed"]
    codes = [shown(outcome, number)["failure"]["code"] for number in range(4)]
    assert codes == ["foreign_secret", "key_mismatch", "invalid_uid", "own_account"]
    assert [shown(outcome, number)["account"] for number in range(3)] == [f"team__{n[6:]}-principal" for n in NAMES]
    assert {**fake.secrets, "fine/fine-secret": ""} == {**state["secrets"], "fine/fine-secret": ""}
    assert set(fake.users) - set(state["users"]) == (set() if check_mode else {"fine-principal"})


def test_excess_grants_are_revoked_and_superuser_power_last(fake: EmulatedCluster) -> None:
    run(fake, team())
    for rid in ("dcos:a", "dcos:superuser", "dcos:z"):
        fake.add_grant(API, rid, "full")
    fake.forget_calls()
    outcome = run(fake, team())
    assert outcomes(outcome) == ["changed", "ok", "ok"]
    assert [each["rid"] for each in shown(outcome)["revoked"]] == ["dcos:a", "dcos:z", "dcos:superuser"]
    assert [call.split()[0] for call in fake.writes] == ["DELETE"] * 3
    assert shown(outcome)["key_changed"] is False


@pytest.mark.parametrize("exclusive", [True, False])
def test_superuser_power_hidden_by_a_cache_is_revoked(exclusive: bool, fake: EmulatedCluster) -> None:
    run(fake, team())
    fake.add_grant(API, "dcos:superuser", "read")

    def cached(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        if not sent.path.endswith(f"/users/{API}/permissions"):
            return reply
        permissions = json.loads(reply.body)
        permissions["direct"] = [entry for entry in permissions["direct"] if entry["rid"] != "dcos:superuser"]
        return replace(reply, body=json.dumps(permissions).encode())

    fake.answering = cached
    outcome = run(fake, team(exclusive=exclusive))
    assert shown(outcome)["revoked"] == [{"rid": "dcos:superuser", "action": "read"}]
    assert "dcos:superuser" not in {rid for rid, _action in fake.grants_of(API)}


def test_superuser_power_through_a_group_fails_the_service(fake: EmulatedCluster) -> None:
    fake.set_members("mighty")
    fake.add_grant("mighty", "dcos:superuser", "full", "groups")
    run(fake, [entry("/team/api")])
    fake.add_members("mighty", API)
    outcome = run(fake, [entry("/team/api", RID + "x"), entry("/team/queue")])
    assert outcomes(outcome) == ["failed", "changed"]
    assert shown(outcome)["changed"] is True
    assert "mighty" in shown(outcome)["msg"]
    assert shown(outcome)["superuser"] is True
    assert fake.grants_of(API) == {(RID + "x", "read")}


def test_bring_up_and_its_end(fake: EmulatedCluster) -> None:
    outcome = run(fake, [entry("/team/api", superuser=True)])
    assert shown(outcome)["superuser"] is True
    assert fake.grants_of(API) == {("dcos:superuser", "full")}
    outcome = run(fake, [entry("/team/api", exclusive=False)])
    assert shown(outcome)["revoked"] == [{"rid": "dcos:superuser", "action": "full"}]


def test_an_unreadable_list_of_secrets(fake: EmulatedCluster) -> None:
    fake.refused["?list=true"] = 403
    assert outcomes(run(fake, team())) == ["changed"] * 3
    reads = Counter(call for call in fake.calls if call.startswith("GET /secrets/"))
    assert reads[f"GET /secrets/v1/secret/default/{API_SECRET}"] == 2  # before, and for the login
    assert reads[f"GET /secrets/v1/secret/default/{API_SECRET}-next"] == 1
    assert outcomes(run(fake, team())) == ["ok"] * 3


def test_a_token_that_expires_is_renewed_once_for_all(fake: EmulatedCluster) -> None:
    """Several threads are refused at the same time."""
    lock, issued, refused = threading.Lock(), [0], [0]

    def cluster(sent: Sent) -> Any:
        with lock:
            if sent.call == "POST /acs/api/v1/auth/login" and sent.body["uid"] == "admin":
                issued[0] += 1
                return Reply(200, {"token": token_of("admin", TOKEN_END + issued[0])})
            used = sent.headers.get("Authorization", "")
            if len(fake.calls) >= 20 and used.endswith(token_of("admin", TOKEN_END + 1)):
                refused[0] += 1
                return Reply(401, "<html>")
        return fake(sent)

    login = PasswordCredentials("admin", "admin-password")
    connected = Cluster(replace(connection(), credentials=login))
    services = [entry(f"/s{number}", RID + f"{number}") for number in range(12)]
    with serving(cluster):
        outcome = converge(Fleet(connected, services, {}, concurrency=8, progress=quiet), False)
    assert outcome.failure is None
    assert issued == [2]
    assert refused[0] >= 1


def test_without_the_list_of_accounts_no_service_is_tried(fake: EmulatedCluster) -> None:
    fake.refused["?type=service"] = 403
    with pytest.raises(DcosError, match="reading all service accounts"):
        run(fake, team())
    assert fake.writes == []


def test_a_failed_shared_read_is_sent_once(fake: EmulatedCluster) -> None:
    """Otherwise 24 services would take 25 times the timeout."""
    part = "list=true"
    fake.refused[part] = 500
    outcome = run(fake, [{"name": f"/team/s{number}"} for number in range(24)], concurrency=8)
    assert outcomes(outcome) == ["failed"] * 24
    assert len([call for call in fake.calls if part in call]) == 1
    assert all("answered 500" in shown(outcome, number)["msg"] for number in range(24))
    assert fake.writes == []


def test_malformed_entry_in_the_list_of_accounts_fails_its_service_only(fake: EmulatedCluster) -> None:
    run(fake, team())

    def odd(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        if "type=service" not in sent.url:
            return reply
        accounts = json.loads(reply.body)["array"]
        return Reply(200, {"array": [{**each, "public_key": 7} if each["uid"] == API else each for each in accounts]})

    fake.answering = odd
    outcome = run(fake, [{**each, "rotate_key": True} for each in team()])
    assert sorted(outcomes(outcome)) == ["changed", "changed", "failed"]
    assert "public_key is a number, not text" in shown(outcome)["msg"]


def test_internal_error_in_one_service_keeps_the_results_of_others(
    fake: EmulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = Iam.grant

    def broken(self: Iam, subject: Subject, wanted: Grant) -> bool:
        if subject.name == API:
            raise KeyError("a secret")
        return grant(self, subject, wanted)

    monkeypatch.setattr(Iam, "grant", broken)
    outcome = run(fake, team())
    assert sorted(outcomes(outcome)) == ["changed", "changed", "failed"]
    assert "This is a bug in the collection (KeyError in " in shown(outcome)["msg"]
    assert "a secret" not in json.dumps(outcome.values)


def test_an_open_cluster(fake: EmulatedCluster) -> None:
    fake.refused["bootstrap-config.json"] = 403
    fake.replies["dcos-version.json"] = Reply(200, {"version": "2.2.4", "dcos-variant": "open"})
    outcome = run(fake, team())
    assert "open DC/OS" in shown(outcome)["msg"]


def test_mode_that_cannot_be_read(fake: EmulatedCluster) -> None:
    fake.refused["bootstrap-config.json"] = 403
    assert "security_mode" in shown(run(fake, [{"name": "/a"}]))["msg"]
    assert outcomes(run(fake, [{"name": "/a", "security_mode": "strict"}])) == ["changed"]


def test_the_version_is_read_if_needed(fake: EmulatedCluster) -> None:
    run(fake, [{"name": "/team/api", "transport_encryption": True}])
    assert "GET /dcos-metadata/dcos-version.json" in fake.calls


def test_run_as_grants(fake: EmulatedCluster) -> None:
    fake.add_account("dcos_marathon", public_text("b"))
    fake.add_grant("dcos_marathon", "dcos:before", "full")
    services = [{"name": f"/{name}", "linux_user": "core", "run_as_grants": True} for name in "ab"]
    outcome = run(fake, services)
    assert outcomes(outcome) == ["changed", "changed"]
    assert fake.grants_of("dcos_marathon") == {("dcos:before", "full"), ("dcos:mesos:master:task:user:core", "create")}
    assert outcomes(run(fake, services)) == ["ok", "ok"]


# Others at work


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("what", ["account", "secret", "grant"])
def test_another_run_creates_it_first(what: str, number: int, fake: EmulatedCluster) -> None:
    """The lists are out of date then: the service is planned again from what is there now."""

    def rival() -> None:
        if what == "account" and API not in fake.users:
            stored = fake.secrets.get(API_SECRET)
            key = json.loads(stored)["private_key"] if stored else private_text("a")
            name = next(n for n in ("a", "made-1", "made-2") if private_text(n) == key)
            fake.store_secret(API_SECRET, document(API, name))
            fake.add_account(API, public_text(name), "rival")
        elif what == "secret" and API_SECRET not in fake.secrets:
            fake.store_secret(API_SECRET, document(API, "a"))
        elif what == "grant" and API in fake.users:
            fake.add_grant(API, RID + "team/api", "read")

    fake.rivals[number] = rival
    outcome = run(fake, team()[:1])
    assert outcome.failure is None
    assert fake.grants_of(API) == {(RID + "team/api", "read"), (RID + "team", "read")}
    assert healthy(fake, API, API_SECRET)
    described = fake.users[API]["description"]
    assert described in ("Service account of /team/api", "rival"), "a derived description is for new accounts only"
    assert outcomes(run(fake, team()[:1])) == ["ok"]


@pytest.mark.parametrize("slices", [pytest.param(2, marks=pytest.mark.exhaustive), 4])
def test_slices_at_once_end_as_one_run(slices: int, fake: EmulatedCluster) -> None:
    """Each takes its share of the list. All are about to create the ACL that they share before one of them does."""
    services = [entry(f"/team/s{n}", RID + f"team/s{n}", RID + "team") for n in range(2 * slices)]
    together, met = threading.Barrier(slices, timeout=60), itertools.count()

    def meet(sent: Sent) -> None:
        shared = sent.method == "PUT" and sent.path.endswith(f"/acls/{encode_rid(RID + 'team')}")
        if shared and next(met) < slices:
            together.wait()

    fake.gate = meet
    with serving(fake), ThreadPoolExecutor(slices) as pool:
        shares = [services[n::slices] for n in range(slices)]
        fleets = [Fleet(cluster_for("admin"), share, {}, concurrency=1, progress=quiet) for share in shares]
        done = list(pool.map(lambda fleet: converge(fleet, False), fleets))
    assert [outcomes(outcome) for outcome in done] == [["changed", "changed"]] * slices
    assert next(met) >= slices, "they met"
    whole = EmulatedCluster()
    run(whole, services)
    one, other = fake.state(), whole.state()
    assert {part: one[part] for part in ("groups", "acls", "grants")} == {
        part: other[part] for part in ("groups", "acls", "grants")
    }
    assert one["users"].keys() == other["users"].keys()
    assert one["secrets"].keys() == other["secrets"].keys()
    assert outcomes(run(fake, services)) == ["ok"] * len(services)


def test_a_resource_that_was_deleted(fake: EmulatedCluster) -> None:
    fake.add_acl(RID + "team", "there at first")
    fake.rivals[5] = lambda: fake.remove_acl(RID + "team")
    outcome = run(fake, team())
    assert outcome.failure is None
    assert all((RID + "team", "read") in fake.grants_of(f"team__{name[6:]}-principal") for name in NAMES)


def test_a_document_changed_before_its_repair_is_not_overwritten(fake: EmulatedCluster) -> None:
    run(fake, team()[:1])
    stored = {**fake.document(API_SECRET), "scheme": "RS512"}
    fake.store_secret(API_SECRET, stored)
    reads: list[int] = []

    def cluster(sent: Sent) -> Any:
        if sent.call == f"GET /secrets/v1/secret/default/{API_SECRET}":
            reads.append(1)
            if len(reads) == 2:
                fake.store_secret(API_SECRET, {**stored, "note": "of somebody else"})
        return fake(sent)

    outcome = run(cluster, team()[:1])
    assert outcome.failure is None
    assert fake.document(API_SECRET) == {**stored, "scheme": "RS256", "note": "of somebody else"}


# Interruptions


def writes_of(services: Sequence[Mapping[str, Any]], prepare: Callable[[EmulatedCluster], None]) -> int:
    fake = EmulatedCluster()
    prepare(fake)
    fake.forget_calls()
    run(fake, services)
    return len(fake.writes)


def nothing(fake: EmulatedCluster) -> None:
    del fake


def provision(fake: EmulatedCluster) -> None:
    run(fake, team()[:2])
    fake.set_members("dev", API)


@pytest.mark.parametrize("how", ["crash", "cut_before", "cut_after"])
@pytest.mark.parametrize("rotate", [False, True])
def test_an_interruption_anywhere_is_repaired_by_the_next_run(how: str, rotate: bool) -> None:
    prepare = provision if rotate else nothing
    services = team(rotate_key=rotate)[:2]
    for number in range(1, writes_of(services, prepare) + 1):
        fake = EmulatedCluster()
        prepare(fake)
        fake.forget_calls()
        if how == "crash":
            fake.crash_after = number
            with contextlib.suppress(Crash):
                run(fake, services)
            fake.crash_after = None
        else:
            getattr(fake, how).add(number)
            assert run(fake, services).failure is None
        again = run(fake, team()[:2])
        assert again.failure is None, number
        for name in NAMES[:2]:
            uid, path = f"team__{name[6:]}-principal", f"{name[1:]}/{name[6:]}-secret"
            assert fake.grants_of(uid) == {(RID + name[1:], "read"), (RID + "team", "read")}, number
            assert fake.document(path)["uid"] == uid
            assert healthy(fake, uid, path), number
            assert path + "-next" not in fake.secrets
        assert not [uid for uid in fake.users if uid.endswith(".replacing")]
        assert fake.groups_of(API) == ({"dev"} if rotate else set())
        assert outcomes(run(fake, team()[:2])) == ["ok", "ok"]


def test_an_error_says_what_was_done(fake: EmulatedCluster) -> None:
    fake.refused["%252Fteam%252Fapi/users/"] = 403
    outcome = run(fake, team())
    assert outcomes(outcome) == ["failed", "changed", "changed"]
    assert shown(outcome)["changed"] is True
    assert shown(outcome)["failure"]["status"] == 403
    done = f"Done before that: create secret {API_SECRET}; create service account {API}. Run again to finish."
    assert shown(outcome)["msg"].endswith(done)
    fake.refused.clear()
    assert outcomes(run(fake, team())) == ["changed", "ok", "ok"]


def test_an_unreachable_cluster_is_not_tried_for_every_service(fake: EmulatedCluster) -> None:
    asked: list[str] = []

    def cluster(sent: Sent) -> Any:
        if sent.method != "GET":
            asked.append(sent.call)
            return LOST
        return LOST if asked else fake(sent)

    outcome = run(cluster, [entry(f"/s{number}") for number in range(20)])
    assert outcomes(outcome) == ["failed"] * 20
    messages = [shown(outcome, number)["msg"] for number in range(20)]
    assert [message.startswith("Not tried") for message in messages] == [False] * 3 + [True] * 17
    assert outcome.failure is not None
    assert outcome.failure.message.count("Not tried") == 1, "what they have in common is told once"
    assert "/s3, /s4, /s5, " in outcome.failure.message
    assert outcome.before is not None
    assert outcome.after is not None
    untried = [f"/s{number}" for number in range(3, 20)]
    assert {name: outcome.after[name] for name in untried} == {name: outcome.before[name] for name in untried}


# Keys


def test_rotation(fake: EmulatedCluster) -> None:
    provision(fake)
    before = {uid: user["public_key"] for uid, user in fake.users.items() if "public_key" in user}
    services = [entry("/team/api", exclusive=False, rotate_key=True), entry("/team/queue", exclusive=False)]
    predicted = run(fake, services, check_mode=True)
    outcome = run(fake, services)
    assert outcomes(predicted) == outcomes(outcome) == ["changed", "ok"]
    assert fake.users[API]["public_key"] != before[API]
    assert healthy(fake, API, API_SECRET)
    assert shown(outcome)["key_changed"] is shown(outcome)["verified"] is True
    assert fake.grants_of(API) == {(RID + "team/api", "read"), (RID + "team", "read")}
    assert fake.groups_of(API) == {"dev"}


def test_check_mode_shows_the_end_of_a_rotation_that_was_interrupted(fake: EmulatedCluster) -> None:
    """The account has its next key already, so a login can tell whether that works."""
    run(fake, team())
    fake.store_secret(f"{API_SECRET}-next", {**fake.document(API_SECRET), "private_key": private_text("b")})
    fake.change_account(API, public_text("b"))
    services = [entry("/team/api", rotate_key=True)]
    calls = len(fake.calls)
    predicted = run(fake, services, check_mode=True)
    assert since(fake, calls).keys() == {"GET", "POST"}, "the only posts are logins"
    outcome = run(fake, services)
    assert outcomes(predicted) == outcomes(outcome) == ["changed"]
    assert shown(predicted) == shown(outcome)
    assert shown(outcome)["verified"] is True
    assert (predicted.before, predicted.after) == (outcome.before, outcome.after)
    assert healthy(fake, API, API_SECRET)


def pem_is_in_step(fake: EmulatedCluster, name: str) -> bool:
    folder = name[1:]
    return fake.secrets[f"{folder}/key"] == fake.document(f"{folder}/{folder[5:]}-secret")["private_key"]


def with_copies(**variables: Any) -> list[dict[str, Any]]:
    return [{**each, "pem_secret_path": f"{each['name']}/key", **variables} for each in team()]


def test_a_copy_of_the_key_alone_is_made_rotated_and_removed_with_the_rest(fake: EmulatedCluster) -> None:
    for variables in ({}, {"rotate_key": True}):
        predicted = run(fake, with_copies(**variables), check_mode=True)
        outcome = run(fake, with_copies(**variables))
        assert outcomes(predicted) == outcomes(outcome) == ["changed"] * 3
        assert all(pem_is_in_step(fake, name) for name in NAMES)
        assert "a new key" in str(predicted.after)
    assert not run(fake, with_copies()).changed
    with serving(fake):
        rotation = Fleet(cluster_for(), with_copies(), {}, concurrency=1, progress=quiet, purpose="rotate")
        assert converge(rotation, False).changed
    assert all(pem_is_in_step(fake, name) for name in NAMES)
    assert run(fake, with_copies(state="absent")).changed
    assert fake.secrets == {}


@pytest.mark.parametrize("rotate", [False, True])
def test_a_copy_is_in_step_after_an_interruption_anywhere(rotate: bool) -> None:
    services = with_copies(groups="ops")[:1]
    after = 0
    while True:
        after += 1
        fake = EmulatedCluster()
        fake.set_members("ops")
        if rotate:
            run(fake, services)
            fake.forget_calls()
        fake.crash_after = after
        try:
            run(fake, [{**services[0], "rotate_key": rotate}])
        except Crash:
            fake.crash_after = None
            run(fake, services)
        else:
            break
        assert pem_is_in_step(fake, NAMES[0])
        assert healthy(fake, API, API_SECRET)
        assert fake.groups_of(API) == {"ops"}
        assert not run(fake, services).changed
    assert after > 8


def test_a_foreign_copy_is_told_before_anything_is_written_and_left_at_the_end(fake: EmulatedCluster) -> None:
    fake.store_secret("team/api/key", "a password")
    outcome = run(fake, with_copies())
    assert outcomes(outcome) == ["failed", "changed", "changed"]
    assert shown(outcome)["msg"].startswith("services[0].pem_secret_path: The secret team/api/key in store default ")
    assert "Choose another services[0].pem_secret_path" in shown(outcome)["msg"]
    assert API not in fake.users
    outcome = run(fake, with_copies(state="absent"))
    assert "It is kept" in shown(outcome)["warnings"][0]
    assert fake.secrets == {"team/api/key": "a password"}


def test_groups(fake: EmulatedCluster) -> None:
    fake.set_members("ops")
    fake.set_members("dev")
    assert run(fake, team(groups=["ops", "dev"])).changed
    fake.set_members("others", API)
    again = len(fake.calls)
    assert not run(fake, team(groups=["ops", "dev"])).changed
    # One question for each group, whatever the number of services, beside the members' own.
    asked = Counter(call for call in fake.calls[again:] if "/groups" in call)
    assert {call: count for call, count in asked.items() if "/groups/" in call} == {
        f"GET /acs/api/v1/groups/{gid}/permissions": 1 for gid in ("ops", "dev")
    }
    assert not run(fake, team()).changed
    assert fake.groups_of(API) == {"ops", "dev", "others"}
    assert run(fake, team(rotate_key=True)[:1]).changed
    assert fake.groups_of(API) == {"ops", "dev", "others"}


@pytest.mark.parametrize("check_mode", [True, False])
def test_group_that_does_not_exist_stops_its_service_before_anything_is_written(
    check_mode: bool, fake: EmulatedCluster
) -> None:
    fake.set_members("ops")
    services = [{**each, "groups": "ops" if number else ["ops", "gone"]} for number, each in enumerate(team())]
    outcome = run(fake, services, check_mode=check_mode)
    assert outcomes(outcome) == ["failed", "changed", "changed"]
    assert shown(outcome)["msg"].startswith(
        "services[0].groups: there is no group gone, so account team__api-principal"
    )
    assert API not in fake.users
    assert API_SECRET not in fake.secrets


def test_the_size_of_keys(fake: EmulatedCluster, tmp_path: Path) -> None:
    run(fake, team(key_size=3072)[:1])
    run(fake, team(key_size="3072", key_store="file", key_dir=str(tmp_path))[1:2])
    for path in (API_SECRET, "team/queue/queue-secret"):
        key = load_stored_private_key(fake.document(path)["private_key"])
        assert key is not None
        assert key.key_size == 3072
    assert not run(fake, team()[:1]).changed, "a stored key is kept whatever its size"
    assert not run(fake, team(key_store="file", key_dir=str(tmp_path))[1:2]).changed, "and so is one in a file"


def test_rotation_from_a_key(fake: EmulatedCluster) -> None:
    provision(fake)
    old = shown(run(fake, team()))["fingerprint"]
    services = team(rotate_key_from=old)
    outcome = run(fake, services)
    assert outcomes(outcome) == ["changed", "ok", "ok"]
    assert shown(outcome)["fingerprint"] != old
    assert outcomes(run(fake, services)) == ["ok"] * 3


def test_keys_in_files(fake: EmulatedCluster, tmp_path: Path) -> None:
    services = team(key_store="file", key_dir=str(tmp_path))
    predicted = run(fake, services, check_mode=True)
    assert list(tmp_path.iterdir()) == []
    outcome = run(fake, services)
    assert outcome.failure is None
    assert outcomes(predicted) == outcomes(outcome) == ["changed"] * 3
    private = tmp_path / f"{API}.pem"
    assert private.read_text() == fake.document(API_SECRET)["private_key"]
    assert private.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / f"{API}.pub").read_text() == fake.users[API]["public_key"]
    assert outcomes(run(fake, services)) == ["ok"] * 3
    before = private.read_text()
    rotated = [{**services[0], "rotate_key": True}, *services[1:]]
    predicted = run(fake, rotated, check_mode=True)
    assert private.read_text() == before
    outcome = run(fake, rotated)
    assert outcomes(predicted) == outcomes(outcome) == ["changed", "ok", "ok"]
    assert private.read_text() == fake.document(API_SECRET)["private_key"] != before
    assert (tmp_path / f"{API}.pub").read_text() == fake.users[API]["public_key"]
    assert shown(outcome)["verified"] is True
    assert len(list(tmp_path.iterdir())) == 6
    gone = [{**services[0], "state": "absent", "delete_key_files": True}]
    assert outcomes(run(fake, gone)) == ["changed"]
    assert len(list(tmp_path.iterdir())) == 4


def test_a_rotation_in_files_that_was_interrupted_is_finished(fake: EmulatedCluster, tmp_path: Path) -> None:
    """Whether the account has the next key already or not, and without being asked to rotate."""
    services = team(key_store="file", key_dir=str(tmp_path))[:1]
    run(fake, services)
    for key in ("a", "b"):
        (tmp_path / f"{API}.pem.next").write_text(private_text(key))
        if key == "b":
            fake.change_account(API, public_text(key))
        predicted = run(fake, services, check_mode=True)
        outcome = run(fake, services)
        assert outcomes(predicted) == outcomes(outcome) == ["changed"]
        assert shown(outcome)["verified"] is shown(outcome)["key_changed"] is True
        assert (tmp_path / f"{API}.pem").read_text() == fake.document(API_SECRET)["private_key"] == private_text(key)
        assert (tmp_path / f"{API}.pub").read_text() == fake.users[API]["public_key"] == public_text(key)
        assert len(list(tmp_path.iterdir())) == 2
        assert f"{API_SECRET}-next" not in fake.secrets
        assert outcomes(run(fake, services)) == ["ok"]


def test_check_mode_reads_a_private_key_whose_other_half_is_missing(fake: EmulatedCluster, tmp_path: Path) -> None:
    """What is predicted for the key files is a change, but no new key: the one that is there can be stored."""
    services = team(key_store="file", key_dir=str(tmp_path))[:1]
    run(fake, services)
    (tmp_path / f"{API}.pub").unlink()
    fake.remove_secret(API_SECRET)
    predicted = run(fake, services, check_mode=True)
    assert predicted.failure is None
    outcome = run(fake, services)
    assert outcomes(predicted) == outcomes(outcome) == ["changed"]
    assert (predicted.before, predicted.after) == (outcome.before, outcome.after)


def test_a_readable_private_key_file_is_made_private(fake: EmulatedCluster, tmp_path: Path) -> None:
    services = team(key_store="file", key_dir=str(tmp_path))[:1]
    run(fake, services)
    private = tmp_path / f"{API}.pem"
    private.chmod(0o644)
    predicted = run(fake, services, check_mode=True)
    assert private.stat().st_mode & 0o777 == 0o644
    outcome = run(fake, services)
    assert private.stat().st_mode & 0o777 == 0o600
    assert outcomes(predicted) == outcomes(outcome) == ["changed"]
    assert (predicted.before, predicted.after) == (outcome.before, outcome.after)
    assert "'mode': '0644'" in str(outcome.before)
    assert "'mode': '0600'" in str(outcome.after)
    assert outcome.warnings == []
    assert outcomes(run(fake, services)) == ["ok"]


def test_another_key_is_refused_before_its_file_is_made(fake: EmulatedCluster, tmp_path: Path) -> None:
    fake.add_account(API, public_text("a"))
    outcome = run(fake, [entry("/team/api", key_store="file", key_dir=str(tmp_path))])
    assert shown(outcome)["failure"]["code"] == "key_mismatch"
    assert f"Service account {API} has another key" in shown(outcome)["msg"]
    assert list(tmp_path.iterdir()) == []
    assert fake.writes == []


@pytest.mark.parametrize("wanted", ["always", "changed", "never"])
def test_verification(wanted: str, fake: EmulatedCluster) -> None:
    run(fake, team())
    for check_mode in (True, False):
        before = len(fake.calls)
        outcome = run(fake, team(verify_login=wanted), check_mode=check_mode)
        assert outcome.changed is False
        assert since(fake, before)["POST"] == (3 if wanted == "always" else 0)
        assert since(fake, before)["GET"] == 4 + 2 * 3
        assert shown(outcome)["verified"] is (wanted == "always")


def test_a_login_that_fails(fake: EmulatedCluster) -> None:
    fake.refused["/auth/login"] = 401
    outcome = run(fake, team()[:1])
    assert "refused the credentials" in shown(outcome)["msg"]
    assert "Done before that: create secret" in shown(outcome)["msg"]


# Absent


def test_retirement(fake: EmulatedCluster) -> None:
    run(fake, team())
    fake.store_secret(f"{API_SECRET}-next", document(API, "a"))
    fake.add_account(f"{API}.replacing", public_text("a"), '{"description": "", "grants": [], "groups": []}')
    fake.store_secret("team/queue/queue-secret", "somebody else's")
    fake.forget_calls()
    predicted = run(fake, team(state="absent"), check_mode=True)
    outcome = run(fake, team(state="absent"))
    assert outcomes(predicted) == outcomes(outcome) == ["changed"] * 3
    assert set(fake.secrets) == {"team/queue/queue-secret"}
    assert not [uid for uid in fake.users if uid.startswith("team")]
    assert predicted.warnings == outcome.warnings
    assert outcome.warnings[0].startswith("/team/queue: The secret team/queue/queue-secret in store default is kept")
    assert [call.split("/")[-1] for call in fake.writes] == [
        f"{API}.replacing", API, "api-secret", "api-secret-next",
        "team__queue-principal", "team__worker-principal", "worker-secret",
    ]  # fmt: skip
    assert shown(outcome)["state"] == "absent"
    assert shown(outcome)["account"] is None
    again = run(fake, [entry("/team/api", state="absent")])
    assert again.changed is False


def test_secrets_that_appear_during_the_run_are_not_deleted(fake: EmulatedCluster) -> None:
    """Between the plan and its end there can be half a minute: what destroys looks again."""
    run(fake, team())

    def rival() -> None:
        fake.store_secret("team/worker/worker-secret", "somebody else's")

    fake.forget_calls()
    fake.rivals[1] = rival
    outcome = run(fake, team(state="absent"))
    assert outcomes(outcome) == ["changed"] * 3
    assert fake.secrets == {"team/worker/worker-secret": "somebody else's"}
    assert "is kept: it is not a service-account document" in shown(outcome, 2)["warnings"][0]


def test_unused_acls_are_deleted_last(fake: EmulatedCluster) -> None:
    run(fake, team())
    fake.add_account("other", public_text("b"))
    fake.add_grant("other", RID + "team/queue", "full")
    retired = [{**each, "state": "absent", "delete_unused_acls": True} for each in team()[1:]]
    fake.add_acl(RID + "team/api", "there")
    outcome = run(fake, [*retired, entry("/new", RID + "team"), entry("/team/api", RID + "team/api", RID + "team")])
    assert outcome.failure is None
    assert RID + "team/queue" in fake.acls
    assert RID + "team/worker" not in fake.acls
    assert fake.grants_of("new-principal") == {(RID + "team", "read")}
    assert outcomes(run(fake, retired)) == ["ok", "ok"]


# Progress, and the order


def test_progress(fake: EmulatedCluster) -> None:
    told: list[Progress] = []
    run(fake, [*team(), {"name": "X"}], progress=told.append)
    assert [(each.phase, each.done, each.total, each.failed) for each in told] == [
        ("looked at", 1, 3, 0), ("looked at", 2, 3, 0), ("looked at", 3, 3, 0),
        ("done", 1, 3, 0), ("done", 2, 3, 0), ("done", 3, 3, 0),
    ]  # fmt: skip
    assert [each.name for each in told] == [*NAMES, *NAMES]


def test_one_at_a_time_is_in_order(fake: EmulatedCluster) -> None:
    run(fake, team(), concurrency=1)
    created = [call.split("/")[-1] for call in fake.writes if "/users/" in call and "acls" not in call]
    assert created == [f"team__{name[6:]}-principal" for name in NAMES]


def test_warnings_are_shown_once(fake: EmulatedCluster) -> None:
    services = [entry(f"/s{number}", secret_path=f"secret-{number}") for number in range(25)]
    outcome = run(fake, services, check_mode=True)
    assert len(outcome.warnings) == 21
    assert outcome.warnings[0].startswith("/s0: services[0].secret_path: every service")
    assert outcome.warnings[-1] == "And 5 more warnings, see services in the result."
