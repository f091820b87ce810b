# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulators for the integration tests, one per security mode for the whole session, and a folder for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Found whichever way pytest imports test modules.
sys.path.extend([str(Path(__file__).parent), str(Path(__file__).parents[1])])

from emulator_fixtures import emulator_fixture
from integration_support import Emulator, Lab


def pytest_itemcollected(item: pytest.Item) -> None:
    """Runs that many tests look at count for the first of them, on machines that do other things too."""
    item.add_marker(pytest.mark.timeout(600))


strict_for_all = emulator_fixture(Emulator, "strict")
permissive = emulator_fixture(Emulator, "permissive")
disabled = emulator_fixture(Emulator, "disabled")


@pytest.fixture
def strict(strict_for_all: Emulator) -> Iterator[Emulator]:
    """The one most tests use, always without faults."""
    yield strict_for_all
    strict_for_all.faults()


# Of the test module's own: its state may be spoiled for others.
own = emulator_fixture(Emulator, "strict", "module")


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Its path is short, unlike one with the name of a test: ansible-core makes a socket below it."""
    return Lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """For runs that many tests look at."""
    return Lab(tmp_path_factory.mktemp("lab"))
