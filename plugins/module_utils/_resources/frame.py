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
from dataclasses import dataclass, field
from typing import Callable, Generic, Mapping, Sequence, TypeVar

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
    provisional: the result holds something that was made for this plan (a new key) and is only real once applied.
    blocked: why it cannot be applied now although it can be planned: an error, and a warning in check mode.
    quietly_blocked: no such warning: what is missing is made before, where this is not check mode.
    warnings: what the user should know whether or not anything is done.
    """

    result: Mapping[str, object]
    steps: tuple[Step, ...] = ()
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    provisional: bool = False
    blocked: DcosError | None = None
    quietly_blocked: bool = False
    warnings: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What happened, or in check mode would."""

    changed: bool
    values: dict[str, object]
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    warnings: list[str] = field(default_factory=list)
    done: tuple[str, ...] = field(default=(), compare=False)
    """The steps that changed something, in words."""
    failure: DcosError | None = None
    """Why it failed although it came to its end: told with the whole result."""


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


def converge(resource: Resource[State], check_mode: bool, earlier: Sequence[str] = ()) -> Outcome:
    """Bring the resource to its wanted state, or say what that would change.

    earlier: what this run did before, in words, where the resource is a part of something greater.
    """
    done: list[Step] = []
    try:
        return _converge(resource, check_mode, done)
    except DcosError as exc:
        tell_done(exc, [*earlier, *(step.what for step in done)])
        raise


def tell_done(error: DcosError, done: Sequence[str]) -> None:
    """Add to an error what was done before it."""
    if done:
        error.done = tuple(done)
        error.message += f" Done before that: {'; '.join(done)}. Run again to finish."


def _converge(resource: Resource[State], check_mode: bool, done: list[Step]) -> Outcome:
    first: Plan | None = None
    state = resource.read()
    for last_round in (False,) * (_MOST_ROUNDS - 1) + (True,):
        plan = resource.plan(state)
        first = first or plan
        if check_mode:
            return _outcome(resource, plan, plan, plan.steps, check_mode)
        if plan.blocked is not None:
            raise plan.blocked
        try:
            for step in plan.steps:
                if step.do():  # one that turns out to be done already is no change
                    done.append(step)
        except LostRaceError:
            if last_round:
                raise
            state = resource.read()
            continue
        end = resource.read_end() if plan.steps else None
        if end is None:
            return _outcome(resource, first, plan, done, check_mode)
        ended = resource.plan(end)
        if not ended.steps and ended.blocked is None:
            return _outcome(resource, first, ended, done, check_mode)
        if last_round:
            raise _undone(ended)
        state = end
    raise AssertionError("the last round returns or raises")


def _undone(plan: Plan) -> DcosError:
    """Everything was carried out, as often as it is tried, and is not there at the end."""
    if plan.blocked is not None:
        return plan.blocked
    left = "; ".join(step.what for step in plan.steps)
    return LostRaceError(
        f"What this run wrote was changed by somebody else each time, {_MOST_ROUNDS} times. Still to do: {left}. "
        "Another run may have other wishes for the same object: give both the same ones, or run one after the other.",
        "conflict",
        409,
    )


def _outcome(resource: Resource[State], first: Plan, plan: Plan, done: Sequence[Step], check_mode: bool) -> Outcome:
    values = dict(resource.result(plan, done))
    warnings = list(plan.warnings)
    if check_mode and plan.provisional:
        values["provisional"] = True
    if check_mode and plan.blocked is not None and not plan.quietly_blocked:
        warnings.append(plan.blocked.message)
    after = plan.after if done else first.before
    words = tuple(step.what for step in done)
    return Outcome(bool(done), values, first.before, after, warnings, words, resource.failure())
