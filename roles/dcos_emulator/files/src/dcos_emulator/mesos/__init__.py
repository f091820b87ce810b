# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mesos master's side of the scheduler API: it decides about the calls of schedulers, and runs nothing.

In strict mode it authenticates callers and checks permissions. In the other modes it allows everything and writes no
audit line. Its answer to SUBSCRIBE ends at once; a scheduler subscribes again to learn what happened to its operations.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from urllib.parse import parse_qs

from ..audit import AuditLog
from ..authorization import Authorization
from ..http import Request, Response
from ..tokens import Caller
from .frameworks import Framework, Frameworks
from .messages import BadRequest, Event, at, error, objects, operation_error, parse, required, stream, task_error, text
from .permissions import Asked, Step, steps_of, to_register, to_tear_down

_SCHEDULER = ("/api/v1/scheduler", "/master/api/v1/scheduler")
_TEARDOWN = ("/teardown", "/master/teardown")
_STREAM_ID = "Mesos-Stream-Id"
_TEXT = "text/plain; charset=utf-8"
# Calls that need no permission.
_FREE_CALLS = (
    *("ACCEPT_INVERSE_OFFERS", "DECLINE", "DECLINE_INVERSE_OFFERS", "REQUEST", "REVIVE", "SUPPRESS"),
    *("ACKNOWLEDGE", "ACKNOWLEDGE_OPERATION_STATUS", "RECONCILE", "RECONCILE_OPERATIONS"),
    *("KILL", "MESSAGE", "SHUTDOWN"),
)


