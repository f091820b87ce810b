# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The one family of errors that the library raises; the module glue turns them into C(fail_json)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from ._visible import visible

Error = TypeVar("Error", bound="DcosError")


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
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        status: int | None = None,
        *,
        title: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        self.message = message if remedy is None else f"{message} {remedy.for_module}"
        super().__init__(self.message)
        self.remedy = remedy
        self.code = code
        self.status = status
        self.title = title

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        # A cluster chooses parts of it: ids, paths, its own sentences.
        self._message = visible(text)

    def copy(self: Error) -> Error:
        """The same error once more: whoever raises it adds what was done before it."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def failure(self) -> dict[str, str | int | None]:
        """The structure that a failed module returns beside its message, for playbooks to branch on."""
        return {"status": self.status, "code": self.code, "title": self.title}


class ApiError(DcosError):
    """The cluster answered a request with an error status.

    is_page: an HTML page came along, which no service of the cluster writes: something in between answered.
    is_no_route: the service knows no such path; it says so with an empty 404, or next to it.
    is_of_dcos_oauth: an open cluster of 1.12 or before answers for its users.
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        status: int | None = None,
        title: str | None = None,
        *,
        is_page: bool = False,
        is_no_route: bool = False,
        is_of_dcos_oauth: bool = False,
    ) -> None:
        super().__init__(message, code, status, title=title)
        self.is_page = is_page
        self.is_no_route = is_no_route
        self.is_of_dcos_oauth = is_of_dcos_oauth

    def with_advice(self, advice: str) -> ApiError:
        """The same error with a further sentence."""
        self.message += f" {advice}"
        return self


class CredentialsError(DcosError):
    """Credentials are missing, incomplete, contradictory, or the cluster does not take them."""

    def __init__(
        self,
        message: str,
        code: str | None = "credentials",
        status: int | None = None,
        title: str | None = None,
    ) -> None:
        super().__init__(message, code, status, title=title)


class OddAnswerError(DcosError):
    """What came back has not the documented form: something in between answered, or a service that is half there."""

    def __init__(self, what: str, url: str, problem: str, status: int | None = None) -> None:
        super().__init__(
            f"{what}: what came back from {url} is no answer of the service that was asked: {problem}. Something in "
            "between may have answered, such as a proxy or a login page, or the service is starting. Check dcos_url "
            "and the cluster, and run again.",
            status=status,
        )


class UnreachableError(DcosError):
    """No answer came: the connection failed, broke or timed out.

    sent: whether the request may have reached the cluster, so that a write may have happened.
    """

    def __init__(self, message: str, sent: bool = True) -> None:
        super().__init__(message, "unreachable")
        self.sent = sent


class TlsError(DcosError):
    """The server's certificate does not verify, or the CA bundle cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "tls")
