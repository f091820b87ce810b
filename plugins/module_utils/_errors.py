# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The one family of errors that the library raises; the module glue turns them into C(fail_json)."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass

VARIABLES_OF_OPTIONS = {
    "description": "description",
    "legacy_login_endpoint": "legacy_login_endpoint",
    "path": "secret_path",
    "private_key_path": "key_dir",
    "public_key_path": "key_dir",
    "secret_path": "secret_path",
    "secret_store": "secret_store",
    "security_mode": "security_mode",
    "store": "secret_store",
    "uid": "account",
}
"""What the options of modules are in the role dcos_service and in the entries of dcos_services, without prefix."""

_OPTION = re.compile(r"(\w+)(?=: | \()")
"""Messages about an option begin with its name."""


@dataclass(frozen=True)
class Remedy:
    """What to do about an error, for those who use the module, and for those who use the role or a list of services.

    for_service: C({prefix}) stands before the names of variables.
    """

    for_module: str
    for_service: str


class DcosError(Exception):
    """Something that the user must hear about.

    message: what was tried, on which object, what came back and what to do next. Never holds secret material.
    code: the server's error code (``ERR_...``) or one of ours (``invalid_uid``, ``key_mismatch`` ...).
    status: the HTTP status where a server answered.
    title: the server's short title, or the HTTP reason.
    remedy: what to do next, where that depends on what the user works with; ends the message.
    done: what was done before it, in words.
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        status: int | None = None,
        title: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        self.message = message if remedy is None else f"{message} {remedy.for_module}"
        super().__init__(self.message)
        self.remedy = remedy
        self.code = code
        self.status = status
        self.title = title
        self.done: tuple[str, ...] = ()

    def in_terms_of_service(self, prefix: str) -> DcosError:
        """The same for somebody who wrote the variables of a service, not the options of a module."""
        told = copy(self)  # several services may share this one
        if self.remedy is not None:
            told.message = told.message.replace(
                self.remedy.for_module, self.remedy.for_service.format(prefix=prefix), 1
            )
        option = _OPTION.match(told.message)
        if option is not None and option[1] in VARIABLES_OF_OPTIONS:
            told.message = f"{prefix}{VARIABLES_OF_OPTIONS[option[1]]}{told.message[option.end() :]}"
        return told

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
