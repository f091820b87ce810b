# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Many permissions below one folder as one for the folder: fewer lines, and more than was asked for.

Only resources that form a tree can be folded: services and tasks in groups, jobs, and secrets. The result never reaches
above the service's own folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from .._rules.coverage import covers
from .._rules.permissions import Grant

FEWEST = 3
"""So many resources below one folder are replaced by it; fewer are as short by themselves."""


@dataclass(frozen=True)
class _Tree:
    """Resource ids that form a tree.

    before: what stands before the path. joint: what joins its parts. leading: what the path begins with.
    below: what follows the path of a folder.
    """

    before: str
    joint: str
    leading: str
    below: str = ""

    def parts(self, rid: str) -> list[str]:
        return rid[len(self.before) :].strip(self.joint).split(self.joint)

    def folder(self, parts: Iterable[str]) -> str:
        return f"{self.before}{self.leading}{self.joint.join(parts)}{self.below}"


_TREES = (
    _Tree("dcos:service:marathon:marathon:services:", "/", "/"),
    _Tree("dcos:service:metronome:metronome:jobs:", ".", ""),
    _Tree("dcos:secrets:default:", "/", "/", "/*"),
    *(
        _Tree(f"dcos:mesos:{side}:{kind}:app_id:", "/", "/")
        for side in ("master", "agent")
        for kind in ("task", "executor", "sandbox", "container", "nested_container_session")
    ),
)


def fold(grants: Iterable[Grant], folder: str) -> list[Grant]:
    """The grants, with those of at least three resources below the folder replaced by one for their common folder.

    folder: the service's own one, such as C(/prod/kafka); with C(/) nothing is folded.
    """
    kept = set(grants)
    own = [part for part in folder.split("/") if part]
    if not own:
        return sorted(kept)
    for tree in _TREES:
        for action in sorted({grant.action for grant in kept if grant.rid.startswith(tree.before)}):
            below = [
                grant
                for grant in kept
                if grant.action == action
                and grant.rid.startswith(tree.before)
                and tree.parts(grant.rid)[: len(own)] == own
            ]
            if len(below) >= FEWEST:
                whole = Grant(tree.folder(_common([tree.parts(grant.rid) for grant in below])), action)
                kept = {grant for grant in kept if not covers(whole, grant)} | {whole}
    return sorted(kept)


def _common(paths: list[list[str]]) -> list[str]:
    """The parts that all paths begin with; a path that is itself a folder of the others is that folder."""
    common = []
    for parts in zip(*paths):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return common
