# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Until when services may be superusers: the IAM keeps no such date, so it comes from the list that provisions them."""

from __future__ import annotations

from datetime import datetime
from typing import Mapping, Sequence

from .plan import plan_service
from .variables import Variables


def superuser_until(services: Sequence[Mapping[str, object]], option: str) -> dict[str, datetime]:
    """Account -> the end of its superuser power, of the entries that name one; all are checked as for provisioning."""
    ends: dict[str, datetime] = {}
    for index, entry in enumerate(services):
        prefix = f"{option}[{index}]."
        account = plan_service(entry, prefix=prefix).account
        end = Variables(entry, prefix).moment("superuser_until")
        if end is not None:
            ends[account] = end
    return ends
