# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log: one line per decision, in the shapes the services of a cluster write."""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path

from .http import Request
from .request_log import LineLog, safe_query

_UNSAFE = re.compile(r"[\x00-\x20\x7f\"]")


class AuditLog:
    """Lines as a journal would show them."""

    def __init__(self, path: Path) -> None:
        self._log = LineLog(path)
        self._connections = 0

    def admin_router(
        self, request: Request, rid: str, allowed: bool, reason: str, uid: str | None, action: str = "full"
    ) -> None:
        """Admin Router's decision about one request: nginx's own prefix and trailer around the fields."""
        self._connections += 1
        now = datetime.datetime.now(datetime.timezone.utc)
        pid = os.getpid()
        query = safe_query(request.raw_query)
        uri = request.raw_path + (f"?{query}" if query else "")
        client = request.peer[0]
        line = (
            f"{now:%b %d %H:%M:%S} localhost adminrouter.sh[{pid}]: {now:%Y/%m/%d %H:%M:%S} [notice] "
            f"{pid}#0: *{self._connections} [lua] ee.lua:57: auditlog(): type=audit timestamp={now:%Y-%m-%dT%H:%M:%S}Z "
            f"authorizer=adminrouter object={_value(rid)} action={action} result={_result(allowed)} "
            f'reason="{reason}" srcip={client} srcport={request.peer[1]} request_uri={_value(uri)}'
        )
        if uid is not None:
            line += f" uid={_value(uid)}"
        if allowed:
            line += " while sending to client"
        host = _value(request.headers.get("Host", ""))
        line += f', client: {client}, server: master.mesos, request: "{request.method} {_value(uri)} HTTP/1.1", '
        self._log.write(line + f'host: "{host}"')

    def password_refused(self, request: Request, uid: str) -> None:
        """The IAM's security event for a wrong password; a refused login token leaves no such line."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self._log.write(
            f"[{now:%y%m%d-%H:%M:%S}.{now.microsecond // 1000:03d}] [{os.getpid()}:MainThread] "
            f"[bouncer.app.auth.Login] INFO: type=audit timestamp={now:%Y-%m-%dT%H:%M:%S.%f}Z "
            f"srcip={request.peer[0]} component=bouncer action=password-login result=deny "
            f'reason="invalid password provided" uid={_value(uid)}'
        )

    def secrets(self, rid: str, action: str, allowed: bool, uid: str) -> None:
        """The secret store's decision. No real line was ever found; the form is the emulator's own."""
        now = datetime.datetime.now(datetime.timezone.utc)
        reason = "permission granted" if allowed else "permission missing"
        self._log.write(
            f"type=audit timestamp={now:%Y-%m-%dT%H:%M:%S}Z authorizer=secrets object={_value(rid)} action={action} "
            f'result={_result(allowed)} reason="{reason}" uid={_value(uid)}'
        )

    def marathon(self, request: Request, operation: str, path: str, allowed: bool, uid: str) -> None:
        """Marathon's decision: log4j's prefix and suffix, a path in place of a resource, and no reason."""
        now = datetime.datetime.now(datetime.timezone.utc)
        pid, milliseconds = os.getpid(), f"{now.microsecond // 1000:03d}"
        self._log.write(
            f"{now:%b %d %H:%M:%S} localhost marathon.sh[{pid}]: [{now:%Y-%m-%d %H:%M:%S},{milliseconds}] INFO "
            f"timestamp={now:%Y-%m-%dT%H:%M:%S}.{milliseconds}Z type=audit uid={_value(uid)} srcip={request.peer[0]} "
            f"srcport={request.peer[1]} dstip=127.0.0.1 dstport=8443 authorizer=marathon action={operation} "
            f"path={_value(path)} result={_result(allowed)} (dcos.marathon.auditlog:qtp{pid}-1)"
        )

    def mesos(self, authorizer: str, operation: str, rid: str, allowed: bool, uid: str) -> None:
        """The decision of a Mesos master or agent. Real lines of agents are known, but none with a resource id."""
        reason = "Permission granted" if allowed else "Permission denied"
        self._mesos(authorizer, rid, operation, allowed, reason, f' uid="{_value(uid)}"')

    def mesos_unauthenticated(self, request: Request) -> None:
        """The Mesos master's denial of a request without a valid token: its object is the path of the request."""
        self._mesos("mesos-master", request.path, request.method, False, "No valid authorization token", "")

    def _mesos(self, authorizer: str, subject: str, action: str, allowed: bool, reason: str, uid: str) -> None:
        """glog's prefix; values in quotation marks, and a time stamp with a blank that is in none."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self._log.write(
            f"{'I' if allowed else 'W'}{now:%m%d %H:%M:%S.%f} {os.getpid():5d} logfmt.cpp:178] type=audit "
            f'timestamp={now:%Y-%m-%d %H:%M:%S.%f}000+00:00 authorizer="{authorizer}"{uid} action="{action}" '
            f'object="{_value(subject)}" result={_result(allowed)} reason="{reason}"'
        )

    def close(self) -> None:
        self._log.close()


def _result(allowed: bool) -> str:
    return "allow" if allowed else "deny"


def _value(text: str) -> str:
    """A value that can neither end the line nor start another field."""
    return _UNSAFE.sub(lambda found: f"%{ord(found.group()):02X}", text)
