# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs on one service, or a run and an operator, in every order of their requests with at most two switches.

One run is stopped after each of its requests in turn; then the other one runs, to its end or until it is killed after
one of its writes; then the first one continues, or was killed. After every request: the private half of the key the
account has (or, while it is being replaced, is about to get) is stored; power that somebody took does not come back. At
the end of each run: what it reports was there once it had written. At the end of all: one plain run, and all is well.

C(make resources) plays a sample that is always the same one, C(make exhaustive) plays all of them.
"""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.http import Judgement, Request
from ansible_collections.dcos.security.plugins.module_utils._api.iam import BASE
from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import (
    fingerprint,
    load_stored_private_key,
    public_pem,
    read_public_key,
)
from ansible_collections.dcos.security.plugins.module_utils._fleet import fleet as _fleet
from ansible_collections.dcos.security.plugins.module_utils._fleet.fleet import Fleet, quiet
from ansible_collections.dcos.security.plugins.module_utils._fleet.read_cache import Lists, View
from ansible_collections.dcos.security.plugins.module_utils._fleet.service import Service
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Run as ResourceRun
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import converge
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account import ServiceAccount
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account_document import stored_half
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.resources.interleaving import Run, Turn, gate, play
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL, cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Sent, serving

MakeScene = Callable[[str, tuple[str, ...]], "Scene"]

UID, JOURNAL = "team__api-principal", "team__api-principal.replacing"
LIVE, NEXT = "team/api/api-secret", "team/api/api-secret-next"
A, B, C, LATE, SUPERUSER = "dcos:a", "dcos:b", "dcos:c", "dcos:late", "dcos:superuser"
TAKE_POWER = f"DELETE {BASE}/acls/{SUPERUSER}/users/{UID}/full"
GIVE_POWER = f"PUT {BASE}/acls/{SUPERUSER}/users/{UID}/full"
DELETE_ACCOUNT = f"DELETE {BASE}/users/{UID}"


class AtOnce:
    """In place of the fleet's pool: everything in the thread that asks for it."""

    def __init__(self, workers: int) -> None:
        assert workers == 1

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    map = staticmethod(map)


@pytest.fixture(autouse=True)
def in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fleet, "ThreadPoolExecutor", AtOnce)


# What runs do


def service(*rids: str, **variables: Any) -> dict[str, Any]:
    permissions = [{"rid": rid, "actions": ["read"]} for rid in rids]
    return {"name": "/team/api", "security_mode": "strict", "permissions": permissions, **variables}


WISHES: Mapping[str, dict[str, Any]] = {
    "provision": service(A, B),
    "other wishes": service(B, C),
    "rotate": service(A, B, exclusive=False, rotate_key=True),
    "retire": service(A, B, state="absent"),
}


def by_role(cluster: Cluster, wishes: Mapping[str, Any], make_key: Callable[..., Any]) -> Mapping[str, Any]:
    """As by the tasks of the role, each of which reads for itself."""
    plan = plan_service(wishes, {"url": URL, "security_mode": "strict"})
    view = View(cluster, Lists(cluster))
    view.ask_always()
    report = Service(plan, view.cluster, ResourceRun(False, view), make_key).converge()
    if report.error is not None:
        raise report.error
    return report.values


def by_list(cluster: Cluster, wishes: Mapping[str, Any], make_key: Callable[..., Any]) -> Mapping[str, Any]:
    """As by dcos_services, which reads lists first."""
    del make_key  # the fleet's own one is exchanged for all of them
    outcome = converge(Fleet(cluster, [wishes], {}, concurrency=1, progress=quiet), False)
    services: Any = outcome.values["services"]
    if outcome.failure is not None:
        raise outcome.failure
    return dict(services[0])


def replace(cluster: Cluster) -> Mapping[str, Any]:
    """As by dcos_service_account with replace_key, between the two halves of a rotation."""
    account = ServiceAccount(
        cluster.iam,
        cluster.own_uid,
        UID,
        key=public_key("next"),
        replace_key=True,
        is_stored=stored_half(cluster, UID, "default", LIVE),
    )
    shown: Any = converge(account, False).values["service_account"]
    return {"fingerprint": shown["fingerprint"], "account": UID}


