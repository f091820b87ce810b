# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""A list of services at once: plan all of them from lists that are read once, then apply in parallel.

Each service is predicted before the first write of any: what is wrong with the input of one is known by then. A service
that fails does not stop the others; it is named at the end, and a second run finishes it.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping, Sequence

from .._api.cluster import Cluster
from .._crypto.rsa_keys import MINIMUM_SIZE, fingerprint, generate
from .._errors import DcosError, UnreachableError
from .._resources.frame import Plan, Resource, Run, Step
from .._rules.identifiers import journal_uid, next_path
from .._service.plan import ABSENT, PRESENT, PROVISION, ROTATE, SKIP, plan_service
from .._service.plan import Plan as ServicePlan
from .._service.variables import overlay
from .batches import batches
from .collisions import collisions
from .read_cache import Lists, Once, View
from .service import Report, Service, service_result

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MOST_CONCURRENT = 32
"""More requests at a time than this bring a cluster's IAM nothing; it is one process behind one proxy."""

_PER_CORE = 8
_MOST_TOLD = 5
_MOST_NAMED = 20
_MOST_WARNINGS = 20
_PATIENCE = 3
"""So many services in a row, or as many as are done at a time, that get no answer: the rest is not tried."""


def default_concurrency() -> int:
    """Making keys and TLS take this machine's cores, waiting for answers takes none."""
    return min(MOST_CONCURRENT, _PER_CORE * (os.cpu_count() or 1))


@dataclass(frozen=True)
class Job:
    """What is to be done for an entry: its plan, and how it sees the cluster."""

    plan: ServicePlan
    view: View

    @property
    def deletes_acls(self) -> bool:
        """Whether ACLs go with it that nobody uses."""
        return bool(self.plan.delete_unused_acls)


@dataclass(eq=False)
class Entry:
    """One entry of the list.

    plan: None where its input is refused.
    job: None where there is nothing to do, or not any more.
    predicted: its result as check mode tells it.
    report: its result, or the prediction as long as nothing is done.
    """

    number: int
    name: str
    plan: ServicePlan | None = None
    job: Job | None = None
    predicted: Report = field(default_factory=Report)
    report: Report = field(default_factory=Report)

    def refuse(self, error: DcosError) -> None:
        """It is wrong, and nothing is done for it."""
        if self.report.error is None:
            self.report.error = error

    def predict(self, report: Report) -> None:
        """Note the prediction; there is no job where nothing changes, or something is in the way."""
        self.predicted = self.report = report
        if not report.changed:
            self.job = None

    def finish(self, report: Report) -> None:
        """Note its result."""
        self.report = report
        self.job = None

    @property
    def after(self) -> Mapping[str, object]:
        """How its parts look at the end, as far as they were looked at."""
        if self.job is not None:
            return self.predicted.after
        return {**self.predicted.before, **(self.report.after if self.report.changed else {})}


@dataclass(frozen=True)
class Progress:
    """How far a phase is, after the service C(name)."""

    phase: str
    done: int
    total: int
    failed: int
    name: str


def quiet(progress: Progress) -> None:
    """Tell nobody."""


