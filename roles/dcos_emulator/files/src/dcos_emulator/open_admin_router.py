# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admin Router of an open cluster: whoever has a valid token may do everything, and nobody notes what was decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from .admin_router import given_token, login_page
from .cosmos import PREFIX as COSMOS_PREFIX
from .cosmos import Cosmos
from .dcos_oauth import UI_CONFIG_PATH
from .http import Request, Response, html_page, uncached
from .iam.views import PREFIX as IAM_PREFIX
from .platform import Platform

_GUARDED = (
    "/agent/",
    "/capabilities",
    "/cosmos/service/",
    "/dcos-metadata/",
    "/exhibitor/",
    "/marathon/",
    "/mesos/",
    "/mesos_dns/",
    "/metadata",
    "/navstar/lashup/key",
    "/net/",
    "/package/",
    "/pkgpanda/",
    "/service/",
    "/slave/",
    "/system/",
    IAM_PREFIX,
)


class Service(Protocol):
    """What is behind the paths of the IAM."""

    def handle(self, request: Request) -> Response:
        """The answer to a request that was let through."""


@dataclass(frozen=True)
class Guard:
    """Who is let in.

    uid_of: the account of a token, None for a token that does not count.
    takes_bearer: whether a token may also come as `Bearer`.
    asks: whether anybody is asked for a token.
    """

    uid_of: Callable[[str], str | None]
    takes_bearer: bool
    asks: bool


class OpenAdminRouter:
    """The only way in.

    ui_config_path: what the service behind the IAM's paths is asked for where the web interface asks who it serves.
    """

    def __init__(self, iam: Service, ui_config_path: str, cosmos: Cosmos, platform: Platform, guard: Guard) -> None:
        self._iam = iam
        self._ui_config_path = ui_config_path
        self._cosmos = cosmos
        self._platform = platform
        self._guard = guard

    def handle(self, request: Request) -> Response:
        path = request.path
        if path.startswith(f"{IAM_PREFIX}/auth/"):
            return self._iam.handle(request)
        if path == UI_CONFIG_PATH:
            return self._iam.handle(replace(request, raw_path=self._ui_config_path))
        public = self._platform.public(request)
        if public is not None:
            return public
        if not path.startswith(_GUARDED):
            return html_page(404, "Not Found", "There is nothing at this address.")
        token = given_token(request, self._guard.takes_bearer)
        uid = self._guard.uid_of(token) if token else None
        if uid is None and self._guard.asks:
            return login_page("oauthjwt")
        return replace(self._forward(request), uid=uid)

    def _forward(self, request: Request) -> Response:
        if request.path.startswith(IAM_PREFIX):
            return uncached(self._iam.handle(request))
        if request.path.startswith(COSMOS_PREFIX):
            return self._cosmos.handle(request)
        return self._platform.guarded(request)
