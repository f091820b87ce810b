# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Read -> plan -> apply -> result, once for every resource.

A resource says what is there and what shall be done; this frame alone knows about check mode. One plan, computed
without a request, feeds C(changed), diff, the result of check mode and the writes, so that none of them can drift from
the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Callable, ContextManager, Generic, Iterator, Mapping, Sequence, TypeVar

from .._errors import DcosError

State = TypeVar("State")

_MOST_ROUNDS = 3
"""A write that lost a race is planned again from a new reading; who loses more often than this has a rival."""


class LostRaceError(DcosError):
    """Somebody else wrote between our reading and our write: read again, plan again."""


@dataclass(frozen=True)
class Step:
    """One write.

    what: in words, for messages.
    do: performs it; returns False when it turned out to be done already, so that it counts as no change.
    subject: for resources that report single steps: the list of the result that it belongs to, and how it stands there.
    """

    what: str
    do: Callable[[], bool] = field(compare=False)
    subject: tuple[str, Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Plan:
    """What shall be done, and how the resource looks before and after; nothing secret in either view.

    result: what the module returns when all steps are done.
    blocked: why it cannot be applied now although it can be planned: an error, and a warning in check mode.
    quietly_blocked: no such warning: what is missing is made before, where this is not check mode.
    warnings: what the user should know whether or not anything is done.
    new_key: the fingerprint of a key that is made for it. Check mode throws that key away, so a diff does not show it.
    """

    result: Mapping[str, object]
    steps: tuple[Step, ...] = ()
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    blocked: DcosError | None = None
    quietly_blocked: bool = False
    warnings: tuple[str, ...] = ()
    new_key: str | None = None


NEW_KEY = "a new key"
"""In a diff of check mode, in place of a key that there will never be."""


def with_new_key(view: Mapping[str, object], fingerprint: str) -> dict[str, object]:
    """The view without that key."""

    def shown(value: object) -> object:
        if isinstance(value, Mapping):
            return with_new_key(value, fingerprint)
        return NEW_KEY if isinstance(value, str) and fingerprint in value else value

    return {name: shown(value) for name, value in view.items()}


@dataclass
class Outcome:
    """What happened, or in check mode would."""

    changed: bool
    values: dict[str, object]
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    warnings: list[str] = field(default_factory=list)
    failure: DcosError | None = None
    """Why it failed although it came to its end: told with the whole result."""
    predicted: bool = field(default=False, compare=False)

    def hide_key(self, fingerprint: str | None) -> None:
        """Show in the diff that a key is new, if it is only predicted."""
        if self.predicted and fingerprint and self.after is not None:
            self.after = with_new_key(self.after, fingerprint)

    @property
    def provisional(self) -> bool:
        """Whether it tells of what is not there yet: check mode predicts changes and makes none."""
        return self.predicted and self.changed


class Resource(ABC, Generic[State]):
    """One kind of thing that a module manages."""

    @abstractmethod
    def read(self) -> State:
        """Everything that the plan depends on; the only requests before the first write."""

    @abstractmethod
    def plan(self, state: State) -> Plan:
        """Compare what is there with what is wanted. Sends nothing and writes nothing; refuses what must not be."""

    def read_end(self) -> State | None:
        """What is there once all steps were carried out: the result is planned from this, and is no mere hope then.

        None where the steps themselves leave no doubt.
        """
        return None

    def result(self, plan: Plan, done: Sequence[Step]) -> Mapping[str, object]:
        """The module's result, given the steps that changed something (all of them, unless others were faster)."""
        return plan.result

    def failure(self) -> DcosError | None:
        """Why the whole has failed although it was carried out; asked after C(result)."""
        return None


class Reading(Resource[Mapping[str, object]]):
    """Something that is only read: C(read) gets the whole result."""

    def __init__(self, read: Callable[[], Mapping[str, object]]) -> None:
        self._read = read

    def read(self) -> Mapping[str, object]:
        return self._read()

    def plan(self, state: Mapping[str, object]) -> Plan:
        return Plan(state)


class FilesResource(Resource[State]):
    """A resource that is made of files, whose owner and mode Ansible itself manages."""

    @abstractmethod
    def managed_files(self) -> Sequence[tuple[str, int | None]]:
        """Paths, each with the mode that it shall have (None: as it is); the option C(mode) is for the first one."""


class ReadCache:
    """What was read before, and may be believed while something is planned. This one holds nothing."""

    @contextmanager
    def planning(self) -> Iterator[None]:
        """The time in which it may be believed. A look right before a write, or after it, is always a request."""
        yield

    def ask_always(self) -> None:
        """Believe nothing any more: somebody else was faster, or what comes can destroy something."""


class Run:
    """Resources that are brought to their wanted state one after the other; in check mode, what that would change.

    done: what was written so far, in words.
    provisional: changes were predicted that are not made. What follows from them cannot be seen, so it is left out.
    """

    def __init__(self, check_mode: bool, cache: ReadCache | None = None) -> None:
        self._check_mode = check_mode
        self._cache = cache or ReadCache()
        self.done: list[str] = []
        self.provisional = False

    def converge(self, resource: Resource[State]) -> Outcome:
        """Bring the resource to its wanted state, or predict it; an error says what was done before it."""
        with self._telling():
            plan = self._plan(resource)
            if not self._check_mode:
                return self._carry_out(resource, plan)
            outcome = _outcome(resource, plan, plan, plan.steps)
            outcome.predicted = True
            outcome.hide_key(plan.new_key)
            self.provisional |= outcome.provisional
            if plan.blocked is not None and not plan.quietly_blocked:
                outcome.warnings.append(plan.blocked.message)
            return outcome

    def require(self, resource: Resource[State]) -> None:
        """Refuse what a plan for the resource refuses, before something else is done."""
        with self._telling():
            self._plan(resource)

    def planning(self) -> ContextManager[None]:
        """Read something that a plan depends on: it may be answered from what was read before."""
        return self._cache.planning()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Try out what was written. In check mode nothing was, so that what was read before may stand for it."""
        with self._telling(), self.planning() if self._check_mode else nullcontext():
            yield

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What fails here says what was done before."""
        try:
            yield
        except DcosError as exc:
            if self.done:
                exc.message += f" Done before that: {'; '.join(self.done)}. Run again to finish."
            raise

    def _plan(self, resource: Resource[State]) -> Plan:
        with self.planning():
            state = resource.read()
        return resource.plan(state)

    def _carry_out(self, resource: Resource[State], first: Plan) -> Outcome:
        """Take the steps; where others came in between, plan again and go on."""
        plan = first
        done: list[Step] = []
        rounds_left = _MOST_ROUNDS
        while True:
            rounds_left -= 1
            if plan.blocked is not None:
                raise plan.blocked
            try:
                for step in plan.steps:
                    if step.do():  # one that turns out to be done already is no change
                        done.append(step)
                        self.done.append(step.what)
                end = resource.read_end() if plan.steps else None
                if end is None:
                    return _outcome(resource, first, plan, done)
                plan = resource.plan(end)
                if not plan.steps and plan.blocked is None:
                    return _outcome(resource, first, plan, done)
                if rounds_left == 0:
                    raise _undone(plan)
            except LostRaceError:
                if rounds_left == 0:
                    raise
                self._cache.ask_always()
                plan = resource.plan(resource.read())


def converge(resource: Resource[State], check_mode: bool) -> Outcome:
    """Bring one resource to its wanted state, or say what that would change."""
    return Run(check_mode).converge(resource)


def _undone(plan: Plan) -> DcosError:
    """Everything was carried out, as often as it is tried, and is not there at the end."""
    if plan.blocked is not None:
        return plan.blocked
    left = "; ".join(step.what for step in plan.steps)
    return LostRaceError(
        f"What this run wrote was changed by somebody else each time, {_MOST_ROUNDS} times. Still to do: {left}. "
        "Another run may want something else for the same object. Make both want the same, or run one after the other.",
        "conflict",
        409,
    )


def _outcome(resource: Resource[State], first: Plan, last: Plan, done: Sequence[Step]) -> Outcome:
    return Outcome(
        changed=bool(done),
        values=dict(resource.result(last, done)),
        before=first.before,
        after=last.after if done else first.before,
        warnings=list(last.warnings),
        failure=resource.failure(),
    )
