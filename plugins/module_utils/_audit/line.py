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
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from .._rules.identifiers import is_uid

ADMIN_ROUTER = "adminrouter"
IAM = "bouncer"

# A value that begins like the time stamps of Mesos holds a blank without any quotation marks.
_PAIR = re.compile(r"(?<!\S)([A-Za-z_]\w*)=(\"[^\"]*\"|\d{4}-\d\d-\d\d \d\S*|\S*)")
# Where what nginx adds behind the pairs of Admin Router begins; its request may contain text that looks like a pair.
_NGINX_TRAILER = ", client: "
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:(Z)|([+-])(\d\d):?(\d\d))?")
_REFUSED_LOGIN = re.compile(r"Service login for `(?P<uid>[^`]*)`: ")

_DECIDING = frozenset(
    ("uid", "object", "path", "action", "result", "authorizer", "component", "timestamp", "request_uri", "type")
)
_RESULTS = {"allow": True, "deny": False}
_LONGEST_VALUE = 1024
"""Characters of a uid, an action or an object: longer ones are kept nowhere, so that memory stays bounded."""
_SHOWN = 100

CUT = "the line is cut"
AMBIGUOUS = "it names {} twice"
NO_RESULT = "it has no result"
TOO_LONG = "it names something too long to exist"
BAD_UID = "it names an account that cannot exist"


class Decision(NamedTuple):
    """What a component decided.

    component: as the line spells it: C(adminrouter), C(bouncer), C(mesos-master), C(mesos-agent), C(marathon) ...
    uid: the account that asked; None if it was not known.
    object: the resource id, or what the component has in its place (Marathon's path, a path of Mesos).
    at: ISO 8601 in UTC with microseconds, so that text compares as time; None if the line has no time.
    request_path: the path of the request, without its query; empty if the line names none.
    text: the line.
    doubt: why the line is not believed, None for one that is.
    """

    component: str
    uid: str | None
    action: str
    object: str
    allowed: bool
    at: str | None
    text: str
    request_path: str = ""
    doubt: str | None = None


class RefusedLogin(NamedTuple):
    """A login of a service that the IAM refused; it writes no audit line about that.

    uid: None for a text that names no account.
    """

    uid: str | None
    at: str | None
    text: str

    @property
    def allowed(self) -> bool:
        return False


def parse(text: str, journal_time: int | None = None) -> Decision | RefusedLogin | None:
    """What a line tells, None if it tells of no decision.

    journal_time: microseconds since 1970, used where the line itself has no time.
    """
    if "type=audit" not in text:
        return _refused_login(text, journal_time)
    pairs, doubt = text, None
    from_nginx = "[lua]" in text
    if from_nginx or "authorizer=adminrouter" in text:
        end = text.find(_NGINX_TRAILER, text.find("type=audit"))
        if end >= 0:
            pairs = text[:end]
        elif from_nginx:
            doubt = CUT  # the uid comes last, before the trailer: there may have been one
    found = _PAIR.findall(pairs)
    values: dict[str, str] = dict(found)
    if values.get("type") not in ("audit", "audit,"):
        return None
    if len(values) < len(found):
        doubt = _contradiction(found) or doubt
    for key, value in values.items():
        if value[:1] == '"':
            if value[-1:] != '"' or len(value) == 1:
                doubt = CUT  # a quotation that does not end
            values[key] = value[1:-1]
        elif value[-1:] == "," and key in _DECIDING:
            values[key] = value[:-1]
    get = values.get
    uid, action, subject, result = get("uid"), get("action", ""), get("object") or get("path") or "", get("result", "")
    component = get("authorizer") or get("component") or ""
    if doubt is None and result not in _RESULTS:
        doubt = CUT if "allow".startswith(result) or "deny".startswith(result) else NO_RESULT
    if max(len(uid or ""), len(action), len(subject), len(component)) > _LONGEST_VALUE:
        doubt = TOO_LONG
        uid = uid and uid[:_SHOWN]
        action, subject, component = action[:_SHOWN], subject[:_SHOWN], component[:_SHOWN]
    elif uid and doubt is None and not is_uid(uid):
        doubt = BAD_UID
    return Decision(
        component=component,
        uid=uid or None,
        action=action,
        object=subject,
        allowed=_RESULTS.get(result, False),
        at=moment(get("timestamp", "")) or _from_journal(journal_time),
        text=text,
        request_path=get("request_uri", "").partition("?")[0],
        doubt=doubt,
    )


def _contradiction(pairs: list[tuple[str, str]]) -> str | None:
    """Why a line with a key that occurs more than once is not believed, if it is a key that matters."""
    seen: dict[str, str] = {}
    for key, value in pairs:
        value = value.strip('",')
        if seen.setdefault(key, value) != value and key in _DECIDING:
            return AMBIGUOUS.format(key)
    return None


def _refused_login(text: str, journal_time: int | None) -> RefusedLogin | None:
    match = _REFUSED_LOGIN.search(text)
    if match is None:
        return None
    uid = match.group("uid")
    return RefusedLogin(uid if is_uid(uid) else None, _bouncer_time(text) or _from_journal(journal_time), text)


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
    whole = _second(year, month, day, hour, minute, second, sign, hours, minutes)
    return None if whole is None else f"{whole}.{(fraction or '').ljust(6, '0')[:6]}Z"


@lru_cache(maxsize=4096)
def _second(
    year: str, month: str, day: str, hour: str, minute: str, second: str, sign: str | None, hours: str, minutes: str
) -> str | None:
    """The second in UTC; None if there is no such day or hour. Lines of the same second come together."""
    try:
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
        if sign is not None:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            at = at - offset if sign == "+" else at + offset
    except (ValueError, OverflowError):
        return None
    return at.isoformat()


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