class Fleet(Resource[Sequence[Entry]]):
    """The services.

    services: the entries as the user wrote them.
    common: variables for those that do not set them.
    progress: told after each service.
    purpose: what the run is for, whatever state the services name.
    batch_sizes: how many services make up the first batch, the second and so on, the last for all that follow: a number
    or a share such as C(20%). After a batch in which one fails there is no next one.
    """

    def __init__(
        self,
        cluster: Cluster,
        services: Sequence[Mapping[str, object]],
        common: Mapping[str, object],
        *,
        concurrency: int,
        progress: Callable[[Progress], None],
        purpose: str = PROVISION,
        batch_sizes: Sequence[str] = (),
    ) -> None:
        self._cluster = cluster
        self._purpose = purpose
        self._batches = batches(len(services), batch_sizes)
        self._raw = [_with_common(service, common) for service in services]
        self._concurrency = concurrency
        self._progress = progress
        self._entries: list[Entry] = []
        if concurrency < 1:
            raise DcosError(f"concurrency: {concurrency} services at a time are too few. Use 1 or more.")
        if purpose == ROTATE and common.get("state") == ABSENT:
            raise DcosError("state: absent is given, but the purpose is to rotate keys. Leave one of the two out.")

    # Planning

    def read(self) -> Sequence[Entry]:
        """Everything is looked at and nothing written: the input without a request, then the cluster."""
        self._entries = [Entry(number, _name(raw, number)) for number, raw in enumerate(self._raw)]
        self._plan_services(None)
        if self._planned():
            self._plan_services(self._facts())
        self._refuse_collisions()
        lists = Lists(self._cluster)
        stand_in = Once(generate)  # in place of each key that is going to be made
        planned = self._planned()
        for entry, plan in planned:
            entry.job = Job(plan, View(self._cluster, lists))
        if any(plan.stage != SKIP for _entry, plan in planned):
            lists.read_accounts()

        def predict(entry: Entry, job: Job) -> None:
            entry.predict(_predicted(job, lists, stand_in))

        entries = [entry for entry, _plan in planned]
        self._each(entries, predict, self._counter("looked at", entries))
        return self._entries

    def _planned(self) -> list[tuple[Entry, ServicePlan]]:
        """The entries with which nothing is wrong so far."""
        return [(entry, entry.plan) for entry in self._entries if entry.plan is not None and entry.report.error is None]

    def _plan_services(self, facts: Mapping[str, object] | None) -> None:
        for entry, raw in zip(self._entries, self._raw):
            if entry.report.error is not None:
                continue
            try:
                entry.plan = plan_service(raw, facts, prefix=f"services[{entry.number}].", purpose=self._purpose)
                entry.name = f"/{entry.plan.service_name}"
            except DcosError as exc:
                entry.refuse(exc)

    def _facts(self) -> dict[str, object]:
        """What dcos_cluster_info would say, as far as a plan depends on it."""
        mode = self._cluster.security_mode()
        facts: dict[str, object] = {"url": self._cluster.connection.url, "security_mode": mode}
        # Without a mode it is an open cluster, or we may not read it.
        if mode is None or any(plan.version_matters for _entry, plan in self._planned()):
            facts.update(version=self._cluster.version(), variant=self._cluster.variant())
        return facts

    def _refuse_collisions(self) -> None:
        owners = {id(plan): entry for entry, plan in self._planned()}
        for two, error in collisions([plan for _entry, plan in self._planned()]):
            for plan in two:
                owners[id(plan)].refuse(DcosError(error.message, "collision"))

    # Doing

    def plan(self, state: Sequence[Entry]) -> Plan:
        """One step for all services; which of them it changed is in the result."""
        jobs = sum(entry.job is not None for entry in state)
        steps = (Step(f"converge {jobs} services", self._apply),) if jobs else ()
        wanted = [entry for entry in state if entry.predicted.changed]
        before = {entry.name: entry.predicted.before for entry in wanted}
        after = {entry.name: entry.after for entry in wanted}
        return Plan({}, steps, before, after, warnings=_warnings(state))

    def read_end(self) -> Sequence[Entry]:
        """The same entries, each with its result."""
        return self._entries

    def _apply(self) -> bool:
        counter = self._counter("done", [entry for entry in self._entries if entry.job is not None])
        for batch in self._batches:
            entries = self._entries[batch]
            # An ACL that is not used now may be used by a service of this very list in a moment.
            for last in (False, True):
                group = [entry for entry in entries if entry.job is not None and entry.job.deletes_acls is last]
                self._each(group, _converge, counter)
            counter.stop_after(entries)
        return any(entry.report.changed for entry in self._entries)

    def _counter(self, phase: str, entries: Sequence[Entry]) -> _Counter:
        return _Counter(phase, len(entries), self._concurrency, self._progress)

    def _each(self, entries: Sequence[Entry], do: Callable[[Entry, Job], None], counter: _Counter) -> None:
        """Do something for each entry with a job, several at a time, in the order of the list."""

        def one(entry: Entry) -> None:
            lost = counter.lost
            if lost is not None:
                entry.finish(Report(error=lost))
            elif entry.job is not None:
                do(entry, entry.job)
            counter.count(entry)

        if entries:
            with ThreadPoolExecutor(min(self._concurrency, len(entries))) as pool:
                for _nothing in pool.map(one, entries):
                    pass

    # Result

    def result(self, plan: Plan, done: Sequence[Step]) -> Mapping[str, object]:
        views = [_view(entry) for entry in self._entries]
        reports = [entry.report for entry in self._entries]
        failed = sum(report.error is not None for report in reports)
        changed = sum(report.changed for report in reports)
        unchanged = sum(report.error is None and not report.changed for report in reports)
        counts = {"total": len(views), "changed": changed, "unchanged": unchanged, "failed": failed}
        return {"services": views, "counts": counts}

    def failure(self) -> DcosError | None:
        """Which services failed and what to do about it."""
        failed = [(entry.name, entry.report.error) for entry in self._entries if entry.report.error is not None]
        if not failed:
            return None
        causes: dict[str, dict[str, None]] = {}
        for name, error in failed:  # several may share one error
            causes.setdefault(error.message, {})[name] = None
        told = [f"{_listed(list(names))}: {message}" for message, names in list(causes.items())[:_MOST_TOLD]]
        names = [name for others in list(causes.values())[_MOST_TOLD:] for name in others]
        more = f" And {len(names)} more: {_listed(names)}." if names else ""
        services = "1 service" if len(self._entries) == 1 else f"{len(self._entries)} services"
        return DcosError(
            f"{len(failed)} of {services} failed. {' '.join(told)}{more} The result has each service under services. "
            "Correct the cause and run again: what is done stays as it is.",
            failed[0][1].code if len(failed) == 1 else None,
            failed[0][1].status if len(failed) == 1 else None,
        )