class Mesos:
    """One of the services of a cluster, reached through Admin Router or, from inside, at its own address."""

    def __init__(self, authorization: Authorization, audit: AuditLog, *, strict: bool, agents_ask: bool) -> None:
        """agents_ask: whether agents check the user of a task too, as they do from DC/OS 1.10 on."""
        self._authorization = authorization
        self._audit = audit
        self._strict = strict
        self._agents_ask = agents_ask
        self._frameworks = Frameworks()

    @staticmethod
    def serves(path: str) -> bool:
        return path in (*_SCHEDULER, *_TEARDOWN)

    def handle(self, request: Request, path: str, caller: Caller) -> Response:
        """path: the request's path as Mesos knows it."""
        if not self.serves(path):
            return _told(404, "There is nothing at this address.")
        if self._strict and caller.uid is None:
            self._audit.mesos_unauthenticated(request)
            challenges = (("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", "acsjwt"))
            return Response(401, b"This needs a valid authentication token.", _TEXT, challenges)
        if request.method != "POST":
            return Response(405, b"Expecting one of { 'POST' }", _TEXT, (("Allow", "POST"),))
        principal = caller.uid if self._strict else None
        try:
            return self._call(request, principal) if path in _SCHEDULER else self._tear_down(request, principal)
        except BadRequest as bad:
            return _told(400, str(bad))

    # --- calls of schedulers

    def _call(self, request: Request, principal: str | None) -> Response:
        if request.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
            return _told(415, "Expecting 'Content-Type' of application/json; the emulator reads nothing else")
        call = parse(request.body)
        kind = required(call, "type")
        if kind == "SUBSCRIBE":
            return self._subscribe(call, principal)
        if kind not in (*_FREE_CALLS, "ACCEPT", "TEARDOWN"):
            raise BadRequest(f"Failed to validate scheduler::Call: '{kind}' is no type of a call")
        framework = self._framework_of(call, request, principal)
        if kind == "ACCEPT":
            # All are read before the first is decided on.
            steps = [step for each in objects(call, "accept", "operations") for step in steps_of(each, framework.user)]
            for step in steps:
                framework.events += self._perform(framework, step)
        elif kind == "TEARDOWN":
            self._frameworks.remove(framework)
        return Response(202)

    def _subscribe(self, call: dict[str, object], principal: str | None) -> Response:
        info = at(call, "subscribe", "framework_info")
        required(info, "name")
        user, named = required(info, "user"), text(info, "principal")
        roles = _roles(info)
        framework_id = text(info, "id", "value") or text(call, "framework_id", "value")
        if principal is not None and named not in (principal, None):
            raise BadRequest(
                f"Failed to validate scheduler::Call: Authenticated principal '{principal}' does not match principal "
                f"'{named}' set in `FrameworkInfo`"
            )
        known = self._frameworks.get(framework_id)
        named = named or principal
        if known is not None and known.principal != named:
            return _events([error("Changing framework's principal is not allowed.")])
        if not self._allow(principal, to_register(roles)):
            return _events([error(f"Not authorized to use roles '[ {', '.join(roles)} ]'")])
        framework = self._frameworks.subscribe(framework_id, named, user, roles)
        told: list[Event] = [
            {
                "type": "SUBSCRIBED",
                "subscribed": {"framework_id": {"value": framework.id}, "heartbeat_interval_seconds": 15.0},
            },
            *framework.events,
            {"type": "OFFERS", "offers": {"offers": [_offer(framework, role) for role in roles]}},
        ]
        framework.events = []
        return _events(told, (_STREAM_ID, framework.stream_id))

    def _framework_of(self, call: dict[str, object], request: Request, principal: str | None) -> Framework:
        """The subscribed framework that a call is for; only it may send it."""
        framework = self._frameworks.get(text(call, "framework_id", "value"))
        if framework is None:
            raise BadRequest("Framework cannot be found")
        if principal is not None and framework.principal != principal:
            raise BadRequest(
                f"Authenticated principal '{principal}' does not match principal '{framework.principal}' set in "
                "`FrameworkInfo`"
            )
        if request.headers.get(_STREAM_ID) != framework.stream_id:
            raise BadRequest(f"All non-subscribe calls should include the '{_STREAM_ID}' header of the subscription")
        return framework

    def _perform(self, framework: Framework, step: Step) -> list[Event]:
        """What the framework is told: what was refused. An operation without an id is dropped without notice."""
        subject, principal = step.subject, framework.principal
        by_master = self._allow(principal, step.of_master)
        if by_master and (not self._agents_ask or self._allow(principal, step.of_agent)):
            return []
        if step.user is not None:
            source = "SOURCE_AGENT" if by_master else "SOURCE_MASTER"
            return [task_error(subject, source, f"Not authorized to launch as user '{step.user}'")]
        if at(subject, "id") is None:
            return []
        return [operation_error(subject, f"Not authorized to perform {subject['type']} as '{principal}'")]

    # --- operators

    def _tear_down(self, request: Request, principal: str | None) -> Response:
        """End somebody's framework."""
        ids = parse_qs(request.body.decode("utf-8", "replace")).get("frameworkId", [])
        framework = self._frameworks.get(ids[0]) if len(ids) == 1 else None
        if framework is None:
            raise BadRequest("No framework found with specified ID")
        if not self._allow(principal, [to_tear_down(framework.principal)]):
            return _told(403, "")
        self._frameworks.remove(framework)
        return Response(200)

    def _allow(self, principal: str | None, questions: Iterable[Asked]) -> bool:
        """Whether all are allowed. Each question is asked, and logged."""
        if not self._strict or principal is None:
            return not self._strict
        answers = []
        for asked in questions:
            answers.append(self._authorization.allows(principal, asked.rid, asked.action))
            self._audit.mesos(asked.authorizer, asked.operation, asked.rid, answers[-1], principal)
        return all(answers)


def _roles(info: object) -> list[str]:
    """A list, or a single role as in older versions of Mesos; the default role if there is none."""
    roles = at(info, "roles")
    if roles is None:
        return [text(info, "role") or "*"]
    if not isinstance(roles, list) or not all(isinstance(role, str) and role for role in roles):
        raise BadRequest("Failed to parse body into Call protobuf: 'roles' is not a list of texts")
    return list(dict.fromkeys(roles))


def _offer(framework: Framework, role: str) -> dict[str, object]:
    """Something to accept. Nothing checks whether operations keep within it."""
    return {
        "id": {"value": str(uuid.uuid4())},
        "framework_id": {"value": framework.id},
        "agent_id": {"value": "emulated-agent"},
        "hostname": "localhost",
        "allocation_info": {"role": role},
        "resources": [
            {"name": name, "type": "SCALAR", "scalar": {"value": amount}, "allocation_info": {"role": role}}
            for name, amount in (("cpus", 4.0), ("mem", 8192.0), ("disk", 65536.0))
        ],
    }


def _events(events: list[Event], *headers: tuple[str, str]) -> Response:
    return Response(200, stream(events), "application/json", headers)


def _told(status: int, message: str) -> Response:
    return Response(status, message.encode(), _TEXT)
