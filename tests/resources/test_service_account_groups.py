# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service account becomes a member of groups, keeps its other memberships, and a replacement keeps them all."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account import ServiceAccount
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account_groups import MemberAccount
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_key, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, serving

UID = "svc"


@pytest.fixture
def fake() -> EmulatedCluster:
    """An account in a group of its own, and two groups with others."""
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"))
    fake.add_account("bystander", public_text("bystander"))
    fake.set_members("mine", UID)
    fake.set_members("databases", "bystander")
    fake.set_members("ops", "bystander")
    return fake


def run(fake: EmulatedCluster, *groups: str, check_mode: bool = False, key: str = "old", **options: Any) -> Outcome:
    with serving(fake):
        iam = cluster_for().iam
        account = ServiceAccount(iam, "admin", UID, key=public_key(key), **options)
        return converge(MemberAccount(account, iam, UID, groups), check_mode)


def test_what_is_missing_is_added_and_the_rest_left_alone(fake: EmulatedCluster) -> None:
    before = fake.state()
    predicted = run(fake, "ops", "databases", "ops", check_mode=True)
    assert fake.state() == before
    outcome = run(fake, "ops", "databases", "ops")
    assert predicted == outcome or (predicted.before, predicted.after) == (outcome.before, outcome.after)
    assert outcome.changed
    assert fake.writes == [f"PUT /acs/api/v1/groups/{gid}/users/{UID}" for gid in ("ops", "databases")]
    assert (outcome.before or {})["groups"] == ["mine"]
    assert (outcome.after or {})["groups"] == ["databases", "mine", "ops"]
    assert fake.groups_of(UID) == {"mine", "databases", "ops"}
    assert fake.groups_of("bystander") == {"databases", "ops"}
    assert not run(fake, "ops", "databases").changed


def test_a_new_account_is_made_first(fake: EmulatedCluster) -> None:
    fake.remove_account(UID)
    outcome = run(fake, "ops")
    assert outcome.before is None
    assert [call.split("/")[-1] for call in fake.writes] == [UID, UID]
    assert fake.groups_of(UID) == {"ops"}


def test_nothing_is_written_where_a_group_does_not_exist(fake: EmulatedCluster) -> None:
    fake.remove_account(UID)
    with pytest.raises(DcosError, match=r"^groups: there is no group gone, neither, so account svc cannot ") as caught:
        run(fake, "ops", "gone", "neither")
    assert caught.value.code == "ERR_UNKNOWN_GROUP_ID"
    assert fake.writes == []
    predicted = run(fake, "ops", "gone", check_mode=True)
    assert predicted.changed
    assert "there is no group gone" in predicted.warnings[0]


@pytest.mark.parametrize(("gid", "code"), [("superusers", "native_account"), ("a b", "invalid_uid")])
def test_groups_that_are_refused_cost_no_request(gid: str, code: str, fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match=r"^groups: ") as caught:
        run(fake, "ops", gid)
    assert caught.value.code == code
    assert fake.calls == []


WRITES = 6
"""Journal, deletion, account, its own group, the journal's end, the new group."""


@pytest.mark.parametrize("after", range(1, WRITES + 1))
def test_a_replacement_that_was_interrupted_anywhere_ends_with_all_memberships(
    after: int, fake: EmulatedCluster
) -> None:
    fake.crash_after = after
    with pytest.raises(Crash):
        run(fake, "ops", key="new", replace_key=True)
    fake.crash_after = None
    run(fake, "ops", key="new", replace_key=True)
    assert fake.groups_of(UID) == {"mine", "ops"}
    assert fake.users[UID]["public_key"] == public_text("new")
    assert f"{UID}.replacing" not in fake.users
    assert not run(fake, "ops", key="new", replace_key=True).changed


def test_as_many_writes_as_are_interrupted(fake: EmulatedCluster) -> None:
    run(fake, "ops", key="new", replace_key=True)
    assert len(fake.writes) == WRITES


def test_who_adds_it_at_the_same_time_is_no_change(fake: EmulatedCluster) -> None:
    fake.rivals[1] = lambda: fake.add_members("ops", UID)
    assert not run(fake, "ops").changed
    assert fake.groups_of(UID) == {"mine", "ops"}
