# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The account of this connection: a run does not cut off the branch that it sits on."""

from __future__ import annotations

from typing import Iterable

from .._errors import DcosError
from .._rules.permissions import SUPERUSER_RID, Grant

# What this run itself works with; losing it would stop the run half-way.
_NEEDS = (SUPERUSER_RID, "dcos:adminrouter:acs", "dcos:adminrouter:ops:metadata", "dcos:secrets:")


def needed_by_run(grants: Iterable[Grant]) -> list[Grant]:
    """Those of these grants that this run works with, where its own account has them."""
    return [grant for grant in grants if grant.rid.startswith(_NEEDS)]


def check_not_own(uid: str, own_uid: str | None, deed: str) -> None:
    """Refuse to do something to the own account after which it is another one, or none.

    deed: in words, with "it" or "its" for the account.
    """
    if uid == own_uid:
        raise DcosError(
            f"uid: {uid} is the account of this connection; this run does not {deed}, since it could not finish what "
            "it began. Use another account for that.",
            "own_account",
        )


def own_loss_error(what: str, own_uid: str | None) -> DcosError:
    """The error for a write that takes from the own account what the run needs."""
    return DcosError(
        f"{what} would take from the account of this connection ({own_uid}) what this run works with. Nothing was "
        "changed. Use another account for that.",
        "own_account",
    )
