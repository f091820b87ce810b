# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, plan, apply, result: what check mode, lost races and failures half-way mean for every resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError, UnreachableError
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import (
    LostRaceError,
    Plan,
    ReadCache,
    Resource,
    Run,
    Step,
    converge,
)


@dataclass
class Things(Resource[Any]):
    """Makes each wanted thing that is not there; C(do) can be exchanged for one that fails."""

    wanted: Sequence[str]
    there: set[str] = field(default_factory=set)
    reads: int = 0
    do: Callable[[str], bool] | None = None
    blocked: DcosError | None = None

    def read(self) -> frozenset[str]:
        self.reads += 1
        return frozenset(self.there)

    def plan(self, state: frozenset[str]) -> Plan:
        missing = [name for name in self.wanted if name not in state]
        return Plan(
            {"things": sorted({*state, *self.wanted})},
            tuple(Step(f"make {name}", lambda name=name: (self.do or self.make)(name), name) for name in missing),
            {"things": sorted(state)},
            {"things": sorted({*state, *self.wanted})},
            self.blocked,
        )

    def result(self, plan: Plan, done: Sequence[Step]) -> Mapping[str, Any]:
        return {**plan.result, "made": [step.subject for step in done]}

    def make(self, name: str) -> bool:
        new = name not in self.there
        self.there.add(name)
        return new


def test_one_plan_feeds_check_mode_and_the_real_run() -> None:
    resource = Things(["a", "b"], {"a"})
    predicted = converge(resource, check_mode=True)
    assert resource.there == {"a"}
    real = converge(resource, check_mode=False)
    assert resource.there == {"a", "b"}
    assert predicted == real
    assert real.changed
    assert real.values == {"things": ["a", "b"], "made": ["b"]}
    assert (real.before, real.after) == ({"things": ["a"]}, {"things": ["a", "b"]})


@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_to_do_is_no_change(check_mode: bool) -> None:
    outcome = converge(Things(["a"], {"a"}), check_mode)
    assert not outcome.changed
    assert outcome.before == outcome.after == {"things": ["a"]}
    assert outcome.values["made"] == []


def test_a_step_already_done_is_no_change() -> None:
    resource = Things(["a", "b"], do=lambda name: name == "b")
    outcome = converge(resource, check_mode=False)
    assert outcome.values["made"] == ["b"]
    assert outcome.changed
    nothing = converge(Things(["a"], do=lambda name: False), check_mode=False)
    assert not nothing.changed
    assert nothing.before == nothing.after


def test_provisional_results_are_marked_in_check_mode_only() -> None:
    assert converge(Things(["a"]), check_mode=True).provisional
    assert not converge(Things(["a"], {"a"}), check_mode=True).provisional
    assert not converge(Things(["a"]), check_mode=False).provisional


def test_an_inapplicable_plan_is_an_error_but_a_warning_in_check_mode() -> None:
    resource = Things(["a"], blocked=DcosError("no such account", "ERR_X"))
    outcome = converge(resource, check_mode=True)
    assert outcome.warnings == ["no such account"]
    assert outcome.changed
    with pytest.raises(DcosError, match="no such account"):
        converge(resource, check_mode=False)
    assert resource.there == set()


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_plan_that_refuses_does_so_in_check_mode_too(check_mode: bool) -> None:
    class Refusing(Things):
        def plan(self, state: frozenset[str]) -> Plan:
            raise DcosError("not this one", "native_account")

    with pytest.raises(DcosError, match=r"^not this one$"):
        converge(Refusing(["a"]), check_mode)


# Lost races


def test_a_lost_race_is_planned_again_from_a_new_read() -> None:
    resource = Things(["a", "b"])

    def rival_makes_b(name: str) -> bool:
        if name == "b":
            resource.there.add("b")
            raise LostRaceError("b is there")
        return resource.make(name)

    resource.do = rival_makes_b
    outcome = converge(resource, check_mode=False)
    assert resource.reads == 2
    assert outcome.values == {"things": ["a", "b"], "made": ["a"]}
    assert outcome.changed
    assert (outcome.before, outcome.after) == ({"things": []}, {"things": ["a", "b"]})


def test_a_run_that_loses_every_race_stops() -> None:
    def lose(name: str) -> bool:
        raise LostRaceError("somebody else is faster", "ERR_X", 409)

    resource = Things(["a"], do=lose)
    with pytest.raises(LostRaceError, match="somebody else is faster") as caught:
        converge(resource, check_mode=False)
    assert resource.reads == 3
    assert caught.value.failure() == {"status": 409, "code": "ERR_X", "title": None}


