# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Which presets cover what a service was seen to need, and what each of them would grant beyond that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Mapping

from .._errors import DcosError
from .._presets.reading import PREFIX
from .._presets.shipped import SHIPPED
from .._rules.coverage import covers
from .._rules.permissions import Grant, grants_of
from .._rules.security_modes import MODES, STRICT
from .plan import plan_service
from .variables import Variables


@dataclass(frozen=True)
class Fit:
    """A preset that covers everything.

    beyond: what it grants that was not needed.
    """

    name: str
    beyond: tuple[Grant, ...]


def fitting_presets(needed: Collection[Grant], service: Mapping[str, object]) -> list[Fit]:
    """The presets that fit, shipped and own ones, those with the least beyond what is needed first.

    service: its variables as the plan takes them. Where they leave the mode open, strict mode counts: it asks for all.
    """
    own = Variables(service, PREFIX).structure("own_presets")
    names = sorted({*SHIPPED, *(map(str, own) if isinstance(own, Mapping) else ())})
    mode = service.get("security_mode")
    fits = []
    for name in names if needed else ():
        wanted = {**service, "preset": name, "permissions": [], "superuser": False, "state": "present"}
        wanted["security_mode"] = mode if mode in MODES else STRICT
        try:
            granted = grants_of(plan_service(wanted).permissions)
        except DcosError:
            continue  # it needs values that are not given, or goes with another mode
        if all(any(covers(wide, grant) for wide in granted) for grant in needed):
            beyond = tuple(sorted(wide for wide in granted if not any(covers(wide, grant) for grant in needed)))
            fits.append(Fit(name, beyond))
    return sorted(fits, key=lambda fit: (len(fit.beyond), fit.name))
