# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting what Python does, which is the same on every machine and does not depend on how busy it is."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Callable

MOST_GROWTH = 12
"""Ten times the input may take at most so many times the work."""


def operations(work: Callable[[], object]) -> int:
    """How many lines of Python the work runs, counting each turn of a loop; code written in C does not count."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(workload: Callable[[int], Callable[[], object]], size: int) -> float:
    """By what factor the operations grow when the size grows tenfold."""
    workload(size)()  # fills the caches
    return operations(workload(10 * size)) / operations(workload(size))
