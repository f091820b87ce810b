# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to log in to an open cluster, which nobody configures."""

from __future__ import annotations

from ..http import Response
from .framing import Call, Routes, document
from .providers import own_providers


class OpenProviders:
    """The resource /auth/providers."""

    def add_routes(self, routes: Routes) -> None:
        routes.add("/auth/providers", get=self.list_all)

    def list_all(self, call: Call) -> Response:
        by_id_token = {
            "authentication-type": "oidc-implicit-flow",
            "description": "DC/OS Auth0-based SSO through Google, GitHub, or Microsoft",
            "client-method": "browser-prompt-oidcidtoken-get-authtoken",
            "config": {"start_flow_url": "/login"},
        }
        return document({**own_providers(), "dcos-oidc-auth0": by_id_token})