def test_a_run_that_stops_half_way_lists_what_was_done() -> None:
    resource = Things(["a", "b", "c"])

    def fail_at_c(name: str) -> bool:
        if name == "c":
            raise ApiError("making c: refused.", "ERR_X", 400, "Bad Request")
        return resource.make(name)

    resource.do = fail_at_c
    with pytest.raises(ApiError) as caught:
        converge(resource, check_mode=False)
    assert caught.value.message == "making c: refused. Done before that: make a; make b. Run again to finish."
    assert caught.value.failure() == {"status": 400, "code": "ERR_X", "title": "Bad Request"}


def test_a_run_that_fails_at_once_lists_nothing() -> None:
    def fail(name: str) -> bool:
        raise UnreachableError("gone")

    with pytest.raises(UnreachableError) as caught:
        converge(Things(["a", "b"], do=fail), check_mode=False)
    assert caught.value.message == "gone"


def lose_b(resource: Things) -> Things:
    """Somebody else always makes b first."""

    def do(name: str) -> bool:
        if name == "b":
            raise LostRaceError("b: somebody else is faster.")
        return resource.make(name)

    resource.do = do
    return resource


def test_a_race_lost_half_way_lists_what_was_done() -> None:
    resource = lose_b(Things(["a", "b"]))
    with pytest.raises(LostRaceError) as caught:
        converge(resource, check_mode=False)
    assert "Done before that: make a." in caught.value.message


@pytest.mark.parametrize("where", ["read", "plan"])
def test_an_error_during_replanning_lists_what_was_done(where: str) -> None:
    """A refusal that says that nothing was changed would be wrong here."""

    class Second(Things):
        def read(self) -> frozenset[str]:
            if where == "read" and self.reads == 1:
                raise UnreachableError("cannot read.")
            return super().read()

        def plan(self, state: frozenset[str]) -> Plan:
            if where == "plan" and self.reads == 2:
                raise DcosError("not this one.")
            return super().plan(state)

    resource = lose_b(Second(["a", "b"]))
    with pytest.raises(DcosError) as caught:
        converge(resource, check_mode=False)
    assert "Done before that: make a." in caught.value.message


# Several resources, one after the other


class Refusing(Things):
    def plan(self, state: frozenset[str]) -> Plan:
        raise DcosError("not this one.")


class Cache(ReadCache):
    """Notes what is read while it is open."""

    def __init__(self) -> None:
        self.is_open = False
        self.asks_always = False

    def ask_always(self) -> None:
        self.asks_always = True

    @contextmanager
    def planning(self) -> Iterator[None]:
        self.is_open = True
        yield
        self.is_open = False


def test_an_error_says_what_was_done_for_the_resources_before() -> None:
    run = Run(check_mode=False)
    run.converge(Things(["a"]))
    run.converge(Things(["b"]))
    assert run.done == ["make a", "make b"]
    told = r"^not this one\. Done before that: make a; make b\."
    with pytest.raises(DcosError, match=told):
        run.converge(Refusing(["c"]))
    with pytest.raises(DcosError, match=told):
        run.require(Refusing(["c"]))
    with pytest.raises(DcosError, match=told), run.trial():
        raise DcosError("not this one.")
    assert not run.provisional


def test_in_check_mode_nothing_is_done_and_changes_make_the_run_provisional() -> None:
    run = Run(check_mode=True)
    run.converge(Things(["a"], {"a"}))
    assert not run.provisional
    run.converge(Things(["b"]))
    run.converge(Things(["a"], {"a"}))
    assert run.provisional
    assert run.done == []
    with pytest.raises(DcosError, match=r"^not this one\.$"):
        run.converge(Refusing(["c"]))


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_only_required_is_not_made(check_mode: bool) -> None:
    run, resource = Run(check_mode), Things(["a"])
    run.require(resource)
    assert (resource.there, run.done, run.provisional) == (set(), [], False)


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_was_read_before_is_believed_until_something_is_written(check_mode: bool) -> None:
    cache, believed = Cache(), []

    class Reading(Things):
        def read(self) -> frozenset[str]:
            believed.append(("read", cache.is_open))
            return super().read()

        def read_end(self) -> frozenset[str]:
            believed.append(("read the end", cache.is_open))
            return frozenset(self.there)

        def make(self, name: str) -> bool:
            believed.append((name, cache.is_open))
            return super().make(name)

    run = Run(check_mode, cache)
    run.converge(Reading(["a"]))
    assert believed == [("read", True), *([] if check_mode else [("a", False), ("read the end", False)])]
    with run.trial():
        assert cache.is_open is check_mode, "in check mode there is nothing new to try"
    assert not cache.asks_always


def test_who_lost_a_race_believes_nothing_any_more() -> None:
    cache, believed = Cache(), []

    class Reading(Things):
        def read(self) -> frozenset[str]:
            believed.append(cache.is_open)
            return super().read()

    with pytest.raises(LostRaceError):
        Run(False, cache).converge(lose_b(Reading(["a", "b"])))
    assert believed == [True, False, False]
    assert cache.asks_always
