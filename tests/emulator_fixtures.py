# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures with running emulators, for the test suites that each have a client of their own for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest

from dcos_emulator.cluster import Cluster

EmulatorT = TypeVar("EmulatorT", bound=Cluster)


def emulator_fixture(
    make: Callable[[Path, str], EmulatorT], mode: str, scope: Literal["session", "module", "function"] = "session"
) -> Any:
    """A fixture, named as what it is assigned to, with an emulator of this mode that ends with the scope."""

    @pytest.fixture(scope=scope)
    def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorT]:
        with make(tmp_path_factory.mktemp(mode), mode) as emulator:
            yield emulator

    return running
