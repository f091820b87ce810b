# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong answers to every request of every module: a typed failure or the right end, nothing lost, one run repairs."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ansible_collections.dcos.security.plugins.module_utils._fleet import fleet as _fleet
from ansible_collections.dcos.security.plugins.module_utils._resources import service_account_secret as _secret
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.resources.scenarios import SCENARIOS, Result, Scenario, play, populate
from ansible_collections.dcos.security.tests.resources.wrong_answers import LASTING, WELL_FORMED, WRONG
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import account_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import GATE, Reply, Sent

ROOT = Path(__file__).parents[2]
JOURNAL, NEXT = ".replacing", "-next"
SAMPLE = 12
"""How many of a scenario's cases "make test" tries; "make wrong-answers" tries all of them."""

State = Mapping[str, Any]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys that would be generated are taken from a pool."""
    made: list[str] = []

    def generate(size: int = 2048) -> Any:
        made.append(f"made-{len(made) % 8}")
        return private_key(made[-1], size)

    monkeypatch.setattr(_fleet, "generate", generate)
    monkeypatch.setattr(_secret, "generate", generate)
    return made


@dataclass(frozen=True)
class Case:
    """Which request gets which wrong answer, and whether the cluster has done before what was asked."""

    number: int
    wrong: str
    done: bool
    lasting: bool

    def __str__(self) -> str:
        return f"request {self.number}: {self.wrong}{', done' * self.done}{', each time' * self.lasting}"


class Walk:
    """One scenario: what there was, which requests a clean run sends, and how it ends."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.folder = folder
        self.cluster = EmulatedCluster()
        populate(self.cluster)
        scenario.prepare(self.cluster)
        self._snapshot = self.cluster.snapshot()
        self.before = self.cluster.state()
        self.restore()
        self.results = play(scenario.tasks, self.cluster, folder)
        assert not self.results[-1].get("failed"), self.results[-1]
        self.calls = list(self.cluster.calls)
        # Where the tasks ask for something new each time, the plain ones lead to the same state.
        self.clean = self.cluster.state()

    def restore(self) -> None:
        self.cluster.restore(self._snapshot)
        self.cluster.forget_calls()
        for path in self.folder.iterdir():
            path.unlink()
        for name, text in self.scenario.files.items():
            (self.folder / name).touch(0o600)
            (self.folder / name).write_text(text, encoding="ascii")

    def cases(self) -> Iterator[Case]:
        for number, call in enumerate(self.calls, 1):
            reads = call.startswith("GET") or call.endswith("/auth/login")
            for wrong in WRONG:
                for done in (True,) if reads else (False, True):
                    for lasting in (False, True) if wrong in LASTING else (False,):
                        yield Case(number, wrong, done, lasting)

    def complaints(self, case: Case) -> list[str]:
        """What is wrong after one case."""
        self.restore()
        met: list[str] = []
        self.cluster.answering = self._answering(case, met)
        found: list[str] = []
        try:
            results = play(self.scenario.tasks, self.cluster, self.folder)
            found += self._of_result(case, results, met)
        except Exception as exc:  # the very thing that must not come out of a module
            found.append(f"{type(exc).__name__}: {exc}"[:300])
        self.cluster.answering = lambda sent, answer: answer()
        if not met:
            return []
        return [*found, *self._lost(self.cluster.state()), *self._of_repair(self._left_alone(case, met))]

    def _answering(self, case: Case, met: list[str]) -> Callable[[Sent, Callable[[], Reply]], Any]:
        count = 0

        def answering(sent: Sent, answer: Callable[[], Reply]) -> Any:
            nonlocal count
            count += 1
            again = case.lasting and bool(met) and sent.call == met[0]
            if count != case.number and not again:
                return answer()
            before = self.cluster.snapshot()
            right = answer()
            reply = WRONG[case.wrong](right)
            if reply is None or _is_possible(sent, reply, right, case):
                return right
            if not case.done:
                self.cluster.restore(before)
            met.append(sent.call)
            return reply

        return answering

    def _of_result(self, case: Case, results: Sequence[Result], met: Sequence[str]) -> Iterator[str]:
        last = results[-1]
        shown = json.dumps(results)
        if "PRIVATE KEY" in shown or "S3CRET" in shown:
            yield "a secret is shown"
        told = "".join(map(str, [last.get("msg", ""), *last.get("warnings", ())]))
        if any(unicodedata.category(each) in ("Cc", "Cf") for each in told):
            yield "text of the server is shown as it came"
        if last.get("failed"):
            if set(last.get("failure") or ()) != {"status", "code", "title"} or not last["msg"]:
                yield f"no typed failure: {last}"
        elif _could_be_stored(case, met):
            return
        elif self.before == self.clean:
            if case.wrong not in WELL_FORMED and not self._is_right(last, met):
                yield f"reported as right: {json.dumps(last)[:300]}"
        elif self._view(self.cluster.state()) != self._view(self.clean):
            yield f"reported as done: {_difference(self._view(self.clean), self._view(self.cluster.state()))}"

    def _is_right(self, found: Result, met: Sequence[str]) -> bool:
        """Whether a report tells what a clean run tells, or names what it could not read."""
        if "expires_at" in found:  # another token is as good, if it is the account's
            kept = [account_of(path.read_text(encoding="ascii").strip()) for path in self.folder.iterdir()]
            return found["uid"] == self.results[-1]["uid"] and set(kept) <= {found["uid"]}
        if "access" in found and found["access"]["unknown"]:
            return True
        right = _steady(self.results[-1])
        if all(
            "/dcos-metadata/" in call or call == GATE for call in met
        ):  # what cannot be read is null, as for who may not read it
            return _without_metadata(_steady(found)) == _without_metadata(right)
        return bool(_steady(found) == right)

    def _left_alone(self, case: Case, met: Sequence[str]) -> State:
        """The state after a clean run, with the secret that the first run took for somebody else's still there."""
        secrets = dict(self.clean["secrets"])
        if _could_be_stored(case, met):
            path = met[0].partition("/default/")[2]
            secrets.update({name: value for name, value in self.before["secrets"].items() if name == path})
        return {**self.clean, "secrets": secrets}

    def _of_repair(self, left_alone: State) -> Iterator[str]:
        tasks = self.scenario.plain or self.scenario.tasks
        results = play(tasks, self.cluster, self.folder)
        if results[-1].get("failed"):
            yield f"not repaired: {results[-1]['msg']}"
            return
        state = self._view(self.cluster.state())
        # A rotation that never began is as good as one that was finished.
        good = (self._view(self.clean), self._view(left_alone), self.scenario.plain and self._view(self.before))
        if state not in good:
            yield f"repaired to something else: {_difference(self._view(self.clean), state)}"
        if self.scenario.settles:
            again = play(tasks, self.cluster, self.folder)
            if any(result.get("failed") or result["changed"] for result in again):
                yield f"not settled: {again[-1].get('msg') or [result['changed'] for result in again]}"

    def _view(self, state: State) -> State:
        """A state in which what is made anew each time is told by where it is stored, or by its length."""
        secrets, users = dict(state["secrets"]), {uid: dict(user) for uid, user in state["users"].items()}
        secrets.update({path: f"{len(secrets[path])} characters" for path in self.scenario.made if path in secrets})
        for uid, path in self._services():
            held = {place: _public(secrets.get(place)) for place in (path, path + NEXT)}
            for account in (uid, uid + JOURNAL):
                for place, key in held.items():
                    if account in users and key is not None and users[account]["public_key"] == key:
                        users[account]["public_key"] = f"that at {place}"
            for place, key in held.items():
                if key is not None:
                    secrets[place] = {**json.loads(secrets[place]), "private_key": ""}
        return {**state, "secrets": secrets, "users": users}

    def _services(self) -> list[tuple[str, str]]:
        return [*self.scenario.keys.items(), ("new", "new/secret")]

    def _lost(self, now: State) -> Iterator[str]:
        """What was there, is there after a clean run, and is not there now; and what neither of both has."""
        for uid, path in self.scenario.keys.items():
            places = [_public(now["secrets"].get(place)) for place in (path, path + NEXT)]
            holders = [account for account in (uid, uid + JOURNAL) if account in now["users"]]
            if holders and path in self.clean["secrets"] and now["users"][holders[0]]["public_key"] not in places:
                yield f"the key of {holders[0]} is stored nowhere"
        for part in ("users", "groups", "acls", "secrets"):
            for name in {*self.before[part], *self.clean[part], *now[part]}:
                yield from self._lost_one(part, name, now)
        allowed = self.before["grants"] | self.clean["grants"]
        kept = self.before["grants"] & self.clean["grants"]
        gone = kept - now["grants"] - _journalled(now)
        if gone or now["grants"] - allowed:
            yield f"grants lost: {sorted(gone)}, made: {sorted(now['grants'] - allowed)}"

    def _lost_one(self, part: str, name: str, now: State) -> Iterator[str]:
        before, clean, found = (state[part].get(name) for state in (self.before, self.clean, now))
        if part == "groups":
            if before is not None and clean is not None and found is None:
                yield f"group {name} is gone"
            before, clean, found = (each or frozenset() for each in (before, clean, found))
            held = {uid for uid in before & clean if uid + JOURNAL in now["users"]}
            if not before & clean <= found | held or not found <= before | clean:
                yield f"members of {name}: {sorted(found)}"
        elif found is None:
            if before is not None and clean is not None and not (part == "users" and name + JOURNAL in now["users"]):
                yield f"{part}: {name} is gone"
        elif part == "users" and not name.endswith(JOURNAL):
            if found["description"] not in [each["description"] for each in (before, clean) if each is not None]:
                yield f"description of {name}: {found['description']!r}"
        elif before == clean and found != before and not self._ours(name):
            yield f"{part}: {name} is {found!r}, was {before!r}"[:300]

    def _ours(self, name: str) -> bool:
        """Whether the scenario leaves a key behind at this path or under this name that is not the one before."""
        paths = [path for _uid, path in self._services()]
        return name.endswith(JOURNAL) or name in paths or name.removesuffix(NEXT) in paths


