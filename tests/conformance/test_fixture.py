# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's own promise: fixtures for pytest, with clusters that end with the process that started them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conformance_support import eventually, run

from dcos_emulator.cluster import Cluster
from dcos_emulator.pytest_plugin import ClusterFactory
from dcos_emulator.settings import EmulatorError

OWNER = """
import os, pathlib, signal, sys
from dcos_emulator.cluster import Cluster
print(Cluster(pathlib.Path(sys.argv[1]), security_mode="disabled").pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.dcos_cluster(security_mode="disabled", superuser="boss", superuser_password="a-password-to-find")
def test_a_marker_holds_the_options(dcos_cluster: Cluster) -> None:
    assert (dcos_cluster.variant, dcos_cluster.security_mode) == ("enterprise", "disabled")
    assert (dcos_cluster.username, dcos_cluster.password) == ("boss", "a-password-to-find")
    assert (dcos_cluster.url, dcos_cluster.https, dcos_cluster.ca_path) == (dcos_cluster.http, None, None)
    named = {name: value for name, value in dcos_cluster.environment.items() if value}
    wanted = {"DCOS_URL": dcos_cluster.url, "DCOS_USERNAME": "boss", "DCOS_PASSWORD": "a-password-to-find"}
    assert named == wanted


@pytest.mark.parametrize("dcos_cluster", [{"variant": "open", "authentication": False}], indirect=True)
def test_a_parameter_holds_the_options(dcos_cluster: Cluster) -> None:
    assert dcos_cluster.variant == "open"
    assert dcos_cluster.environment["DCOS_ID_TOKEN"] == ""
    with pytest.raises(EmulatorError, match="id_token"):
        str(dcos_cluster.password)


def test_an_open_cluster_is_entered_with_an_id_token(dcos_cluster_factory: ClusterFactory) -> None:
    with dcos_cluster_factory(variant="open-1.12") as cluster:
        environment = cluster.environment
        assert environment["DCOS_ID_TOKEN"].count(".") == 2
        assert environment["DCOS_TLS_CA_PATH"] == cluster.ca_path
        assert (environment["DCOS_USERNAME"], environment["DCOS_PASSWORD"]) == ("", "")


def test_the_life_of_a_cluster(dcos_cluster_factory: ClusterFactory) -> None:
    """It keeps its addresses and its logs; who has started it need not care how it ended."""
    with dcos_cluster_factory(security_mode="disabled", faults=[{"kind": "status", "status": 503}]) as cluster:
        where, first = cluster.url, cluster.pid

        def ask() -> int:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            try:
                return opener.open(f"{where}/acs/api/v1/auth/jwks").status
            except urllib.error.HTTPError as error:
                return error.code

        assert ask() == 503
        cluster.faults()
        with cluster.failing({"kind": "status", "status": 500}):
            assert ask() == 500
        assert ask() == 200
        cluster.kill()
        assert not runs(first)
        cluster.start()
        assert (cluster.url, ask()) == (where, 200)
        assert run("stop", "--data-dir", cluster.data_dir).stdout == "stopped\n"
        cluster.start()
        cluster.restart()
        assert (cluster.url, ask()) == (where, 200)
        assert [each["status"] for each in cluster.requests()] == [503, 500, 200, 200, 200]
        assert all("type=audit" in line for line in cluster.audit())
        last = cluster.pid
    assert not runs(last)
    cluster.stop()


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    """Also with one who was killed, as workers of pytest-xdist may be."""
    owner = subprocess.run([sys.executable, "-c", OWNER, tmp_path], capture_output=True, text=True, check=False)
    assert owner.returncode == -signal.SIGKILL, owner.stderr
    eventually(lambda: not runs(int(owner.stdout)))
    assert not (tmp_path / "endpoints.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "strict"}, "no option 'mode'. Its options are: variant, security_mode,"),
        ({"security_mode": "strikt"}, "did not start on .*: argument --security-mode: invalid choice: 'strikt'"),
        ({"superuser_password": "odd"}, "did not start on .*: DCOS_EMULATOR_SUPERUSER_PASSWORD: the password must"),
        ({"variant": "open", "dcos_version": "1.9"}, "did not start on .*: argument --dcos-version: the variant open"),
        ({"security_mode": "disabled", "faults": [{"kind": "fire"}]}, r"faults\[0\]: unknown kind 'fire'"),
    ],
)
def test_why_it_does_not_start(dcos_cluster_factory: ClusterFactory, options: dict[str, object], message: str) -> None:
    """In the emulator's own words, without its usage and without a password."""
    with pytest.raises(pytest.fail.Exception) as caught:
        dcos_cluster_factory(**options)
    assert re.search(message, str(caught.value))
    assert "usage" not in str(caught.value)
    assert "odd" not in str(caught.value)


def test_a_marker_takes_names_only(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.dcos_cluster("permissive"))
    with pytest.raises(pytest.fail.Exception, match="by name only, not 'permissive'"):
        request.getfixturevalue("dcos_cluster")
