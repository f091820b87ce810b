# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, as data: kept as JSON, and all that tables, plot and budgets are made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FLOOR, FLEET, ROLE, URI = "bare client (floor)", "dcos_services", "role dcos_service", "uri tasks"
CONTENDERS = (FLOOR, FLEET, ROLE, URI)
COLD, AGAIN = "cold", "again"


@dataclass(frozen=True)
class Machine:
    cores: int
    processor: str
    python: str
    ansible_core: str
    load: float
    """Processes that were running or waiting to, in the minute before."""


@dataclass(frozen=True)
class Measurement:
    """One contender's run for so many services."""

    contender: str
    services: int
    phase: str
    seconds: float
    """Over a bare run of ansible-playbook, where the contender is a playbook."""
    requests: float
    """A service."""
    peak_memory: int
    """Bytes."""
    latency: float = 0.0
    """Seconds that the emulator waits before each answer."""
    concurrency: int | None = None
    projected: bool = False


@dataclass(frozen=True)
class Results:
    machine: Machine
    bare: float
    """Seconds of a playbook that does nothing."""
    measurements: tuple[Measurement, ...]

    def find(self, contender: str, services: int, phase: str) -> Measurement | None:
        """A measurement without latency and with the contender's own concurrency."""
        for each in self.measurements:
            if (each.contender, each.services, each.phase) == (contender, services, phase) and not each.latency:
                return each
        return None

    def has(self, contender: str, services: int, latency: float, concurrency: int | None) -> bool:
        """Whether that was measured, cold and, where it is, repeated."""
        wanted = (contender, services, latency, concurrency, False)
        return any(
            (each.contender, each.services, each.latency, each.concurrency, each.projected) == wanted
            for each in self.measurements
        )

    @property
    def sizes(self) -> list[int]:
        """The numbers of services that the floor was measured with."""
        return sorted({each.services for each in self.measurements if each.contender == FLOOR and not each.latency})

    def ratio(self, measurement: Measurement) -> float | None:
        """How many times longer than the floor it took."""
        for each in self.measurements:
            same = (each.services, each.phase, each.latency)
            if each.contender == FLOOR and same == (measurement.services, measurement.phase, measurement.latency):
                return measurement.seconds / each.seconds
        return None

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        document = json.loads(path.read_text(encoding="utf-8"))
        measurements = tuple(Measurement(**each) for each in document["measurements"])
        return cls(Machine(**document["machine"]), document["bare"], measurements)


def project(measured: Sequence[Measurement], services: int) -> Measurement:
    """On a straight line through two measurements."""
    first, second = measured
    each = (second.seconds - first.seconds) / (second.services - first.services)
    seconds = first.seconds + each * (services - first.services)
    return replace(second, services=services, seconds=seconds, projected=True)


@dataclass(frozen=True)
class Budget:
    """A promise about a measurement; None if that was not made."""

    what: str
    limit: float
    value: float | None
    unit: str

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "met" if self.value <= self.limit else "not met"


def budgets(results: Results) -> list[Budget]:
    """Seconds are over a bare run of ansible-playbook; multiples are of one, and count the whole run."""

    def multiple(what: str, limit: float, contender: str, services: int, phase: str) -> Budget:
        over = seconds(contender, services, phase)
        value = None if over is None else (results.bare + over) / results.bare
        return Budget(f"{what}, against a play that does nothing", limit, value, "times")

    def seconds(contender: str, services: int, phase: str) -> float | None:
        found = results.find(contender, services, phase)
        return None if found is None else found.seconds

    floor = seconds(FLOOR, 100, COLD)
    hundred, thousand = results.find(FLEET, 100, COLD), results.find(FLEET, 1000, COLD)
    listed = [
        Budget("dcos_services, 1 service", 1.3, seconds(FLEET, 1, COLD), "s"),
        Budget("dcos_services, 10 services", 1.8, seconds(FLEET, 10, COLD), "s"),
        Budget("dcos_services, 100 again", 1.5, seconds(FLEET, 100, AGAIN), "s"),
        Budget("role dcos_service, 1 service", 3.5, seconds(ROLE, 1, COLD), "s"),
        multiple("dcos_services, 1 service again", 1.5, FLEET, 1, AGAIN),
        multiple("dcos_services, 1 service", 1.8, FLEET, 1, COLD),
        multiple("dcos_services, 10 services", 2.0, FLEET, 10, COLD),
        multiple("dcos_services, 100 again", 2.2, FLEET, 100, AGAIN),
        multiple("role dcos_service, 1 service", 2.5, ROLE, 1, COLD),
    ]
    if floor is not None:
        what = "dcos_services, 100: twice the floor and 1.5 s"
        listed.insert(2, Budget(what, 2 * floor + 1.5, seconds(FLEET, 100, COLD), "s"))
    if hundred is not None and thousand is not None:
        ratio = (thousand.seconds / 1000) / (hundred.seconds / 100)
        listed.append(Budget("dcos_services, one of 1,000 services against one of 100", 1.1, ratio, "times"))
    if thousand is not None:
        listed.append(Budget("dcos_services, memory of the module for 1,000", 200, thousand.peak_memory / 1e6, "MB"))
    # At most 6 requests a run; cold 2 writes, 2 a grant, 2 reads and the login that verifies; unchanged 2 reads.
    if hundred is not None:
        listed.append(Budget("dcos_services, requests a service, 100 services", 25 + 0.06, hundred.requests, ""))
    again = results.find(FLEET, 100, AGAIN)
    if again is not None:
        listed.append(Budget("dcos_services, requests a service, 100 again", 2 + 0.06, again.requests, ""))
    return listed
