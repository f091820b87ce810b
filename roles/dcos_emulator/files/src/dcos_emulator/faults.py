# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that can be switched while the emulator runs."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

_REQUEST_KINDS = {"latency", "status", "cut_before", "cut_after"}
_STATE_KINDS = {"expire_tokens", "sealed", "slow_permissions"}
_OWN_FIELDS = {
    "latency": {"seconds"},
    "slow_permissions": {"seconds"},
    "status": {"status", "retry_after"},
}
_REQUEST_FIELDS = {"match", "skip", "times", "probability", "seed"}
_STATUSES = (429, 500, 502, 503, 504)
_WRITE_METHODS = ("PUT", "PATCH", "DELETE")
_WRITE_PATH = re.compile(r"/(?:acs/api/v1|secrets/v1)(?:/|$)")


class InvalidFault(ValueError):
    """What is wrong with a description of faults."""


@dataclass
class Fault:
    """One fault, with the count of what it has seen."""

    description: dict[str, object]
    kind: str
    seconds: float = 0.0
    status: int = 0
    retry_after: float | None = None
    method: re.Pattern[str] | None = None
    path: re.Pattern[str] | None = None
    write: bool | None = None
    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    dice: random.Random = field(default_factory=random.Random)
    seen: int = 0
    hits: int = 0

    def strikes(self, method: str, raw_path: str) -> bool:
        """Whether this request is hit; counts it where it matches."""
        if self.method and not self.method.fullmatch(method):
            return False
        if self.path and not self.path.search(raw_path):
            return False
        if self.write is not None and self.write is not _is_write(method, raw_path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        if self.probability < 1 and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True


@dataclass(frozen=True)
class Verdict:
    """What happens to one request: a delay, and at most one fault that replaces or swallows the answer."""

    delay: float = 0.0
    fault: Fault | None = None
    name: str | None = None
    """For the request log."""


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        self._faults = faults

    def descriptions(self) -> list[dict[str, object]]:
        return [fault.description for fault in self._faults]

    def hits(self) -> list[int]:
        return [fault.hits for fault in self._faults]

    def of_kind(self, kind: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.kind == kind), None)

    def judge(self, method: str, raw_path: str) -> Verdict:
        """Delays add up; the first other fault that strikes ends the search, so later ones do not count the request."""
        delay, name = 0.0, None
        for fault in self._faults:
            if fault.kind in _STATE_KINDS or not fault.strikes(method, raw_path):
                continue
            name = fault.kind
            if fault.kind != "latency":
                return Verdict(delay, fault, name)
            delay += fault.seconds
        return Verdict(delay, None, name)


def _is_write(method: str, raw_path: str) -> bool:
    return method in _WRITE_METHODS and _WRITE_PATH.match(raw_path) is not None


def parse_faults(document: object) -> list[Fault]:
    """The faults of `{"faults": [...]}`; anything unknown in it is refused."""
    if not isinstance(document, dict) or set(document) != {"faults"} or not isinstance(document["faults"], list):
        raise InvalidFault('expected an object with one list: {"faults": [...]}')
    return [_parse(number, entry) for number, entry in enumerate(document["faults"])]


def _parse(number: int, entry: object) -> Fault:
    where = f"faults[{number}]"
    if not isinstance(entry, dict):
        raise InvalidFault(f"{where}: not an object")
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in _REQUEST_KINDS | _STATE_KINDS:
        known = ", ".join(sorted(_REQUEST_KINDS | _STATE_KINDS))
        raise InvalidFault(f"{where}: unknown kind {kind!r}; known kinds: {known}")
    fields = {"kind"} | _OWN_FIELDS.get(kind, set()) | (_REQUEST_FIELDS if kind in _REQUEST_KINDS else set())
    unknown = sorted(set(entry) - fields)
    if unknown:
        raise InvalidFault(f"{where}: unknown field {unknown[0]!r} for kind {kind!r}")
    fault = Fault(description=entry, kind=kind)
    if "seconds" in fields:
        fault.seconds = _number(where, entry, "seconds")
    if kind == "status":
        if entry.get("status") not in _STATUSES or isinstance(entry.get("status"), bool):
            raise InvalidFault(f"{where}: status must be one of {', '.join(map(str, _STATUSES))}")
        fault.status = entry["status"]
        if entry.get("retry_after") is not None:
            fault.retry_after = _number(where, entry, "retry_after")
    if kind in _REQUEST_KINDS:
        _parse_selection(where, entry, fault)
    return fault


def _parse_selection(where: str, entry: dict[str, object], fault: Fault) -> None:
    """Which of the requests are hit."""
    match = entry.get("match") or {}
    if not isinstance(match, dict):
        raise InvalidFault(f"{where}: match must be an object")
    unknown = sorted(set(match) - {"method", "path", "write"})
    if unknown:
        raise InvalidFault(f"{where}: unknown field {unknown[0]!r} in match")
    fault.method = _pattern(where, match, "method")
    fault.path = _pattern(where, match, "path")
    fault.write = match.get("write")
    if not isinstance(fault.write, bool | None):
        raise InvalidFault(f"{where}: match.write must be true or false")
    fault.skip = _count(where, entry, "skip") or 0
    fault.times = _count(where, entry, "times")
    if entry.get("probability") is not None:
        fault.probability = _number(where, entry, "probability")
        if fault.probability > 1:
            raise InvalidFault(f"{where}: probability must be between 0 and 1")
    seed = entry.get("seed")
    if seed is not None:
        if not isinstance(seed, int | str):
            raise InvalidFault(f"{where}: seed must be a number or a text")
        fault.dice = random.Random(seed)  # noqa: S311 (repeatable on purpose)


def _pattern(where: str, match: dict[str, object], name: str) -> re.Pattern[str] | None:
    value = match.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidFault(f"{where}: match.{name} must be a regular expression")
    try:
        return re.compile(value)
    except re.error as error:
        raise InvalidFault(f"{where}: match.{name} is no regular expression: {error}") from None


def _number(where: str, entry: dict[str, object], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise InvalidFault(f"{where}: {name} must be a number, 0 or more")
    return float(value)


def _count(where: str, entry: dict[str, object], name: str) -> int | None:
    value = entry.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidFault(f"{where}: {name} must be a whole number, 0 or more")
    return value
