# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: the grants of an account against a resource and an action."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from .store import Grant, Store

SUPERUSER = "dcos:superuser"
SUPERUSERS_GROUP = "superusers"
ACTIONS = ("create", "read", "update", "delete", "full")


@dataclass(frozen=True)
class _Change:
    """A grant or a revoke that does not show yet; with a uid only for that user, who joined or left the group."""

    grant: Grant
    granted: bool
    shows_at: float
    uid: str | None

    def concerns(self, uid: str, gids: set[str]) -> bool:
        if self.uid is not None:
            return self.uid == uid
        return self.grant.subject in ({uid} if self.grant.kind == "user" else gids)


class Authorization:
    """Decides on the stored grants, as far as they show already."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._delay = 0.0
        self._pending: deque[_Change] = deque()

    def delay_changes(self, seconds: float) -> None:
        """From now on a change shows only that much later; 0 also shows what was still pending."""
        self._delay = seconds
        if not seconds:
            self._pending.clear()

    def changed(self, grants: Iterable[Grant], *, granted: bool, uid: str | None = None) -> None:
        """Note a change that has just been stored, or with `uid` what one user got or lost together with a group.

        It outlives the account: one that is made anew seems to have what the deleted one had.
        """
        if self._delay:
            shows_at = time.monotonic() + self._delay
            self._pending.extend(_Change(grant, granted, shows_at, uid) for grant in grants)

    def effective(self, grants: tuple[Grant, ...], uid: str) -> tuple[Grant, ...]:
        """The stored grants of a user, without the changes that do not show yet."""
        now = time.monotonic()
        while self._pending and self._pending[0].shows_at <= now:
            self._pending.popleft()
        if not self._pending:
            return grants
        groups = {group.gid for group in self._store.groups_of(uid)}
        shown = dict.fromkeys(grants)
        # Undone newest first, so that several changes of one grant end where the first of them began.
        for change in reversed(self._pending):
            if change.shows_at <= now or not change.concerns(uid, groups):
                continue
            if change.granted:
                shown.pop(change.grant, None)
            else:
                shown[change.grant] = None
        return tuple(shown)

    def grants_of_user(self, uid: str) -> tuple[Grant, ...]:
        """What a user may do, directly and through groups, as far as it shows."""
        return self.effective(self._store.grants_of_user(uid), uid)

    def allows(self, uid: str, rid: str, action: str) -> bool:
        """Superusers may do everything; others what they were granted, `full` standing for every action.

        Any single action on `dcos:superuser` makes a superuser. What a granted resource covers beside
        itself is decided below.
        """
        for grant in self.grants_of_user(uid):
            if grant.rid == SUPERUSER:
                return True
            if grant.action in (action, "full") and _covers(grant.rid, rid):
                return True
        return False

    def is_superuser(self, uid: str) -> bool:
        return any(grant.rid == SUPERUSER for grant in self.grants_of_user(uid))


# What follows is a path of services and groups, or the folder of a task. It covers everything below it.
_TREES = ("dcos:service:marathon:marathon:services:/", "dcos:mesos:master:task:app_id:/")
# Resources of Mesos may leave out their last parts, but not the kind: dcos:mesos:master:reservation is the shortest.
_KIND = re.compile(r"dcos:mesos:(?:master|agent):[^:]+")


def _covers(granted: str, rid: str) -> bool:
    if granted == rid:
        return True
    if granted.endswith("/*"):
        prefix = granted[:-1]
        return rid.startswith(prefix) and len(rid) > len(prefix)
    if granted.startswith(_TREES):
        return rid.startswith(granted.removesuffix("/") + "/")
    # Parts that are left out cover every value.
    return _KIND.match(granted) is not None and rid.startswith(f"{granted}:")
