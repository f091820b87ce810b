# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""When a grant is wider than it looks or needs to be, by the catalogue of documented resource ids; no I/O."""

from __future__ import annotations

import re
from typing import Sequence

from .._rules.permissions import SUPERUSER_RID
from .._rules.rid_catalog import find, is_over_wide

_FULL = "full"

_EVERY = {
    "app_id": "every service and job",
    "default": "every secret",
    "jobs": "every job",
    "linker": "every link to a cluster",
    "path": "every endpoint",
    "principal": "every account",
    "reservation": "every reservation",
    "role": "every Mesos role",
    "services": "every service",
    "user": "every Linux user",
}
"""What a rid stands for that ends with this part, by which documents narrow it down."""

_EVERYTHING = re.compile(r"(.+):(?:/|/?\*{1,2})")

# Not in the catalogue as what they are: the parent of two documented ids, and the wildcard without a path before it.
_ALSO_WIDE = re.compile(r"dcos:mesos:master:reservation|dcos:secrets:default:/?\*")

# Who only looks at all of these is what they are for: load balancers and dashboards watch everything.
_WATCHED = re.compile(r"dcos:(?:service|secrets:list):.*")


def over_wide(rid: str, actions: Sequence[str]) -> str | None:
    """Why the grant is wider than needed, in one sentence; None if it is not."""
    if rid == SUPERUSER_RID:  # a finding of its own
        return None
    if is_over_wide(rid) or _ALSO_WIDE.fullmatch(rid):
        if list(actions) == ["read"] and _WATCHED.fullmatch(rid):
            return None
        found = _EVERYTHING.fullmatch(rid)
        last = (rid if found is None else found.group(1)).rpartition(":")[2]
        return f"It has no limits and applies to {_EVERY.get(last, 'everything of its kind')}."
    documented = {action: None for entry in find(rid) for action in entry.actions}
    if _FULL in actions and documented and _FULL not in documented:
        return f"It grants full, although documents name single actions: {', '.join(documented)}."
    return None
