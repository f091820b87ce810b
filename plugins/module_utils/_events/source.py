# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The event source C(dcos_audit): its arguments, and the loop that looks at the files."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Mapping, Protocol

from .._audit.line import parse
from .._audit.report import Window
from .._audit.stream import Candidate
from .._audit.times import point_in_time
from .._errors import DcosError
from .._rules.identifiers import check_uid
from .._rules.truth import read_truth
from .event import event_of
from .followed import Followed

NAMES = ("paths", "uid", "only_denials", "since", "interval")
_OF_ANSIBLE_RULEBOOK = "eda_feedback_queue"
_LONGEST_INTERVAL = 3600.0


class Queue(Protocol):
    """Where ansible-rulebook takes events from."""

    async def put(self, event: dict[str, str]) -> None: ...


@dataclass(frozen=True)
class Wishes:
    """The arguments of the event source, checked."""

    paths: tuple[str, ...]
    window: Window
    only_denials: bool
    interval: float

    def event(self, line: Candidate, path: str) -> dict[str, str] | None:
        """The event of a line, None if it tells of nothing or of nothing that was asked for."""
        found = parse(line.text, line.at)
        if found is None or (self.only_denials and found.allowed) or not self.window.holds(found.uid, found.at):
            return None
        event = event_of(found)
        return None if event is None else {**event, "path": path}


def read_arguments(given: Mapping[str, object], now: datetime) -> Wishes:
    """The arguments as a rulebook gives them: what comes from its variables may be text."""
    for name in given:
        if name not in (*NAMES, _OF_ANSIBLE_RULEBOOK):
            raise DcosError(f"{name}: dcos_audit has no such argument. It has {', '.join(NAMES)}.")
    paths = _texts(given, "paths")
    if not paths:
        raise DcosError("paths: name the files to which audit lines are written.")
    uids = [check_uid(uid, f"uid[{number}]") for number, uid in enumerate(_texts(given, "uid"))]
    since = _texts(given, "since")
    if len(since) > 1:
        raise DcosError("since: give one time.")
    return Wishes(
        paths=paths,
        window=Window(point_in_time(since[0], "since", now) if since else None, uids=frozenset(uids)),
        only_denials=_truth(given.get("only_denials")),
        interval=_seconds(given.get("interval")),
    )


async def follow(queue: Queue, given: Mapping[str, object]) -> None:
    """Put an event into the queue for each line, until cancelled."""
    wishes = read_arguments(given, datetime.now(timezone.utc))
    with ExitStack() as stack:
        files = [
            stack.enter_context(closing(Followed(path, whole=wishes.window.since is not None))) for path in wishes.paths
        ]
        while True:
            for file in files:
                for lines in file.pieces():
                    for line in lines:
                        event = wishes.event(line, file.path)
                        if event is not None:
                            await queue.put(event)
                    await asyncio.sleep(0)  # a large file must not stop the rulebook
            await asyncio.sleep(wishes.interval)


def _texts(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of texts, or a single one; nothing for what is empty."""
    value = given.get(name)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) and each for each in value):
        return tuple(value)
    raise DcosError(f"{name}: it must be a text or a list of texts, and none of them empty.")


def _truth(value: object) -> bool:
    truth = value if isinstance(value, bool) else read_truth(str(value)) if value not in (None, "") else False
    if truth is None:
        raise DcosError(f"only_denials: {value!r} is neither true nor false.")
    return truth


def _seconds(value: object) -> float:
    try:
        seconds = 1.0 if value in (None, "") else float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_INTERVAL:
        raise DcosError(f"interval: {value!r} is no number of seconds above 0 and up to {_LONGEST_INTERVAL:.0f}.")
    return seconds
