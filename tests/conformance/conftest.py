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
sys.path.extend([str(Path(__file__).parent), str(Path(__file__).parents[1])])

from conformance_support import Emulator, Names
from emulator_fixtures import emulator_fixture

strict = emulator_fixture(Emulator, "strict")
permissive = emulator_fixture(Emulator, "permissive")
disabled = emulator_fixture(Emulator, "disabled")


@pytest.fixture
def emulator(strict: Emulator) -> Iterator[Emulator]:
    """The one most tests use, always without faults."""
    yield strict
    strict.faults()


@pytest.fixture
def names(emulator: Emulator) -> Names:
    return Names(emulator)


# One that a test may kill and restart.
own = emulator_fixture(Emulator, "strict", "function")
