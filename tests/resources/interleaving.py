# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs against one cluster, in an order that the test decides, request by request.

Each run has a thread of its own and stops before each of its requests, until it gets its turn. So only one of them is
ever at work, and a run that never gets another turn is one that was killed there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, Sent


class Run(threading.Thread):
    """Something that sends requests in the thread that it is called in.

    value, error: what it returned, or the failure that it told its user.
    bug: an exception that must never get out of it.
    waiting: the request that it will send next; None before it begins and after it has ended.
    """

    def __init__(self, name: str, act: Callable[[], Any]) -> None:
        super().__init__(name=name, daemon=True)
        self.value: Any = None
        self.error: DcosError | None = None
        self.bug: BaseException | None = None
        self.waiting: Sent | None = None
        self.over = False
        self.killed = False
        self._act = act
        self._turn = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)

    @property
    def succeeded(self) -> bool:
        return self.over and not self.killed and self.error is None and self.bug is None

    def run(self) -> None:
        self._turn.acquire()
        try:
            if not self.killed:
                self.value = self._act()
        except Crash:
            pass
        except DcosError as exc:
            self.error = exc
        except BaseException as exc:  # told by the test, in its own thread
            self.bug = exc
        self.waiting, self.over = None, True
        self._stopped.release()

    def stop(self, sent: Sent) -> None:
        """Called in the thread of the run, before each request."""
        if not self.killed:
            self.waiting = sent
            self._stopped.release()
            self._turn.acquire()
        if self.killed:
            raise Crash

    def step(self) -> None:
        """Send the request that it waits with, and go on to the next one."""
        if not self.is_alive() and not self.over:
            self.start()
        self._turn.release()
        self._stopped.acquire()

    def kill(self) -> None:
        self.killed = True
        if self.is_alive() and not self.over:
            self.step()


def gate(sent: Sent) -> None:
    """The gate of a cluster in which some requests are sent by runs, and others by the test."""
    run = threading.current_thread()
    if isinstance(run, Run):
        run.stop(sent)


@dataclass(frozen=True)
class Turn:
    """How far a run gets before somebody else has a turn: so many requests, or to its end; killed there or not."""

    run: int
    requests: int | None = None
    killed: bool = False

    def __str__(self) -> str:
        how_far = "to its end" if self.requests is None else f"after {self.requests} requests"
        return f"run {self.run} {'is killed ' if self.killed else ''}{how_far}"


def play(runs: Sequence[Run], turns: Sequence[Turn], watch: Callable[[Run, Sent], None]) -> list[int]:
    """Give the runs their turns and call C(watch) after each request. Returns how many requests each run sent."""
    sent = [0] * len(runs)
    try:
        for turn in turns:
            run, first = runs[turn.run], sent[turn.run]
            if run.waiting is None and not run.over:
                run.step()  # up to its first request
            while not run.over and (turn.requests is None or sent[turn.run] - first < turn.requests):
                request = run.waiting
                assert request is not None
                run.step()
                sent[turn.run] += 1
                watch(run, request)
            if turn.killed:
                run.kill()
    finally:
        for run in runs:
            run.kill()
    for run in runs:
        if run.bug is not None:
            raise run.bug
    return sent
