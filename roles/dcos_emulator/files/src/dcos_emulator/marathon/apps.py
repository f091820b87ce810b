# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of deployed apps, and their groups."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterable, Mapping

from ..store import Store
from .decisions import Refused

Definition = dict[str, object]
"""An app as it was sent, with its whole id and its version."""

_APP, _GROUP = "marathon-app", "marathon-group"
ROOT = "/"
_NAME = "[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_PATH = re.compile(f"{_NAME}(?:/{_NAME})*")
_NOTHING_RUNS = dict.fromkeys(("tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy"), 0)


class Apps:
    """A group stays when its last app is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, app_id: str) -> Definition | None:
        return self._store.configuration(_APP, app_id)

    def below(self, group: str) -> dict[str, Definition]:
        """The apps of a group and of the groups in it."""
        return {app_id: app for app_id, app in self._store.configurations(_APP).items() if is_below(app_id, group)}

    def has_group(self, group: str) -> bool:
        return group == ROOT or self._store.configuration(_GROUP, group) is not None

    def change(self, put: Mapping[str, Definition], gone: Iterable[str] = (), group: str | None = None) -> None:
        """All at once: put apps, remove others, add a group."""
        with self._store.transaction():
            for path in (*([group] if group else ()), *map(parent, put)):
                while path != ROOT:
                    self._store.add_configuration(_GROUP, path, {})
                    path = parent(path)
            for app_id, definition in put.items():
                self._store.replace_configuration(_APP, app_id, {**definition, "id": app_id, "version": version()})
            for app_id in gone:
                self._store.delete_configuration(_APP, app_id)

    def remove_group(self, group: str) -> None:
        """With everything in it."""
        with self._store.transaction():
            for app_id in self.below(group):
                self._store.delete_configuration(_APP, app_id)
            for path in self._store.configurations(_GROUP):
                if path == group or is_below(path, group):
                    self._store.delete_configuration(_GROUP, path)

    def group_view(self, group: str, shown: Mapping[str, Definition], *, whole: bool) -> dict[str, object]:
        """A group with the apps to show, and the groups in it: all of them, or only those with such apps."""
        groups = [path for path in self._store.configurations(_GROUP) if parent(path) == group]
        groups = [path for path in groups if whole or any(is_below(app_id, path) for app_id in shown)]
        return {
            "id": group,
            "apps": [app_view(app) for app_id, app in shown.items() if parent(app_id) == group],
            "groups": [self.group_view(path, shown, whole=whole) for path in groups],
            "dependencies": [],
            "version": version(),
        }


def app_view(app: Definition) -> dict[str, object]:
    return {**app, **_NOTHING_RUNS, "deployments": []}


def deployment() -> dict[str, object]:
    """The answer to a change, which is complete at once."""
    return {"version": version(), "deploymentId": str(uuid.uuid4())}


def version() -> str:
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def whole_path(path: object, group: str = ROOT) -> str:
    """The absolute path of an app or group; a path without a leading slash is relative to the group."""
    if not isinstance(path, str):
        raise Refused(422, "Object is not valid: the text id is missing.")
    names = path.strip("/")
    if not names:
        return ROOT
    if not _PATH.fullmatch(names):
        raise Refused(422, "Object is not valid: an id has lower-case letters, digits, hyphens, dots, slashes.")
    return f"/{names}" if path.startswith("/") or group == ROOT else f"{group}/{names}"


def parent(path: str) -> str:
    return path.rpartition("/")[0] or ROOT


def is_below(path: str, group: str) -> bool:
    return path.startswith(group if group == ROOT else f"{group}/")
