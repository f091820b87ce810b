# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Grants on resources whose ACL somebody else may delete at any time: a grant needs its ACL first."""

from __future__ import annotations

from .._api.iam import Iam, Subject
from .._errors import DcosError
from .._rules.permissions import Grant


def grant_with_acl(iam: Iam, subject: Subject, grant: Grant, description: str) -> bool:
    """Allow an action, False when it was allowed. Makes the ACL if it is gone; C(description) is for that."""
    try:
        return iam.grant(subject, grant)
    except DcosError as exc:
        if exc.code != "ERR_UNKNOWN_RESOURCE_ID":
            raise
    iam.create_acl(grant.rid, description)
    return iam.grant(subject, grant)
