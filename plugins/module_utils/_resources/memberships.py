# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Who is in which group: joining, leaving, and what nobody may lose with a membership."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Iterable, Sequence, Tuple

from .._api.iam import Iam, Permissions
from .._errors import DcosError
from .._rules.permissions import SUPERUSER_RID
from .frame import Step
from .own_account import needed_by_run, own_loss_error
from .superusers import last_superuser_error, superusers

Membership = Tuple[str, str]
"""The gid of a group and the uid of a member."""


@dataclass(frozen=True)
class Loss:
    """What is lost where memberships end.

    own: one of them gives the account of the connection what this run works with.
    last_superuser: without them nobody is a superuser any more.
    """

    own: bool = False
    last_superuser: bool = False


NO_LOSS = Loss()


def read_loss(iam: Iam, ends: Iterable[Membership], own_uid: str | None, *, are_replaced: bool = False) -> Loss:
    """What is lost where these memberships end.

    are_replaced: others join the same group first.
    """
    leaving = frozenset(ends)
    own = power = False
    for gid in sorted({gid for gid, _uid in leaving}):
        grants = (iam.group_permissions(gid) or Permissions()).direct
        own |= (gid, own_uid) in leaving and bool(needed_by_run(grants))
        power |= any(grant.rid == SUPERUSER_RID for grant in grants)
    return Loss(own, power and not are_replaced and next(superusers(iam, leaving=leaving), None) is None)


def check_loss(loss: Loss, what: str, own_uid: str | None) -> None:
    """Refuse what nobody may lose; C(what) costs it."""
    if loss.own:
        raise own_loss_error(what, own_uid)
    if loss.last_superuser:
        raise last_superuser_error(what)


def unknown_groups(iam: Iam, gids: Iterable[str]) -> tuple[str, ...]:
    """Those of the groups that do not exist."""
    return tuple(gid for gid in gids if iam.group_permissions(gid) is None)


def unknown_groups_error(gids: Sequence[str], uid: str) -> DcosError:
    """The error for memberships in groups that do not exist."""
    return DcosError(
        f"groups: there is no group {', '.join(gids)}, so account {uid} cannot become a member. Nothing was changed. "
        "Create it first, for example with dcos_group.",
        "ERR_UNKNOWN_GROUP_ID",
    )


def join(iam: Iam, gid: str, uid: str) -> Step:
    """The step that makes an account a member of a group."""
    return Step(f"add account {uid} to group {gid}", partial(iam.add_to_group, gid, uid))


def leave(iam: Iam, gid: str, uid: str) -> Step:
    """The step that takes an account out of a group."""
    return Step(f"remove account {uid} from group {gid}", partial(iam.remove_from_group, gid, uid))
