# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What the audit lines of a cluster say about its accounts, compared with what these may do now. Only read.

Texts and files of any size go through in pieces; what is kept grows with what is different in them, up to a bound.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Callable, Iterator, Sequence

from .._api.iam import Permissions
from .._audit.folding import fold
from .._audit.line import parse
from .._audit.report import (
    MOST_ENTRIES,
    Decisions,
    Holdings,
    Window,
    account_view,
    unknown_account_view,
    unmapped_view,
)
from .._audit.stream import CHUNK, GZIP, Count, candidates, unreadable
from .._errors import DcosError
from .._files import open_regular
from .._rules.security_modes import not_logged
from .frame import Reading


@dataclass(frozen=True)
class Sources:
    """Where lines come from: texts, and files on this host."""

    texts: Sequence[str] = ()
    paths: Sequence[str] = ()


def audit_log(
    sources: Sources,
    window: Window,
    permissions: Callable[[str], Permissions | None] | None,
    folder: str | None,
    warn: Callable[[str], None],
    security_mode: Callable[[], str | None] = lambda: None,
) -> Reading:
    """The reading of audit lines.

    permissions: what an account may do, None for an unknown account; without this nothing is compared.
    folder: proposals below it are folded into it; None for none of that.
    security_mode: the cluster's, None where it is not known.
    """

    def read() -> dict[str, object]:
        for path in sources.paths:  # all of them before the first is read: they may take their time
            _check(path)
        count = Count()
        decisions = Decisions(window)
        for chunks in _all(sources):
            for line in candidates(chunks, count):
                found = parse(line.text, line.at)
                if found is not None:
                    decisions.add(found)
        _warn_of_bounds(decisions, warn)
        holdings = {} if permissions is None else {uid: _holdings(permissions(uid)) for uid in decisions.askers}
        for uid, held in holdings.items():
            if not held.exists:
                warn(f"There is no account {uid} on the cluster now: everything that it was seen to need is missing.")
        folded = partial(fold, folder=folder) if folder is not None else sorted
        accounts = [account_view(decisions, uid, holdings.get(uid), folded) for uid in decisions.uids]
        nobody = unknown_account_view(decisions)
        note = not_logged(security_mode())
        return {
            "audit": [*accounts, *([] if nobody is None else [nobody])],
            "unmapped": unmapped_view(decisions),
            "notes": [] if note is None else [note],
            "lines": {
                "bytes": count.read,
                "audit": decisions.audit_lines,
                "without_time": decisions.without_time,
                "not_kept": decisions.overflow,
            },
            "window": {
                "since": window.since,
                "until": window.until,
                "first_at": decisions.first,
                "last_at": decisions.last,
            },
        }

    return Reading(read)


def _holdings(permissions: Permissions | None) -> Holdings:
    if permissions is None:
        return Holdings(exists=False)
    return Holdings(frozenset(permissions.direct), frozenset(entry.grant for entry in permissions.through_groups))


def _warn_of_bounds(decisions: Decisions, warn: Callable[[str], None]) -> None:
    if decisions.overflow:
        warn(
            f"The lines name more than {MOST_ENTRIES} different entries; {decisions.overflow} lines about further "
            "ones are only counted. Name accounts with uid, or a shorter time with since and until."
        )


def _all(sources: Sources) -> Iterator[Iterator[bytes]]:
    """The pieces of each source. A line never continues in the next source."""
    for text in sources.texts:
        yield iter((text.encode("utf-8", "surrogateescape"),))
    for path in sources.paths:
        yield _pieces(path)


def _check(path: str) -> None:
    with open_regular(path, "paths") as handle:
        begin = handle.read(8)
    reason = unreadable(begin)
    if reason is not None:
        raise DcosError(f"paths: {path} is {reason}.")


def _pieces(path: str) -> Iterator[bytes]:
    with open_regular(path, "paths") as handle:
        packed = handle.read(len(GZIP)) == GZIP
        handle.seek(0)
        try:
            yield from _read(gzip.GzipFile(fileobj=handle) if packed else handle)
        except EOFError:
            raise DcosError(f"paths: {path} is compressed with gzip, and its end is missing. Copy it again.") from None
        except (OSError, zlib.error) as exc:
            reason = getattr(exc, "strerror", None) or "what is compressed in it is damaged"
            raise DcosError(f"paths: cannot read {path}: {reason}.") from None


def _read(handle: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while True:
        piece = handle.read(CHUNK)
        if not piece:
            return
        yield piece
