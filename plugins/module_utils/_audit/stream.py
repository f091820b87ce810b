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
from dataclasses import dataclass
from typing import Iterable, Iterator

CHUNK = 1 << 20
"""Bytes that are read at a time."""

LONGEST_LINE = 1 << 16
"""Bytes of a line that are looked at; the journal itself keeps no longer ones."""

_AUDIT = b"type=audit"
_REFUSED_LOGIN = b"Service login for `"
# journalctl -o json writes a message that is not UTF-8 as a list of numbers, in which nothing can be searched for.
_NUMBERS = (b'"MESSAGE":[', b'"MESSAGE": [', b'"MESSAGE" : [')
_MARKS = (_AUDIT, _REFUSED_LOGIN, *_NUMBERS)


@dataclass
class Count:
    """How much was read."""

    lines: int = 0


@dataclass(frozen=True)
class Candidate:
    """A line that may tell of a decision.

    text: the message, without what the journal wraps around it in JSON.
    at: the journal's own time in microseconds since 1970, where it gives one.
    """

    text: str
    at: int | None = None


def candidates(chunks: Iterable[bytes], count: Count) -> Iterator[Candidate]:
    """The interesting lines of a text that comes in pieces; counts all lines."""
    rest = b""
    skipping = False  # the rest of a line that is too long
    for chunk in chunks:
        count.lines += chunk.count(b"\n")
        if skipping:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk = chunk[end + 1 :]
            skipping = False
        text = rest + chunk if rest else chunk
        last = text.rfind(b"\n")
        whole, rest = text[: last + 1], text[last + 1 :]
        yield from _found(whole)
        if len(rest) > LONGEST_LINE:
            yield from _found(rest)
            rest, skipping = b"", True
    if rest:
        count.lines += 1
        yield from _found(rest)
    elif skipping:
        count.lines += 1


def _found(text: bytes) -> Iterator[Candidate]:
    for start, end in sorted({borders for mark in _MARKS if mark in text for borders in _lines_with(mark, text)}):
        found = _candidate(text[start : min(end, start + LONGEST_LINE)])
        if found is not None:
            yield found


def _lines_with(mark: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each line that contains a mark."""
    position = text.find(mark)
    while position >= 0:
        start = text.rfind(b"\n", 0, position) + 1
        end = text.find(b"\n", position)
        end = len(text) if end < 0 else end
        yield start, end
        position = text.find(mark, end)


def _candidate(line: bytes) -> Candidate | None:
    if line.lstrip()[:1] == b"{":
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
    return Candidate(message, int(at) if isinstance(at, str) and at.isascii() and at.isdigit() else None)
