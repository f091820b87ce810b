# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Who may do what in the form of results: plain dictionaries and lists, keys as fingerprints only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence, cast

from .._api.iam import GroupGrant
from .._crypto.rsa_keys import fingerprint, same_key
from .._resources.acl_grants import group_grants_view
from .._rules.permissions import Grant, group_grants
from . import types
from .findings import (
    REMEDIES,
    SEVERITIES,
    TITLES,
    Account,
    Finding,
    StoredKey,
)
from .reader import AccessReading, Unknown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


def access_view(url: str, reading: AccessReading, findings: Sequence[Finding]) -> types.Access:
    """The whole result."""
    facts = reading.facts
    stored: dict[str, list[StoredKey]] = {}
    for each in facts.stored:
        stored.setdefault(each.uid, []).append(each)
    kinds: dict[str, list[str]] = {}
    for finding in findings:
        for uid in finding.accounts:
            kinds.setdefault(uid, []).append(finding.kind)
    keys = {each.uid: each.key for each in facts.accounts}
    view: types.Access = {
        "url": url,
        "security_mode": reading.security_mode,
        "read_at": facts.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "accounts": [
            _account(each, stored.get(each.uid, []), facts.all_secrets, kinds.get(each.uid, []))
            for each in facts.accounts
        ],
        "groups": [_group(gid, grants, facts.members.get(gid)) for gid, grants in facts.groups.items()],
        "secrets": [_secret(each, keys.get(each.uid)) for each in facts.stored],
        "findings": [_finding(each) for each in findings],
        "counts": {severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES},
        "unknown": _unknown(reading.unknown),
    }
    return cast("types.Access", _writable(view))


def _writable(value: object) -> object:
    """JSON can hold halves of characters, which no file and no terminal takes; they are written as escapes."""
    if isinstance(value, dict):
        return {key: _writable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_writable(item) for item in value]
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def _account(account: Account, stored: Sequence[StoredKey], all_secrets: bool, kinds: list[str]) -> types.Account:
    known = account.permissions is not None
    return {
        "uid": account.uid,
        "kind": account.kind,
        "description": account.user.description,
        "provider_type": account.user.provider_type,
        "fingerprint": _fingerprint(account.key),
        "key_size": None if account.key is None else account.key.key_size,
        "superuser": account.superuser,
        "direct": _permissions(account.direct) if known else None,
        "through_groups": _through_groups(account.through_groups) if known else None,
        "secrets": [each.path for each in stored] if stored or all_secrets else None,
        "findings": kinds,
    }


def _permissions(grants: Sequence[Grant]) -> list[types.Permission]:
    return cast("list[types.Permission]", group_grants(grants))


def _through_groups(entries: Sequence[GroupGrant]) -> list[types.GroupPermission]:
    return cast("list[types.GroupPermission]", group_grants_view(entries))


def _group(gid: str, grants: Sequence[Grant], members: Sequence[str] | None) -> types.Group:
    return {"gid": gid, "direct": _permissions(grants), "members": None if members is None else list(members)}


def _secret(stored: StoredKey, account_key: RSAPublicKey | None) -> types.Secret:
    return {
        "path": stored.path,
        "uid": stored.uid,
        "fingerprint": _fingerprint(stored.key),
        "matches_account": same_key(stored.key, account_key),
    }


def _finding(finding: Finding) -> types.Finding:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "title": TITLES[finding.kind],
        "subject_type": finding.subject_type,
        "subject": finding.subject,
        "rid": finding.rid,
        "accounts": list(finding.accounts),
        "detail": finding.detail,
        "remedy": REMEDIES[finding.kind],
    }


def _unknown(parts: Sequence[Unknown]) -> list[types.Unknown]:
    """One entry for each part as a whole, and one for all single things of a part, with the first one's reason."""
    grouped: dict[tuple[str, bool], list[Unknown]] = {}
    for each in sorted(parts, key=lambda one: (one.part, one.subject or "")):
        grouped.setdefault((each.part, each.subject is None), []).append(each)
    return [
        {
            "part": part,
            "subjects": [each.subject for each in entries if each.subject is not None],
            "reason": entries[0].reason,
        }
        for (part, _whole), entries in grouped.items()
    ]


def _fingerprint(key: RSAPublicKey | None) -> str | None:
    return None if key is None else fingerprint(key)
