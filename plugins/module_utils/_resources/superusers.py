# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Who has power over the whole cluster: a cluster must not lose the last one who can repair it."""

from __future__ import annotations

from typing import Container, Iterator

from .._api.iam import Iam, Subject
from .._errors import DcosError
from .._rules.permissions import SUPERUSER_RID


def superusers(
    iam: Iam, without: Subject | None = None, leaving: Container[tuple[str, str]] = frozenset()
) -> Iterator[str]:
    """The uids of superusers, direct ones first, read no further than the caller asks for.

    without: whose own grants do not count, as if they were revoked.
    leaving: memberships that do not count, as pairs of gid and uid.
    """
    holders = [subject for subject, _grant in iam.grants_on(SUPERUSER_RID) or () if subject != without]
    yield from (subject.name for subject in holders if subject.kind == "users")
    for gid in dict.fromkeys(subject.name for subject in holders if subject.kind == "groups"):
        for services in (False, True):
            yield from (uid for uid in iam.members(gid, services) if (gid, uid) not in leaving)


def is_last_superuser(iam: Iam, uid: str) -> bool:
    """Tell whether an account is the only superuser; on an open cluster, which knows no permissions, nobody is one."""

    def read() -> bool:
        found = False
        for name in superusers(iam):
            if name != uid:
                return False
            found = True
        return found

    return iam.on_enterprise(read, False)


def last_superuser_error(what: str) -> DcosError:
    """What the IAM answers to some of these requests, before any of them is sent."""
    return DcosError(
        f"{what} would leave the cluster without a superuser. Nothing was changed. Make somebody else a superuser "
        "first.",
        "ERR_NO_MORE_SUPERUSERS",
    )
