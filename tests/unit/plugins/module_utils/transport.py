# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transport instead of the network: a handler in the test gets every request and gives the answer.

It takes the place of the HTTP library's connections. Everything above them (headers, encoding, authentication,
redirects) is real, so a test sees what would be sent.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable
from unittest import mock
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter


@dataclass(frozen=True)
class Sent:
    """One request as it would go over the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    timeout: Any
    verify: Any
    proxies: Mapping[str, str]
    content: bytes = b""
    """The body as it is sent; C(body) is what its JSON says, where it is JSON."""

    @property
    def path(self) -> str:
        """Path and query, still encoded."""
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def call(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Reply:
    """An answer; a body that is text is an HTML page, bytes are what the headers say, anything else is JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class Crash(BaseException):
    """The process dies here: no code of the library may catch it."""


GATE = "HEAD /pkgpanda/active.buildinfo.full.json"
AT_ENTERPRISE = (GATE, Reply(401, "<html>", {"WWW-Authenticate": "acsjwt"}))
"""What is asked, without a token, to tell the kinds of cluster apart; and the answers of each."""
AT_OPEN = (GATE, Reply(401, "<html>", {"WWW-Authenticate": "oauthjwt"}))
WITHOUT_AUTHENTICATION = (GATE, Reply(200, {}))

LOST = requests.exceptions.ConnectionError("lost")
Handler = Callable[[Sent], Any]


def error(status: int, code: str | None = None, title: str = "", description: str = "told") -> Reply:
    """An error document as the IAM writes it."""
    body = {"title": title or str(status), "description": description}
    return Reply(status, {**body, "code": code} if code else body)


@contextlib.contextmanager
def serving(handler: Handler) -> Iterator[None]:
    """Requests go to the handler; it returns a Reply, or an exception of the HTTP library to raise."""

    def send(
        adapter: HTTPAdapter,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        del adapter, stream, cert
        content = request.body or b""
        content = content.encode("utf-8") if isinstance(content, str) else content
        is_json = request.headers.get("Content-Type") == "application/json"
        answer = handler(
            Sent(
                method=str(request.method),
                url=str(request.url),
                headers=dict(request.headers),
                body=json.loads(content) if content and is_json else None,
                timeout=timeout,
                verify=verify,
                proxies=dict(proxies or {}),
                content=content,
            )
        )
        if isinstance(answer, BaseException):
            raise answer
        return _response(request, answer)

    with mock.patch.object(HTTPAdapter, "send", send):
        yield


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    response = requests.Response()
    response.status_code = reply.status
    response.reason = reply.reason
    response.url = str(request.url)
    response.request = request
    headers = dict(reply.headers)
    if isinstance(reply.body, bytes):
        content = reply.body
    elif isinstance(reply.body, str):
        content = reply.body.encode("utf-8")
        headers.setdefault("Content-Type", "text/html; charset=UTF-8")
    else:
        content = b"" if reply.body is None else json.dumps(reply.body).encode("utf-8")
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
    response.headers.update(headers)
    response._content = content
    response._content_consumed = True
    return response


class Script:
    """Expected calls in their order, each with its answer. Any other call fails the test, and so does a missing one.

    An exchange is C((call, answer)), C(call) being C("GET /path") with the path as it stands on the wire.
    """

    def __init__(self, *exchanges: tuple[str, Any]) -> None:
        self._left = list(exchanges)
        self.sent: list[Sent] = []

    def __call__(self, sent: Sent) -> Any:
        self.sent.append(sent)
        if not self._left:
            raise AssertionError(f"unexpected: {sent.call}")
        call, answer = self._left.pop(0)
        assert sent.call == call
        return answer

    @contextlib.contextmanager
    def played(self) -> Iterator[Script]:
        """Serve the script, which must be used up in the end."""
        with serving(self):
            yield self
        assert [call for call, answer in self._left] == []

    @property
    def calls(self) -> list[str]:
        return [sent.call for sent in self.sent]
