# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Who may do what as lines of text: aligned tables without colours, for terminals and logs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..module_utils._access import types
from ._access_folds import Case, Fold, fold, own_and_native, subjects
from ._columns import aligned
from ._wording import counted, some_of

_NOTHING = "-"
_UNKNOWN = "?"
_MOST = 5
"""As many names and cases of one kind as somebody reads in a terminal."""


def access_lines(access: types.Access, tables: Sequence[str]) -> list[str]:
    """A summary, what is not known, and the tables that are asked for."""
    lines = [*_summary(access), *_not_read(access)]
    for name in tables:
        lines += ["", *TABLES[name](access)]
    return lines


_KINDS = {
    "person": ("person", "persons"),
    "service": ("service", "services"),
    "journal": ("left by a replacement", "left by replacements"),
    "native": ("of DC/OS itself", "of DC/OS itself"),
}


def count_words(access: types.Access) -> str:
    """How many accounts of which kind there are."""
    kinds = [account["kind"] for account in access["accounts"]]
    counts = {kind: kinds.count(kind) for kind in _KINDS}
    return ", ".join(counted(number, *_KINDS[kind]) for kind, number in counts.items() if number)


def _summary(access: types.Access) -> list[str]:
    mode = f"{access['security_mode']} mode" if access["security_mode"] else "security mode not known"
    known = [account["superuser"] for account in access["accounts"] if account["superuser"] is not None]
    powerful = str(sum(way != "no" for way in known)) if known else "not known"
    findings = ", ".join(f"{number} {severity}" for severity, number in access["counts"].items())
    return aligned(
        [
            ["Cluster", f"{access['url']}, {mode}, read {access['read_at']}"],
            ["Accounts", f"{count_words(access)}; superusers: {powerful}"],
            ["Findings", findings],
        ]
    )


def _not_read(access: types.Access) -> list[str]:
    if not access["unknown"]:
        return []
    return ["", "NOT READ: nothing is known about faults there", *aligned(_unknown_rows(access))]


def _unknown_rows(access: types.Access) -> Iterable[list[str]]:
    for each in access["unknown"]:
        yield [each["part"], some_of(each["subjects"], _MOST) or "all", each["reason"]]


def _findings(access: types.Access) -> list[str]:
    if not access["findings"]:
        return ["FINDINGS: none"]
    folds = fold(access["findings"])
    rows = [row for each in folds for row in _fold_rows(each)]
    remedies = {each.title: each.remedy for each in folds}
    return [
        "FINDINGS",
        *aligned([["severity", "finding", "where", "what"], *rows]),
        "",
        "WHAT TO DO",
        *aligned([[title, remedy] for title, remedy in remedies.items()]),
    ]


def _fold_rows(each: Fold) -> Iterable[list[str]]:
    for case in each.cases[:_MOST]:
        yield [each.severity, each.title, _where(case), _what(case)]
    rest = [finding for case in each.cases[_MOST:] for finding in case.findings]
    if rest:
        yield [each.severity, each.title, f"{subjects(rest)} more", "The page and the JSON file list all of them."]


def _where(case: Case) -> str:
    """A name for one; the number and some names for several."""
    names = list(dict.fromkeys(finding["subject"] for finding in case.findings))
    if len(names) == 1:
        return f"{case.findings[0]['subject_type']} {names[0]}"
    return f"{subjects(case.findings)}: {some_of(names, 2)}"


def _what(case: Case) -> str:
    return case.what if case.rid is None else f"{case.rid}: {case.what}"


def _accounts(access: types.Access) -> list[str]:
    rows = [
        [
            account["uid"],
            account["kind"],
            account["superuser"] or _UNKNOWN,
            _number(account["direct"]),
            _listed(None if account["through_groups"] is None else {e["gid"]: 0 for e in account["through_groups"]}),
            f"{account['key_size']} bits" if account["key_size"] else _NOTHING,
            _listed(account["secrets"]),
            _listed(dict.fromkeys(account["findings"])),
        ]
        for account in itertools.chain(*own_and_native(access))
    ]
    head = ["account", "kind", "superuser", "resources", "power from groups", "key", "secrets", "findings"]
    return ["ACCOUNTS", *aligned([head, *rows])]


def _permissions(access: types.Access) -> list[str]:
    rows = []
    for group in access["groups"]:
        rows += [[f"group {group['gid']}", entry["rid"], ", ".join(entry["actions"])] for entry in group["direct"]]
    for account in itertools.chain(*own_and_native(access)):
        for entry in account["direct"] or []:
            rows.append([f"account {account['uid']}", entry["rid"], ", ".join(entry["actions"])])
        for entry in account["through_groups"] or []:
            actions = f"{', '.join(entry['actions'])} (through group {entry['gid']})"
            rows.append([f"account {account['uid']}", entry["rid"], actions])
    if not rows:
        return ["PERMISSIONS: none"]
    return ["PERMISSIONS", *aligned([["who", "on", "may"], *rows])]


TABLES: Mapping[str, Callable[[types.Access], list[str]]] = {
    "findings": _findings,
    "accounts": _accounts,
    "permissions": _permissions,
}


def _number(entries: Sequence[object] | None) -> str:
    return _UNKNOWN if entries is None else str(len(entries) or _NOTHING)


def _listed(names: Iterable[str] | None) -> str:
    return _UNKNOWN if names is None else ", ".join(names) or _NOTHING
