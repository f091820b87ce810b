# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The parts of a list that are worked on one after the other, in the sizes that Ansible's C(serial) takes."""

from __future__ import annotations

import re
from typing import Sequence

from .._errors import DcosError

_SIZE = re.compile(r"([1-9][0-9]{0,8})|([1-9][0-9]?|100)%")


def batches(total: int, sizes: Sequence[str]) -> list[slice]:
    """The parts of a list of this length, the last size repeated as often as it takes; one part without sizes."""
    numbers = [_number(total, size) for size in sizes] or [max(total, 1)]
    found: list[slice] = []
    start = 0
    while start < total:
        end = start + numbers[min(len(found), len(numbers) - 1)]
        found.append(slice(start, end))
        start = end
    return found


def _number(total: int, size: str) -> int:
    match = _SIZE.fullmatch(size.strip())
    if match is None:
        raise DcosError(
            f"batch_size: {size!r} is not a batch size. Nothing was changed. Use a number of at least 1, a share "
            "such as 20%, or a list of these."
        )
    return int(match[1]) if match[1] else max(1, total * int(match[2]) // 100)
