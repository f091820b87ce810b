# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Bounds of one answer: how large its body may be, and how long it may take from its first byte to its last.

The HTTP library's own timeout is for the pause between two parts of an answer: a server that sends one byte a second
would keep a module busy for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import time

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:  # _module/libraries.py tells the user; sanity tests import this file without the library
    HTTPAdapter = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment,misc]

LARGEST_BODY = 64 * 2**20
"""Bytes. The longest list of a large cluster takes a tenth of it."""

_PART = 2**16


class TooLargeError(Exception):
    """A body exceeded the bound; the connection was closed."""


class TooSlowError(socket.timeout):
    """An answer exceeded its time."""


class BoundedAdapter(HTTPAdapter):
    """Gives up on an answer that is not complete after so many seconds.

    seconds: counted from the end of the request.
    """

    def __init__(self, seconds: float) -> None:
        self._pool_classes = _pool_classes(seconds)
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **kwargs: object) -> object:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # its connections are of a class of their own
            manager.pool_classes_by_scheme = self._pool_classes
        return manager


def read_whole(response: requests.Response) -> bytes:
    """The body of an answer that was asked for as a stream; gives the connection back for the next request."""
    try:
        return _content(response)
    except ValueError:  # of the standard library: a chunk, for example, whose length no chunk can have
        response.close()
        raise requests.exceptions.ConnectionError("the answer is not HTTP") from None


def _content(response: requests.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(_PART):
        size += len(part)
        if size > LARGEST_BODY:
            response.close()
            raise TooLargeError
        parts.append(part)
    announced = "" if response.request.method == "HEAD" else response.headers.get("Content-Length", "")
    # Older versions of the library do not mind when a connection breaks in the middle of a body.
    if announced.isdigit() and "Content-Encoding" not in response.headers and size != int(announced):
        raise requests.exceptions.ConnectionError("the answer was cut")
    return b"".join(parts)


def _pool_classes(seconds: float) -> dict[str, type]:
    """The connection pools of urllib3, with connections whose answers have a deadline."""

    class Response(http.client.HTTPResponse):
        def __init__(
            self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
        ) -> None:
            super().__init__(sock, debuglevel, method, url)
            self.fp.close()
            self.fp = io.BufferedReader(_Deadline(sock, seconds))

    def pool(base: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
        connection = type("Connection", (base.ConnectionCls,), {"response_class": Response})
        return type("Pool", (base,), {"ConnectionCls": connection})

    return {"http": pool(HTTPConnectionPool), "https": pool(HTTPSConnectionPool)}


class _Deadline(io.RawIOBase):
    """What comes over a connection until a moment; after that, reading times out."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._file = sock.makefile("rb", buffering=0)
        self._end = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        if time.monotonic() > self._end:
            raise TooSlowError("the answer took too long")
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
