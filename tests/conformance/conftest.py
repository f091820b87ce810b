# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulators for the conformance tests: one per security mode, for the whole run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Found whichever way pytest imports test modules.
sys.path.insert(0, str(Path(__file__).parent))

from conformance_support import Emulator, Names


def _emulator(tmp_path_factory: pytest.TempPathFactory, mode: str) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp(mode), mode)
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _emulator(tmp_path_factory, "strict")


@pytest.fixture(scope="session")
def permissive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _emulator(tmp_path_factory, "permissive")


@pytest.fixture(scope="session")
def disabled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _emulator(tmp_path_factory, "disabled")


@pytest.fixture
def emulator(strict: Emulator) -> Iterator[Emulator]:
    """The one most tests use, always without faults."""
    yield strict
    strict.faults()


@pytest.fixture
def names(emulator: Emulator) -> Names:
    return Names(emulator)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that a test may kill and restart."""
    emulator = Emulator(tmp_path / "data")
    yield emulator
    emulator.stop()
