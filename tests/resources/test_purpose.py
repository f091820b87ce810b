# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list that provisions also rotates and retires: what a run is for, and the batches in which it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import (
    load_stored_private_key,
    read_public_key,
    same_key,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._fleet.batches import batches
from ansible_collections.dcos.security.plugins.module_utils._fleet.fleet import Fleet, quiet
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, Sent, serving

RID = "dcos:service:marathon:marathon:services:/team"
UID, SECRET = "team__api-principal", "team/api/api-secret"


@pytest.fixture
def fake() -> EmulatedCluster:
    """One service that somebody made without this collection: nothing about it has its default value."""
    fake = EmulatedCluster()
    adopt(fake, UID, SECRET)
    return fake


def adopt(fake: EmulatedCluster, uid: str, path: str, superuser: bool = True) -> None:
    fake.add_account(uid, public_text("a"), "what somebody wrote")
    fake.add_grant(uid, RID, "read")
    if superuser:
        fake.add_grant(uid, "dcos:superuser", "full")
    fake.store_secret(
        path,
        {
            "uid": uid,
            "scheme": "RS256",
            "private_key": private_text("a"),
            "login_endpoint": "http://gateway.example.com/login",
            "team": "web",
        },
    )


def run(
    fake: Callable[[Sent], Any],
    services: Sequence[Mapping[str, Any]],
    purpose: str = "rotate",
    check_mode: bool = False,
    batch_sizes: Sequence[str] = (),
    **common: Any,
) -> Outcome:
    with serving(fake):
        return converge(
            Fleet(
                cluster_for("admin"),
                services,
                common,
                concurrency=1,
                progress=quiet,
                purpose=purpose,
                batch_sizes=batch_sizes,
            ),
            check_mode,
        )


def shown(outcome: Outcome, number: int = 0) -> dict[str, Any]:
    services: Any = outcome.values["services"]
    return dict(services[number])


def outcomes(outcome: Outcome) -> list[str]:
    services: Any = outcome.values["services"]
    return ["failed" if each["failed"] else "changed" if each["changed"] else "ok" for each in services]


def logs_in(fake: EmulatedCluster, uid: str = UID, path: str = SECRET) -> bool:
    key = load_stored_private_key(fake.document(path)["private_key"])
    return key is not None and same_key(read_public_key(fake.users[uid]["public_key"]), key.public_key())


def without_key(fake: EmulatedCluster) -> dict[str, Any]:
    """All that a rotation leaves alone."""
    fields = {name: value for name, value in fake.document(SECRET).items() if name != "private_key"}
    return {
        "fields": fields,
        "description": fake.users[UID]["description"],
        "grants": fake.grants_of(UID),
        "groups": fake.groups_of(UID),
        "others": sorted(fake.secrets),
    }


LISTS: list[dict[str, Any]] = [
    {},
    {"state": "present", "rotate_key": False},
    {"description": "from the list", "superuser": False, "exclusive": True, "permissions": []},
    {"permissions": [{"rid": "dcos:adminrouter:ops:mesos", "actions": ["full"]}], "preset": "scheduler_minimum"},
    {"origin": "outside", "legacy_login_endpoint": "always", "superuser": True},
    {"preset": "edge-lb", "account": UID, "linux_user": "core", "run_as_grants": True},
]


@pytest.mark.parametrize("said", LISTS, ids=str)
def test_rotation_changes_only_the_key(said: dict[str, Any], fake: EmulatedCluster) -> None:
    before, key = without_key(fake), fake.users[UID]["public_key"]
    services = [{"name": "/team/api", **said}]
    predicted = run(fake, services, check_mode=True)
    assert (without_key(fake), fake.users[UID]["public_key"]) == (before, key)
    outcome = run(fake, services)
    assert outcome.failure is None
    assert outcomes(predicted) == outcomes(outcome) == ["changed"]
    assert without_key(fake) == before
    assert fake.users[UID]["public_key"] != key
    assert logs_in(fake)
    assert {name: shown(outcome)[name] for name in ("state", "granted", "revoked", "superuser", "verified")} == {
        "state": "rotated",
        "granted": [],
        "revoked": [],
        "superuser": True,
        "verified": True,
    }


