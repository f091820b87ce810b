# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users belong to and may do."""

from __future__ import annotations

from ..authorization import Authorization
from ..http import Response
from ..store import Acl, Grant, Store
from . import views
from .framing import Call, Routes, document
from .users import known_user


class UserRights:
    """The resources below /users that DC/OS Enterprise alone has."""

    def __init__(self, store: Store, authorization: Authorization, accounts: views.Accounts) -> None:
        self._store = store
        self._authorization = authorization
        self._accounts = accounts

    def add_routes(self, routes: Routes) -> None:
        routes.add("/users/{uid}/groups", get=self.groups)
        routes.add("/users/{uid}/permissions", get=self.permissions)

    def groups(self, call: Call) -> Response:
        user = known_user(self._store, call["uid"])
        return document(
            [
                {"membershipurl": views.membership_url(group.gid, user.uid), "group": self._accounts.group(group)}
                for group in self._store.groups_of(user.uid)
            ]
        )

    def permissions(self, call: Call) -> Response:
        """What the user may do, as far as it shows already."""
        user = known_user(self._store, call["uid"])
        entries: dict[tuple[str, str, str], list[Grant]] = {}
        for grant in self._authorization.grants_of_user(user.uid):
            entries.setdefault((grant.kind, grant.subject, grant.rid), []).append(grant)
        view: dict[str, list[object]] = {"direct": [], "groups": []}
        for (kind, subject, rid), grants in entries.items():
            acl = self._store.acl(rid) or Acl(rid, "")
            entry: dict[str, object] = {"rid": rid}
            common = {"description": acl.description, "aclurl": views.acl_url(rid)}
            actions = [views.action_view(grant) for grant in grants]
            if kind == "user":
                view["direct"].append({**entry, **common, "actions": actions})
            else:
                membership = {"membershipurl": views.membership_url(subject, user.uid)}
                view["groups"].append({**entry, "gid": subject, **common, **membership, "actions": actions})
        return document(view)
