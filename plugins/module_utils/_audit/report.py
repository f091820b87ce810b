# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What decisions add up to: for each account what was denied, what was used, what is missing and what nobody used.

Memory grows with the number of different permissions, not of lines, and stays below a bound. The answer does not depend
on the order of the lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Collection, Iterable, Mapping, NamedTuple, TypeVar

from .._rules.coverage import covers
from .._rules.identifiers import NATIVE_PREFIX, is_native
from .._rules.permissions import SUPERUSER_RID, Grant, group_grants
from .._rules.rid_catalog import unknown
from .line import IAM, Decision, RefusedLogin
from .masking import masked
from .permission import needs_no_grant, permission_of

Key = TypeVar("Key", "Asked", "Problem", "Unmapped")

MOST_ENTRIES = 20_000
"""Different permissions, problems and unmapped lines that are kept apart; what exceeds this is counted."""

_SAMPLE = 4096
"""Characters of a line that are kept until it is known whether it is shown."""

NO_UID = "the request had no valid token: it was missing, had expired, or was signed with another key"
REFUSED_PASSWORD = "the password was refused"  # noqa: S105
REFUSED_LOGIN = "the login token was refused: signed with another key than the account's, expired, or the clocks differ"
NOT_MAPPED = "no documented permission fits this operation"


@dataclass
class Tally:
    """How often something was seen, when, and the earliest line of it."""

    count: int = 0
    first: str | None = None
    last: str | None = None
    sample: tuple[str, str] | None = None

    def add(self, at: str | None, text: str) -> None:
        self.count += 1
        if at is not None:
            if self.first is None or at < self.first:
                self.first = at
            if self.last is None or at > self.last:
                self.last = at
        if len(text) > _SAMPLE:
            # Only whole words: half a token would not be known as one.
            text = text[:_SAMPLE].rpartition(" ")[0]
        seen = (at or "", text)
        if self.sample is None or seen < self.sample:
            self.sample = seen

    def view(self) -> dict[str, object]:
        sample = "" if self.sample is None else masked(self.sample[1])
        return {"count": self.count, "first_at": self.first, "last_at": self.last, "sample": sample}


class Asked(NamedTuple):
    """A permission that a component was asked about."""

    uid: str
    component: str
    rid: str
    action: str

    @property
    def grant(self) -> Grant:
        return Grant(self.rid, self.action)


class Problem(NamedTuple):
    """A denial that no grant would cure. The uid is None if nobody knows whose request it was."""

    uid: str | None
    component: str
    cause: str


class Unmapped(NamedTuple):
    """A line that does not tell which permission it is about, or that is not believed."""

    uid: str | None
    component: str
    action: str
    object: str
    allowed: bool
    why: str


def what_it_tells(found: Decision | RefusedLogin) -> Asked | Problem | Unmapped | None:
    """What a line adds to a report; None for what every account may do, and for logins that worked."""
    if isinstance(found, RefusedLogin):
        return Problem(found.uid, IAM, REFUSED_LOGIN)
    if found.doubt is not None:
        return _unmapped(found, found.doubt)
    if found.uid is None:
        return None if found.allowed else Problem(None, found.component, NO_UID)
    if found.action.endswith("login") and not found.object:
        return None if found.allowed else Problem(found.uid, found.component, REFUSED_PASSWORD)
    if needs_no_grant(found):
        return None
    grant = permission_of(found)
    if grant is None:
        return _unmapped(found, NOT_MAPPED)
    return Asked(found.uid, found.component, grant.rid, grant.action)


def _unmapped(decision: Decision, why: str) -> Unmapped:
    return Unmapped(
        uid=decision.uid,
        component=decision.component,
        action=decision.action,
        object=decision.object,
        allowed=decision.allowed,
        why=why,
    )


@dataclass(frozen=True)
class Window:
    """The time that is looked at, and the accounts; None and empty for all.

    Lines without a time are always looked at: nothing says that they are outside.
    """

    since: str | None = None
    until: str | None = None
    uids: Collection[str] = ()

    def holds(self, uid: str | None, at: str | None) -> bool:
        # A line without a uid may be about any account.
        if self.uids and uid is not None and uid not in self.uids:
            return False
        if at is None:
            return True
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)


@dataclass
class Decisions:
    """Adds decisions up."""

    window: Window = field(default_factory=Window)
    denied: dict[Asked, Tally] = field(default_factory=dict)
    used: dict[Asked, Tally] = field(default_factory=dict)
    problems: dict[Problem, Tally] = field(default_factory=dict)
    unmapped: dict[Unmapped, Tally] = field(default_factory=dict)
    audit_lines: int = 0
    without_time: int = 0
    overflow: int = 0
    first: str | None = None
    last: str | None = None

    def add(self, found: Decision | RefusedLogin) -> None:
        if not self.window.holds(found.uid, found.at):
            return
        self.audit_lines += 1
        if found.at is None:
            self.without_time += 1
        else:
            if self.first is None or found.at < self.first:
                self.first = found.at
            if self.last is None or found.at > self.last:
                self.last = found.at
        told = what_it_tells(found)
        if isinstance(told, Problem):
            self._count(self.problems, told, found)
        elif isinstance(told, Unmapped):
            self._count(self.unmapped, told, found)
        elif isinstance(told, Asked):
            self._count(self.used if found.allowed else self.denied, told, found)

    def _count(self, table: dict[Key, Tally], key: Key, found: Decision | RefusedLogin) -> None:
        tally = table.get(key)
        if tally is None:
            if self.kept >= MOST_ENTRIES:
                self.overflow += 1
                return
            tally = table[key] = Tally()
        tally.add(found.at, found.text)

    @property
    def kept(self) -> int:
        return len(self.denied) + len(self.used) + len(self.problems) + len(self.unmapped)

    @property
    def uids(self) -> list[str]:
        """The accounts that lines name, and those that were asked for."""
        named = {problem.uid for problem in self.problems if problem.uid is not None}
        return sorted({*self.askers, *named})

    @property
    def askers(self) -> list[str]:
        """The accounts that something was decided for, and those that were asked for: all that can be compared.

        Whoever tries to log in under a thousand names is none of them.
        """
        asked = {key.uid for table in (self.denied, self.used) for key in table}
        return sorted(asked | set(self.window.uids))