def test_rotation_of_key_files(fake: EmulatedCluster, tmp_path: Path) -> None:
    (tmp_path / f"{UID}.pem").write_text(private_text("a"))
    (tmp_path / f"{UID}.pem").chmod(0o600)
    (tmp_path / f"{UID}.pub").write_text(public_text("a"))
    before = without_key(fake)
    outcome = run(fake, [{"name": "/team/api", "key_store": "file", "key_dir": str(tmp_path)}])
    assert outcomes(outcome) == ["changed"]
    assert without_key(fake) == before
    assert (tmp_path / f"{UID}.pem").read_text() == fake.document(SECRET)["private_key"] != private_text("a")


def test_rotation_once(fake: EmulatedCluster) -> None:
    first = run(fake, [{"name": "/team/api"}])
    services = [{"name": "/team/api", "rotate_key_from": shown(first)["fingerprint"]}]
    assert outcomes(run(fake, services)) == ["changed"]
    assert outcomes(run(fake, services)) == ["ok"]


def test_services_without_a_key_are_not_rotated() -> None:
    fake = EmulatedCluster("permissive")
    adopt(fake, UID, SECRET)
    services = [
        {"name": "/team/gone", "state": "absent"},
        {"name": "/team/typo"},
        {"name": "/team/none", "optional_account": "skip"},
    ]
    outcome = run(fake, services)
    assert outcomes(outcome) == ["ok", "failed", "ok"]
    assert [shown(outcome, number)["state"] for number in range(3)] == ["skip", "rotated", "skip"]
    message = shown(outcome, 1)["msg"]
    assert message.startswith("services[1].account: there is no service account team__typo-principal")
    assert [call for call in fake.calls if not call.startswith("GET")] == []


def test_contradicting_options() -> None:
    with pytest.raises(DcosError, match="state: absent is given, but the purpose is to rotate"):
        Fleet(cluster_for("admin"), [], {"state": "absent"}, concurrency=1, progress=quiet, purpose="rotate")


def test_an_interrupted_rotation_is_finished_by_rotating_again() -> None:
    """Not of a superuser: that power is given back only by the run that took it."""
    fake = EmulatedCluster()
    adopt(fake, UID, SECRET, superuser=False)
    before = without_key(fake)
    run(fake, [{"name": "/team/api"}])
    number = len(fake.writes)
    assert number >= 8
    for done in range(number):
        fake = EmulatedCluster()
        adopt(fake, UID, SECRET, superuser=False)
        fake.crash_after = done
        with pytest.raises(Crash):
            run(fake, [{"name": "/team/api"}])
        fake.crash_after = None
        outcome = run(fake, [{"name": "/team/api"}])
        assert outcome.failure is None, done
        assert (without_key(fake), logs_in(fake)) == (before, True), done


def test_retirement_accepts_the_list_that_provisions(fake: EmulatedCluster) -> None:
    services = [{"name": "/team/api", "state": "present", "rotate_key": True, "superuser": True}]
    outcome = run(fake, services, "retire")
    assert outcomes(outcome) == ["changed"]
    assert shown(outcome)["state"] == "absent"
    assert UID not in fake.users
    assert SECRET not in fake.secrets
    assert outcomes(run(fake, services, "retire")) == ["ok"]


def test_an_adopted_account_keeps_its_description(fake: EmulatedCluster) -> None:
    run(fake, [{"name": "/team/api"}, {"name": "/team/new"}], "provision")
    assert fake.users[UID]["description"] == "what somebody wrote"
    assert fake.users["team__new-principal"]["description"] == "Service account of /team/new"
    run(fake, [{"name": "/team/api", "description": "asked for"}], "provision")
    assert fake.users[UID]["description"] == "asked for"


