# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and responses as the emulated services see them, free of the web server's own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote_to_bytes

HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True)
class Request:
    """One request, its body fully read."""

    method: str
    raw_path: str
    """The path as it was sent: still percent-encoded, without the query."""
    raw_query: str
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes
    scheme: str
    peer: tuple[str, int]
    path: str = field(init=False)
    """The path, decoded once, as a WSGI or nginx layer would hand it on."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", decode_path(self.raw_path))

    def query(self) -> dict[str, list[str]]:
        """The parameters that have a value."""
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.raw_query):
            values.setdefault(name, []).append(value)
        return values

    def parameter(self, name: str) -> str | None:
        """A parameter that was given exactly once; given twice it counts as not given."""
        values = self.query().get(name, [])
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True)
class Response:
    """One answer. `uid` is the account it was given to, for the request log alone."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    uid: str | None = None


def decode_path(raw_path: str) -> str:
    """Percent-decode exactly once, so that `%252F` stays the three characters `%2F`."""
    return unquote_to_bytes(raw_path.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")


def split_target(target: str) -> tuple[str, str]:
    """Path and query of a request target; an absolute-form target loses its authority."""
    if not target.startswith("/") and "://" in target:
        rest = target.split("://", 1)[1]
        target = "/" + rest.split("/", 1)[1] if "/" in rest else "/"
    path, _mark, query = target.partition("?")
    return path, query


# As nginx adds headers: not to errors.
_HEADERS_ADDED_TO = frozenset({200, 201, 204, 206, 301, 302, 303, 304, 307, 308})


def with_headers(response: Response, *headers: tuple[str, str]) -> Response:
    """The response with headers that Admin Router adds to what is no error."""
    if response.status not in _HEADERS_ADDED_TO:
        return response
    return replace(response, headers=(*response.headers, *headers))


def uncached(response: Response) -> Response:
    """The response with the demand to keep no copy of it."""
    return with_headers(
        response,
        ("Cache-Control", "no-cache, no-store, must-revalidate"),
        ("Pragma", "no-cache"),
        ("Expires", "0"),
    )


def html_page(
    status: int, title: str, text: str, headers: tuple[tuple[str, str], ...] = (), *, head: str = ""
) -> Response:
    """A small page, the form in which Admin Router itself answers."""
    head, body = f"<head><title>{title}</title>{head}</head>", f"<body><h1>{title}</h1><p>{text}</p></body>"
    page = f"<!DOCTYPE html>\n<html>{head}{body}</html>\n"
    return Response(status, page.encode(), HTML, headers)


def json_document(document: object, status: int = 200) -> Response:
    """A JSON document as a file or a small service gives it: compact, exact content type."""
    return Response(status, json.dumps(document).encode(), "application/json")


def accepts(accept: str | None, media_type: str) -> bool:
    """Whether an Accept header admits `media_type`; a missing header admits everything."""
    if accept is None or not accept.strip():
        return True
    kind = media_type.split("/", 1)[0]
    # The most specific range decides, so that `application/json;q=0, */*` refuses JSON.
    best: tuple[int, float] | None = None
    for media_range in accept.split(","):
        name, *parameters = (part.strip().lower() for part in media_range.split(";"))
        specificity = {media_type: 2, f"{kind}/*": 1, "*/*": 0, "*": 0}.get(name)
        if specificity is None:
            continue
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 1.0
        if best is None or specificity > best[0]:
            best = (specificity, quality)
    return best is not None and best[1] > 0
