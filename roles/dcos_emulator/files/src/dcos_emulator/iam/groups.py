# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and who is in them."""

from __future__ import annotations

from ..authorization import SUPERUSERS_GROUP, Authorization
from ..http import Response
from ..identifiers import is_valid_id
from ..store import Grant, Group, Store
from . import views
from .framing import ApiError, Call, Routes, Schema, created, document, invalid_data, no_content
from .users import is_last_superuser, known_user, last_superuser_error

_CREATE = Schema(("description", "provider_type"), required=("description",))
_UPDATE = Schema(("description",), required=("description",))
_PROVIDER_TYPES = ("internal", "ldap")


def known_group(store: Store, gid: str) -> Group:
    group = store.group(gid)
    if group is None:
        raise ApiError(400, f"Group with gid `{gid}` not known.", "ERR_UNKNOWN_GROUP_ID")
    return group


def superuser_group_error() -> ApiError:
    text = "The `superusers` group must have `full` permission on the `dcos:superuser` resource."
    return ApiError(400, text, "ERR_IS_SUPERUSER_GROUP")


class Groups:
    """The resources below /groups."""

    def __init__(self, store: Store, authorization: Authorization, accounts: views.Accounts) -> None:
        self._store = store
        self._authorization = authorization
        self._accounts = accounts

    def add_routes(self, routes: Routes) -> None:
        routes.add("/groups", get=self.list_all)
        routes.add("/groups/{gid}", get=self.read, put=self.create, patch=self.update, delete=self.delete)
        routes.add("/groups/{gid}/permissions", get=self.permissions)
        routes.add("/groups/{gid}/users", get=self.members)
        routes.add("/groups/{gid}/users/{uid}", put=self.add_member, delete=self.remove_member)

    def list_all(self, call: Call) -> Response:
        return document([self._accounts.group(group) for group in self._store.groups()])

    def read(self, call: Call) -> Response:
        return document(self._accounts.group(known_group(self._store, call["gid"])))

    def create(self, call: Call) -> Response:
        body = _CREATE.check(call.content)
        provider_type = body.get("provider_type", "internal")
        if provider_type not in _PROVIDER_TYPES:
            raise invalid_data(f"Invalid provider_type: {provider_type}")
        gid = call["gid"]
        if not is_valid_id(gid):
            raise ApiError(400, f"Invalid group ID: {gid}", "ERR_INVALID_GROUP_ID")
        if not self._store.add_group(Group(gid, body["description"], provider_type)):
            raise ApiError(409, f"Group with id `{gid}` already exists.", "ERR_GROUP_EXISTS")
        return created()

    def update(self, call: Call) -> Response:
        body = _UPDATE.check(call.content)
        group = known_group(self._store, call["gid"])
        self._store.update_group(group.gid, body["description"])
        return no_content()

    def delete(self, call: Call) -> Response:
        group = known_group(self._store, call["gid"])
        if group.gid == SUPERUSERS_GROUP:
            raise superuser_group_error()
        gone, members = self._store.grants_to("group", group.gid), self._store.members(group.gid)
        self._store.delete_group(group.gid)
        for member in members:
            self._authorization.changed(gone, granted=False, uid=member.uid)
        return no_content()

    def members(self, call: Call) -> Response:
        group = known_group(self._store, call["gid"])
        service = call.request.parameter("type") == "service"
        return document(
            [
                {"membershipurl": views.membership_url(group.gid, user.uid), "user": self._accounts.user(user)}
                for user in self._accounts.listed(self._store.members(group.gid, service=service))
            ]
        )

    def add_member(self, call: Call) -> Response:
        group, user = known_group(self._store, call["gid"]), known_user(self._store, call["uid"])
        if not self._store.add_member(group.gid, user.uid):
            text = f"User `{user.uid}` is already a member of group `{group.gid}`."
            raise ApiError(409, text, "ERR_USER_ALREADY_IN_GROUP")
        self._authorization.changed(self._store.grants_to("group", group.gid), granted=True, uid=user.uid)
        return no_content()

    def remove_member(self, call: Call) -> Response:
        group, user = known_group(self._store, call["gid"]), known_user(self._store, call["uid"])
        if group.gid == SUPERUSERS_GROUP and is_last_superuser(self._store, user.uid):
            raise last_superuser_error()
        if not self._store.remove_member(group.gid, user.uid):
            raise ApiError(400, f"User `{user.uid}` is not a member of group `{group.gid}`.", "ERR_USER_NOT_IN_GROUP")
        self._authorization.changed(self._store.grants_to("group", group.gid), granted=False, uid=user.uid)
        return no_content()

    def permissions(self, call: Call) -> Response:
        group = known_group(self._store, call["gid"])
        entries: dict[str, list[Grant]] = {}
        for grant in self._store.grants_to("group", group.gid):
            entries.setdefault(grant.rid, []).append(grant)
        view = []
        for rid, grants in entries.items():
            acl = self._store.acl(rid)
            actions = [views.action_view(grant) for grant in grants]
            description = "" if acl is None else acl.description
            view.append({"rid": rid, "description": description, "aclurl": views.acl_url(rid), "actions": actions})
        return document(view)