def _public(text: Any) -> str | None:
    """The public half of the key in a stored document, as the account has it."""
    try:
        private = json.loads(text)["private_key"]
    except (TypeError, ValueError, KeyError):
        return None
    return _public_half(private)


@cache
def _public_half(private: str) -> str | None:
    try:
        key = load_pem_private_key(private.encode(), None)
    except ValueError:
        return None
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _journalled(state: State) -> set[tuple[str, str, tuple[str, str]]]:
    """The grants that journals hold for their accounts."""
    found = set()
    for uid, user in state["users"].items():
        if uid.endswith(JOURNAL):
            for entry in json.loads(user["description"])["grants"]:
                found |= {("users", uid.removesuffix(JOURNAL), (entry["rid"], action)) for action in entry["actions"]}
    return found


def _is_possible(sent: Sent, reply: Any, right: Reply, case: Case) -> bool:
    """Whether the service itself could answer this, so that nobody can tell that it is wrong."""
    if not isinstance(reply, Reply):
        return False
    says_done = not case.done and reply.status == right.status < 300
    # The secret store has no error codes: any 404 that is no page may be its own.
    says_nothing_there = "/secrets/" in sent.path and case.wrong == "JSON with 404"
    return says_done or says_nothing_there


def _could_be_stored(case: Case, met: Sequence[str]) -> bool:
    """Whether a secret could have this value, which then is somebody else's and left alone, or secrets these names."""
    names = ["texts for entries"] if met[0].endswith("?list=true") else []
    return "/secrets/" in met[0] and case.wrong in (*WELL_FORMED, "another account's", *names)


