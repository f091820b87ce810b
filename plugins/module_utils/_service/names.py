# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What follows from the name of a service: its account, secret, Mesos role and key files; and what may be put there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._errors import DcosError
from .._presets.reading import ANY_ROLE
from .._rules.identifiers import (
    JOURNAL_SUFFIX,
    UID_MAX_LENGTH,
    check_account_uid,
    check_uid,
    journal_uid,
)

# The segments of an app id as Marathon checks them: labels of lower-case letters, digits and hyphens, joined by dots.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SEGMENT = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LINUX_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?")
_MESOS_ROLE_PART = re.compile(r"[^-\s%:{}\\/][^\s%:{}\\/]*")


@dataclass(frozen=True)
class Names:
    """What follows from the name of a service alone."""

    service_name: str
    """Without the leading slash: C(prod/cassandra)."""
    account: str
    secret_path: str
    mesos_role: str
    group: str | None
    """The first folder; None for a service that is in none."""


@dataclass(frozen=True)
class KeyFiles:
    """Where the halves of a key pair are on the host that runs the modules."""

    private_key_path: str
    public_key_path: str


def derive_names(name: str, option: str) -> Names:
    """The documented rules: folders become C(__) where a slash cannot stand.

    No segment can hold an underscore, so different services never get the same account, role or secret. The role
    is the one that the SDK of the stateful packages derives; the secret is below the service's own path, where this
    service and those below it can read it.
    """
    segments = (name[1:] if name.startswith("/") else name).split("/")
    for segment in segments:
        if _SEGMENT.fullmatch(segment) is None:
            what = "an empty part" if not segment else f"the part {segment!r}"
            raise DcosError(
                f"{option}: {name!r} is not the name of a service: it has {what}. Use the id under which it runs, such "
                "as /prod/cassandra: lower-case letters, digits, '-' and '.' in parts joined by single slashes; a part "
                "begins and ends with a letter or digit, and '__' is never allowed."
            )
    flat = "__".join(segments)
    return Names(
        service_name="/".join(segments),
        account=f"{flat}-principal",
        secret_path="/".join([*segments, f"{segments[-1]}-secret"]),
        mesos_role=f"{flat}-role",
        group=segments[0] if len(segments) > 1 else None,
    )


def key_files(key_dir: str, account: str) -> KeyFiles:
    """The files of an account's key.

    No two accounts share a file, nor the next files that a rotation makes beside them: those of each account have its
    uid, then C(.pem) or C(.pub), then nothing or C(.next).
    """
    base = f"{key_dir.rstrip('/')}/{account}"
    return KeyFiles(f"{base}.pem", f"{base}.pub")


def account_name(given: str | None, derived: str, option: str, prefix: str, allow_dcos_prefix: bool) -> str:
    """The account's uid, one that the modules would take."""
    account = check_uid(derived, f"{option}, derived from {prefix}name") if given is None else given
    return check_account_uid(account, allow_dcos_prefix, option, f"{prefix}allow_dcos_prefix")


def check_replaceable(account: str, option: str) -> None:
    """The journal of a key replacement needs a uid of its own, which must be short enough too."""
    room = UID_MAX_LENGTH - len(JOURNAL_SUFFIX)
    if len(account) > room:
        raise DcosError(
            f"{option}: the key of {account} cannot be replaced: the journal {journal_uid(account)} must fit into "
            f"{UID_MAX_LENGTH} characters. Nothing was changed. Use an account of at most {room} characters.",
            "invalid_uid",
        )


def check_mesos_role(given: str, option: str) -> str:
    """Return the name of a Mesos role when Mesos would take it."""
    for part in given.split("/"):
        if part in (".", "..") or _MESOS_ROLE_PART.fullmatch(part) is None:
            raise DcosError(
                f"{option}: {given!r} is not the name of a Mesos role: no blanks, '%', ':', braces or "
                "backslashes, no part that is empty, '.' or '..' or begins with '-'. "
                f"To grant it for every role, use {ANY_ROLE}."
            )
    return given


def check_linux_user(given: str, option: str) -> str:
    """Return the name of a Linux user when it is one."""
    if _LINUX_USER.fullmatch(given) is None:
        raise DcosError(f"{option}: {given!r} is not the name of a Linux user.")
    return given
