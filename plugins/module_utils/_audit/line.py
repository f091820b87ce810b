# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""One line of a journal as a decision: who asked which component for what, and whether it was allowed.

The forms differ by component: the order of keys is arbitrary, values with a blank are quoted without any escaping, and
whatever surrounds the pairs (journal, nginx, glog, log4j) is not part of them. Clients choose parts of a line, such as
the URI that they request, so a line in which a key that matters has two values is not believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

ADMIN_ROUTER = "adminrouter"
IAM = "bouncer"

_PAIR = re.compile(
    r"(?:^|(?<=\s))(?P<key>[A-Za-z_]\w*)="
    r"(?:(?P<moment>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*)|\"(?P<quoted>[^\"]*)\"|(?P<plain>\S+))"
)
# What nginx adds behind the pairs of Admin Router; its request may contain text that looks like a pair.
_NGINX_TRAILER = re.compile(r",? while [a-z ]+, client: |, client: ")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:(Z)|([+-])(\d\d):?(\d\d))?")
_REFUSED_LOGIN = re.compile(r"Service login for `(?P<uid>[^`]*)`: (?P<why>.*)", re.DOTALL)

_DECIDING = ("uid", "object", "path", "action", "result", "authorizer", "component")
_RESULTS = {"allow": True, "deny": False}

CUT = "the line is cut"
AMBIGUOUS = "it names {} twice"
NO_RESULT = "it has no result"


@dataclass(frozen=True)
class Decision:
    """What a component decided.

    component: as the line spells it: C(adminrouter), C(bouncer), C(mesos-master), C(mesos-agent), C(marathon) ...
    uid: the account that asked; None where it was not known.
    object: the resource id, or what the component has in its place (Marathon's path, a path of Mesos).
    at: ISO 8601 in UTC with microseconds, so that text compares as time; None where the line has no time.
    request_path: the path of the request, without its query; empty where the line names none.
    text: the line.
    doubt: why the line is not believed, None for one that is.
    """

    component: str
    uid: str | None
    action: str
    object: str
    allowed: bool
    reason: str
    at: str | None
    text: str
    request_path: str = ""
    doubt: str | None = None


@dataclass(frozen=True)
class RefusedLogin:
    """A login of a service that the IAM refused; it writes no audit line about that."""

    uid: str
    at: str | None
    text: str


def parse(text: str, journal_time: int | None = None) -> Decision | RefusedLogin | None:
    """What a line tells, None where it tells of no decision.

    journal_time: microseconds since 1970, used where the line itself has no time.
    """
    if "type=audit" not in text:
        return _refused_login(text, journal_time)
    pairs = text
    if "[lua]" in text or "authorizer=adminrouter" in text:
        trailer = _NGINX_TRAILER.search(text, text.find("type=audit"))
        pairs = text if trailer is None else text[: trailer.start()]
    values: dict[str, str] = {}
    doubt = None
    for match in _PAIR.finditer(pairs):
        key, value = match.group("key"), match.group("quoted")
        if value is None:
            value = match.group("moment") or match.group("plain")
            if value.startswith('"'):
                doubt = CUT  # a quotation that does not end
            elif key in _DECIDING:
                value = value.rstrip(",")
        if key in _DECIDING and values.get(key, value) != value:
            doubt = AMBIGUOUS.format(key)
        values.setdefault(key, value)
    if values.get("type") != "audit":
        return None
    result = values.get("result", "")
    if doubt is None and result not in _RESULTS:
        doubt = CUT if result in ("", "al", "all", "allo", "d", "de", "den", "a") else NO_RESULT
    return Decision(
        values.get("authorizer") or values.get("component") or "",
        values.get("uid") or None,
        values.get("action", ""),
        values.get("object") or values.get("path") or "",
        _RESULTS.get(result, False),
        values.get("reason", ""),
        moment(values.get("timestamp", "")) or _from_journal(journal_time),
        text,
        values.get("request_uri", "").split("?")[0],
        doubt,
    )


def _refused_login(text: str, journal_time: int | None) -> RefusedLogin | None:
    match = _REFUSED_LOGIN.search(text)
    if match is None:
        return None
    return RefusedLogin(match.group("uid"), _bouncer_time(text) or _from_journal(journal_time), text)


def _bouncer_time(text: str) -> str | None:
    """The IAM's own prefix: C([yymmdd-HH:MM:SS.mmm]), in UTC."""
    match = re.search(r"\[(\d\d)(\d\d)(\d\d)-(\d\d:\d\d:\d\d\.\d+)\]", text)
    return None if match is None else moment("20{}-{}-{}T{}Z".format(*match.groups()))


def moment(text: str) -> str | None:
    """A time in any of the forms of the components as ISO 8601 in UTC with microseconds; None for no such time."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _utc, sign, hours, minutes = match.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    try:
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micros)
        if sign is not None:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            at = at - offset if sign == "+" else at + offset
    except (ValueError, OverflowError):
        return None
    return iso(at)


def iso(at: datetime) -> str:
    """The one form in which times are compared and shown."""
    if at.tzinfo is not None:
        at = at.astimezone(timezone.utc).replace(tzinfo=None)
    return at.isoformat(timespec="microseconds") + "Z"


def _from_journal(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    try:
        return iso(datetime(1970, 1, 1) + timedelta(microseconds=microseconds))
    except OverflowError:
        return None
