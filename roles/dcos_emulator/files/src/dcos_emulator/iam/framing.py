# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the IAM reads a request and words an answer, before and after any of its resources is involved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from ..http import Request, Response, accepts

JSON_TYPE = "application/json; charset=utf-8"
_ERROR_TYPE = "application/json; charset=UTF-8"
_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")


class _Missing:
    """No JSON was sent; JSON `null` counts as none."""


class ApiError(Exception):
    """An error answer: status, text and, for most, a code that clients decide on."""

    def __init__(
        self,
        status: int,
        description: str | None,
        code: str | None = None,
        *,
        title: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(description)
        self.status = status
        self.title = title or f"{status} {HTTPStatus(status).phrase}"
        self.description = description
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        body = {"title": self.title, "description": self.description, "code": self.code}
        text = json.dumps({key: value for key, value in body.items() if value is not None}, ensure_ascii=False)
        headers = (("Vary", "Accept"), *self.headers)
        return Response(self.status, text.encode("utf-8", "replace"), _ERROR_TYPE, headers)


def bad_request(description: str) -> ApiError:
    """A refusal by the framing itself: plain title, no code."""
    return ApiError(400, description, title="Bad Request")


def invalid_data(description: str) -> ApiError:
    return ApiError(400, description, "ERR_INVALID_DATA")


def document(content: object) -> Response:
    """A success body: indented, with a final newline; a list is wrapped."""
    if isinstance(content, list):
        content = {"array": content}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    return Response(200, text.encode("utf-8", "replace"), JSON_TYPE)


def created() -> Response:
    return Response(201, b"", JSON_TYPE)


def no_content() -> Response:
    return Response(204)


def empty(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, b"", JSON_TYPE, headers)


def check_accept(request: Request) -> Response | None:
    """The 406 of a client that does not take JSON; it comes before routing, so for any path."""
    accept = request.headers.get("Accept")
    if accepts(accept, "application/json"):
        return None
    if accepts(accept, "text/xml") or accepts(accept, "application/xml"):
        xml = b'<?xml version="1.0" encoding="UTF-8"?><error><title>Media type not acceptable</title></error>'
        return Response(406, xml, "application/xml", (("Vary", "Accept"),))
    return empty(406, ("Vary", "Accept"))


def read_json(request: Request) -> object:
    """The JSON a request carries. Admin Router buffers a chunked body and gives it a length, so it counts like any."""
    if request.method not in _METHODS_WITH_BODY or not request.body:
        return _Missing
    content_type = request.headers.get("Content-Type")
    if content_type is None:
        raise bad_request("Missing Content-Type header.")
    content_type = content_type.split(";", 1)[0].strip().lower()
    if content_type == "application/x-www-form-urlencoded":
        return _Missing
    if content_type != "application/json":
        title, text = "Unsupported media type", "Unexpected or undefined Content-Type"
        raise ApiError(415, text, title=title)
    try:
        content: object = json.loads(request.body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise bad_request(f"Cannot decode JSON body using UTF-8. Reason: {error.reason}") from None
    except ValueError as error:
        raise bad_request(f"Cannot decode JSON body: {error}") from None
    except RecursionError:
        raise bad_request("Cannot decode JSON body: nested too deeply") from None
    return _Missing if content is None else content


_JSON_TYPES = {bool: "boolean", int: "integer", list: "array"}


@dataclass(frozen=True)
class Schema:
    """An object, most often of texts; the few rules of JSON Schema that the IAM's bodies need."""

    properties: tuple[str, ...]
    """The texts."""
    required: tuple[str, ...] = ()
    closed: bool = True
    others: Mapping[str, type | Schema] = field(default_factory=dict)
    """Properties that are no texts."""

    def check(self, content: object) -> dict[str, str]:
        """The texts that this schema knows, or the first complaint, worded as the IAM's validator words it."""
        checked = self.check_whole(content)
        return {name: str(checked[name]) for name in self.properties if name in checked}

    def check_whole(self, content: object) -> dict[str, object]:
        """The whole object, or the first complaint."""
        if content is _Missing:
            raise bad_request("Request has bad Content-Type or lacks JSON data")
        if not isinstance(content, dict):
            raise _schema_error(f"{content!r} is not of type 'object'")
        for name in self.required:
            if name not in content:
                raise _schema_error(f"{name!r} is a required property")
        for name in self.properties:
            if name in content and not isinstance(content[name], str):
                raise _schema_error(f"{content[name]!r} is not of type 'string'")
        for name, expected in self.others.items():
            if name not in content:
                continue
            if isinstance(expected, Schema):
                expected.check_whole(content[name])
            elif not isinstance(content[name], expected) or (isinstance(content[name], bool) and expected is not bool):
                raise _schema_error(f"{content[name]!r} is not of type {_JSON_TYPES[expected]!r}")
        unexpected = [name for name in content if name not in self.properties and name not in self.others]
        if self.closed and unexpected:
            names = ", ".join(map(repr, unexpected))
            verb = "was" if len(unexpected) == 1 else "were"
            raise _schema_error(f"Additional properties are not allowed ({names} {verb} unexpected)")
        return content


def _schema_error(hint: str) -> ApiError:
    return bad_request(f"Unexpected JSON input. Hint: {hint}")


@dataclass(frozen=True)
class Call:
    """One request for a resource, with the values that its path holds."""

    request: Request
    arguments: dict[str, str]
    content: object

    def __getitem__(self, name: str) -> str:
        return self.arguments[name]

    def field(self, name: str) -> object:
        """What the body says beside the texts of its schema; None if it says nothing."""
        return self.content.get(name) if isinstance(self.content, dict) else None


Handler = Callable[[Call], Response]


@dataclass
class Routes:
    """Path templates to handlers by method."""

    templates: list[tuple[tuple[str, ...], dict[str, Handler]]] = field(default_factory=list)

    def add(self, template: str, **handlers: Handler) -> None:
        """`handlers` are named by lower-case method."""
        parts = tuple(template.strip("/").split("/"))
        self.templates.append((parts, {method.upper(): handler for method, handler in handlers.items()}))

    def find(self, path: str) -> tuple[dict[str, Handler], dict[str, str]] | None:
        """The handlers for a decoded path below the prefix, and what its placeholders hold."""
        # One trailing slash is forgiven; an empty part anywhere else matches nothing.
        parts = path.removesuffix("/").split("/")[1:]
        for template, handlers in self.templates:
            if len(template) != len(parts):
                continue
            arguments: dict[str, str] = {}
            for expected, part in zip(template, parts, strict=True):
                if expected.startswith("{"):
                    if not part:
                        break
                    arguments[expected[1:-1]] = part
                elif expected != part:
                    break
            else:
                return handlers, arguments
        return None


class Resources(Protocol):
    """Resources that belong together."""

    def add_routes(self, routes: Routes) -> None:
        """Say which paths they answer."""
