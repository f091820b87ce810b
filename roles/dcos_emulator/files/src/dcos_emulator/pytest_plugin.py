# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for pytest, which finds them by itself where this package is installed.

Each pytest-xdist worker has clusters of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .settings import EmulatorError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .cluster import Cluster, ClusterOptions

_MARKER = "dcos_cluster"


def pytest_configure(config: pytest.Config) -> None:
    line = f"{_MARKER}(**options): what the cluster of the fixture dcos_cluster is like: security_mode='permissive'"
    config.addinivalue_line("markers", line)


class ClusterFactory:
    """Starts clusters for tests."""

    def __init__(self, folders: pytest.TempPathFactory, running: ExitStack) -> None:
        self._folders = folders
        self._running = running

    def __call__(self, *, faults: Sequence[Mapping[str, object]] = (), **options: Unpack[ClusterOptions]) -> Cluster:
        """A new cluster, which stops when the session ends, if not before.

        faults: those in force from the beginning.
        options: the options of `dcos-emulator serve`.
        """
        # Every pytest session of an environment loads this file, but few start a cluster.
        from .cluster import Cluster

        try:
            cluster = self._running.enter_context(Cluster(self._folders.mktemp("dcos-cluster"), **options))
            cluster.faults(*faults)
        except EmulatorError as error:
            pytest.fail(str(error), pytrace=False)
        return cluster


@pytest.fixture(scope="session")
def dcos_cluster_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterFactory]:
    """A function that starts a cluster with the given options; all stop at the end of the session."""
    with ExitStack() as running:
        yield ClusterFactory(tmp_path_factory, running)


@pytest.fixture(scope="session")
def dcos_session_cluster(request: pytest.FixtureRequest, dcos_cluster_factory: ClusterFactory) -> Iterator[Cluster]:
    """A cluster in strict mode that all tests share. An indirect parameter is a dictionary of options."""
    with dcos_cluster_factory(**getattr(request, "param", {})) as cluster:
        yield cluster


@pytest.fixture
def dcos_cluster(request: pytest.FixtureRequest, dcos_cluster_factory: ClusterFactory) -> Iterator[Cluster]:
    """A new cluster for each test. The marker of the same name and an indirect parameter hold its options."""
    with dcos_cluster_factory(**_options(request)) as cluster:
        yield cluster


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Those of the module, then those of the class, then those of the test, then the parameter's."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            pytest.fail(f"@pytest.mark.{_MARKER} takes options by name only, not {marker.args[0]!r}", pytrace=False)
        options |= marker.kwargs
    return options | getattr(request, "param", {})
