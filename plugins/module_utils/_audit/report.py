# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What decisions add up to: for each account what was denied, what was used, what is missing and what nobody used.

Memory grows with the number of different permissions, not of lines, and stays below a bound. The answer does not depend
on the order of the lines.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Callable, Collection, Iterable, Mapping, TypeVar

from .._rules.coverage import covers
from .._rules.identifiers import is_native
from .._rules.permissions import SUPERUSER_RID, Grant, group_grants
from .._rules.rid_catalog import unknown
from .line import IAM, Decision, RefusedLogin
from .masking import masked
from .permission import needs_no_grant, permission_of

Key = TypeVar("Key", "Asked", "Problem", "Unmapped")

MOST_ENTRIES = 100_000
"""Different permissions, problems and unmapped lines that are kept apart; what exceeds this is counted."""

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
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        seen = (at or "", text)
        self.sample = seen if self.sample is None else min(self.sample, seen)

    def view(self) -> dict[str, object]:
        sample = "" if self.sample is None else masked(self.sample[1])
        return {"count": self.count, "first_at": self.first, "last_at": self.last, "sample": sample}


@dataclass(frozen=True)
class Asked:
    """A permission that a component was asked about."""

    uid: str
    component: str
    grant: Grant


@dataclass(frozen=True)
class Problem:
    """A denial that no grant would cure. The uid is None where nobody knows whose request it was."""

    uid: str | None
    component: str
    cause: str


@dataclass(frozen=True)
class Unmapped:
    """A line that does not tell which permission it is about, or that is not believed."""

    uid: str | None
    component: str
    action: str
    object: str
    allowed: bool
    why: str


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
            self.first = found.at if self.first is None else min(self.first, found.at)
            self.last = found.at if self.last is None else max(self.last, found.at)
        if isinstance(found, RefusedLogin):
            self._count(self.problems, Problem(found.uid, IAM, REFUSED_LOGIN), found)
        elif found.doubt is not None:
            self._count(self.unmapped, _unmapped(found, found.doubt), found)
        elif found.uid is None:
            if not found.allowed:
                self._count(self.problems, Problem(None, found.component, NO_UID), found)
        elif found.action.endswith("login") and not found.object:
            if not found.allowed:
                self._count(self.problems, Problem(found.uid, found.component, REFUSED_PASSWORD), found)
        elif not needs_no_grant(found):
            self._add_permission(found, found.uid)

    def _add_permission(self, decision: Decision, uid: str) -> None:
        grant = permission_of(decision)
        if grant is None:
            self._count(self.unmapped, _unmapped(decision, NOT_MAPPED), decision)
        else:
            table = self.used if decision.allowed else self.denied
            self._count(table, Asked(uid, decision.component, grant), decision)

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
        asked = {key.uid for table in (self.denied, self.used) for key in table}
        named = {problem.uid for problem in self.problems if problem.uid is not None}
        return sorted(asked | named | set(self.window.uids))


@dataclass(frozen=True)
class Holdings:
    """What an account has now.

    direct: its own grants. through_groups: those of its groups.
    """

    direct: frozenset[Grant] = frozenset()
    through_groups: frozenset[Grant] = frozenset()

    def cover(self, grant: Grant) -> bool:
        """Whether the account may do it, its superuser power set aside."""
        return any(covers(held, grant) for held in self.direct | self.through_groups if held.rid != SUPERUSER_RID)


def account_view(
    decisions: Decisions, uid: str, holdings: Holdings | None, fold: Callable[[Iterable[Grant]], Iterable[Grant]]
) -> dict[str, object]:
    """One account in the result.

    holdings: None where nothing is compared, or the account does not exist: then everything denied is missing.
    fold: replaces many grants by one for their folder, or returns them as they are.
    """
    denied = {key.grant for key in decisions.denied if key.uid == uid}
    used = {key.grant for key in decisions.used if key.uid == uid}
    return {
        "uid": uid,
        "denied": _asked(decisions.denied, uid, holdings),
        "used": _asked(decisions.used, uid, holdings),
        "missing": [] if is_native(uid) else group_grants(fold(_missing(denied, used, holdings))),
        "unused": [] if holdings is None else group_grants(_unused(denied | used, holdings)),
        "authentication": [
            {"component": problem.component, "cause": problem.cause, **tally.view()}
            for problem, tally in _sorted(decisions.problems)
            if problem.uid == uid
        ],
    }


def unknown_account_view(decisions: Decisions) -> dict[str, object] | None:
    """The denials of requests that nobody could be told from; None where there are none."""
    found = [
        {"component": problem.component, "cause": problem.cause, **tally.view()}
        for problem, tally in _sorted(decisions.problems)
        if problem.uid is None
    ]
    if not found:
        return None
    empty: dict[str, object] = {name: [] for name in ("denied", "used", "missing", "unused")}
    return {"uid": None, **empty, "authentication": found}


def unmapped_view(decisions: Decisions) -> list[dict[str, object]]:
    return [
        {
            "uid": line.uid,
            "component": line.component,
            "action": masked(line.action),
            "object": masked(line.object),
            "result": "allow" if line.allowed else "deny",
            "reason": line.why,
            **tally.view(),
        }
        for line, tally in _sorted(decisions.unmapped)
    ]


def _missing(denied: Iterable[Grant], used: Iterable[Grant], holdings: Holdings | None) -> list[Grant]:
    """What was denied, or allowed to a superuser only, and is not granted now. Superuser power is never proposed."""
    held = holdings or Holdings()
    # Without a look at the account nothing tells what was allowed by a grant.
    wanted = set(denied) if holdings is None else {*denied, *used}
    return sorted(grant for grant in wanted if grant.rid != SUPERUSER_RID and not held.cover(grant))


def _unused(asked: Collection[Grant], holdings: Holdings) -> list[Grant]:
    """Superuser power is left out: every other permission was perhaps used by it, and show_access reports it."""
    return sorted(
        held
        for held in holdings.direct
        if held.rid != SUPERUSER_RID and not any(covers(held, grant) for grant in asked)
    )


def _asked(table: Mapping[Asked, Tally], uid: str, holdings: Holdings | None) -> list[dict[str, object]]:
    return [
        {
            "rid": key.grant.rid,
            "action": key.grant.action,
            "component": key.component,
            "known": unknown(key.grant.rid, [key.grant.action]) is None,
            "granted": None if holdings is None else holdings.cover(key.grant),
            **tally.view(),
        }
        for key, tally in _sorted(table)
        if key.uid == uid
    ]


def _unmapped(decision: Decision, why: str) -> Unmapped:
    return Unmapped(decision.uid, decision.component, decision.action, decision.object, decision.allowed, why)


def _sorted(table: Mapping[Key, Tally]) -> list[tuple[Key, Tally]]:
    """In an order that depends on what was found, not on when."""
    return sorted(table.items(), key=lambda entry: [str(value) for value in astuple(entry[0])])
