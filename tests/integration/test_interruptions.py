# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing and rotating keys while the connection goes away for good, and the run that repairs what is left.

First a run without faults tells which requests there are. Then the connection is cut before each write, which leaves
the same as after the one before it, and after the last, each time for an account of its own, all in one run. A run
without faults, from another HOME and working directory, has to put things in order; a further one has to find nothing
to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from integration_support import (
    KEYS,
    Cut,
    Emulator,
    Lab,
    Task,
    cuts_at,
    document,
    interrupted,
    load_private,
    public_pem,
    task,
    unique,
    writes_of,
)

DESCRIPTION = 'what "it" is'
ENDPOINT = {"security_mode": "strict"}


NEIGHBOUR = unique("neighbour")
"""An account that shares the resource and the group of each account here, and that nothing may happen to."""


@pytest.fixture(scope="module", autouse=True)
def neighbour(strict_for_all: Emulator) -> None:
    strict_for_all.make_account(NEIGHBOUR, KEYS[3])


def furnish(emulator: Emulator, uid: str) -> str:
    """An account with everything that a replacement must bring back."""
    emulator.make_account(uid, KEYS[0], DESCRIPTION)
    emulator.make_group(f"group.{uid}", uid, NEIGHBOUR)
    emulator.grant(uid, f"dcos:test:{uid}:/a/*", "read", "update")
    emulator.grant(NEIGHBOUR, f"dcos:test:{uid}:/a/*", "delete")
    return uid


def is_furnished(emulator: Emulator, uid: str, description: str = DESCRIPTION) -> list[str]:
    """What is not as C(furnish) left it, apart from the key."""
    account = emulator.account(uid)
    if account is None:
        return ["no account"]
    found = {
        "description": (account["description"], description),
        "grants": (emulator.grants(uid), {f"dcos:test:{uid}:/a/*": ["read", "update"]}),
        "groups": (emulator.groups(uid), [f"group.{uid}"]),
        "neighbour's grants": (emulator.grants(NEIGHBOUR).get(f"dcos:test:{uid}:/a/*"), ["delete"]),
        "neighbour's groups": (f"group.{uid}" in emulator.groups(NEIGHBOUR), True),
        "journal": (emulator.account(f"{uid}.replacing"), None),
    }
    return [f"{name}: {was}, not {wanted}" for name, (was, wanted) in found.items() if was != wanted]


def replace(uid: str, **more: Any) -> Task:
    args = {"uid": uid, "public_key": public_pem(KEYS[1]), "replace_key": True, **more}
    return task("dcos_service_account", "replace", args=args)


@pytest.fixture(scope="module")
def replacement_writes(strict_for_all: Emulator, shared_lab: Lab) -> list[int]:
    uid = furnish(strict_for_all, unique("whole"))
    indexes = writes_of(shared_lab, strict_for_all, uid, [replace(uid)])
    assert len(indexes) == 7  # journal, deletion, creation, group, two grants, journal
    assert is_furnished(strict_for_all, uid) == []
    return indexes


def test_replacement_repaired_by_the_same_task(strict: Emulator, lab: Lab, replacement_writes: list[int]) -> None:
    cuts = cuts_at("replaced", replacement_writes)
    wants_more = set(list(cuts)[::3])
    for uid in cuts:
        furnish(strict, uid)
    run = interrupted(lab, strict, cuts, lambda uid: [replace(uid)])
    later = [uid for uid, cut in cuts.items() if cut.index > replacement_writes[0]]
    assert all("Done before that: " in run.one("replace", uid).message for uid in later)
    again = {**replace("{{ inventory_hostname }}"), "name": "again"}
    repair = lab.play(
        {uid: [replace(uid)] + [again] * (uid in wants_more) for uid in cuts}, strict, elsewhere="-repair"
    )
    for uid, cut in cuts.items():
        assert is_furnished(strict, uid) == [], cut
        assert strict.log_in(uid, KEYS[1]) is not None
        assert not (uid in wants_more and repair.one("again", uid).changed)


@pytest.mark.exhaustive
def test_replacement_repaired_by_a_task_without_replace_key(
    strict: Emulator, lab: Lab, replacement_writes: list[int]
) -> None:
    """Even without a key: what was begun is finished, or taken back where the old account is still there."""
    cuts = {unique("begun"): Cut(index, False) for index in replacement_writes}
    for uid in cuts:
        furnish(strict, uid)
    interrupted(lab, strict, cuts, lambda uid: [replace(uid)])
    args = {uid: {"uid": uid} for uid in cuts}
    repair = lab.play(
        {uid: [task("dcos_service_account", name, args=args[uid]) for name in ("repair", "again")] for uid in cuts},
        strict,
        elsewhere="-repair",
    )
    keys = []
    for uid, cut in cuts.items():
        assert is_furnished(strict, uid) == [], cut
        keys.append(next(number for number in (0, 1) if strict.log_in(uid, KEYS[number]) is not None))
        assert not repair.one("again", uid).changed
    # Journal not written, journal written: the old key. From the deletion on: the new one.
    assert keys == [0, 0, 1, 1, 1, 1, 1]


