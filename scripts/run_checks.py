# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run make targets as checks, some at a time, each to its end, and sum up.

A check that leaves REPORTS/NAME.xml (JUnit) counts with its tests, any other as one. REPORTS/NAME.log keeps what it
printed. The last line says "N passed, N failed".
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

# Of one check, beside others on a busy machine: ends what hangs.
TIME_LIMIT = 40 * 60
WIDTH = 100
LINES_OF_FAILURE = 80
SLOWEST_TESTS = 15

running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Outcome:
    name: str
    seconds: float
    output: str
    passed: int
    failed: int
    skipped: int = 0


def count_tests(report: Path, returncode: int) -> tuple[int, int, int]:
    """Tests passed, failed and skipped. A failure that no test accounts for counts as one more."""
    if not report.exists():
        return (1, 0, 0) if returncode == 0 else (0, 1, 0)
    # Written by our own pytest run.
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314
    total, failures, errors, skipped = (
        sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    passed = max(total - failed - skipped, 0)
    if returncode != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped


def run_logged(
    command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path | None = None, limit: int = TIME_LIMIT
) -> tuple[int, str]:
    """Run a command to its end or its time limit, and end what it leaves behind; exit code and output."""
    with log.open("w+", encoding="utf-8", errors="replace") as stream:
        # A session of its own, so that whatever a check leaves behind can be ended with it.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        running.add(process)
        try:
            returncode = process.wait(limit)
        except subprocess.TimeoutExpired:
            stream.write(f"\nStopped after {limit} s.\n")
            returncode = -1
        finally:
            running.discard(process)
            end_group(process)
        stream.seek(0)
        return returncode, stream.read()


def run_check(name: str, reports: Path, limit: int) -> Outcome:
    report = reports / f"{name}.xml"
    report.unlink(missing_ok=True)
    env = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    started = time.monotonic()
    returncode, output = run_logged(["make", "--no-print-directory", name], reports / f"{name}.log", env, limit=limit)
    return Outcome(name, time.monotonic() - started, output, *count_tests(report, returncode))


def end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def stop(number: int, _frame: object) -> None:
    """End the checks when we are interrupted: they are in sessions of their own."""
    for process in list(running):
        end_group(process)
    os._exit(128 + number)


def stop_together() -> None:
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def show(outcome: Outcome, log: Path) -> None:
    """One line for a check that passed; for one that failed the end of what it printed, and where the rest is."""
    print(f"{outcome.name}: {'FAILED' if outcome.failed else 'ok'}, {outcome.seconds:.0f} s", flush=True)
    if outcome.failed:
        lines = outcome.output.rstrip().splitlines() or ["(no output)"]
        print(f" {outcome.name}: the last lines of {log} ".center(WIDTH, "="))
        print("\n".join(lines[-LINES_OF_FAILURE:]), flush=True)
        print("=" * WIDTH, flush=True)


def summary(outcomes: Iterable[Outcome], reports: Path) -> None:
    """Where the time went, slowest first: checks, then single tests."""
    print(" checks, slowest first ".center(WIDTH, "="))
    outcomes = sorted(outcomes, key=lambda outcome: outcome.seconds, reverse=True)
    for outcome in outcomes:
        print(
            f"{outcome.name:<16}{'FAILED' if outcome.failed else 'ok':<8}{outcome.seconds:>7.1f} s"
            f"{outcome.passed:>7} passed{outcome.failed:>5} failed{outcome.skipped:>5} skipped"
        )
    print(" tests, slowest first ".center(WIDTH, "="))
    for seconds, name in slowest_tests([reports / f"{outcome.name}.xml" for outcome in outcomes]):
        print(f"{seconds:>7.1f} s  {name}")
    print("=" * WIDTH)
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{passed} passed, {failed} failed", flush=True)


def slowest_tests(reports: Iterable[Path]) -> list[tuple[float, str]]:
    """Seconds and name of the tests that took longest, with what their fixtures took."""
    found = [
        (float(case.get("time", "0")), f"{report.stem}: {case.get('name')}")
        for report in reports
        if report.exists()
        for case in ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 (written by our own runs)
    ]
    return sorted(found, reverse=True)[:SLOWEST_TESTS]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--reports", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=int, default=TIME_LIMIT, help="seconds that one check may take")
    parser.add_argument("checks", nargs="+", metavar="TARGET")
    options = parser.parse_args()
    options.reports.mkdir(parents=True, exist_ok=True)
    stop_together()

    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_check, name, options.reports, options.limit) for name in options.checks]
        for future in as_completed(runs):
            outcome = future.result()
            outcomes[outcome.name] = outcome
            show(outcome, options.reports / f"{outcome.name}.log")
    summary(outcomes.values(), options.reports)
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
