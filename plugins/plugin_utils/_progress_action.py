# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The action part of modules that take a while: runs the module as any other, and shows meanwhile how far it is.

A module cannot show anything before its end. So the module adds lines to a file, and a thread beside it reads them and
tells Ansible's own display every few seconds; short runs stay quiet. Nothing that goes wrong with it is a reason to
fail.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from ansible import constants as C
from ansible.utils.display import Display

from ._direct_action import DirectAction

INTERVAL = 5.0
"""Seconds between two lines, and before the first one."""

Progress = Mapping[str, object]
"""One line of the file."""


class ProgressAction(DirectAction):
    """A module of ours with the option C(progress_path)."""

    @abstractmethod
    def words(self, progress: Progress) -> str:
        """One line for the user."""

    @abstractmethod
    def takes_a_while(self, args: Mapping[str, object]) -> bool:
        """Whether a task with these arguments can be long, and wants to be shown."""

    def run(self, tmp: str | None = None, task_vars: dict[str, object] | None = None) -> dict[str, object]:
        """Run the module; its result is not touched."""
        if not self._is_shown():
            return dict(super().run(tmp, task_vars))
        with _progress_file(self.words) as path:
            given = self._task.args
            if path is not None:
                self._task.args = {**given, "progress_path": path}
            try:
                return dict(super().run(tmp, task_vars))
            finally:
                self._task.args = given  # a task with retries runs again, and this file will be gone

    def _is_shown(self) -> bool:
        """Whether there is somebody to tell, and a file that both sides can see."""
        return (
            self.takes_a_while(self._task.args)
            and not self._task.args.get("progress_path")
            and not self._task.no_log
            and not self._task.async_val
            and getattr(self._connection, "transport", None) == "local"
        )


@contextmanager
def _progress_file(words: Callable[[Progress], str]) -> Iterator[str | None]:
    """A file that is watched; None if none can be made."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="dcos-progress-", dir=C.DEFAULT_LOCAL_TMP)
    except OSError:
        yield None
        return
    watch = _Watch(descriptor, words)
    watch.start()
    try:
        yield path
    finally:
        watch.stop()
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)


class _Watch(threading.Thread):
    """Shows the newest line of the file, again and again."""

    def __init__(self, descriptor: int, words: Callable[[Progress], str]) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._words = words
        self._rest = b""
        self._ended = threading.Event()

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(INTERVAL):
            with suppress(OSError, ValueError, KeyError, TypeError):
                self._show()

    def _show(self) -> None:
        *lines, self._rest = (self._rest + self._read()).split(b"\n")
        if lines:
            Display().display(self._words(json.loads(lines[-1])))

    def _read(self) -> bytes:
        read = b""
        while True:
            more = os.read(self._descriptor, 65536)
            if not more:
                return read
            read += more