class _Counter:
    """Counts the services of a phase, and tells when there is no use in trying the rest."""

    def __init__(self, phase: str, total: int, concurrency: int, progress: Callable[[Progress], None]) -> None:
        self._phase = phase
        self._total = total
        self._patience = max(_PATIENCE, concurrency)
        self._progress = progress
        self._lock = threading.Lock()
        self._done = 0
        self._failed = 0
        self._unreachable = 0
        self._lost: DcosError | None = None

    @property
    def lost(self) -> DcosError | None:
        """Why nothing more is tried: the cluster does not answer any more, or a batch had failures."""
        return self._lost

    def stop_after(self, batch: Sequence[Entry]) -> None:
        """Let nothing follow a batch in which one failed."""
        failed = [entry.name for entry in batch if entry.report.error is not None]
        if failed and self._lost is None:
            self._lost = DcosError(f"Not tried, since a batch before had failures ({_listed(failed)}).")

    def count(self, entry: Entry) -> None:
        error = entry.report.error
        with self._lock:
            self._done += 1
            self._failed += error is not None
            self._unreachable = self._unreachable + 1 if isinstance(error, UnreachableError) else 0
            if self._unreachable >= self._patience and self._lost is None and error is not None:
                self._lost = DcosError(
                    f"Not tried, since {self._unreachable} services in a row got no answer. The last one: "
                    f"{error.message}",
                    "unreachable",
                )
            self._progress(Progress(self._phase, self._done, self._total, self._failed, name=entry.name))


def _listed(names: Sequence[str]) -> str:
    """Names in a message, no more than somebody reads."""
    return ", ".join(names[:_MOST_NAMED]) + (" ..." if len(names) > _MOST_NAMED else "")


def _predicted(job: Job, lists: Lists, stand_in: Once[RSAPrivateKey]) -> Report:
    """What would become of a service; from then on it sees the cluster as befits what it is going to do."""
    run = Run(check_mode=True, cache=job.view)
    report = Service(job.plan, job.view.cluster, run, lambda size=MINIMUM_SIZE: stand_in.value()).converge()
    if stand_in.known is not None:
        report.hide_key(fingerprint(stand_in.known.public_key()))
    if report.changed and not _harmless(job, report, lists):
        job.view.ask_always()
    return report


def _converge(entry: Entry, job: Job) -> None:
    run = Run(check_mode=False, cache=job.view)
    entry.finish(Service(job.plan, job.view.cluster, run, generate).converge())


def _harmless(job: Job, report: Report, lists: Lists) -> bool:
    """Whether a service may be done by what was read some time before: it only adds, and nothing is half done."""
    plan, view = job.plan, job.view
    if plan.stage != PRESENT or report.rotates or lists.account(journal_uid(plan.account)) is not None:
        return False
    with view.planning():  # it was read before, so this is no request
        return view.cluster.secrets.read(plan.secret_store, next_path(plan.secret_path)) is None


def _with_common(service: Mapping[str, object], common: Mapping[str, object]) -> dict[str, object]:
    """An entry with the variables for all; its own win unless they are empty, which counts as unset."""
    own = {name: value for name, value in service.items() if value is not None and value != ""}
    return overlay(common, own)


def _name(raw: Mapping[str, object], number: int) -> str:
    name = raw.get("name")
    return name if isinstance(name, str) and name else f"services[{number}]"


def _view(entry: Entry) -> dict[str, object]:
    """One service in the result."""
    plan, report = entry.plan, entry.report
    view: dict[str, object] = {
        "name": entry.name,
        "state": None if plan is None else plan.stage,
        "changed": report.changed,
        "failed": report.error is not None,
        **service_result(None if plan is None else plan.security_mode),
        "account": None if plan is None or report.complete else plan.account,
        **report.values,
        "created": report.created,
        "permissions_held": report.permissions_held,
        "warnings": [*([] if plan is None else plan.warnings), *report.warnings],
    }
    if report.error is not None:
        view.update(msg=report.error.message, failure=report.error.failure())
    return view


def _warnings(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The warnings of all services, as many as somebody reads."""
    found = []
    for entry in entries:
        own = [] if entry.plan is None else entry.plan.warnings
        found += [f"{entry.name}: {warning}" for warning in (*own, *entry.report.warnings)]
    more = len(found) - _MOST_WARNINGS
    return (*found[:_MOST_WARNINGS], *([f"And {more} more warnings, see services in the result."] if more > 0 else []))
