# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The superuser that a cluster is installed with; the configuration of the installation contains the password.

Everything else refuses C(bootstrapuser). This is the one place that replaces its password or deletes it, and only on
behalf of another superuser, who has just logged in: so whatever happens, somebody is left who can repair the cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .._api.iam import Iam, User
from .._errors import DcosError
from .._rules.identifiers import BOOTSTRAP_USER, NATIVE_ACCOUNTS, check_account_uid
from .._rules.passwords import check_password
from .frame import LostRaceError, Plan, Resource, Step
from .own_account import check_not_own
from .superusers import superusers


@dataclass(frozen=True)
class InitialSuperuserState:
    """What the cluster holds.

    user: None once it is retired.
    other_password: it has another password than the one that is wanted.
    succeeded: the account of the connection is a superuser too.
    """

    user: User | None
    other_password: bool = False
    succeeded: bool = False


class InitialSuperuser(Resource[InitialSuperuserState]):
    """The user C(uid).

    password: the one that it shall have, None for not managed.
    own_uid: the account of the connection, which takes over.
    """

    def __init__(self, *, iam: Iam, own_uid: str | None, uid: str, present: bool, password: str | None) -> None:
        self._iam = iam
        self._own_uid = own_uid
        self._uid = uid if uid == BOOTSTRAP_USER else check_account_uid(uid, allow_dcos_prefix=False)
        self._present = present
        self._password = password
        if present and password is not None:
            check_password(password, "password")

    def read(self) -> InitialSuperuserState:
        user = self._iam.user(self._uid)
        if user is None:
            return InitialSuperuserState(None)
        if user.is_service:
            raise DcosError(
                f"uid: {self._uid} is a service account. The superuser that a cluster is installed with is a user. "
                "Nothing was changed. Give its uid.",
                "invalid_uid",
            )
        if user.is_remote and self._present and self._password is not None:
            raise DcosError(
                f"password: user {self._uid} logs in with the provider {user.provider_type}, so it has no password "
                "here. Nothing was changed. Leave password out.",
                "ERR_INVALID_DATA",
            )
        other = self._present and self._password is not None and not self._iam.takes_password(self._uid, self._password)
        is_needed = other or not self._present
        return InitialSuperuserState(user, other, is_needed and self._is_superuser())

    def _is_superuser(self) -> bool:
        """Whether the account of the connection would be left with superuser power of its own or through a group."""
        return self._own_uid is not None and self._own_uid in superusers(self._iam)

    def plan(self, state: InitialSuperuserState) -> Plan:
        user, password = state.user, self._password
        if user is None:
            if self._present and password is not None:
                raise DcosError(
                    f"uid: there is no user {self._uid}: it was retired before, or the cluster was installed with "
                    "another one. It is not made again here. Nothing was changed. Leave password out, or give the uid "
                    "of the user that the cluster was installed with.",
                    "ERR_UNKNOWN_USER_ID",
                )
            return Plan(self._result(exists=False))
        if not self._present:
            self._check_successor(state, "delete it")
            delete = partial(self._iam.delete_user, user)
            return Plan(self._result(exists=False), (Step(f"delete user {self._uid}", delete),), {"uid": self._uid})
        if password is None or not state.other_password:
            return Plan(self._result(exists=True))
        self._check_successor(state, "change its password")
        return Plan(
            self._result(exists=True),
            (Step(f"set the password of user {self._uid}", partial(self._set_password, user, password)),),
            {"uid": self._uid, "password": "another than wanted"},
            {"uid": self._uid, "password": "as wanted"},
        )

    def _result(self, exists: bool) -> dict[str, object]:
        return {"initial_superuser": {"uid": self._uid, "exists": exists}}

    def _check_successor(self, state: InitialSuperuserState, deed: str) -> None:
        check_not_own(self._uid, self._own_uid, deed)
        if not state.succeeded or self._own_uid in NATIVE_ACCOUNTS:
            raise DcosError(
                f"uid: this run does not {deed} ({self._uid}), since the account of the connection "
                f"({self._own_uid or 'unknown'}) is no superuser: nothing shows that the cluster would keep one. "
                "Nothing was changed. Connect as another superuser.",
                "ERR_NO_MORE_SUPERUSERS",
            )

    def _set_password(self, user: User, password: str) -> bool:
        if not self._iam.set_password(user, password):
            raise LostRaceError(
                f"User {self._uid}: somebody else deletes or replaces it at the same time. Run again.",
                "ERR_UNKNOWN_USER_ID",
                409,
            )
        return True