OPERATOR: Mapping[str, tuple[str, str]] = {
    "takes power": ("DELETE", f"{BASE}/acls/{SUPERUSER}/users/{UID}/full"),
    "takes a grant": ("DELETE", f"{BASE}/acls/{A}/users/{UID}/read"),
    "gives a grant": ("PUT", f"{BASE}/acls/{LATE}/users/{UID}/read"),
    "takes a membership": ("DELETE", f"{BASE}/groups/dev/users/{UID}"),
    "gives a membership": ("PUT", f"{BASE}/groups/ops/users/{UID}"),
}


def operate(cluster: Cluster, change: str) -> None:
    method, path = OPERATOR[change]
    cluster.http.send(Request(method, path, change), Judgement((204, 400, 409)))


# What there is


@dataclass(frozen=True)
class Seen:
    """The service, as far as runs report it."""

    account: str | None
    live: str | None
    next: str | None
    journal: str | None
    grants: frozenset[str]
    groups: frozenset[str]


@functools.cache
def public_half(document: str) -> str | None:
    text = document.split('"private_key": "')[1].split('"')[0].replace("\\n", "\n")
    key = load_stored_private_key(text)
    return None if key is None else public_pem(key.public_key())


@functools.cache
def fingerprint_of(pem: str) -> str:
    key = read_public_key(pem)
    assert key is not None
    return fingerprint(key)


def look(fake: EmulatedCluster) -> Seen:
    users, secrets = fake.users, fake.secrets
    live, next_ = (public_half(str(secrets[path])) if path in secrets else None for path in (LIVE, NEXT))
    account, journal = (users[uid]["public_key"] if uid in users else None for uid in (UID, JOURNAL))
    return Seen(
        account, live, next_, journal, frozenset(rid for rid, _a in fake.grants_of(UID)), frozenset(fake.groups_of(UID))
    )


def starting(state: str) -> EmulatedCluster:
    """A cluster on which the service is new, or there since long, or about to be replaced."""
    fake = EmulatedCluster()
    for rid in (A, B, C, LATE):
        fake.add_acl(rid, "there before")
    fake.set_members("dev")
    fake.set_members("ops")
    if state != "new":
        fake.add_account(UID, public_text("old"), "Service account of /team/api")
        fake.add_members("dev", UID)
        for rid, action in ((A, "read"), (B, "read"), (SUPERUSER, "full")):
            fake.add_grant(UID, rid, action)
        fake.store_secret(LIVE, document("old"))
    if state == "prepared":
        fake.store_secret(NEXT, document("next"))
    return fake


def document(key: str) -> dict[str, str]:
    endpoint = "https://leader.mesos/acs/api/v1/auth/login"
    return {"uid": UID, "scheme": "RS256", "login_endpoint": endpoint, "private_key": private_text(key)}


@functools.cache
def beginning(state: str) -> Any:
    return starting(state).snapshot()


# Watching


