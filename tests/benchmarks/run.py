# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how long it takes to provision services, in each of the ways there are, at one emulator.

"make bench" starts it. Each run is followed by a look at what the emulator holds, which must be what was asked for, and
no repeated run may have written. What was measured is kept after each step: with --continue a stopped bench continues.
"""

from __future__ import annotations

import argparse
import os
import platform
import pstats
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from cluster import Cluster, WrongStateError
from contenders import Contender, FailedRunError, Fleet, FloorClient, HandWritten, Lab, Nothing, Role
from report import terminal, write_pages
from results import AGAIN, COLD, FLOOR, URI, Machine, Measurement, Results, project
from work import services

ROLE_SIZES = (1, 10)
URI_SIZES = (1, 3)
LATENCY = 0.02
CONCURRENCIES = (1, 8, 32)
BARE_RUNS = 5
RUNS_OF_ONE = 3
"""What takes a second or two is measured so often, and the median counts."""

_PAGE = Path("docs/docsite/rst/performance.rst")
_TARGETS_PAGE = Path("docs/docsite/rst/benchmarks.rst")
_PICTURE = Path("docs/docsite/rst/performance.svg")
_KEPT = Path(__file__).with_name("results.json")


class Bench:
    """Measures one thing after the other, and keeps what it has."""

    def __init__(self, cluster: Cluster, lab: Lab, kept: Path) -> None:
        self._cluster = cluster
        self._lab = lab
        self._kept = kept
        if kept.exists():
            self.results = Results.load(kept)
        else:
            self.results = Results(_machine(), self._bare(), ())
            self.results.save(kept)

    def compare(self, sizes: list[int]) -> None:
        """Every contender with every size that is its own, and projections for the one that takes too long."""
        for size in sizes:
            self._measure(FloorClient(), size)
        for size in sizes:
            self._measure(Fleet(self._lab), size)
        for contender, own_sizes in ((Role(self._lab), ROLE_SIZES), (HandWritten(self._lab), URI_SIZES)):
            for size in own_sizes:
                if size <= max(sizes):
                    self._measure(contender, size)
        for phase in (COLD, AGAIN):
            measured = [found for size in URI_SIZES if (found := self.results.find(URI, size, phase)) is not None]
            missing = [size for size in sizes if self.results.find(URI, size, phase) is None]
            self._keep([project(measured, size) for size in missing])

    def slow_network(self, size: int) -> None:
        """Where each answer takes its time, concurrency must show."""
        self._measure(FloorClient(max(CONCURRENCIES)), size, LATENCY, max(CONCURRENCIES))
        for concurrency in CONCURRENCIES:
            self._measure(Fleet(self._lab, concurrency), size, LATENCY, concurrency)

    def _bare(self) -> float:
        nothing = Nothing(self._lab)
        nothing.run(self._cluster, [])  # the first one fills caches
        seconds = statistics.median(nothing.run(self._cluster, []).seconds for _turn in range(BARE_RUNS))
        _say(f"{nothing.name}: {seconds:.2f} s")
        return seconds

    def _measure(self, contender: Contender, size: int, latency: float = 0.0, concurrency: int | None = None) -> None:
        """Cold and, but for the slow network, repeated."""
        if self.results.has(contender.name, size, latency, concurrency):
            return
        turns = [self._once(contender, size, latency, concurrency) for _turn in range(RUNS_OF_ONE if size == 1 else 1)]
        middle = len(turns) // 2
        self._keep([sorted(phase, key=lambda each: each.seconds)[middle] for phase in zip(*turns, strict=True)])

    def _once(self, contender: Contender, size: int, latency: float, concurrency: int | None) -> list[Measurement]:
        todo = services(size)
        measured = []
        self._cluster.clear()
        for phase in (COLD,) if latency else (COLD, AGAIN):
            self._cluster.traffic()
            with self._cluster.latency(latency):
                timing = contender.run(self._cluster, todo, repeated=phase == AGAIN)
            traffic = self._cluster.traffic()
            self._cluster.verify(todo)
            if phase == AGAIN and traffic.writes:
                raise WrongStateError(f"{contender.name}, {size} services again: {traffic.writes} writes")
            seconds = timing.seconds - (0.0 if contender.name == FLOOR else self.results.bare)
            requests, memory = traffic.requests / size, timing.peak_memory
            each = Measurement(contender.name, size, phase, seconds, requests, memory, latency, concurrency)
            measured.append(each)
            slow = f", {latency * 1000:.0f} ms, {concurrency} at a time" if latency else ""
            _say(
                f"{contender.name}, {size} services, {phase}{slow}: {seconds:.2f} s, {requests:.1f} requests a service"
            )
        return measured

    def _keep(self, measurements: list[Measurement]) -> None:
        self.results = replace(self.results, measurements=(*self.results.measurements, *measurements))
        self.results.save(self._kept)


def profile(cluster: Cluster, lab: Lab, size: int, folder: Path) -> None:
    """Where the time of the module processes goes, cold and repeated; profiles slow down what they look at."""
    for contender, count in ((Fleet(lab, profile=True), size), (Role(lab, profile=True), 1)):
        cluster.clear()
        for phase in (COLD, AGAIN):
            contender.run(cluster, services(count))
            cluster.verify(services(count))
            for number, (program, path) in enumerate(lab.profiles(), 1):
                module = program.removeprefix("AnsiballZ_").removesuffix(".py")
                target = folder / f"profile-{count}-{phase}-{contender.name.split()[-1]}-{number}-{module}.txt"
                with target.open("w", encoding="utf-8") as out:
                    stats = pstats.Stats(str(path), stream=out)
                    stats.sort_stats("tottime").print_stats(40)
                    stats.sort_stats("cumulative").print_stats(60)
                _say(f"profile: {target}")
                if isinstance(contender, Fleet):
                    pstats.Stats(str(path)).strip_dirs().sort_stats("tottime").print_stats(25)


@contextmanager
def _running(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def _machine() -> Machine:
    ansible_core = version("ansible-core")
    return Machine(os.cpu_count() or 1, _processor(), platform.python_version(), ansible_core, os.getloadavg()[0])


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True, help="where results and profiles go")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000], help="numbers of services")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="keep what a stopped bench has measured")
    parser.add_argument("--profile", action="store_true", help="in place of measuring, profile the module processes")
    parser.add_argument("--docs", action="store_true", help="write the results into the documentation")
    options = parser.parse_args()

    # A stopped bench stops its emulator too, and the next one continues from what was measured.
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    build = options.build_dir.resolve()
    build.mkdir(parents=True, exist_ok=True)
    kept = build / "results.json"
    if not options.go_on and not options.profile:
        kept.unlink(missing_ok=True)
    sizes = sorted(set(options.sizes))
    # Where the network is slow, a hundred services are enough to see it.
    middle = max((size for size in sizes if size <= 100), default=sizes[0])
    with tempfile.TemporaryDirectory(prefix="dcos-bench-") as place, _running(Path(place, "cluster")) as cluster:
        lab = Lab(Path(place, "lab"))
        try:
            if options.profile:
                profile(cluster, lab, middle, build)
                return 0
            bench = Bench(cluster, lab, kept)
            bench.compare(sizes)
            bench.slow_network(middle)
        except (FailedRunError, WrongStateError) as exc:
            print(f"bench: {exc}", file=sys.stderr)
            return 1
    text = terminal(bench.results)
    (build / "results.txt").write_text(text, encoding="utf-8")
    print(f"\n{text}")
    if options.docs:
        bench.results.save(_KEPT)
        write_pages(bench.results, _PAGE, _TARGETS_PAGE, _PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
