# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds of an answer, over real connections: a server that never ends, one that is slow, one that breaks off."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Callable

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api import bounds, http
from ansible_collections.dcos.security.plugins.module_utils._errors import OddAnswerError, UnreachableError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Answer = Callable[[socket.socket, threading.Event], None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Answers each connection's first request; the event is set when the test is over."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _peer = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            answer(connection, over)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()


def ask(url: str, timeout: float = 5, retries: int = 0) -> http.Answer:
    request = http.Request("GET", "/x", "reading all users", authenticated=False)
    return http.HttpClient(url, False, timeout, retries).send(request)


def dripping(head: bytes) -> Answer:
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(0.02):
            connection.sendall(b"a")

    return answer


def endless(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while not over.is_set():
        connection.sendall(chunk)


def cut(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(HEAD + b'Content-Length: 20\r\n\r\n{"array": []')


def whole(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 1000000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n100000\r\n",
        HEAD + b"X: ",
        b"",
    ],
    ids=["body", "chunk", "headers", "status line"],
)
def test_answer_that_never_completes_ends_at_its_deadline(head: bytes) -> None:
    """Each byte comes in time, the whole answer never does. It is not requested again, which would take as long."""
    with serving(dripping(head)) as url, pytest.raises(OddAnswerError, match=r"not complete after 0\.5 seconds"):
        ask(url, timeout=0.05, retries=3)


def test_an_endless_body_is_read_only_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_BODY", 1 << 20)
    with serving(endless) as url, pytest.raises(OddAnswerError, match=r"reading all users: .*larger than"):
        ask(url)


def test_a_truncated_body_is_no_answer() -> None:
    with serving(cut) as url, pytest.raises(UnreachableError):
        ask(url)


@pytest.mark.parametrize(
    "rest", [b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n", b"Content-Length: \xb2\r\n\r\n{}"]
)
def test_a_body_of_impossible_length_is_no_answer(rest: bytes) -> None:
    with serving(lambda connection, over: connection.sendall(HEAD + rest)) as url, pytest.raises(
        UnreachableError
    ) as caught:
        ask(url)
    assert caught.value.sent


def test_answer_within_bounds() -> None:
    with serving(whole) as url:
        assert ask(url).json() == {}


def test_refused_connection_was_not_sent_and_is_not_read_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    asked = []
    request = http.Request("PUT", "/x", "creating account a", {}, authenticated=False)
    with pytest.raises(UnreachableError, match=r"^creating account a: cannot reach") as caught:
        http.HttpClient(f"http://127.0.0.1:{port}", False, 5, 1).send(
            request, http.Judgement((201,)), http.Repeats(lambda: bool(asked.append(1)))
        )
    assert (asked, caught.value.sent) == ([], False)