@dataclass
class Watcher:
    """Looks at the service after each request, and judges.

    since: of each run, what was to be seen since its last write to account and secret, and since its last to grants.
    Who has nothing to write reports what it read, one thing after the other, and is believed.
    taken: power was taken, and nobody may give it back.
    """

    fake: EmulatedCluster
    kinds: tuple[str, ...]
    runs: list[Run] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    since: dict[tuple[str, bool], set[Seen]] = field(default_factory=dict)
    ever: dict[str, set[Seen]] = field(default_factory=dict)
    taken: bool = False
    writes: int = 0
    now: Seen | None = None

    def watch(self, run: Run, sent: Sent) -> None:
        self.trace.append(f"{run.name}: {sent.call}")
        wrote = len(self.fake.writes) > self.writes
        self.writes = len(self.fake.writes)
        if wrote or self.now is None:
            self.now = look(self.fake)
            self.since.pop((run.name, "/acls/" in sent.path), None)
            for seen in (*self.since.values(), *self.ever.values()):
                seen.add(self.now)
            self.judge_power(run, sent)
            self.judge_key()
        for of_grants in (True, False):
            self.since.setdefault((run.name, of_grants), set()).add(self.now)
        self.ever.setdefault(run.name, set()).add(self.now)
        if run.succeeded:
            self.judge_report(run)

    def judge_power(self, run: Run, sent: Sent) -> None:
        if sent.call == TAKE_POWER:
            # The one gap that the IAM leaves, since it knows no conditional deletion: between the last look and that.
            waiting = [other.waiting.call for other in self.runs if other is not run and other.waiting is not None]
            self.taken = DELETE_ACCOUNT not in waiting
        assert self.now is not None
        assert not (self.taken and SUPERUSER in self.now.grants), "power that was taken came back"

    def judge_key(self) -> None:
        now = self.now
        assert now is not None
        if "retire" in self.kinds:
            return
        has = now.account or now.journal  # while there is no account, the journal tells which key it is going to have
        assert has is None or has in (now.live, now.next), "nobody can log in any more"

    def judge_report(self, run: Run) -> None:
        kind = run.name.split(" by ")[0]
        if kind not in self.kinds or kind in OPERATOR:
            return
        key, grants = self.since[run.name, False], self.since[run.name, True]
        if not is_exact(kind):  # its grants have two parts, the second of which takes superuser power away
            grants = self.ever[run.name]
        assert any(has_key(kind, run.value, each) for each in key), f"{run.name} reports a key that never was"
        if kind not in ("retire", "replace") and any(run.value[name] for name in ("granted", "revoked")):
            assert any(has_grants(kind, run.value, each) for each in grants), f"{run.name} reports other grants"


def is_exact(kind: str) -> bool:
    return bool(WISHES.get(kind, {}).get("exclusive", True))


def has_key(kind: str, reported: Mapping[str, Any], seen: Seen) -> bool:
    if kind == "retire":
        return reported["account"] is None and seen.account is None
    keys = (seen.account,) if kind == "replace" else (seen.account, seen.live)
    return all(key is not None and fingerprint_of(key) == reported["fingerprint"] for key in keys)


def has_grants(kind: str, reported: Mapping[str, Any], seen: Seen) -> bool:
    wanted = {permission["rid"] for permission in WISHES[kind]["permissions"]}
    granted = {each["rid"] for each in reported["granted"]}
    revoked = {each["rid"] for each in reported["revoked"]}
    return (seen.grants == wanted or not is_exact(kind)) and granted <= seen.grants - (revoked - {SUPERUSER})


# Playing


def actor(name: str, keys: Iterator[str]) -> Run:
    """name: the kind of run, and by what means."""
    kind, _by, means = name.partition(" by ")
    cluster = cluster_for()

    def make_key(size: int = 2048) -> Any:
        return private_key(next(keys), size)

    def act() -> Any:
        if kind in OPERATOR:
            return operate(cluster, kind)
        if kind == "replace":
            return replace(cluster)
        return (by_list if means == "list" else by_role)(cluster, WISHES[kind], make_key)

    return Run(name, act)


