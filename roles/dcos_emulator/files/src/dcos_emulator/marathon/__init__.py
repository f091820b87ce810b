# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon's API below /v2: it creates, updates and deletes apps in groups, and runs nothing.

It checks permissions as the security mode demands: in strict mode always, in permissive mode if a request carries a
token, in disabled mode never.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from ..audit import AuditLog
from ..authorization import Authorization
from ..http import Request, Response, json_document
from ..store import Store
from ..tokens import Caller
from .apps import ROOT, Apps, Definition, app_view, deployment, is_below, version, whole_path
from .decisions import Judge, Refused, unauthorized

_ROUTE = re.compile(r"/v2/(?P<area>[a-z]+)(?P<rest>/.*)?", re.DOTALL)
_CHALLENGE = (("WWW-Authenticate", "acsjwt"),)


@dataclass(frozen=True)
class _Call:
    """A request in progress. path: what follows the area, empty or with a leading slash."""

    request: Request
    path: str
    judge: Judge

    def content(self) -> dict[str, object]:
        try:
            content = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise Refused(400, "Invalid JSON") from None
        if not isinstance(content, dict):
            raise Refused(422, "Object is not valid: it must be a JSON object.")
        return content


class Marathon:
    """One of the services of a cluster, reached through Admin Router or, from inside, at its own address."""

    def __init__(self, store: Store, authorization: Authorization, audit: AuditLog, security_mode: str) -> None:
        self._apps = Apps(store)
        self._authorization = authorization
        self._audit = audit
        self._security_mode = security_mode

    def handle(self, request: Request, path: str, caller: Caller) -> Response:
        """path: the request's path as Marathon knows it."""
        is_needed = self._security_mode == "strict" or (self._security_mode == "permissive" and caller.has_token)
        try:
            judge = Judge(request, caller, is_needed, self._authorization, self._audit)
            judge.require_token()
            return self._route(path, judge)
        except Refused as refused:
            answer = json_document({"message": refused.message}, refused.status)
            return Response(
                answer.status, answer.body, answer.content_type, _CHALLENGE if refused.status == 401 else ()
            )

    def _route(self, path: str, judge: Judge) -> Response:
        found = _ROUTE.fullmatch(path)
        area, rest = (found["area"], (found["rest"] or "").rstrip("/")) if found else ("", "")
        handlers = {
            ("apps", False): {"GET": self._list_apps, "POST": self._create_app},
            ("apps", True): {"GET": self._show_app, "PUT": self._put_app, "DELETE": self._delete_app},
            ("groups", False): {"GET": self._show_group, "POST": self._create_group, "PUT": self._put_group},
            ("groups", True): {
                "GET": self._show_group,
                "POST": self._create_group,
                "PUT": self._put_group,
                "DELETE": self._delete_group,
            },
            ("info", False): {"GET": self._show_info},
            ("events", False): {"GET": self._show_events},
            ("leader", False): {"GET": self._show_leader, "DELETE": self._abdicate},
        }.get((area, bool(rest)))
        if handlers is None:
            raise Refused(404, "There is nothing at this address.")
        handler = handlers.get(judge.request.method)
        if handler is None:
            raise Refused(405, "This address has no such method.")
        return handler(_Call(judge.request, rest, judge))

    # --- apps

    def _list_apps(self, call: _Call) -> Response:
        return json_document({"apps": list(map(app_view, self._shown(call, ROOT).values()))})

    def _shown(self, call: _Call, group: str) -> dict[str, Definition]:
        """The apps of a group that the caller may view: all, by one decision about the group, else the single ones."""
        apps = self._apps.below(group)
        if call.judge.allows("View", "Group", group):
            return apps
        return {app_id: app for app_id, app in apps.items() if call.judge.sees(app_id)}

    def _create_app(self, call: _Call) -> Response:
        definition = call.content()
        app_id = whole_path(definition.get("id"))
        if app_id == ROOT:
            raise Refused(422, "Object is not valid: an app needs a name.")
        call.judge.require("Create", "RunSpec", app_id)
        if self._apps.get(app_id) is not None:
            raise Refused(409, f"An app with id [{app_id}] already exists.")
        self._apps.change({app_id: definition})
        created = json_document(app_view(self._known_app(app_id)), 201)
        return replace(created, headers=(("Location", f"/v2/apps{app_id}"),))

    def _show_app(self, call: _Call) -> Response:
        if call.path.endswith("/*"):
            # Marathon's way to ask for the apps of a group.
            shown = self._shown(call, whole_path(call.path[:-2] or ROOT))
            return json_document({"*": list(map(app_view, shown.values()))})
        app_id = whole_path(call.path)
        app = self._known_app(app_id)
        call.judge.require("View", "RunSpec", app_id)
        return json_document({"app": app_view(app)})

    def _put_app(self, call: _Call) -> Response:
        """Update the given fields, or all with partialUpdate=false; create the app if it is missing."""
        definition = call.content()
        app_id = whole_path(call.path)
        before = self._apps.get(app_id)
        call.judge.require("Create" if before is None else "Update", "RunSpec", app_id)
        if before is not None and call.request.parameter("partialUpdate") != "false":
            definition = {**before, **definition}
        self._apps.change({app_id: definition})
        return json_document(deployment(), 201 if before is None else 200)

    def _delete_app(self, call: _Call) -> Response:
        app_id = whole_path(call.path)
        self._known_app(app_id)
        call.judge.require("Delete", "RunSpec", app_id)
        self._apps.change({}, [app_id])
        return json_document(deployment())

    def _known_app(self, app_id: str) -> Definition:
        app = self._apps.get(app_id)
        if app is None:
            raise Refused(404, f"App '{app_id}' does not exist")
        return app

    # --- groups

    def _show_group(self, call: _Call) -> Response:
        group = self._known_group(call)
        shown, whole = self._shown(call, group), call.judge.sees(group)
        if not shown and not whole:
            raise unauthorized()
        return json_document(self._apps.group_view(group, shown, whole=whole))

    def _create_group(self, call: _Call) -> Response:
        content = call.content()
        group = whole_path(content.get("id"), whole_path(call.path))
        if self._apps.has_group(group):
            raise Refused(409, f"Group {group} is already created. Use PUT to change this group.")
        call.judge.require("Create", "Group", group)
        apps = _apps_in(content, group)
        for app_id in apps:
            call.judge.require("Create", "RunSpec", app_id)
        self._apps.change(apps, group=group)
        return json_document(deployment(), 201)

    def _put_group(self, call: _Call) -> Response:
        """Replace the apps of a group, and of the groups in it, by the given ones; keep them if no list is given."""
        content, group = call.content(), whole_path(call.path)
        is_new = not self._apps.has_group(group)
        call.judge.require("Create" if is_new else "Update", "Group", group)
        wanted = _apps_in(content, group)
        there = self._apps.below(group)
        for app_id in wanted:
            call.judge.require("Update" if app_id in there else "Create", "RunSpec", app_id)
        gone = [app_id for app_id in there if app_id not in wanted] if {"apps", "groups"} & set(content) else []
        for app_id in gone:
            call.judge.require("Delete", "RunSpec", app_id)
        self._apps.change(wanted, gone, group)
        return json_document(deployment(), 201 if is_new else 200)

    def _delete_group(self, call: _Call) -> Response:
        group = self._known_group(call)
        call.judge.require("Delete", "Group", group)
        self._apps.remove_group(group)
        return json_document(deployment())

    def _known_group(self, call: _Call) -> str:
        group = whole_path(call.path)
        if not self._apps.has_group(group):
            raise Refused(404, f"Group '{group}' does not exist")
        return group

    # --- Marathon itself

    def _show_info(self, call: _Call) -> Response:
        call.judge.require_resource("View", "config")
        return json_document({"name": "marathon", "frameworkId": None, "marathon_config": {}})

    def _show_events(self, call: _Call) -> Response:
        """The stream ends after its first event, since nothing happens here."""
        call.judge.require_resource("View", "events")
        attached = json.dumps({"eventType": "event_stream_attached", "timestamp": version()})
        return Response(200, f"event: event_stream_attached\ndata: {attached}\n\n".encode(), "text/event-stream")

    def _show_leader(self, call: _Call) -> Response:
        call.judge.require_resource("View", "leader")
        return json_document({"leader": "127.0.0.1:8443"})

    def _abdicate(self, call: _Call) -> Response:
        call.judge.require_resource("Update", "leader")
        return json_document({"message": "Leadership abdicated"})


def _apps_in(content: dict[str, object], group: str) -> dict[str, Definition]:
    """The apps in the description of a group, including those of the groups in it."""
    apps: dict[str, Definition] = {}
    left: list[tuple[str, dict[str, object]]] = [(group, content)]
    while left:
        path, each = left.pop()
        for app in _objects(each, "apps"):
            app_id = whole_path(app.get("id"), path)
            if not is_below(app_id, path):
                raise Refused(422, f"Object is not valid: the app {app_id} is not in the group {path}.")
            apps[app_id] = app
        for inner in _objects(each, "groups"):
            left.append((whole_path(inner.get("id"), path), inner))
    return apps


def _objects(content: dict[str, object], name: str) -> list[dict[str, object]]:
    found = content.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Refused(422, f"Object is not valid: {name} must be a list of objects.")
    return found
