# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much longer the library takes where there is ten times as much to do; no requests, no Ansible."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable

from ansible_collections.dcos.security.tests.unit.plugins.module_utils import workloads as library
from ansible_collections.dcos.security.tests.unit.plugins.plugin_utils import workloads as filters

TURNS = 3


def seconds(work: Callable[[], object]) -> float:
    """The fastest of a few turns, in processor time: what else the machine does counts as little as it can."""
    return min(timeit.repeat(work, number=1, repeat=TURNS, timer=time.process_time))


def main() -> None:
    print("\nTen times the input, without requests and without Ansible")
    print(f"{'':32}{'size':>7}{'seconds':>9}{'size':>7}{'seconds':>9}   times as long")
    for name, (workload, size) in {**library.WORKLOADS, **filters.WORKLOADS}.items():
        small, large = seconds(workload(size)), seconds(workload(10 * size))
        print(f"{name:32}{size:7}{small:9.3f}{10 * size:7}{large:9.3f}{large / small:8.1f}", flush=True)


if __name__ == "__main__":
    main()
