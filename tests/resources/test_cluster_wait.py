# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a cluster: what time mends is waited for, what it cannot mend ends the wait; no test really waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import (
    Connection,
    NoCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import CredentialsError, DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.cluster_wait import (
    STAGES,
    Clock,
    Waiting,
    stage_of,
    wait_for,
)
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import PASSWORD, SUPERUSER, URL
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import LOST, Sent, serving
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import run

LOGIN_PATH, SEAL_PATH = "/auth/login", "/seal-status"


class Time:
    """A clock that moves when somebody sleeps; what happens then is told by C(later)."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.later: dict[float, Callable[[], None]] = {}
        self.clock = Clock(lambda: self.seconds, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds
        for moment in [moment for moment in self.later if moment <= self.seconds]:
            self.later.pop(moment)()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def fake() -> Iterator[EmulatedCluster]:
    cluster = EmulatedCluster()
    with serving(cluster):
        yield cluster


def anonymous() -> Cluster:
    return Cluster(
        Connection(URL, 1, 0, verify=False, credentials=NoCredentials("no credentials"), credentials_from=None)
    )


def by_password(password: str = PASSWORD) -> Cluster:
    credentials = PasswordCredentials(SUPERUSER, password)
    return Cluster(Connection(URL, 1, 0, verify=False, credentials=credentials, credentials_from="task"))


def by_token(token: str) -> Cluster:
    return Cluster(Connection(URL, 1, 0, verify=False, credentials=TokenCredentials(token), credentials_from="task"))


@pytest.mark.parametrize("stage", STAGES)
def test_a_cluster_that_is_ready_takes_no_time(stage: str, fake: EmulatedCluster, time: Time) -> None:
    assert wait_for(by_password(), stage, 0, clock=time.clock) == 0
    assert time.seconds == 0
    assert not fake.writes


@pytest.mark.usefixtures("sleeps")
@pytest.mark.parametrize("status", [404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(("stage", "part"), [("reachable", "/pkgpanda"), ("login", LOGIN_PATH), ("secrets", SEAL_PATH)])
def test_it_becomes_ready(stage: str, part: str, status: int, fake: EmulatedCluster, time: Time) -> None:
    fake.refused = {part: status}
    time.later[60] = fake.refused.clear
    assert wait_for(by_password(), stage, 300, clock=time.clock) == 60
    # Each stage was reached once, whatever was waited for after it.
    assert fake.calls.count("POST /acs/api/v1/auth/login") <= 1 or part == LOGIN_PATH


@pytest.mark.usefixtures("sleeps")
def test_a_cluster_without_connection_is_waited_for(fake: EmulatedCluster, time: Time) -> None:
    is_there = False

    def arrive() -> None:
        nonlocal is_there
        is_there = True

    def handler(sent: Sent) -> Any:
        return fake(sent) if is_there else LOST

    time.later[10] = arrive
    with serving(handler):
        assert wait_for(by_password(), "login", 60, clock=time.clock) == 10


def test_a_sealed_store_is_waited_for_only_if_asked(fake: EmulatedCluster, time: Time) -> None:
    fake.seal()
    assert wait_for(by_password(), "login", 0, clock=time.clock) == 0
    with pytest.raises(DcosError, match="the secret store 'default' is sealed") as caught:
        wait_for(by_password(), "secrets", 30, clock=time.clock)
    assert time.seconds == 30
    assert "after 30 s of waiting" in caught.value.message
    assert "the secret store to be unsealed" in caught.value.message
    assert caught.value.status == 503


@pytest.mark.usefixtures("sleeps")
def test_the_last_cause_is_named(fake: EmulatedCluster, time: Time) -> None:
    fake.refused = {"/pkgpanda": 502}
    time.later[4] = lambda: fake.refused.update({"/pkgpanda": 503})
    told: list[Waiting] = []
    with pytest.raises(DcosError) as caught:
        wait_for(by_password(), "login", 7, told.append, clock=time.clock)
    assert time.seconds == 7
    assert [(each.missing, each.left) for each in told] == [
        ("an answer of Admin Router", left) for left in (7, 5, 3, 1)
    ]
    assert "an answer of Admin Router" in caught.value.message
    assert "503" in caught.value.message
    assert "502" not in caught.value.message
    with pytest.raises(DcosError, match="not ready without waiting"):
        wait_for(by_password(), "reachable", 0, clock=time.clock)


@pytest.mark.usefixtures("fake")
def test_wrong_credentials_end_the_wait(time: Time) -> None:
    for cluster in (by_password("not-this-one"), by_token("a.stale.token"), anonymous()):
        with pytest.raises(CredentialsError):
            wait_for(cluster, "login", 600, clock=time.clock)
    assert time.seconds == 0


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_ends_the_wait(status: int, fake: EmulatedCluster, time: Time) -> None:
    fake.refused = {SEAL_PATH: status}
    with pytest.raises(DcosError) as caught:
        wait_for(by_password(), "secrets", 600, clock=time.clock)
    assert time.seconds == 0
    assert caught.value.status == status


@pytest.mark.usefixtures("sleeps")
def test_an_open_cluster_has_no_store_to_wait_for(time: Time) -> None:
    cluster = EmulatedCluster("permissive", variant="open")
    cluster.add_first_user("jo@example.com")
    with serving(cluster):
        assert wait_for(anonymous(), "reachable", 0, clock=time.clock) == 0


def test_what_is_waited_for_depends_on_the_credentials() -> None:
    assert stage_of(by_password(), None) == "login"
    assert stage_of(anonymous(), None) == "reachable"
    assert stage_of(anonymous(), "secrets") == "secrets"


def test_the_module_says_how_long_it_took(fake: EmulatedCluster) -> None:
    reached = run("dcos_cluster_info", {"wait": 1}, fake, login={"dcos_url": URL})
    assert reached["waited"] == 0
    assert reached["cluster_info"]["variant"] == "enterprise"
    assert reached["cluster_info"]["version"] is None
    assert run("dcos_cluster_info", {"wait": -1})["msg"].startswith("wait: -1 is not")
    ready = run("dcos_cluster_info", {"wait_for": "secrets"}, fake)
    assert (ready["waited"], ready["cluster_info"]["security_mode"]) == (0, "strict")
