# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The grants of one service: those of its presets and those listed by hand, all names put in, filtered by mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from .._presets import reading as presets
from .._presets.reading import PresetGrant
from .._rules import rid_catalog as catalog
from .._rules.permissions import (
    Permission,
    check_permissions,
    check_rid,
)
from .presets import ChosenPresets
from .variables import Variables

_ON_MASTERS = "dcos:mesos:master:task:user"
_ON_AGENTS = "dcos:mesos:agent:task:user"
_DOUBT = "only one source lists it, or another contradicts it"


@dataclass(frozen=True)
class LeftOut:
    """Actions of a preset that are not granted now, and not revoked where they are."""

    rid: str
    actions: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class GrantsInMode:
    """What becomes of all grants in one security mode.

    keep: what is not revoked although it is not granted.
    warnings: what is left out for doubt.
    """

    granted: tuple[Permission, ...]
    left_out: tuple[LeftOut, ...]
    keep: tuple[Permission, ...]
    warnings: Sequence[str]


@dataclass(frozen=True)
class _Offer:
    """One grant of a preset, its names put in.

    own: the user wrote it, at C(option).
    """

    rid: str
    grant: PresetGrant
    option: str
    own: bool


def permission_view(permission: Permission) -> dict[str, object]:
    """As the options of dcos_acl_grant take it."""
    view: dict[str, object] = {"rid": permission.rid}
    if permission.actions:
        view["actions"] = list(permission.actions)
    if permission.description is not None:
        view["description"] = permission.description
    return view


