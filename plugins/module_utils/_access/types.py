# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The shape of the result of dcos_access_info, which filters on the controller show. None stands for not known."""

from __future__ import annotations

from typing import TypedDict


class Permission(TypedDict):
    """What is granted on one resource."""

    rid: str
    actions: list[str]


class GroupPermission(Permission):
    """The same, through a group."""

    gid: str


class Account(TypedDict):
    """A person, a service, an account of DC/OS itself, or the journal of a replacement."""

    uid: str
    kind: str
    description: str
    provider_type: str
    fingerprint: str | None
    key_size: int | None
    superuser: str | None
    direct: list[Permission] | None
    through_groups: list[GroupPermission] | None
    secrets: list[str] | None
    findings: list[str]


class Group(TypedDict):
    """What its members may do, and who they are."""

    gid: str
    direct: list[Permission]
    members: list[str] | None


class Secret(TypedDict):
    """A service-account document."""

    path: str
    uid: str
    fingerprint: str | None
    matches_account: bool


class Finding(TypedDict):
    """What is wrong, and what to do about it."""

    kind: str
    severity: str
    title: str
    subject_type: str
    subject: str
    rid: str | None
    accounts: list[str]
    detail: str
    remedy: str


class Unknown(TypedDict):
    """A part that was not read, or single things of it."""

    part: str
    subjects: list[str]
    reason: str


class Access(TypedDict):
    """The whole result."""

    url: str
    security_mode: str | None
    read_at: str
    accounts: list[Account]
    groups: list[Group]
    secrets: list[Secret]
    findings: list[Finding]
    counts: dict[str, int]
    unknown: list[Unknown]
