# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected resources, and the actions on them that users and groups were granted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..authorization import ACTIONS, SUPERUSER, SUPERUSERS_GROUP, Authorization
from ..http import Response
from ..store import Acl, Grant, Store, SubjectKind
from . import views
from .framing import ApiError, Call, Handler, Routes, Schema, created, document, no_content
from .groups import known_group, superuser_group_error
from .users import known_user

_BODY = Schema(("description",), required=("description",))
_DELETE = "\x7f"


def _is_valid_rid(rid: str) -> bool:
    return rid != "" and not any(character.isspace() or character < " " or character == _DELETE for character in rid)


class Acls:
    """The resources below /acls."""

    def __init__(self, store: Store, authorization: Authorization) -> None:
        self._store = store
        self._authorization = authorization

    def add_routes(self, routes: Routes) -> None:
        routes.add("/acls", get=self.list_all)
        routes.add("/acls/{rid}", get=self.read, put=self.create, patch=self.update, delete=self.delete)
        routes.add("/acls/{rid}/permissions", get=self.permissions)
        kinds: tuple[SubjectKind, ...] = ("user", "group")
        for kind in kinds:
            template = f"/acls/{{rid}}/{kind}s/{{subject}}"

            def of(handler: Callable[[SubjectKind, Call], Response], kind: SubjectKind = kind) -> Handler:
                return partial(handler, kind)

            routes.add(template, get=of(self.actions), delete=of(self.revoke_all))
            routes.add(template + "/{action}", get=of(self.allowed), put=of(self.grant), delete=of(self.revoke))

    def _known(self, call: Call) -> Acl:
        rid = views.decode_rid(call["rid"])
        acl = self._store.acl(rid)
        if acl is None:
            raise ApiError(400, f"Protected resource with rid `{rid}` not known.", "ERR_UNKNOWN_RESOURCE_ID")
        return acl

    def _known_subject(self, kind: SubjectKind, call: Call) -> str:
        if kind == "user":
            return known_user(self._store, call["subject"]).uid
        return known_group(self._store, call["subject"]).gid

    def list_all(self, call: Call) -> Response:
        return document([views.acl_view(acl) for acl in self._store.acls()])

    def read(self, call: Call) -> Response:
        return document(views.acl_view(self._known(call)))

    def create(self, call: Call) -> Response:
        body = _BODY.check(call.content)
        rid = views.decode_rid(call["rid"])
        if not _is_valid_rid(rid):
            raise ApiError(400, f"Invalid resource ID: {rid}", "ERR_INVALID_RESOURCE_ID")
        if not self._store.add_acl(Acl(rid, body["description"])):
            raise ApiError(409, f"ACL for resource `{rid}` already exists.", "ERR_ACL_EXISTS")
        return created()

    def update(self, call: Call) -> Response:
        body = _BODY.check(call.content)
        self._store.update_acl(self._known(call).rid, body["description"])
        return no_content()

    def delete(self, call: Call) -> Response:
        acl = self._known(call)
        if acl.rid == SUPERUSER:
            raise ApiError(400, "The ACL for `dcos:superuser` cannot be removed.", "ERR_IS_SUPERUSER_ACL")
        gone = self._store.grants_on("user", acl.rid) + self._store.grants_on("group", acl.rid)
        self._store.delete_acl(acl.rid)
        self._authorization.changed(gone, granted=False)
        return no_content()

    def permissions(self, call: Call) -> Response:
        acl = self._known(call)
        users: dict[str, list[object]] = {}
        for grant in self._store.grants_on("user", acl.rid):
            users.setdefault(grant.subject, []).append(views.action_view(grant))
        groups: dict[str, list[object]] = {}
        for grant in self._store.grants_on("group", acl.rid):
            groups.setdefault(grant.subject, []).append(views.action_view(grant))
        return document(
            {
                "users": [
                    {"uid": uid, "userurl": views.user_url(uid), "actions": actions} for uid, actions in users.items()
                ],
                "groups": [
                    {"gid": gid, "groupurl": views.group_url(gid), "actions": actions}
                    for gid, actions in groups.items()
                ],
            }
        )

    def actions(self, kind: SubjectKind, call: Call) -> Response:
        acl, subject = self._known(call), self._known_subject(kind, call)
        grants = self._store.grants_between(kind, subject, acl.rid)
        if not grants:
            raise _not_in_acl(kind, subject, acl.rid)
        return document([views.action_view(grant) for grant in grants])

    def revoke_all(self, kind: SubjectKind, call: Call) -> Response:
        acl, subject = self._known(call), self._known_subject(kind, call)
        grants = self._store.grants_between(kind, subject, acl.rid)
        if not grants:
            raise _not_in_acl(kind, subject, acl.rid)
        return self._remove(grants)

    def allowed(self, kind: SubjectKind, call: Call) -> Response:
        """Whether exactly this action is stored; `full` implies nothing here."""
        grant = self._named(kind, call)
        return document({"allowed": grant in self._store.grants_between(kind, grant.subject, grant.rid)})

    def grant(self, kind: SubjectKind, call: Call) -> Response:
        """Never makes the ACL; a second time it is a conflict."""
        grant = self._named(kind, call)
        if not self._store.add_grant(grant):
            holder = f"{kind} `{grant.subject}` on resource `{grant.rid}`"
            text = f"Action `{grant.action}` is already permitted for {holder}."
            raise ApiError(409, text, "ERR_PERMISSION_EXISTS")
        self._authorization.changed([grant], granted=True)
        return no_content()

    def revoke(self, kind: SubjectKind, call: Call) -> Response:
        grant = self._named(kind, call)
        stored = self._store.grants_between(kind, grant.subject, grant.rid)
        if not stored:
            raise _not_in_acl(kind, grant.subject, grant.rid)
        if grant not in stored:
            text = f"Action `{grant.action}` unknown for {kind} `{grant.subject}` in ACL for resource `{grant.rid}`"
            raise ApiError(400, text, "ERR_ACTION_NOT_YET_STORED")
        return self._remove([grant])

    def _named(self, kind: SubjectKind, call: Call) -> Grant:
        """The grant a path names; action, then resource, then user or group are checked."""
        if call["action"] not in ACTIONS:
            raise ApiError(400, f"Invalid action: {call['action']}", "ERR_INVALID_ACTION")
        acl = self._known(call)
        return Grant(kind, self._known_subject(kind, call), acl.rid, call["action"])

    def _remove(self, grants: list[Grant]) -> Response:
        for grant in grants:
            if (grant.kind, grant.subject, grant.rid, grant.action) == ("group", SUPERUSERS_GROUP, SUPERUSER, "full"):
                raise superuser_group_error()
        self._store.remove_grants(grants)
        self._authorization.changed(grants, granted=False)
        return no_content()


def _not_in_acl(kind: SubjectKind, subject: str, rid: str) -> ApiError:
    text = f"{kind.capitalize()} `{subject}` is not part of ACL for resource `{rid}`"
    return ApiError(400, text, f"ERR_{kind.upper()}_NOT_IN_ACL")
