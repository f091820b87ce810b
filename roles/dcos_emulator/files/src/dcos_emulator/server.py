# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets: reads requests, applies faults, logs, and writes answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sqlite3
import ssl
import sys
import threading
import traceback
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from .certificates import ADDRESSES, DNS_NAMES
from .datadir import DataDir, Endpoints
from .emulator import Emulator
from .faults import Fault
from .http import Request, Response, html_page, split_target
from .settings import CONTROL_PREFIX, EmulatorError, Settings

# Room for a secret that is too large, so that the secret store can say so itself.
_MAX_BODY = 16 * 2**20
_BACKLOG = 1024
_LOOK_SECONDS = 0.5
_LOOPBACK = "127.0.0.1"
_LOOPBACK_6 = "::1"


def serve(settings: Settings, data_dir: DataDir, *, stop_at_eof: bool = False) -> None:
    """Run until SIGTERM or SIGINT, or until standard input ends, or until the data directory is removed.

    The caller holds the directory's lock.
    """
    data_dir.remove_endpoints()
    try:
        emulator = Emulator(settings, data_dir)
    except (sqlite3.Error, ValueError) as error:
        raise EmulatorError(f"--data-dir: {data_dir.path} does not hold a usable state: {error}") from None
    try:
        asyncio.run(_serve(emulator, stop_at_eof))
    finally:
        data_dir.remove_endpoints()
        emulator.close()


async def _serve(emulator: Emulator, stop_at_eof: bool) -> None:
    # aiohttp would write malformed requests, and with them whatever they hold, to the log.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL + 1)
    settings, data_dir = emulator.settings, emulator.data_dir
    secure = settings.security_mode != "disabled"
    http_sockets = _listen(settings.http_port, "--http-port")
    https_sockets = _listen(settings.https_port, "--https-port") if secure else []
    https_port = https_sockets[0].getsockname()[1] if https_sockets else None
    http_port = http_sockets[0].getsockname()[1]
    runners = [await _start(_Listener(emulator, "http", https_port), http_sockets, None)]
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(data_dir.server_certificate, data_dir.server_key)
        runners.append(await _start(_Listener(emulator, "https", https_port), https_sockets, context))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stop_at_eof:
        threading.Thread(target=_end_with_input, daemon=True).start()
    data_dir.write_endpoints(
        Endpoints(
            http=f"http://{_LOOPBACK}:{http_port}",
            https=f"https://{_LOOPBACK}:{https_port}" if secure else None,
            ca=str(data_dir.ca) if secure else None,
            pid=os.getpid(),
        )
    )
    print(f"dcos-emulator: process {os.getpid()}, {settings.security_mode}, port {https_port or http_port}", flush=True)
    # Without its directory nobody could stop it any more, and what it answers could not be kept.
    while not stop.is_set() and not data_dir.is_removed():
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
    data_dir.remove_endpoints()
    for runner in runners:
        await runner.cleanup()


def _end_with_input() -> None:
    """A thread of its own: a loop can wait for pipes, but not for every kind of standard input."""
    while os.read(0, 65536):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _listen(port: int, option: str) -> list[socket.socket]:
    """Listening sockets on loopback, on IPv6 too where its port is free."""
    try:
        first = _listening_socket(socket.AF_INET, _LOOPBACK, port)
    except OSError as error:
        raise EmulatorError(f"{option}: cannot listen on {_LOOPBACK}:{port}: {error.strerror}") from None
    sockets = [first]
    with contextlib.suppress(OSError):
        sockets.append(_listening_socket(socket.AF_INET6, _LOOPBACK_6, first.getsockname()[1]))
    return sockets


def _listening_socket(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        # At once: with SO_REUSEADDR it is the listening, not the binding, that finds a port taken.
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


async def _start(listener: _Listener, sockets: list[socket.socket], context: ssl.SSLContext | None) -> web.ServerRunner:
    server = web.Server(listener.handle, request_factory=_make_request, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=1.0)
    await runner.setup()
    for each in sockets:
        await web.SockSite(runner, each, ssl_context=context, backlog=_BACKLOG).start()
    return runner


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY)


