# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong answers: what proxies, login pages, half-started services and liars put in place of a right one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import token_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import LOST, Reply

PAGE = "<html><body><h1>Not what you asked for</h1></body></html>"
HOSTILE = "\x1b[2J\x1b[31mTASK [forged] ok: [localhost]\r\n\u202etxet"
DEEP = b"[" * 200_000
HUGE = b'{"array": [' + b" " * 2**26 + b"]}"
"""More than any answer may have; read whole it would be an empty list."""


def _documents(change: Callable[[Any], Any]) -> Callable[[Reply], Any]:
    """A wrong answer that is made of the right one's JSON; None if there is none or where it would stay the same."""

    def wrong(right: Reply) -> Any:
        try:
            document = json.loads(right.body)
        except ValueError:
            return None
        changed = change(document)
        return None if changed == document else replace(right, body=json.dumps(changed).encode())

    return wrong


def _always(reply: Any) -> Callable[[Reply], Any]:
    return lambda right: reply


def _leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same shape, with another value in each place that holds a text, a number or nothing."""
    if isinstance(value, dict):
        return {key: _leaves(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_leaves(each, change) for each in value]
    return change(value)


def _fields(value: Any, change: Callable[[Any], Any]) -> Any:
    """Another value for each field of the outermost object."""
    return {key: change(each) for key, each in value.items()} if isinstance(value, dict) else value


def _bare(value: Any) -> Any:
    """The same lists, of objects that hold nothing."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if isinstance(each, list)}
    return [{} for _each in value] if isinstance(value, list) else value


def _as_text(value: Any) -> Any:
    """The same lists, of texts."""
    if isinstance(value, dict):
        return {key: _as_text(each) for key, each in value.items()}
    return [json.dumps(each) for each in value] if isinstance(value, list) else value


def _of_another(document: Any) -> Any:
    """What belongs to another account: its uid, its key, its token."""
    if not isinstance(document, dict):
        return document
    if set(document) == {"token"}:
        return {"token": token_of("bystander")}
    if "value" in document:
        stored = {"uid": "bystander", "scheme": "RS256", "private_key": private_text("bystander")}
        return {"value": json.dumps(stored)}
    return {**document, "uid": "bystander"} if "uid" in document else document


def _cut(right: Reply) -> Any:
    return replace(right, body=right.body[: len(right.body) // 2]) if right.body else None


WELL_FORMED = ("hostile text",)
"""Other words in the right places: what is only read may be reported."""

LASTING = (
    *("page", "page with 404", "page with 409", "JSON with 404"),
    *("no healthy upstream", "no connection", "no answer in time"),
)
"""What is in between for a while: the next request for the same is answered so too."""

WRONG: dict[str, Callable[[Reply], Any]] = {
    "no keys": _documents(lambda document: {}),
    "entries without keys": _documents(_bare),
    "null": _documents(lambda document: None),
    "null fields": _documents(lambda document: _fields(document, lambda value: None)),
    "null everywhere": _documents(lambda document: _leaves(document, lambda value: None)),
    "a list": _documents(lambda document: [document]),
    "numbers for fields": _documents(lambda document: _fields(document, lambda value: 7)),
    "numbers everywhere": _documents(lambda document: _leaves(document, lambda value: 7)),
    "texts for entries": _documents(_as_text),
    "lone surrogates": _documents(lambda document: _leaves(document, lambda value: "\ud800")),
    "hostile text": _documents(lambda document: _leaves(document, lambda value: HOSTILE)),
    "another account's": _documents(_of_another),
    "page": _always(Reply(200, PAGE)),
    "page that calls itself JSON": _always(Reply(200, PAGE, {"Content-Type": "application/json"})),
    "page with 404": _always(Reply(404, PAGE)),
    "page with 409": _always(Reply(409, PAGE)),
    "JSON with 404": _always(Reply(404, {"message": "no such route"})),
    "no healthy upstream": _always(Reply(200, {"message": "no healthy upstream"})),
    "hostile refusal": _always(Reply(400, {"title": HOSTILE, "description": HOSTILE, "code": HOSTILE})),
    "half of it": _cut,
    "nothing": lambda right: replace(right, status=200, body=b""),
    "no connection": _always(LOST),
    "no answer in time": _always(requests.exceptions.ReadTimeout()),
    "huge": _always(Reply(200, HUGE, {"Content-Type": "application/json"})),
    "deep": _always(Reply(200, DEEP, {"Content-Type": "application/json"})),
}
