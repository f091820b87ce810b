# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Whether one permission includes another: the same resource, or one that stands for it, with the action or C(full).

Sources: the permissions references of DC/OS. A value that is left out stands for any value, a group of services or jobs
for all below it, a path of secrets that ends in C(/*) for all below it, and C(full) for every action.
"""

from __future__ import annotations

from .permissions import Grant
from .rid_catalog import find, is_over_wide

FULL = "full"

_GROUPS = (":services:", ":app_id:")
_JOBS = "dcos:service:metronome:metronome:jobs:"
_SECRETS = "dcos:secrets:"
_BELOW = "/*"


def covers(wide: Grant, narrow: Grant) -> bool:
    """Whether whoever has C(wide) is allowed what C(narrow) names."""
    return wide.action in (narrow.action, FULL) and rid_covers(wide.rid, narrow.rid)


def rid_covers(wide: str, rid: str) -> bool:
    """Whether one resource id is the other one or stands for it."""
    wide, rid = normal_rid(wide), normal_rid(rid)
    if wide == rid:
        return True
    if rid.startswith(f"{wide}:"):
        return bool(find(wide)) and is_over_wide(wide)
    if wide.startswith(_SECRETS):
        return wide.endswith(_BELOW) and rid.startswith(wide[:-1])
    if wide.startswith(_JOBS):
        return rid.startswith(f"{wide}.")
    if any(group in wide for group in _GROUPS):
        return rid.startswith(f"{wide.rstrip('/')}/")
    return False


def normal_rid(rid: str) -> str:
    """The one spelling by which resource ids are compared.

    Secrets are named with and without a slash before their path; C(/) alone stands for all of them.
    """
    if not rid.startswith(_SECRETS):
        return rid
    head, colon, path = rid.rpartition(":")
    return f"{head}{colon}{path.lstrip('/')}"
