# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM's objects as JSON, and the addresses they name."""

from __future__ import annotations

from dataclasses import dataclass

from ..store import Acl, Grant, Group, User

PREFIX = "/acs/api/v1"


def encode_rid(rid: str) -> str:
    """Only slashes are encoded, twice: one decoding on the way in leaves `%2F`, which routes like any other text."""
    return rid.replace("/", "%252F")


def decode_rid(part: str) -> str:
    return part.replace("%2F", "/")


def acl_url(rid: str) -> str:
    return f"{PREFIX}/acls/{encode_rid(rid)}"


def user_url(uid: str) -> str:
    return f"{PREFIX}/users/{uid}"


def group_url(gid: str) -> str:
    return f"{PREFIX}/groups/{gid}"


def membership_url(gid: str, uid: str) -> str:
    return f"{group_url(gid)}/users/{uid}"


@dataclass(frozen=True)
class Accounts:
    """How this cluster shows its users and groups."""

    names_providers: bool = True
    """Whether it says who they come from."""
    unlisted: str | None = None
    """The one user whom lists leave out."""

    def listed(self, users: list[User]) -> list[User]:
        return [user for user in users if user.uid != self.unlisted]

    def user(self, user: User) -> dict[str, object]:
        view: dict[str, object] = {
            "uid": user.uid,
            "description": user.description,
            "url": user_url(user.uid),
            "is_remote": user.is_remote,
            "is_service": user.is_service,
        }
        if self.names_providers:
            view |= {"provider_type": user.provider_type, "provider_id": user.provider_id}
        if user.is_service:
            view["public_key"] = user.public_key
        return view

    def group(self, group: Group) -> dict[str, object]:
        view: dict[str, object] = {"gid": group.gid, "url": group_url(group.gid), "description": group.description}
        if self.names_providers:
            view["provider_type"] = group.provider_type
        return view


def acl_view(acl: Acl) -> dict[str, object]:
    return {"rid": acl.rid, "url": acl_url(acl.rid), "description": acl.description}


def action_view(grant: Grant) -> dict[str, object]:
    url = f"{acl_url(grant.rid)}/{grant.kind}s/{grant.subject}/{grant.action}"
    return {"name": grant.action, "url": url}
