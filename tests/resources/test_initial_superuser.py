# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The superuser of the installation: another password, retirement, and never without another superuser."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.initial_superuser import InitialSuperuser
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import SUPERUSER, cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import serving

UID = "bootstrapuser"
PATH = f"/acs/api/v1/users/{UID}"
INSTALLED, WANTED = "of-the-installation", "as-it-shall-be"
POWER = ("dcos:superuser", "full")


def installed() -> EmulatedCluster:
    """The cluster, with the user of the installation beside the account that took over."""
    fake = EmulatedCluster()
    fake.add_person(UID, INSTALLED)
    fake.add_grant(UID, *POWER)
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, own: str | None = SUPERUSER, **options: Any) -> Outcome:
    wanted = {"uid": UID, "present": True, "password": None, **options}
    with serving(fake):
        return converge(InitialSuperuser(iam=cluster_for(own or SUPERUSER).iam, own_uid=own, **wanted), check_mode)


def twice(fake: EmulatedCluster, **options: Any) -> Outcome:
    """Predicted, done, and unchanged when done again."""
    before = fake.state()
    predicted = run(fake, True, **options)
    assert (fake.writes, fake.state()) == ([], before)
    outcome = run(fake, **options)
    assert outcome == predicted
    written = list(fake.writes)
    assert not run(fake, **options).changed
    assert fake.writes == written
    return outcome


def refused(fake: EmulatedCluster, code: str, **options: Any) -> str:
    for check_mode in (True, False):
        with pytest.raises(DcosError) as caught:
            run(fake, check_mode, **options)
        assert caught.value.code == code
    assert fake.writes == []
    return caught.value.message


def test_another_password() -> None:
    fake = installed()
    outcome = twice(fake, password=WANTED)
    assert outcome.values == {"initial_superuser": {"uid": UID, "exists": True}}
    assert WANTED not in str(outcome)
    assert fake.writes == [f"PATCH {PATH}"]
    assert fake.has_password(UID, WANTED)
    assert fake.grants_of(UID) == {POWER}


def test_retirement() -> None:
    fake = installed()
    outcome = twice(fake, present=False)
    assert outcome.values == {"initial_superuser": {"uid": UID, "exists": False}}
    assert fake.writes == [f"DELETE {PATH}"]
    assert UID not in fake.users


def test_without_a_wish_it_is_only_looked_at() -> None:
    fake = installed()
    assert not run(fake).changed
    assert run(fake).values["initial_superuser"] == {"uid": UID, "exists": True}
    fake.remove_account(UID)
    assert run(fake).values["initial_superuser"] == {"uid": UID, "exists": False}


def test_a_retired_user_is_not_made_again() -> None:
    fake = installed()
    fake.remove_account(UID)
    assert "It is not made again" in refused(fake, "ERR_UNKNOWN_USER_ID", password=WANTED)


@pytest.mark.parametrize("wish", [{"present": False}, {"password": WANTED}])
def test_it_does_nothing_to_itself(wish: dict[str, Any]) -> None:
    assert refused(installed(), "own_account", own=UID, **wish).startswith("uid: ")


@pytest.mark.parametrize("wish", [{"present": False}, {"password": WANTED}])
def test_only_another_superuser_may(wish: dict[str, Any]) -> None:
    """A superuser other than the account of the connection does not count: nobody knows whether they can log in."""
    fake = installed()
    fake.add_account("helper", public_text("svc"))
    fake.add_grant("helper", "dcos:adminrouter:acs", "full")
    assert "helper" in refused(fake, "ERR_NO_MORE_SUPERUSERS", own="helper", **wish)
    assert "unknown" in refused(fake, "ERR_NO_MORE_SUPERUSERS", own=None, **wish)
    fake.set_members("superusers", "helper")
    fake.add_grant("superusers", *POWER, kind="groups")
    assert run(fake, own="helper", **wish).changed


@pytest.mark.parametrize(
    ("uid", "code"), [("svc", "invalid_uid"), ("dcos_marathon", "native_account"), ("a/b", "invalid_uid")]
)
def test_users_only(uid: str, code: str) -> None:
    fake = installed()
    fake.add_account("svc", public_text("svc"))
    assert refused(fake, code, uid=uid, present=False).startswith("uid: ")


def test_a_remote_user_has_no_password() -> None:
    fake = EmulatedCluster()
    fake.add_remote_person("installer", "ldap")
    assert refused(fake, "ERR_INVALID_DATA", uid="installer", password=WANTED).startswith("password: ")


def test_a_short_password_is_refused_before_any_request() -> None:
    fake = installed()
    assert refused(fake, "ERR_INVALID_DATA", password="abcd").startswith("password: ")
    assert fake.calls == []


@pytest.mark.parametrize("wish", [{"present": False}, {"password": WANTED}])
def test_a_lost_answer_is_judged_by_reading_back(wish: dict[str, Any]) -> None:
    for lost in ("cut_after", "cut_before"):
        fake = installed()
        getattr(fake, lost).add(1)
        assert run(fake, **wish).changed
        assert not run(fake, **wish).changed
