# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON messages of the scheduler API: what is read of them, and the events that answer them."""

from __future__ import annotations

import json
from collections.abc import Iterable


class BadRequest(Exception):
    """A call that cannot be understood, or that is not for its sender to make."""


def parse(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise BadRequest("Failed to parse body into JSON")
    return content


def at(message: object, *names: str) -> object:
    """What stands at a place in a message, None where there is nothing."""
    for name in names:
        message = message.get(name) if isinstance(message, dict) else None
    return message


def text(message: object, *names: str) -> str | None:
    """A text at a place; an empty one counts as missing."""
    found = at(message, *names)
    if not isinstance(found, str | None):
        raise BadRequest(f"Failed to parse body into Call protobuf: '{'.'.join(names)}' is not a text")
    return found or None


def required(message: object, *names: str) -> str:
    found = text(message, *names)
    if found is None:
        raise BadRequest(f"Failed to parse body into Call protobuf: '{'.'.join(names)}' is missing")
    return found


def objects(message: object, *names: str) -> list[dict[str, object]]:
    """The objects of a list at a place; a missing list is an empty one."""
    found = at(message, *names) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadRequest(f"Failed to parse body into Call protobuf: '{'.'.join(names)}' is not a list of objects")
    return found


Event = dict[str, object]


def error(message: str) -> Event:
    return {"type": "ERROR", "error": {"message": message}}


def task_error(task: object, source: str, message: str) -> Event:
    status = {
        "task_id": at(task, "task_id"),
        "agent_id": at(task, "agent_id"),
        "state": "TASK_ERROR",
        "source": source,
        "reason": "REASON_TASK_UNAUTHORIZED",
        "message": message,
    }
    return {"type": "UPDATE", "update": {"status": status}}


def operation_error(operation: object, message: str) -> Event:
    status = {"operation_id": at(operation, "id"), "state": "OPERATION_ERROR", "message": message}
    return {"type": "UPDATE_OPERATION_STATUS", "update_operation_status": {"status": status}}


def stream(events: Iterable[Event]) -> bytes:
    """Events in the framing of the API: the length of each, then the event."""
    records = [json.dumps(event).encode() for event in events]
    return b"".join(b"%d\n%s" % (len(record), record) for record in records)
