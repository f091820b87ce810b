# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source of ansible-rulebook: the audit lines of a DC/OS cluster, as they are written."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.dcos.security.plugins.module_utils._events.source import Queue

DOCUMENTATION = r"""
short_description: Turn audit lines of a DC/OS cluster into events
version_added: 0.1.0
description:
  - Follows files to which the audit lines of a cluster are written, such as those of a log collector, and gives one
    event for each line about a permission, a refused login or a request without a valid token.
  - Understands the same lines as the module C(dcos.security.dcos_audit_info). Lines of other programs are skipped.
  - Files may grow, be renamed and made anew, or be emptied. A line counts once it is complete.
  - Events hold no tokens, passwords or values of queries, and nothing that Ansible would template.
options:
  paths:
    description:
      - Files with lines of a journal, plain or the output of C(journalctl -o json). They must exist.
    type: list
    elements: str
    required: true
  uid:
    description:
      - Accounts to give events for. Denials without an account are also given, since they may concern any of them.
      - By default all accounts.
    type: list
    elements: str
    default: []
  only_denials:
    description:
      - Whether to leave out what was allowed.
    type: bool
    default: false
  since:
    description:
      - Begin with lines from this time on. How long ago, such as V(30m), V(2h) or V(7d), or a time in ISO 8601. Lines
        without a time count too.
      - By default only lines that are written from now on.
    type: str
  interval:
    description:
      - Seconds between two looks at the files.
    type: float
    default: 1.0
"""

EXAMPLES = r"""
- dcos.security.dcos_audit:
    paths:
      - /var/log/dcos/master-1.log
      - /var/log/dcos/master-2.log
    only_denials: true
"""

RETURN = r"""
uid:
  description: Id of the account. Left out if the line names none that can exist.
  type: str
component:
  description: Who decided, as the line spells it.
  type: str
result:
  description: V(allow) or V(deny).
  type: str
rid:
  description: Resource id of the permission. Left out if the line is about none, or names none reliably.
  type: str
action:
  description: Action of the permission, likewise.
  type: str
cause:
  description: In place of RV(rid) and RV(action), why no grant would help, or why the line was not mapped.
  type: str
time:
  description: When it was decided, in UTC. Left out if neither the line nor the journal tells.
  type: str
path:
  description: The file that the line is in.
  type: str
sample:
  description: The line, at most 1,000 characters.
  type: str
"""

# ansible-rulebook runs this file alone and knows no collections on Python's path, and an ansible_collections that pip
# installed would hide this one. So the library beside it is loaded from where it is, under a name of its own.
LIBRARY = Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
if not (LIBRARY / "_events").is_dir():
    raise ImportError(
        f"dcos_audit: {LIBRARY} has no _events. This event source needs the collection dcos.security around it. "
        "Install it with ansible-galaxy, and name the source dcos.security.dcos_audit. This file alone does not work."
    )


async def main(queue: Queue, args: Mapping[str, object]) -> None:
    """What ansible-rulebook calls."""
    library = sys.modules.setdefault("dcos_security_library", ModuleType("dcos_security_library"))
    library.__path__ = [str(LIBRARY)]
    from dcos_security_library._events.source import follow

    await follow(queue, args)