DIRECT, GROUP, NO = "direct", "group", "no"


@dataclass(frozen=True)
class Holdings:
    """What an account has now.

    direct: its own grants. through_groups: those of its groups. exists: whether there is such an account.
    """

    direct: frozenset[Grant] = frozenset()
    through_groups: frozenset[Grant] = frozenset()
    exists: bool = True

    def way(self, grant: Grant) -> str:
        """How the account may do it, superuser power set aside: C(direct), C(group) or C(no)."""
        for way, grants in ((DIRECT, self.direct), (GROUP, self.through_groups)):
            if any(covers(held, grant) for held in grants if held.rid != SUPERUSER_RID):
                return way
        return NO


Fold = Callable[[Iterable[Grant]], Iterable[Grant]]


def account_view(decisions: Decisions, uid: str, holdings: Holdings | None, fold: Fold) -> dict[str, object]:
    """One account in the result.

    holdings: None if nothing is compared.
    fold: replaces many grants by one for their folder, or returns them as they are.
    """
    denied = {key.grant for key in decisions.denied if key.uid == uid}
    used = {key.grant for key in decisions.used if key.uid == uid}
    proposed = denied | used if proposable(uid) else set()
    ways = {grant: None if holdings is None else holdings.way(grant) for grant in denied | used}
    missing = [grant for grant in proposed if (grant in denied if holdings is None else ways[grant] == NO)]
    needed = [grant for grant in proposed if ways[grant] != GROUP]
    return {
        "uid": uid,
        "exists": None if holdings is None else holdings.exists,
        "denied": _asked(decisions.denied, uid, ways),
        "used": _asked(decisions.used, uid, ways),
        "missing": _proposal(missing, fold),
        "needed": _proposal(needed, fold),
        "unused": [] if holdings is None else group_grants(_unused(denied | used, holdings)),
        "authentication": _problems(decisions, uid),
    }


def proposable(uid: str) -> bool:
    """Whether anything may be proposed for it. No document lists all accounts of DC/OS itself, but their prefix."""
    return not is_native(uid) and not uid.startswith(NATIVE_PREFIX)


def unknown_account_view(decisions: Decisions) -> dict[str, object] | None:
    """The denials of requests that nobody could be told from; None if there are none."""
    found = _problems(decisions, None)
    if not found:
        return None
    empty: dict[str, object] = {name: [] for name in ("denied", "used", "missing", "needed", "unused")}
    return {"uid": None, "exists": None, **empty, "authentication": found}


def unmapped_view(decisions: Decisions) -> list[dict[str, object]]:
    return [
        {
            "uid": None if line.uid is None else masked(line.uid),
            "component": masked(line.component),
            "action": masked(line.action),
            "object": masked(line.object),
            "result": "allow" if line.allowed else "deny",
            "reason": line.why,
            **tally.view(),
        }
        for line, tally in _sorted(decisions.unmapped)
    ]


def _proposal(grants: Iterable[Grant], fold: Fold) -> list[dict[str, object]]:
    """Superuser power is never proposed."""
    return group_grants(fold(grant for grant in grants if grant.rid != SUPERUSER_RID))


def _problems(decisions: Decisions, uid: str | None) -> list[dict[str, object]]:
    return [
        {"component": masked(problem.component), "cause": problem.cause, **tally.view()}
        for problem, tally in _sorted(decisions.problems)
        if problem.uid == uid
    ]


def _unused(asked: Collection[Grant], holdings: Holdings) -> list[Grant]:
    """Superuser power is left out: every other permission was perhaps used by it, and show_access reports it."""
    return sorted(
        held
        for held in holdings.direct
        if held.rid != SUPERUSER_RID and not any(covers(held, grant) for grant in asked)
    )


def _asked(table: Mapping[Asked, Tally], uid: str, ways: Mapping[Grant, str | None]) -> list[dict[str, object]]:
    return [
        {
            "rid": key.rid,
            "action": key.action,
            "component": masked(key.component),
            "known": unknown(key.rid, [key.action]) is None,
            "granted": ways[key.grant],
            **tally.view(),
        }
        for key, tally in _sorted(table)
        if key.uid == uid
    ]


def _sorted(table: Mapping[Key, Tally]) -> list[tuple[Key, Tally]]:
    """In an order that depends on what was found, not on when."""
    return sorted(table.items(), key=lambda entry: [str(value) for value in entry[0]])
