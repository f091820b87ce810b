# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast reads are answered."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from conformance_support import IAM, Emulator

READS, CONNECTIONS = 2000, 4
WANTED = 1000
"""A second, over TLS connections that are kept alive, with the client on a core of its own."""


def used_seconds(pid: int) -> float:
    """The processor time a process has used, which does not depend on what else the machine does; else the clock."""
    source = Path(f"/proc/{pid}/stat")
    if not source.exists():
        return time.monotonic()
    user, system = source.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("path", ["/users/bootstrapuser", "/users/bootstrapuser/permissions"])
def test_reads(emulator: Emulator, path: str) -> None:
    """The emulator's own promise."""
    host = emulator.url.removeprefix("https://")
    request = f"GET {IAM}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: token={emulator.token()}\r\n\r\n".encode()
    failures: list[bytes] = []

    def read() -> None:
        connection = emulator.connect()
        connection.connect()
        for _turn in range(READS // CONNECTIONS):
            connection.sock.sendall(request)
            answer = b""
            while not answer.endswith(b"}\n"):
                answer += connection.sock.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200 "):
                failures.append(answer)
        connection.close()

    threads = [threading.Thread(target=read) for _turn in range(CONNECTIONS)]
    start = used_seconds(emulator.pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = READS / (used_seconds(emulator.pid) - start)
    assert not failures
    assert rate >= WANTED, f"{rate:.0f} reads a second"
