# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From bytes of a journal to the lines that may tell of a decision, without looking at the others one by one.

Audit lines are rare in a journal. So the text is searched in large pieces for what every interesting line contains,
and only then cut into lines: much faster than reading lines, and in memory that does not grow with the journal.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Iterable, Iterator, NamedTuple

CHUNK = 1 << 20
"""Bytes that are read at a time."""

LONGEST_LINE = 1 << 16
"""Bytes of a line that are looked at; the journal itself keeps no longer ones."""

_AUDIT = b"type=audit"
_REFUSED_LOGIN = b"Service login for `"
# journalctl -o json writes a message that is not UTF-8 as a list of numbers, in which nothing can be searched for.
_NUMBERS = (b'"MESSAGE":[', b'"MESSAGE" : [', b'"MESSAGE": [')

_MICROSECONDS = re.compile(r"[0-9]{1,19}")
"""Since 1970; longer ones are after the last year that there is."""

GZIP = b"\x1f\x8b"
_UNREADABLE = {
    b"\xfd7zXZ\x00": "compressed with xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it first",
    b"BZh": "compressed with bzip2; unpack it first",
    b"LPKSHHRH": "a journal of systemd itself; export it with journalctl --file",
}
"""How files begin in which audit lines would not be found, and what to do about that."""


@dataclass
class Count:
    """How many bytes were read. Counting lines would take longer than finding those that matter."""

    read: int = 0


class Candidate(NamedTuple):
    """A line that may tell of a decision.

    text: the message, without what the journal wraps around it in JSON.
    at: the journal's own time in microseconds since 1970, where it gives one.
    """

    text: str
    at: int | None = None


def unreadable(begin: bytes) -> str | None:
    """Why no lines can be read from a file that begins like this, None if they can be."""
    return next((reason for magic, reason in _UNREADABLE.items() if begin.startswith(magic)), None)


class Cutter:
    """Cuts a text that comes in pieces into lines, and returns the interesting ones."""

    def __init__(self) -> None:
        self._rest = b""  # the beginning of a line whose end comes later
        self._skipping = False  # the rest of a line that is too long

    def feed(self, chunk: bytes) -> Iterator[Candidate]:
        """The interesting ones of the lines that end in this piece."""
        start = chunk.find(b"\n") + 1
        if start == 0:
            if not self._skipping:
                self._rest += chunk
        else:
            if self._rest:
                yield from _found(self._rest + chunk[:start])
            elif not self._skipping:
                start = 0
            self._skipping = False
            end = chunk.rfind(b"\n") + 1
            yield from _found(chunk, start, end)
            self._rest = chunk[end:]
        if len(self._rest) > LONGEST_LINE:
            yield from _found(self._rest)
            self._rest, self._skipping = b"", True

    def end(self) -> Iterator[Candidate]:
        """The last line, if nothing ended it. What comes next is the beginning of a line."""
        rest, self._rest, self._skipping = self._rest, b"", False
        yield from _found(rest)


def candidates(chunks: Iterable[bytes], count: Count) -> Iterator[Candidate]:
    """The interesting lines of a text that comes in pieces."""
    cutter = Cutter()
    for chunk in chunks:
        count.read += len(chunk)
        yield from cutter.feed(chunk)
    yield from cutter.end()


def _found(text: bytes, start: int = 0, end: int | None = None) -> Iterator[Candidate]:
    """The interesting ones of whole lines; nothing is copied but these."""
    end = len(text) if end is None else end
    lines: set[tuple[int, int]] = set()
    for mark in _marks(text, start, end):
        lines.update(_lines_with(mark, text, start, end))
    for first, last in sorted(lines) if len(lines) > 1 else lines:
        found = _candidate(text[first : min(last, first + LONGEST_LINE)])
        if found is not None:
            yield found


def _marks(text: bytes, start: int, end: int) -> Iterator[bytes]:
    """What to search for. A single character is found many times faster than a word, so that most of it is spared."""
    yield _AUDIT
    if text.find(b"`", start, end) >= 0:
        yield _REFUSED_LOGIN
    if text.find(b"{", start, end) >= 0 and text.find(b'"MESSAGE"', start, end) >= 0:
        yield from _NUMBERS


def _lines_with(mark: bytes, text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each line that contains a mark."""
    position = text.find(mark, start, end)
    while position >= 0:
        first = text.rfind(b"\n", start, position) + 1 or start
        last = text.find(b"\n", position, end)
        last = end if last < 0 else last
        yield first, last
        position = text.find(mark, last, end)


def _candidate(line: bytes) -> Candidate | None:
    if line[:1] in (b"{", b" ", b"\t") and line.lstrip()[:1] == b"{":
        wrapped = _from_json(line)
        if wrapped is not None:
            return wrapped if _is_marked(wrapped.text) else None
    return Candidate(line.decode("utf-8", "replace").rstrip("\r"))


def _is_marked(text: str) -> bool:
    return _AUDIT.decode() in text or _REFUSED_LOGIN.decode() in text


def _from_json(line: bytes) -> Candidate | None:
    """An entry of journalctl -o json; None for a line that is none and is looked at as it stands."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    message = entry.get("MESSAGE")
    if isinstance(message, list):
        try:
            message = bytes(message).decode("utf-8", "replace")
        except (TypeError, ValueError):
            return None
    if not isinstance(message, str):
        return None
    at = entry.get("__REALTIME_TIMESTAMP")
    return Candidate(message, int(at) if isinstance(at, str) and _MICROSECONDS.fullmatch(at) else None)