def test_check_mode_makes_no_key(fake: EmulatedCluster) -> None:
    services = [{"name": f"/team/{name}"} for name in ("one", "two", "api")]
    outcome = run(fake, services, "provision", check_mode=True)
    made = "(made when applied)"
    assert [shown(outcome, number)["fingerprint"] for number in range(2)] == [made] * 2
    assert shown(outcome, 2)["fingerprint"].startswith("SHA256:")
    assert outcome.provisional
    after: Any = outcome.after
    assert after["/team/one"]["secret"]["fingerprint"] == after["/team/one"]["account"]["fingerprint"] == "a new key"
    rotated = run(fake, [{"name": "/team/api"}], check_mode=True)
    assert shown(rotated)["fingerprint"] == made


# Batches


@pytest.mark.parametrize(
    ("sizes", "lengths"),
    [
        ([], [7]),
        (["1"], [1] * 7),
        (["3"], [3, 3, 1]),
        (["100"], [7]),
        (["30%"], [2, 2, 2, 1]),
        (["1%"], [1] * 7),
        (["100%"], [7]),
        (["1", " 2 ", "50%"], [1, 2, 3, 1]),
    ],
)
def test_sizes_of_batches(sizes: list[str], lengths: list[int]) -> None:
    services = list(range(7))
    parts = [services[part] for part in batches(7, sizes)]
    assert [len(part) for part in parts] == lengths
    assert [each for part in parts for each in part] == services
    assert batches(0, sizes) == []


@pytest.mark.parametrize("size", ["", "0", "-1", "many", "0%", "101%", "1.5", "2 3"])
def test_invalid_sizes_of_batches(size: str) -> None:
    with pytest.raises(DcosError, match=r"^batch_size: .* is not a batch size"):
        batches(3, ["1", size])


def test_no_batch_follows_a_failed_one(fake: EmulatedCluster) -> None:
    names = ["api", "b", "c", "d", "e"]
    for name in names[1:]:
        adopt(fake, f"team__{name}-principal", f"team/{name}/{name}-secret")
    fake.store_secret("team/c/c-secret", "somebody else's")
    outcome = run(fake, [{"name": f"/team/{name}"} for name in names], batch_sizes=["1", "2"])
    assert outcomes(outcome) == ["changed", "changed", "failed", "failed", "failed"]
    assert [shown(outcome, number)["msg"] for number in (3, 4)] == [
        "Not tried, since a batch before had failures (/team/c)."
    ] * 2
    assert outcome.failure is not None
    assert "/team/d, /team/e: Not tried" in outcome.failure.message
    for name in "de":
        assert fake.users[f"team__{name}-principal"]["public_key"] == public_text("a")


# Messages


def test_messages_name_variables_of_the_service(fake: EmulatedCluster) -> None:
    fake.store_secret("team/foreign/foreign-secret", "somebody else's")
    fake.add_account("team__lost-principal", public_text("b"))
    fake.add_person("person")
    services = [{"name": "/team/foreign"}, {"name": "/team/lost"}, {"name": "/team/a", "account": "person"}]
    outcome = run(fake, services, "provision")
    foreign, lost, person = (shown(outcome, number)["msg"] for number in range(3))
    assert foreign.startswith("services[0].secret_path: the secret team/foreign/foreign-secret ")
    assert "Choose another services[0].secret_path, or delete the secret first" in foreign
    assert "set services[1].rotate_key to true" in lost
    assert person.startswith("services[2].account: person is the account of a person")
    for message in (foreign, lost, person):
        assert not any(word in message for word in ("overwrite", "rotate=", "replace_key", "dcos_sa_secret"))


def test_collisions_are_reported_once(fake: EmulatedCluster) -> None:
    outcome = run(fake, [{"name": "/team/a"}, {"name": "/team/a"}], "provision")
    assert outcomes(outcome) == ["failed"] * 2
    assert outcome.failure is not None
    assert outcome.failure.message.count("/team/a is there twice, as services[0] and services[1]") == 1