_VOLATILE = ("invocation", "authorization", "expires_at", "expires_in", "read_at")


def _steady(value: Any) -> Any:
    """A report without what differs from run to run."""
    return {k: _steady(v) for k, v in value.items() if k not in _VOLATILE} if isinstance(value, Mapping) else value


def _without_metadata(report: Any) -> Any:
    """A report without security mode, version, variant and authentication."""
    if not isinstance(report, Mapping):
        return report
    names = ("security_mode", "version", "variant", "authentication")
    return {name: _without_metadata(value) for name, value in report.items() if name not in names}


def _difference(wanted: State, found: State) -> str:
    return "; ".join(
        f"{part} {name}: {found[part].get(name)!r} in place of {wanted[part].get(name)!r}"[:300]
        if isinstance(wanted[part], Mapping)
        else f"{part} {name}"
        for part in wanted
        for name in sorted({*wanted[part], *found[part]}, key=str)
        if not isinstance(wanted[part], Mapping) or wanted[part].get(name) != found[part].get(name)
        if isinstance(wanted[part], Mapping) or (name in wanted[part]) is not (name in found[part])
    )


def test_every_module_has_a_scenario() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert {task.module for each in SCENARIOS.values() for task in each.tasks} == set(runtime["action_groups"]["dcos"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sample_of_wrong_answers(name: str, tmp_path: Path) -> None:
    walk = Walk(SCENARIOS[name], tmp_path)
    cases = list(walk.cases())
    check(walk, random.Random(name).sample(cases, min(SAMPLE, len(cases))))  # the same ones in each run


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_wrong_answer(name: str, tmp_path: Path) -> None:
    walk = Walk(SCENARIOS[name], tmp_path)
    check(walk, walk.cases())


def check(walk: Walk, cases: Iterable[Case]) -> None:
    found = [
        f"{walk.calls[case.number - 1]}, {case}: {complaint}" for case in cases for complaint in walk.complaints(case)
    ]
    assert not found, "\n".join([f"{len(found)} complaints", *found])
