# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity and access manager, below /acs/api/v1."""

from __future__ import annotations

from ..audit import AuditLog
from ..authorization import Authorization
from ..http import Request, Response
from ..identity_provider import ISSUER, IdentityProvider
from ..store import Store
from ..tokens import TokenAuthority
from .acls import Acls
from .directory import Directory
from .framing import ApiError, Call, Resources, Routes, check_accept, empty, read_json
from .groups import Groups
from .id_token import IdTokenLogin
from .login import Login
from .open_providers import OpenProviders
from .providers import Providers
from .ui_config import UiConfig
from .user_rights import UserRights
from .users import Users
from .views import PREFIX, Accounts


class Iam:
    """Answers requests that Admin Router let through; it looks at no token itself."""

    def __init__(
        self,
        store: Store,
        authorization: Authorization,
        tokens: TokenAuthority,
        audit: AuditLog,
        *,
        cluster_id: str,
        accounts: Accounts,
        identity_provider: IdentityProvider | None = None,
    ) -> None:
        """identity_provider: whose ID tokens count; with one it is the IAM of an open cluster."""
        resources: list[Resources] = [UiConfig(store, accounts, cluster_id)]
        if identity_provider is None:
            resources += [
                Users(store, authorization, accounts),
                UserRights(store, authorization, accounts),
                Groups(store, authorization, accounts),
                Acls(store, authorization),
                Login(store, tokens, audit),
                Providers(store),
                Directory(store),
            ]
        else:
            resources += [
                Users(store, authorization, accounts, email_provider=ISSUER),
                Login(store, tokens, audit, IdTokenLogin(store, identity_provider)),
                OpenProviders(),
            ]
        self._routes = Routes()
        for each in resources:
            each.add_routes(self._routes)

    def handle(self, request: Request) -> Response:
        """Accept, body, route, method, in this order."""
        try:
            refusal = check_accept(request)
            if refusal is not None:
                return refusal
            content = read_json(request)
            below = request.path.startswith(f"{PREFIX}/")
            found = self._routes.find(request.path.removeprefix(PREFIX)) if below else None
            if found is None:
                return empty(404)
            handlers, arguments = found
            handler = handlers.get(request.method)
            if handler is None:
                return _other_method(request.method, sorted(handlers))
            return handler(Call(request, arguments, content))
        except ApiError as error:
            return error.response()
        except UnicodeEncodeError:
            # Half of a surrogate pair is valid in JSON, but no text that could be stored.
            return ApiError(400, "Cannot decode JSON body: lone surrogate", title="Bad Request").response()


def _other_method(method: str, allowed: list[str]) -> Response:
    if method == "OPTIONS":
        return empty(200, ("Allow", ", ".join(allowed)))
    return empty(405, ("Allow", ", ".join([*allowed, "OPTIONS"])))
