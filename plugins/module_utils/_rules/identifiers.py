# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Rules for the names of accounts, groups and secrets, and the accounts that nobody may touch."""

from __future__ import annotations

import re

from .._errors import DcosError

UID_MAX_LENGTH = 96
"""The IAM refuses longer ones (observed)."""

_UID = re.compile(rf"[A-Za-z0-9_@.-]{{1,{UID_MAX_LENGTH}}}")
# The IAM takes "." and "..", but no path with such a segment survives the proxies on the way to it.
_UIDS_NOT_USABLE = frozenset((".", "..", "anonymous"))
_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")

GRANTABLE_NATIVE_ACCOUNTS: frozenset[str] = frozenset(("dcos_marathon", "dcos_metronome"))
"""The two native accounts whose changed permissions DC/OS keeps: tasks as other Linux users need that."""

NATIVE_ACCOUNTS: frozenset[str] = GRANTABLE_NATIVE_ACCOUNTS | {
    "dcos_adminrouter",
    "dcos_anonymous",
    "dcos_diagnostics_master",
    "dcos_history_service",
    "dcos_net_agent",
    "dcos_net_master",
    "dcos_telegraf_agent",
    "dcos_telegraf_master",
}
"""Accounts that belong to DC/OS itself. No document lists them all, hence the prefix guard."""

NATIVE_PREFIX = "dcos_"
BOOTSTRAP_USER = "bootstrapuser"
SUPERUSERS_GROUP = "superusers"

JOURNAL_SUFFIX = ".replacing"
"""While the key of account C(x) is replaced, C(x.replacing) holds what must be restored."""

NEXT_SUFFIX = "-next"
"""While the key at path C(x) of the secret store is rotated, C(x-next) holds the one that it is going to."""


def journal_uid(uid: str) -> str:
    """The account that holds the journal of a key replacement."""
    return uid + JOURNAL_SUFFIX


def uid_of_journal(uid: str) -> str | None:
    """The account that a journal is about; None for the uid of an account that is no journal."""
    return uid[: -len(JOURNAL_SUFFIX)] if uid.endswith(JOURNAL_SUFFIX) else None


def next_path(path: str) -> str:
    """Where the next key of the secret at C(path) is."""
    return path + NEXT_SUFFIX


def is_uid(text: str) -> bool:
    """Whether the IAM would take it as a user id."""
    return _UID.fullmatch(text) is not None and text not in _UIDS_NOT_USABLE


def check_uid(uid: str, option: str) -> str:
    """Return C(uid) when the IAM would take it, else raise C(invalid_uid) naming the option."""
    if not is_uid(uid):
        raise DcosError(
            f"{option}: {uid!r} is not a user id that the IAM accepts. Use 1 to {UID_MAX_LENGTH} letters, digits and "
            "'_', '@', '.', '-'; not '.', '..' or 'anonymous'.",
            "invalid_uid",
        )
    return uid


def check_gid(gid: str, option: str) -> str:
    """Return C(gid) when it can name a group (same rule as for users), else raise C(invalid_uid)."""
    if _UID.fullmatch(gid) is None or gid in (".", ".."):
        raise DcosError(
            f"{option}: {gid!r} is not a group id that the IAM accepts. Use 1 to {UID_MAX_LENGTH} letters, digits and "
            "'_', '@', '.', '-'.",
            "invalid_uid",
        )
    return gid


def check_not_superusers(gid: str, option: str, advice: str) -> str:
    """Refuse the group whose members may do everything."""
    if gid == SUPERUSERS_GROUP:
        raise DcosError(
            f"{option}: the group {SUPERUSERS_GROUP} belongs to DC/OS itself, and its members may do everything. "
            f"Nothing was changed. {advice}",
            "native_account",
        )
    return gid


def is_native(uid: str) -> bool:
    """Tell whether an account belongs to DC/OS itself."""
    return uid in NATIVE_ACCOUNTS or uid == BOOTSTRAP_USER


def may_be_native(uid: str, allow_dcos_prefix: bool) -> bool:
    """The same of accounts that nobody vouches for too: no document lists all of those of DC/OS itself."""
    return is_native(uid) or (uid.startswith(NATIVE_PREFIX) and not allow_dcos_prefix)


def check_not_native(uid: str, option: str, allow_dcos_prefix: bool, allow_option: str = "allow_dcos_prefix") -> str:
    """Refuse the accounts that belong to DC/OS; C(allow_dcos_prefix) vouches for other C(dcos_) ones."""
    if is_native(uid):
        raise DcosError(
            f"{option}: {uid} belongs to DC/OS itself; changing it can break the cluster, and an upgrade may revert "
            "the change. Nothing was changed. Use an account of your own.",
            "native_account",
        )
    if may_be_native(uid, allow_dcos_prefix):
        raise DcosError(
            f"{option}: {uid} begins with '{NATIVE_PREFIX}' as the accounts of DC/OS itself do. Nothing was changed. "
            f"If this account is your own, set {allow_option} to true.",
            "native_account",
        )
    return uid


def check_account_uid(
    uid: str, allow_dcos_prefix: bool, option: str = "uid", allow_option: str = "allow_dcos_prefix"
) -> str:
    """Refuse, before any request, a uid that no writing module may touch."""
    check_uid(uid, option)
    check_not_native(uid, option, allow_dcos_prefix, allow_option)
    owner = uid_of_journal(uid)
    if owner is not None:
        raise DcosError(
            f"{option}: {uid} is reserved for the journal of a key replacement. Manage account "
            f"{owner}, which repairs or removes the journal.",
            "invalid_uid",
        )
    return uid


def is_email(uid: str) -> bool:
    """Whether a uid looks like an e-mail address, as the IAM of open clusters looks at it."""
    return re.fullmatch(r"[^@]+@[^@]+\.[^@]+", uid) is not None


def check_secret_path(path: str, option: str) -> str:
    """Return the path without its leading slash, else raise C(invalid_path) naming the option.

    The user interface of DC/OS admits letters, digits, C(-), C(_) and C(/); the dot is in use too. What else the
    secret store takes is not documented, so nothing else is sent to it.
    """
    stripped = path[1:] if path.startswith("/") else path
    if _PATH.fullmatch(stripped) is None or any(part in (".", "..") for part in stripped.split("/")):
        raise DcosError(
            f"{option}: {path!r} is not a path for a secret. Use letters, digits, '-', '_', '.' in parts joined by "
            "single slashes, without a trailing slash.",
            "invalid_path",
        )
    return stripped


def check_store(store: str, option: str) -> str:
    """Return the name of the secret store when it can be in a URL, else raise C(invalid_path)."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", store) is None:
        raise DcosError(
            f"{option}: {store!r} is not a name of a secret store; DC/OS has one, 'default'.", "invalid_path"
        )
    return store
