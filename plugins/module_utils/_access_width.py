# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""When a grant is wider than it looks or needs to be (permissions reference, DC/OS 1.8 to 2.2); no I/O."""

from __future__ import annotations

import re
from typing import Sequence

from ansible_collections.dcos.security.plugins.module_utils._permissions import SUPERUSER_RID

_FULL = "full"

# What Mesos takes for any role, user, principal, app or path: the optional last part is left out. It is wider than "*",
# which names the default role only.
_ANY = re.compile(
    r"dcos:mesos:(?:agent|master):[a-z_]+:(?P<what>role|user|principal|app_id|path)|dcos:mesos:master:(?:reservation)"
)
_WORDS = {
    "role": "every Mesos role",
    "user": "every Linux user",
    "principal": "every account",
    "app_id": "every service and job",
    "path": "every endpoint",
}
_ALL_SERVICES = re.compile(r"dcos:service:marathon:[^:]+:services:/?")
_ALL_JOBS = "dcos:service:metronome:metronome:jobs"
_ALL_SECRETS = re.compile(r"dcos:secrets:[^:]+:/?\*")

# What only looks is asked for by services that watch everything, such as load balancers.
_HARMLESS_EVERYWHERE = frozenset(("read",))


def over_wide(rid: str, actions: Sequence[str]) -> str | None:
    """Why the grant is wider than needed, in one sentence; None where it is not."""
    if rid == SUPERUSER_RID:  # a finding of its own
        return None
    found = _ANY.fullmatch(rid)
    if found is not None:
        return f"The last part is left out, so it holds for {_WORDS.get(found.group('what') or '', 'everything')}."
    more = [action for action in actions if action not in _HARMLESS_EVERYWHERE]
    if more and _ALL_SERVICES.fullmatch(rid):
        return f"It holds for every service of the cluster, with {', '.join(more)}."
    if more and rid == _ALL_JOBS:
        return f"It holds for every job of the cluster, with {', '.join(more)}."
    if _ALL_SECRETS.fullmatch(rid):
        return "It holds for every secret of the store."
    if _FULL in actions and rid.startswith("dcos:mesos:"):
        return "It grants full where Mesos asks for single actions."
    return None
