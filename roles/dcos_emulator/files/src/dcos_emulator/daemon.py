# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting an emulator in the background and stopping it again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from .datadir import DataDir, Endpoints
from .settings import CONTROL_PREFIX, EmulatorError

PASSWORD_VARIABLE = "DCOS_EMULATOR_SUPERUSER_PASSWORD"  # noqa: S105 (a name)

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_USAGE = re.compile(r"\Ausage: .*?^dcos-emulator[ a-z]*: error: ", re.DOTALL | re.MULTILINE)


def launch(
    arguments: list[str], password: str, data_dir: DataDir, stdin: int = subprocess.DEVNULL
) -> tuple[subprocess.Popen[bytes], Endpoints]:
    """Start `serve` in a session of its own; return once it answers, or say why it does not."""
    environment = {**os.environ, PASSWORD_VARIABLE: password}
    with open(os.open(data_dir.process_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "dcos_emulator", "serve", *arguments],
            stdin=stdin,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
            cwd="/",
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            process.communicate()
            raise EmulatorError(_tail(data_dir.process_log, start) or f"it ended with code {process.returncode}")
        endpoints = data_dir.read_endpoints()
        if endpoints is not None and endpoints.pid == process.pid and _answers(endpoints):
            return process, endpoints
        time.sleep(_POLL_SECONDS)
    process.kill()
    process.communicate()
    raise EmulatorError(f"it did not answer within {_START_SECONDS:.0f} s")


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as stream:
        stream.seek(start)
        text = stream.read().decode("utf-8", "replace").strip()
    return _USAGE.sub("", text).removeprefix("dcos-emulator: ")


def stop(data_dir: DataDir) -> bool:
    """End the emulator that runs on this directory; whether there was one.

    Only the owner of the directory's lock is ever signalled, so a process id that someone else has by now is safe.
    """
    deadline = time.monotonic() + _STOP_SECONDS
    signalled: int | None = None
    while (owner := data_dir.owner()) is not None:
        if time.monotonic() > deadline:
            os.kill(owner, signal.SIGKILL)
            deadline += _STOP_SECONDS
        elif owner != signalled:
            os.kill(owner, signal.SIGTERM)
            signalled = owner
        time.sleep(_POLL_SECONDS)
    data_dir.remove_endpoints()
    return signalled is not None


def set_faults(data_dir: DataDir, faults: object | None) -> dict[str, object]:
    """Replace the running emulator's faults, or only read them; what is in force afterwards."""
    endpoints = data_dir.read_endpoints()
    if endpoints is None or data_dir.owner() is None:
        raise EmulatorError(f"no emulator runs on {data_dir.path}")
    if faults is None:
        return _control(endpoints, "faults", None)
    return _control(endpoints, "faults", json.dumps({"faults": faults}).encode())


def health(endpoints: Endpoints) -> dict[str, object]:
    """What the running emulator says about itself."""
    return _control(endpoints, "health", None)


def _answers(endpoints: Endpoints) -> bool:
    try:
        return bool(health(endpoints)["status"] == "ok")
    except EmulatorError:
        return False


def _control(endpoints: Endpoints, name: str, body: bytes | None) -> dict[str, object]:
    """Talk to the control interface over plain http, which is there in every mode, and never through a proxy."""
    headers = {"Content-Type": "application/json"} if body else {}
    method = "PUT" if body else "GET"
    url = f"{endpoints.http}{CONTROL_PREFIX}{name}"
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 (our own file's http address)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as response:
            document: dict[str, object] = json.load(response)
            return document
    except urllib.error.HTTPError as error:
        raise EmulatorError(json.load(error).get("message", str(error))) from None
    except OSError as error:
        raise EmulatorError(f"{endpoints.http} does not answer: {error}") from None
