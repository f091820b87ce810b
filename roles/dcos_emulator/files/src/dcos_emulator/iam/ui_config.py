# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the web interface asks for before anybody has logged in."""

from __future__ import annotations

from ..http import Response
from ..store import Store
from .framing import Call, Routes, document
from .views import Accounts

UI_CONFIG: dict[str, object] = {"uiConfiguration": {}}


class UiConfig:
    """The resource /uiconfig: the installed configuration, and whether the first user is still to come."""

    def __init__(self, store: Store, accounts: Accounts, cluster_id: str) -> None:
        self._store = store
        self._accounts = accounts
        self._cluster_id = cluster_id

    def add_routes(self, routes: Routes) -> None:
        routes.add("/uiconfig", get=self.read)

    def read(self, call: Call) -> Response:
        return document(ui_config(self._store, self._accounts, self._cluster_id))


def ui_config(store: Store, accounts: Accounts, cluster_id: str) -> dict[str, object]:
    first = not accounts.listed(store.users(service=False))
    return {**UI_CONFIG, "clusterConfiguration": {"firstUser": first, "id": cluster_id}}
