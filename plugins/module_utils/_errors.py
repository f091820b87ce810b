# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The one family of errors that the library raises; the module glue turns them into C(fail_json)."""

from __future__ import annotations


class DcosError(Exception):
    """Something that the user must hear about.

    message: what was tried, on which object, what came back and what to do next. Never holds secret material.
    code: the server's error code (``ERR_...``) or one of ours (``invalid_uid``, ``key_mismatch`` ...).
    status: the HTTP status where a server answered.
    title: the server's short title, or the HTTP reason.
    done: what was done before it, in words.
    """

    def __init__(
        self, message: str, code: str | None = None, status: int | None = None, title: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.title = title
        self.done: tuple[str, ...] = ()

    def failure(self) -> dict[str, str | int | None]:
        """The structure that a failed module returns beside its message, for playbooks to branch on."""
        return {"status": self.status, "code": self.code, "title": self.title}


class ApiError(DcosError):
    """The cluster answered a request with an error status."""


class CredentialsError(DcosError):
    """Credentials are missing, incomplete, contradictory, or the cluster does not take them."""

    def __init__(
        self,
        message: str,
        code: str | None = "credentials",
        status: int | None = None,
        title: str | None = None,
    ) -> None:
        super().__init__(message, code, status, title)


class UnreachableError(DcosError):
    """No answer came: the connection failed, broke or timed out, so a write may or may not have happened."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "unreachable")


class TlsError(DcosError):
    """The server's certificate does not verify, or the CA bundle cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "tls")