@pytest.mark.exhaustive
def test_replacement_goes_on_to_a_third_key(strict: Emulator, lab: Lab, replacement_writes: list[int]) -> None:
    """Whoever repairs may want yet another key; what the first journal saved is not lost."""
    cuts = {unique("third"): Cut(index, False) for index in replacement_writes[1:]}
    for uid in cuts:
        furnish(strict, uid)
    interrupted(lab, strict, cuts, lambda uid: [replace(uid)])
    tasks = {uid: [replace(uid, public_key=public_pem(KEYS[2]), description="third")] for uid in cuts}
    lab.play(tasks, strict, elsewhere="-repair")
    for uid, cut in cuts.items():
        assert is_furnished(strict, uid, "third") == [], cut
        assert strict.log_in(uid, KEYS[2]) is not None


@pytest.mark.exhaustive
def test_removal_also_repairs(strict: Emulator, lab: Lab, replacement_writes: list[int]) -> None:
    """An account that is to go takes the journal along."""
    cuts = {unique("gone"): Cut(index, False) for index in replacement_writes[1:4]}
    for uid in cuts:
        furnish(strict, uid)
    interrupted(lab, strict, cuts, lambda uid: [replace(uid)])
    absent = {uid: [task("dcos_service_account", args={"uid": uid, "state": "absent"})] for uid in cuts}
    lab.play(absent, strict, elsewhere="-repair")
    for uid in cuts:
        assert strict.account(uid) is None
        assert strict.account(f"{uid}.replacing") is None
        assert strict.grants(NEIGHBOUR)[f"dcos:test:{uid}:/a/*"] == ["delete"]


# Rotation: the key is made in the store, the account follows, then the store puts it in place.


def rotation(uid: str) -> list[Task]:
    secret = {"uid": uid, "path": f"{uid}/secret", "generate_key": True, **ENDPOINT}
    return [
        task("dcos_sa_secret", "prepare", args={**secret, "rotate": "prepare"}, register="prepared"),
        replace(uid, public_key="{{ prepared.secret.public_key }}"),
        task("dcos_sa_secret", "finish", args={**secret, "rotate": "finish"}),
    ]


def upkeep(uid: str) -> list[Task]:
    """What runs every day and knows of no rotation."""
    secret = {"uid": uid, "path": f"{uid}/secret", "generate_key": True, **ENDPOINT}
    account = {"uid": uid, "public_key": "{{ stored.secret.public_key }}"}
    return [
        task("dcos_sa_secret", "store", args=secret, register="stored"),
        task("dcos_service_account", "account", args=account),
        task("dcos_sa_secret", "settle", args=secret, when="stored.unsettled"),
    ]


def furnish_stored(emulator: Emulator, uid: str) -> str:
    furnish(emulator, uid)
    emulator.make_secret(f"{uid}/secret", document(uid, KEYS[0]))
    return uid


@pytest.fixture(scope="module")
def rotation_writes(strict_for_all: Emulator, shared_lab: Lab) -> list[int]:
    uid = furnish_stored(strict_for_all, unique("whole"))
    indexes = writes_of(shared_lab, strict_for_all, uid, rotation(uid))
    assert len(indexes) == 10
    assert is_rotated(strict_for_all, uid) == []
    stored = strict_for_all.stored(f"{uid}/secret")
    assert stored is not None
    assert public_pem(load_private(stored["private_key"])) != public_pem(KEYS[0])
    return indexes


def is_rotated(emulator: Emulator, uid: str) -> list[str]:
    """What keeps the account from being whole with the key that is stored, whichever it is."""
    wrong = is_furnished(emulator, uid)
    if not emulator.logs_in(f"{uid}/secret"):
        wrong.append("the stored key does not log in")
    if emulator.secret(f"{uid}/secret-next") is not None:
        wrong.append("a next key is left")
    return wrong


@pytest.mark.exhaustive
@pytest.mark.parametrize("repair", [rotation, upkeep])
def test_rotation(strict: Emulator, lab: Lab, rotation_writes: list[int], repair: Callable[[str], list[Task]]) -> None:
    cuts = cuts_at("rotated", rotation_writes if repair is upkeep else rotation_writes[1::4])
    for uid in cuts:
        furnish_stored(strict, uid)
    interrupted(lab, strict, cuts, rotation)
    # In between, too, there is always a stored key with which the account can be used, if there is an account.
    for uid, cut in cuts.items():
        if strict.account(uid) is not None:
            stored = [path for path in ("secret", "secret-next") if strict.secret(f"{uid}/{path}") is not None]
            assert any(strict.logs_in(f"{uid}/{path}") for path in stored), cut
    run = lab.play({uid: repair(uid) for uid in cuts}, strict, elsewhere="-repair")
    assert {uid: is_rotated(strict, uid) for uid in cuts} == {uid: [] for uid in cuts}
    if repair is upkeep:
        again = lab.play({uid: upkeep(uid) for uid in list(cuts)[::3]}, strict)
        assert not any(result.changed for result in again.results)
    assert run.results
