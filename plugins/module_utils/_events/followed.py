# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""A file that somebody else writes to, renames, makes anew and empties, read line by line as it grows."""

from __future__ import annotations

import os
from typing import BinaryIO, Iterator

from .._audit.stream import CHUNK, GZIP, LONGEST_LINE, Candidate, Cutter, unreadable
from .._errors import DcosError
from .._files import MissingError, open_regular


class Followed:
    """One file.

    whole: whether to begin with the lines that are already there.
    """

    def __init__(self, path: str, whole: bool) -> None:
        self.path = path
        self._cutter = Cutter()
        self._handle = _open(path)
        self._next: BinaryIO | None = None
        if not whole:
            self._handle.seek(_last_line(self._handle))

    def pieces(self) -> Iterator[list[Candidate]]:
        """What was written since the last call: piece by piece, the interesting lines that ended in it."""
        if os.fstat(self._handle.fileno()).st_size < self._handle.tell():  # emptied
            yield list(self._cutter.end())
            self._handle.seek(0)
        yield from self._written()
        if self._next is None:
            # Its writer may not know yet that it was renamed, so it is read once more at the next call.
            self._next = self._successor()
        else:
            yield list(self._cutter.end())
            self._handle.close()
            self._handle, self._next = self._next, None
            yield from self._written()

    def close(self) -> None:
        self._handle.close()
        if self._next is not None:
            self._next.close()

    def _written(self) -> Iterator[list[Candidate]]:
        while True:
            piece = self._handle.read(CHUNK)
            if not piece:
                return
            yield list(self._cutter.feed(piece))

    def _successor(self) -> BinaryIO | None:
        """The file that is at the path now, None if it is still the same, or if there is none for the moment."""
        try:
            found = _open(self.path)
        except MissingError:
            return None
        if os.path.sameopenfile(found.fileno(), self._handle.fileno()):
            found.close()
            return None
        return found


def _open(path: str) -> BinaryIO:
    handle = open_regular(path, "paths")
    begin = handle.read(8)
    reason = "compressed with gzip, and such a file does not grow" if begin.startswith(GZIP) else unreadable(begin)
    if reason is not None:
        handle.close()
        raise DcosError(f"paths: {path} is {reason}. Name the plain file that the lines are written to.")
    handle.seek(0)
    return handle


def _last_line(handle: BinaryIO) -> int:
    """Where the last line begins that has no end yet."""
    end = os.fstat(handle.fileno()).st_size
    begin = max(end - LONGEST_LINE, 0)
    handle.seek(begin)
    return begin + handle.read(end - begin).rfind(b"\n") + 1
