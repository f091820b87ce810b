# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten times the input takes about ten times the work, wherever the input can be large."""

from __future__ import annotations

import pytest

from ansible_collections.dcos.security.tests.unit.plugins.module_utils.operations import MOST_GROWTH, growth
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.workloads import WORKLOADS


@pytest.mark.parametrize("name", WORKLOADS)
def test_work_grows_with_the_input_and_no_faster(name: str) -> None:
    workload, size = WORKLOADS[name]
    assert growth(workload, size // 10) <= MOST_GROWTH


def test_work_that_grows_faster_is_seen() -> None:
    assert growth(lambda size: lambda: [one == other for one in range(size) for other in range(size)], 30) > 50