class _Listener:
    """One of the two ways in."""

    def __init__(self, emulator: Emulator, scheme: str, https_port: int | None) -> None:
        self._emulator = emulator
        self._scheme = scheme
        self._https_port = https_port

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        raw_path, raw_query = split_target(incoming.raw_path)
        if raw_path.startswith(CONTROL_PREFIX):
            return _outgoing(self._emulator.control(await self._read(incoming, raw_path, raw_query)))
        if self._redirects(raw_path):
            answer = self._redirect(incoming, raw_path, raw_query)
            self._log(incoming, raw_path, raw_query, answer, None)
            return _outgoing(answer)
        verdict = self._emulator.faults.judge(incoming.method, raw_path)
        if verdict.delay:
            await asyncio.sleep(verdict.delay)
        kind = verdict.fault.kind if verdict.fault else None
        if kind == "cut_before":
            return self._cut(incoming, raw_path, raw_query, "cut_before")
        try:
            request = await self._read(incoming, raw_path, raw_query)
        except web.HTTPRequestEntityTooLarge:
            answer = html_page(413, "Payload Too Large", "The body is too large.")
        else:
            answer = _faulty(verdict.fault) if verdict.fault and kind == "status" else self._answer(request)
        if kind == "cut_after":
            return self._cut(incoming, raw_path, raw_query, "cut_after")
        self._log(incoming, raw_path, raw_query, answer, verdict.name)
        return _outgoing(answer)

    def _answer(self, request: Request) -> Response:
        try:
            return self._emulator.handle(request)
        except Exception as error:  # an answer is due, whatever happened
            # Without the error's text: it could quote what was sent.
            frames = "".join(traceback.format_tb(error.__traceback__))
            report = f"{type(error).__name__} in {request.method} {request.raw_path}\n{frames}"
            print(report, file=sys.stderr, flush=True)
            return html_page(500, "Internal Server Error", "The emulator failed; its log says where.")

    async def _read(self, incoming: web.BaseRequest, raw_path: str, raw_query: str) -> Request:
        if incoming.headers.get("Expect", "").lower() == "100-continue":
            # curl waits for this before it sends a large body.
            await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            incoming.writer.output_size = 0
        peer = incoming.transport.get_extra_info("peername") if incoming.transport else None
        return Request(
            method=incoming.method,
            raw_path=raw_path,
            raw_query=raw_query,
            headers=incoming.headers,
            body=await incoming.read(),
            scheme=self._scheme,
            peer=(peer[0], peer[1]) if peer else (_LOOPBACK, 0),
        )

    def _redirects(self, raw_path: str) -> bool:
        """Strict sends every plain request to https, permissive only the one for the front page."""
        if self._scheme != "http":
            return False
        mode = self._emulator.settings.security_mode
        return mode == "strict" or (mode == "permissive" and raw_path == "/")

    def _redirect(self, incoming: web.BaseRequest, raw_path: str, raw_query: str) -> Response:
        """To the name that was asked for, if it is one of ours."""
        try:
            host = urlsplit(f"//{incoming.headers.get('Host', '')}").hostname
        except ValueError:
            host = None
        if host not in (*DNS_NAMES, *ADDRESSES):
            host = _LOOPBACK
        host = f"[{host}]" if ":" in host else host
        query = f"?{raw_query}" if raw_query else ""
        location = f"https://{host}:{self._https_port}{raw_path}{query}"
        return html_page(307, HTTPStatus(307).phrase, "This address is served over https.", (("Location", location),))

    def _cut(self, incoming: web.BaseRequest, raw_path: str, raw_query: str, kind: str) -> web.StreamResponse:
        self._log(incoming, raw_path, raw_query, None, kind)
        if incoming.transport is not None:
            incoming.transport.abort()
        return web.Response(status=500)

    def _log(
        self, incoming: web.BaseRequest, raw_path: str, raw_query: str, answer: Response | None, fault: str | None
    ) -> None:
        self._emulator.request_log.write(
            method=incoming.method,
            raw_path=raw_path,
            raw_query=raw_query,
            status=answer.status if answer else None,
            uid=answer.uid if answer else None,
            scheme=self._scheme,
            fault=fault,
        )


def _faulty(fault: Fault) -> Response:
    """What a proxy says for the service behind it."""
    headers: tuple[tuple[str, str], ...] = ()
    if fault.retry_after is not None:
        headers = (("Retry-After", f"{fault.retry_after:g}"),)
    return html_page(fault.status, HTTPStatus(fault.status).phrase, "The emulator was told to fail.", headers)


def _outgoing(answer: Response) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body)
    if answer.content_type is not None:
        response.headers["Content-Type"] = answer.content_type
    elif "Content-Type" in response.headers:
        del response.headers["Content-Type"]
    for name, value in answer.headers:
        response.headers.add(name, value)
    response.headers["Server"] = "dcos-emulator"
    return response
