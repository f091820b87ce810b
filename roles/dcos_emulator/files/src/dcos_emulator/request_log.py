# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: one JSON object per request, written before the answer is sent."""

from __future__ import annotations

import datetime
import json
import os
import re
from pathlib import Path
from urllib.parse import parse_qsl

# The only parameters whose values say something about the request and can never be a secret.
_LOGGED_VALUES = {"list": re.compile(r"[A-Za-z0-9]{0,16}"), "type": re.compile(r"[A-Za-z0-9]{0,16}")}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


class LineLog:
    """Appends whole lines, each by one system call, so that a killed process never leaves half of one."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, line: str) -> None:
        os.write(self._descriptor, line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        os.close(self._descriptor)


class RequestLog:
    """What was asked and what was answered, without anything that could be a secret."""

    def __init__(self, path: Path) -> None:
        self._log = LineLog(path)

    def write(
        self,
        *,
        method: str,
        raw_path: str,
        raw_query: str,
        status: int | None,
        uid: str | None,
        scheme: str,
        fault: str | None,
    ) -> None:
        """`status` is None when the connection was cut instead of answered."""
        now = datetime.datetime.now(datetime.timezone.utc)
        entry = {
            "time": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z",
            "method": method,
            "path": raw_path,
            "query": logged_query(raw_query),
            "status": status,
            "uid": uid,
            "scheme": scheme,
            "fault": fault,
        }
        self._log.write(json.dumps(entry))

    def close(self) -> None:
        self._log.close()


def logged_query(raw_query: str) -> dict[str, str | None]:
    """The parameters' names, with the values of the harmless ones; what is not a plain name becomes `?`."""
    query: dict[str, str | None] = {}
    # A parameter without a value is no name: it may be anything, a token for example.
    for name, value in parse_qsl(raw_query, keep_blank_values=True) if raw_query else ():
        if not value or not _NAME.fullmatch(name):
            query["?"] = None
            continue
        known = _LOGGED_VALUES.get(name)
        query[name] = value if known and known.fullmatch(value) else None
    return query


def safe_query(raw_query: str) -> str:
    """The same as text for a log line, with masked values."""
    return "&".join(f"{name}={value or '***'}" for name, value in logged_query(raw_query).items())
