# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Waiting for a cluster that is starting, until it is ready for what comes next or the time is over.

What time can mend is waited for: no connection, an answer of something in between, an error of the server, a sealed
store. What it cannot mend ends the wait at once: a certificate that does not verify, credentials that the IAM refuses,
a permission that is missing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable

from .._api.cluster import Cluster
from .._api.connection import NoCredentials
from .._errors import ApiError, CredentialsError, DcosError, OddAnswerError, UnreachableError

REACHABLE, LOGIN, SECRETS = STAGES = ("reachable", "login", "secrets")
"""What can be waited for; each includes the one before."""

_WAITING_FOR = {
    REACHABLE: "an answer of Admin Router",
    LOGIN: "the IAM to take the credentials",
    SECRETS: "the secret store to be unsealed",
}
_PAUSE = 2.0
"""Seconds between two looks."""
_STARTING = (404, 408, 429)
"""What comes while a service is not there yet, besides errors of the server."""


@dataclass(frozen=True)
class Waiting:
    """What is missing still, in words, and for how many seconds at most it is waited for."""

    missing: str
    left: int


def quiet(waiting: Waiting) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Clock:
    """The time, in seconds; tests have one of their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def stage_of(cluster: Cluster, wanted: str | None) -> str:
    """What to wait for: as asked, else the login, where there are credentials for one."""
    if wanted is not None:
        return wanted
    return REACHABLE if _has_no_credentials(cluster) else LOGIN


def is_anonymous(cluster: Cluster, stage: str) -> bool:
    """Whether nothing but reaching the cluster was asked for, and nothing more is possible."""
    return stage == REACHABLE and _has_no_credentials(cluster)


def _has_no_credentials(cluster: Cluster) -> bool:
    return isinstance(cluster.login.credentials, NoCredentials)


def wait_for(
    cluster: Cluster,
    stage: str,
    seconds: int,
    tell: Callable[[Waiting], None] = quiet,
    *,
    clock: Clock = Clock(),
) -> int:
    """Wait until the cluster has come to a stage; how many seconds that took.

    seconds: how long to wait; with 0 the cluster must be ready now.
    tell: told after each look that it is not.
    """
    start = clock.now()
    reached = 0
    while True:
        try:
            for number in range(reached, STAGES.index(stage) + 1):
                _look(cluster, STAGES[number])
                reached = number + 1
            return round(clock.now() - start)
        except DcosError as exc:
            if not _may_pass(exc):
                raise
            left = start + seconds - clock.now()
            if left <= 0:
                raise _too_late(cluster, STAGES[reached], seconds, exc) from None
            tell(Waiting(_WAITING_FOR[STAGES[reached]], round(left)))
        clock.sleep(min(_PAUSE, left))


def _look(cluster: Cluster, stage: str) -> None:
    """Raise unless the cluster has come to this stage."""
    if stage == REACHABLE:
        cluster.look_at_gate()
    elif stage == LOGIN:
        token = cluster.login.token()
        if token is not None and not cluster.accepts(token):
            raise CredentialsError(f"{cluster.connection.url}: {cluster.login.explain_refusal()}", status=401)
    else:
        cluster.secrets.require_unsealed("default")


def _may_pass(error: DcosError) -> bool:
    """Whether waiting can help."""
    if isinstance(error, ApiError):
        return error.code != "mode" and error.status is not None and (error.status >= 500 or error.status in _STARTING)
    return isinstance(error, (UnreachableError, OddAnswerError))


def _too_late(cluster: Cluster, stage: str, seconds: int, error: DcosError) -> DcosError:
    late = error.copy()
    waited = f"after {seconds} s of waiting" if seconds else "without waiting"
    late.message = (
        f"{cluster.connection.url} is not ready {waited}. What is missing: {_WAITING_FOR[stage]}. The last look: "
        f"{error.message} If the cluster is still starting, give a longer wait."
    )
    return late