class Scene:
    """One state and who acts in it; played anew for each order.

    stride: one in so many points of a run is played; which one comes first differs from scene to scene.
    """

    def __init__(self, state: str, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, stride: int) -> None:
        self.state, self.names, self.stride = state, names, stride
        self.kinds = tuple(name.split(" by ")[0] for name in names)
        self._fake = EmulatedCluster()
        self._fake.gate = gate
        self._monkeypatch = monkeypatch

    def play(self, *turns: Turn) -> tuple[list[int], Watcher]:
        """One order; how many requests each run sent, and who watched."""
        fake = self._fake
        fake.restore(beginning(self.state))
        fake.forget_calls()
        keys = (f"made-{number % 12}" for number in itertools.count())
        self._monkeypatch.setattr(_fleet, "generate", lambda size=2048: private_key(next(keys), size))
        watcher = Watcher(fake, self.kinds)
        try:
            with serving(fake):
                watcher.runs = [actor(name, keys) for name in self.names]
                sent = play(watcher.runs, turns, watcher.watch)
                self._judge_end(watcher, keys)
        except AssertionError as exc:
            order = "; ".join(str(turn) for turn in turns)
            raise AssertionError("\n".join([f"{exc}", f"{self.names}: {order}", *watcher.trace])) from exc
        return sent, watcher

    def _judge_end(self, watcher: Watcher, keys: Iterator[str]) -> None:
        """Nothing is lost, and one plain run brings the service in order."""
        operator = [kind for kind in self.kinds if kind in OPERATOR]
        plain = actor("provision by role", keys)
        play([plain], [Turn(0)], watcher.watch)
        if plain.error is not None:
            retired = "retire" in self.kinds and plain.error.code == "key_mismatch"
            assert retired, f"the next run: {plain.error.message}"
            return
        after = look(watcher.fake)
        assert after.account is not None
        assert after.account == after.live, "the next run leaves another key"
        assert (after.next, after.journal, after.grants) == (None, None, {A, B}), f"the next run leaves {after}"
        if self.state == "new" or "retire" in self.kinds:
            return
        assert "dev" in after.groups or "takes a membership" in operator, "the membership is lost"


@pytest.fixture(
    params=[
        pytest.param(13, id="sample"),
        pytest.param(1, id="every", marks=[pytest.mark.exhaustive, pytest.mark.timeout(3600)]),
    ]
)
def make_scene(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MakeScene:
    return lambda state, names: Scene(state, names, monkeypatch, request.param)


def sample(points: Sequence[int], scene: Scene) -> Sequence[int]:
    """All points at which a run is stopped or killed, or always the same few of them."""
    phase = zlib.crc32("".join((scene.state, *scene.names)).encode("utf-8"))
    return points[min(phase % scene.stride, len(points) - 1) :: scene.stride]


def every_order(scene: Scene) -> None:
    """Each point of the first run; the second one to its end, or killed after each of its writes."""
    with_kills = scene.kinds[1] not in OPERATOR
    (alone, _second), _watcher = scene.play(Turn(0), Turn(1))
    for point in sample(range(alone + 1), scene):
        _sent, watcher = scene.play(Turn(0, point), Turn(1), Turn(0))
        scene.play(Turn(0, point, killed=True), Turn(1))
        if with_kills:
            second = [call for call in watcher.trace if call.startswith(f"{scene.names[1]}: ")]
            writes = [number for number, call in enumerate(second, 1) if ": GET " not in call and ": POST " not in call]
            for number in sample(writes, scene) if writes else ():
                scene.play(Turn(0, point), Turn(1, number, killed=True), Turn(0))


RUNS = ("provision by role", "provision by list", "other wishes by role", "rotate by role", "retire by role")
LISTS = ("other wishes by list", "rotate by list", "retire by list")


@pytest.mark.parametrize("second", [*RUNS, *LISTS])
@pytest.mark.parametrize("first", [*RUNS, *LISTS])
@pytest.mark.parametrize("state", ["there", "new"])
def test_two_runs(state: str, first: str, second: str, make_scene: MakeScene) -> None:
    every_order(make_scene(state, (first, second + (" " if first == second else ""))))


@pytest.mark.parametrize("second", [*RUNS, "replace"])
def test_a_replacement_and_another_run(second: str, make_scene: MakeScene) -> None:
    every_order(make_scene("prepared", ("replace", second)))
    every_order(make_scene("prepared", (second, "replace")))


@pytest.mark.parametrize("change", OPERATOR)
@pytest.mark.parametrize("first", [*RUNS, *LISTS, "replace"])
def test_a_run_and_an_operator(first: str, change: str, make_scene: MakeScene) -> None:
    every_order(make_scene("prepared" if first == "replace" else "there", (first, change)))
