# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast audit lines are read, as a ratio to a loop over the lines that does nothing; "make bench" starts it.

The journal of a million lines is read in two orders, and must say the same.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.dcos.security.plugins.module_utils._audit.report import Window
from ansible_collections.dcos.security.plugins.module_utils._resources.audit_log import Sources, audit_log

RATIO = 2.0
"""More than so many times the bare loop, for a journal without audit lines, is reported as missed."""

TURNS = 3


def noise(number: int) -> str:
    return (
        f"Jun 14 09:12:03 m1 mesos-master[123]: I0614 09:12:03.1234 master.cpp:{number}] Processing an ordinary call\n"
    )


def decision(number: int) -> str:
    at = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
    result = "deny" if number % 3 else "allow"
    if number % 2:
        return (
            f"W0614 {at}.000001  2001 logfmt.cpp:178] type=audit timestamp=2026-06-14 {at}.000001024+00:00 "
            f'authorizer="mesos-master" uid="svc-{number % 50}" action="register_framework" '
            f'object="dcos:mesos:master:framework:role:role-{number % 20}" result={result} reason="Permission denied"\n'
        )
    return (
        f"Jun 14 {at} m1 adminrouter.sh[4711]: 2026/06/14 {at} [notice] 4711#0: *881 [lua] ee.lua:57: auditlog(): "
        f"type=audit timestamp=2026-06-14T{at}Z authorizer=adminrouter object=dcos:adminrouter:service:s{number % 20} "
        f'action=full result={result} reason="IAM PQ response" srcip=10.0.6.4 srcport=51812 request_uri=/service/x '
        f'uid=svc-{number % 50}, client: 10.0.6.4, server: m1, request: "GET /service/x HTTP/1.1", host: "m1"\n'
    )


def bare_loop(path: Path) -> int:
    count = 0
    with path.open("rb") as handle:
        for _line in handle:
            count += 1
    return count


def read(path: Path) -> object:
    return audit_log(Sources(paths=(str(path),)), Window(), None, None, print).read()


def seconds(work: Callable[[Path], object], path: Path) -> float:
    """Of the processor, the best of some turns."""
    best = float("inf")
    for _turn in range(TURNS):
        start = time.process_time()
        work(path)
        best = min(best, time.process_time() - start)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    print(f"Audit lines: a journal of {options.lines:,} lines, time of the processor")
    missed = False
    with tempfile.TemporaryDirectory(prefix="dcos-bench-") as place:
        path = Path(place, "journal")
        for share in (0, 1, 10):
            lines = [decision(n) if n % 100 < share else noise(n) for n in range(options.lines)]
            path.write_text("".join(lines), encoding="utf-8")
            bare, ours = seconds(bare_loop, path), seconds(read, path)
            missed |= not share and ours > RATIO * bare
            found = f"{share:3} % of them audit lines: {ours:6.2f} s, {ours / bare:5.1f} times a bare loop"
            print(found + (f", {(ours - bare) / (options.lines * share / 100) * 1e6:.1f} us each" if share else ""))
        in_order = read(path)
        random.Random(14).shuffle(lines)
        path.write_text("".join(lines), encoding="utf-8")
        if read(path) != in_order:
            print("bench: the same lines in another order gave another answer", file=sys.stderr)
            return 1
    if missed:
        print(f"MISSED: more than {RATIO} times a bare loop for a journal without audit lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
