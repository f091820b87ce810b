# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples share the emulator's client with the integration tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Found whichever way pytest imports test modules.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "integration")]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--turns", type=int, choices=(1, 2), default=1, help="how many times in a row each example runs")
