# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a directory (LDAP). It is kept, but no directory is ever contacted."""

from __future__ import annotations

from ..http import Response
from ..store import Store
from .framing import ApiError, Call, Routes, Schema, document, empty, no_content

_KIND = "ldap"
_NAME = "config"
_SEARCH = ("search-base", "search-filter-template")
_SCHEMA = Schema(
    ("host", "dntemplate", "lookup-dn", "lookup-password", "ca-certs", "client-cert"),
    required=("host", "port", "enforce-starttls", "use-ldaps"),
    others={
        "port": int,
        "enforce-starttls": bool,
        "use-ldaps": bool,
        "user-search": Schema(_SEARCH, required=_SEARCH),
        "group-search": Schema(_SEARCH, required=_SEARCH, others={"member-attributes": list}),
    },
)


class Directory:
    """The resource /ldap/config."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_routes(self, routes: Routes) -> None:
        routes.add("/ldap/config", get=self.read, put=self.replace, delete=self.delete)

    def read(self, call: Call) -> Response:
        return document(self._config())

    def replace(self, call: Call) -> Response:
        self._store.replace_configuration(_KIND, _NAME, _SCHEMA.check_whole(call.content))
        return empty(200)

    def delete(self, call: Call) -> Response:
        self._config()
        self._store.delete_configuration(_KIND, _NAME)
        return no_content()

    def _config(self) -> dict[str, object]:
        config = self._store.configuration(_KIND, _NAME)
        if config is None:
            raise ApiError(400, "No LDAP configuration stored yet.", "ERR_LDAP_CONFIG_NOT_AVAILABLE")
        return config
