# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""How a cluster receives who comes without a token: that tells DC/OS Enterprise from an open cluster, of any version.

The DC/OS CLI asks in the same way before it logs in.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import ApiError, DcosError, OddAnswerError
from .http import HttpClient, Judgement, Repeats, Request

ENTERPRISE = "enterprise"
OPEN = "open"

_GUARDED_FILE = "/pkgpanda/active.buildinfo.full.json"
_CHALLENGES = {"acsjwt": ENTERPRISE, "oauthjwt": OPEN}


@dataclass(frozen=True)
class Gate:
    """What the cluster says to a request without a token.

    variant: which kind of cluster it is; None where it does not tell.
    authentication: whether it wants a token at all. Only an open cluster can be installed without.
    """

    variant: str | None
    authentication: bool


def ask_gate(http: HttpClient, patient: bool = False) -> Gate:
    """Ask; whatever else comes back is an error.

    patient: whether to try again; not where there is another error to tell.
    """
    what = "asking whether the cluster wants a token"
    request = Request("HEAD", _GUARDED_FILE, what, authenticated=False)
    answer = http.send(request, Judgement((200, 401)), Repeats(patient=patient))
    if answer.status == 401:
        return Gate(_CHALLENGES.get(answer.headers.get("WWW-Authenticate", "").strip().lower()), True)
    if answer.media_type != "application/json":
        raise OddAnswerError(what, http.url, "it is not the file that was asked for", 200)
    return Gate(OPEN, False)


def gate_opens(http: HttpClient, token: str) -> bool:
    """Whether the cluster takes a token."""
    request = Request("HEAD", _GUARDED_FILE, "asking whether the cluster takes a kept token", token=token)
    return http.send(request, Judgement((200, 401, 403))).status != 401


def lets_everybody_in(http: HttpClient) -> bool:
    """Whether authentication is switched off."""
    try:
        return not ask_gate(http).authentication
    except DcosError:
        return False


class EnterpriseOnlyError(ApiError):
    """What was asked for exists on DC/OS Enterprise only, and this cluster is an open one."""

    def __init__(self, what: str, url: str, lacking: str, error: ApiError) -> None:
        super().__init__(
            f"{what}: {url} is an open DC/OS cluster, which has no {lacking}. That takes DC/OS Enterprise.",
            "mode",
            error.status,
            error.title,
        )


def enterprise_only(http: HttpClient, what: str, lacking: str, error: ApiError, *, otherwise: str) -> ApiError:
    """The error for a route that is not there: that of an open cluster, else the same one with other advice."""
    try:
        is_open = ask_gate(http).variant == OPEN
    except DcosError:
        is_open = False
    if is_open:
        return EnterpriseOnlyError(what, http.url, lacking, error)
    return error.with_advice(otherwise)