class ServiceGrants:
    """What a service may need."""

    def __init__(self, given: Variables, found: ChosenPresets, account: str) -> None:
        self._prefix = given.prefix
        self._found = found
        self._values: Mapping[str, str | None] = {
            "service_account": account,
            "service_name": found.names.service_name,
            "folder": found.folder,
            "user": found.linux_user,
            "group": found.names.group,
        }
        self._uncertain = given.boolean("uncertain_grants", False)
        self._decided = given.value("uncertain_grants") is not None
        self._in_advance = given.boolean("enforce_in_advance", False)
        self._option = given.option("permissions")
        self._uncertain_option = given.option("uncertain_grants")
        listed = presets.read_grants(given.structure("permissions") or [], self._option, "description", given.prefix)
        self._listed = self._expand_listed(listed)
        self._offers = self._expand_presets(given)
        self.warnings = self._check_catalogue(given)

    def _check_catalogue(self, given: Variables) -> list[str]:
        """What the documents do not know of what the user wrote: warnings, or an error."""
        written = [(self._option, permission.rid, permission.actions) for permission in self._listed]
        written += [(offer.option, offer.rid, offer.grant.actions) for offer in self._offers if offer.own]
        wish = given.choice("unknown_rids", catalog.UNKNOWN_RIDS)
        return catalog.check_known(written, wish, given.option("unknown_rids"))

    def _expand_listed(self, listed: Sequence[Permission]) -> tuple[Permission, ...]:
        expanded = [
            {**permission_view(permission), "rid": rid}
            for index, permission in enumerate(listed)
            for rid in self._expand(permission.rid, self._found.roles, f"{self._option}[{index}].rid", True)
        ]
        return check_permissions(expanded, self._option)

    def _expand_presets(self, given: Variables) -> list[_Offer]:
        offers: list[_Offer] = []
        for preset in self._found.chosen:
            own = preset.name in self._found.own
            where = given.option("own_presets") if own else given.option("preset")
            option = f"{where}.{preset.name}.grants" if own else f"{where} {preset.name}: grants"
            roles = self._found.roles_of(preset)
            for index, grant in enumerate(preset.grants):
                here = f"{option}[{index}].rid"
                offers += [_Offer(rid, grant, here, own) for rid in self._expand(grant.rid, roles, here, own)]
        for name, grant in self._found.extra_grants():
            here = given.option(name)
            offers += [
                _Offer(rid, grant, here, False) for rid in self._expand(grant.rid, self._found.roles, here, True)
            ]
        return offers

    def _expand(self, rid: str, roles: Sequence[str | None], option: str, all_values: bool) -> list[str]:
        """The rids that one with placeholders stands for, each once.

        all_values: a placeholder without a value is an error. Shipped presets have rows that are of use only to those
        who give a value.
        """
        found: dict[str, None] = {}
        for role in roles:
            values = {**self._values, "role": role}
            expanded = presets.expand_each(rid, values, self._found.values, option, self._prefix)
            if not expanded and all_values:
                presets.expand(rid, values, option, self._prefix)
            found.update(dict.fromkeys(expanded))
        return [presets.refuse_superuser(check_rid(each, option), option, self._prefix) for each in found]

    def all(self) -> tuple[Permission, ...]:
        """Whatever the presets list, uncertain rows too, and the listed ones; each rid once."""
        return self._merge(self._offers)

    def certain(self) -> tuple[Permission, ...]:
        """The same without uncertain rows that nobody asked for: what is granted where every mode is enforced."""
        return self._merge([offer for offer in self._offers if self._uncertain or not offer.grant.uncertain])

    def for_mode(self, mode: str) -> GrantsInMode:
        """Split into what is granted and what is left out. What was listed by hand is always granted."""
        reasons = [self._why_left_out(offer.grant, mode) for offer in self._offers]
        granted = self._merge([offer for offer, why in zip(self._offers, reasons) if why is None])
        done = {(permission.rid, action) for permission in granted for action in permission.actions}
        left_out: list[LeftOut] = []
        doubted: list[str] = []
        for offer, why in zip(self._offers, reasons):
            actions = tuple(action for action in offer.grant.actions if (offer.rid, action) not in done)
            if why is None or not actions:
                continue
            done |= {(offer.rid, action) for action in actions}
            left_out.append(LeftOut(offer.rid, actions, why))
            if self._is_asked_for(offer.grant, mode):
                doubted.append(f"{offer.rid} {','.join(actions)} ({offer.grant.doubt or _DOUBT})")
        keep = [Permission(item.rid, item.actions) for item in left_out]
        keep += [Permission(rid, ("create",)) for rid in self._on_agents() if (rid, "create") not in done]
        return GrantsInMode(granted, tuple(left_out), tuple(keep), self._tell(doubted))

    def _tell(self, doubted: Sequence[str]) -> list[str]:
        """Warn of what is left out for doubt alone, unless the user has decided about it."""
        if not doubted or self._decided:
            return []
        return [
            f"{self._uncertain_option}: left out, since it is in doubt whether the service needs it: "
            f"{'; '.join(doubted)}. Set this to true to grant it, or to false to leave it out without a warning."
        ]

    def _on_agents(self) -> list[str]:
        """The agents' side of each permission to run tasks as a Linux user, which lists for masters leave out.

        Agents of DC/OS 1.10 and later may ask for it. It allows nothing more than the master's side, so an account
        that has it when it is adopted keeps it.
        """
        rids = [offer.rid for offer in self._offers] + [permission.rid for permission in self._listed]
        return [_ON_AGENTS + rid[len(_ON_MASTERS) :] for rid in dict.fromkeys(rids) if rid.startswith(_ON_MASTERS)]

    def _is_asked_for(self, grant: PresetGrant, mode: str) -> bool:
        return self._in_advance or grant.needed_in(mode)

    def _why_left_out(self, grant: PresetGrant, mode: str) -> str | None:
        if not self._is_asked_for(grant, mode):
            return grant.why_not_needed(mode)
        if grant.uncertain and not self._uncertain:
            return f"{grant.doubt or _DOUBT}; {self._uncertain_option} grants it"
        return None

    def _merge(self, offers: Sequence[_Offer]) -> tuple[Permission, ...]:
        items: list[Mapping[str, object]] = [{"rid": offer.rid, "actions": offer.grant.actions} for offer in offers]
        return check_permissions(items + [permission_view(p) for p in self._listed], self._option)
