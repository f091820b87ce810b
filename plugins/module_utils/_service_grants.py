# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The grants of one service: those of its presets and those listed by hand, all names put in, filtered by mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

from ansible_collections.dcos.security.plugins.module_utils import _modes as modes
from ansible_collections.dcos.security.plugins.module_utils import _presets as presets
from ansible_collections.dcos.security.plugins.module_utils._permissions import (
    Permission,
    check_permissions,
    check_rid,
)


@dataclass(frozen=True)
class LeftOut:
    """Actions of a preset that this mode does not enforce: not granted now, and not revoked where they are."""

    rid: str
    actions: tuple[str, ...]
    reason: str


def permission_view(permission: Permission) -> dict[str, object]:
    """As the options of dcos_acl_grant take it."""
    view: dict[str, object] = {"rid": permission.rid, "actions": list(permission.actions)}
    if permission.description is not None:
        view["description"] = permission.description
    return view


class ServiceGrants:
    """What a service may need.

    listed: the user's own C([{rid, actions, description}]).
    values: what stands for the placeholders.
    """

    def __init__(
        self, chosen: Sequence[presets.Preset], listed: object, values: Mapping[str, str | None], prefix: str
    ) -> None:
        self._values = values
        self._own = prefix + "permissions"
        read = presets.read_grants(listed, self._own, "description", prefix)
        self._listed = self._expand([permission_view(p) for p in read], self._own)
        self._preset = check_permissions(
            [
                permission
                for preset in chosen
                for permission in self._expand(
                    [{"rid": grant.rid, "actions": grant.actions} for grant in preset.grants],
                    f"{prefix}preset {preset.name}: grants",
                )
            ],
            prefix + "preset",
        )

    def _expand(self, items: Sequence[Mapping[str, object]], option: str) -> list[dict[str, object]]:
        expanded = []
        for index, item in enumerate(items):
            here = f"{option}[{index}].rid"
            expanded.append({**item, "rid": check_rid(presets.expand(str(item["rid"]), self._values, here), here)})
        return expanded

    def all(self) -> tuple[Permission, ...]:
        """Presets first, each rid once."""
        return self._merge(self._preset)

    def for_mode(self, mode: str, in_advance: bool) -> tuple[tuple[Permission, ...], tuple[LeftOut, ...]]:
        """Split into what is granted and what the mode does not enforce. What was listed by hand is always granted."""
        if in_advance:
            return self.all(), ()
        granted = self._merge(p for p in self._preset if modes.enforced(p.rid, mode))
        by_rid = {p.rid: p.actions for p in granted}
        left_out = []
        for permission in self._preset:
            actions = tuple(a for a in permission.actions if a not in by_rid.get(permission.rid, ()))
            if actions and not modes.enforced(permission.rid, mode):
                left_out.append(LeftOut(permission.rid, actions, modes.why_not_enforced(permission.rid, mode)))
        return granted, tuple(left_out)

    def _merge(self, first: Iterable[Permission]) -> tuple[Permission, ...]:
        return check_permissions([permission_view(p) for p in first] + self._listed, self._own)
