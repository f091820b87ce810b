# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The results for services as lines of text: every fact about one, or a table of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from ._columns import aligned
from ._wording import counted

_OUTCOMES = ("failed", "new", "changed", "rotated", "retired", "unchanged", "skipped", "already gone")
"""In the order in which they are shown: what somebody must look at comes first."""

_HEAD = ("outcome", "service", "account", "details")


class Grant(TypedDict):
    rid: str


class Service(TypedDict, total=False):
    """An entry of the result of dcos_services, or what the role says about its service."""

    name: str
    state: str | None
    changed: bool
    failed: bool
    msg: str
    account: str | None
    security_mode: str | None
    secret: str | None
    fingerprint: str | None
    granted: Sequence[Grant]
    revoked: Sequence[Grant]
    left_out: Sequence[Grant]
    superuser: bool
    key_changed: bool
    verified: bool
    created: bool
    permissions_held: int | None


def service_lines(services: Sequence[Service], predicted: bool, most: int) -> list[str]:
    """All that there is to say about one service; of many their number and the first so many of them.

    predicted: nothing was changed, and a key that would be made is not the one of the result.
    """
    lines = ["Nothing was changed. This is what a run would do:"] if predicted else []
    if len(services) == 1:
        return lines + aligned(_about(services[0], predicted))
    outcomes = [_outcome(service) for service in services]
    numbers = ", ".join(f"{outcomes.count(each)} {each}" for each in _OUTCOMES if each in outcomes)
    lines.append(counted(len(services), "service") + (f": {numbers}" if services else ""))
    if services and most > 0:
        lines += ["", *_table(services, most)]
    return lines


def _outcome(service: Service) -> str:
    """What happened to it, in a word."""
    state, changed = service["state"], service["changed"]
    if service.get("failed"):
        return "failed"
    if state == "skip":
        return "skipped"
    if state == "absent":
        return "retired" if changed else "already gone"
    if not changed:
        return "unchanged"
    if state == "rotated":
        return "rotated"
    return "new" if service.get("created") else "changed"


def _about(service: Service, predicted: bool) -> Iterable[list[str]]:
    yield ["Service", f"{service['name']}: {_outcome(service)}"]
    if service.get("failed"):
        yield ["Reason", service["msg"]]
    yield ["Account", service["account"] or "none"]
    if service["secret"]:
        yield ["Secret", service["secret"]]
    if service["fingerprint"]:
        yield ["Key", _key(service, predicted)]
    held = service.get("permissions_held")
    permissions = [*([] if held is None else [f"{held} held"]), *_changes(service)]
    if permissions:
        yield ["Permissions", ", ".join(permissions)]
    if service["secret"]:
        yield ["Superuser", "yes" if service["superuser"] else "no"]
    if service["verified"]:
        yield ["Login", "worked with the stored key"]


def _table(services: Sequence[Service], most: int) -> list[str]:
    ordered = sorted(services, key=lambda service: _OUTCOMES.index(_outcome(service)))
    rows = [
        (_outcome(service), service["name"], service["account"], ", ".join(_details(service)))
        for service in ordered[:most]
    ]
    columns = [(name, *cells) for name, cells in zip(_HEAD, zip(*rows, strict=True), strict=True) if any(cells)]
    rest = [_outcome(service) for service in ordered[most:]]
    more = ", ".join(f"{rest.count(each)} {each}" for each in dict.fromkeys(rest))
    lines = aligned([[cell or "-" for cell in row] for row in zip(*columns, strict=True)])
    return [*lines, f"and {more}"] if more else lines


def _details(service: Service) -> Iterable[str]:
    if service.get("failed"):
        yield service["msg"]
        return
    held = service.get("permissions_held")
    if held is not None:
        yield counted(held, "permission")
    yield from _changes(service)
    if service["key_changed"]:
        yield "a new key"
    if service["superuser"]:
        yield "superuser"
    if service["verified"]:
        yield "login worked"


def _key(service: Service, predicted: bool) -> str:
    if not service["key_changed"]:
        return str(service["fingerprint"])
    return "a new key" if predicted else f"{service['fingerprint']}, a new one"


def _changes(service: Service) -> Iterable[str]:
    """What was done about permissions; one is a resource with the actions on it."""
    for number, done in ((_resources(service["granted"]), "granted"), (_resources(service["revoked"]), "revoked")):
        if number:
            yield f"{number} {done}"
    if service["left_out"]:
        yield f"{len(service['left_out'])} not enforced in {service['security_mode']} mode"


def _resources(grants: Iterable[Mapping[str, object]]) -> int:
    return len({str(grant["rid"]) for grant in grants})
