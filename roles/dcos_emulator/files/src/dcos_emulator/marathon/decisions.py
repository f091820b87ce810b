# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions that Marathon checks before it does anything."""

from __future__ import annotations

from dataclasses import dataclass

from ..audit import AuditLog
from ..authorization import Authorization
from ..http import Request
from ..tokens import Caller

_SERVICES = "dcos:service:marathon:marathon:services:"
_ADMIN = "dcos:service:marathon:marathon:admin:"
_ACTIONS = {"Create": "create", "View": "read", "Update": "update", "Delete": "delete"}


class Refused(Exception):
    """An error answer; a message for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Judge:
    """Decides about one request. is_needed: false where the security mode lets Marathon allow everything."""

    request: Request
    caller: Caller
    is_needed: bool
    authorization: Authorization
    audit: AuditLog

    def require_token(self) -> None:
        """Comes first. It writes no audit line, since no source shows one."""
        if self.is_needed and self.caller.uid is None:
            raise Refused(401, "This needs a valid authentication token.")

    def allows(self, verb: str, kind: str, path: str) -> bool:
        """Whether an operation, such as Create on a RunSpec, is allowed on an app or group."""
        return self._decide(f"{verb}{kind}", path, f"{_SERVICES}{path}", _ACTIONS[verb])

    def require(self, verb: str, kind: str, path: str) -> None:
        if not self.allows(verb, kind, path):
            raise unauthorized()

    def require_resource(self, verb: str, name: str) -> None:
        """For Marathon itself: its leader, configuration or events."""
        if not self._decide(f"{verb}Resource", name, f"{_ADMIN}{name}", _ACTIONS[verb]):
            raise unauthorized()

    def sees(self, path: str) -> bool:
        """Whether lists show an app or group to this caller. Leaving something out of a list writes no audit line."""
        uid = self.caller.uid
        return not self.is_needed or (uid is not None and self.authorization.allows(uid, f"{_SERVICES}{path}", "read"))

    def _decide(self, operation: str, path: str, rid: str, action: str) -> bool:
        uid = self.caller.uid
        if not self.is_needed or uid is None:
            return not self.is_needed
        allowed = self.authorization.allows(uid, rid, action)
        self.audit.marathon(self.request, operation, path, allowed, uid)
        return allowed


def unauthorized() -> Refused:
    return Refused(403, "Not Authorized to perform this action!")
