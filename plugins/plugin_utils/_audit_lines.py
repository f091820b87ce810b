# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What audit lines tell about accounts as lines of text: aligned tables without colours, for terminals and logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._columns import aligned

_NOTHING = "-"
_PRESETS = 3

Report = Mapping[str, Any]
"""The result of dcos_audit_info."""

Preset = Mapping[str, Any]
"""A preset that fits, as the filter permissions_from_audit returns it."""


def audit_lines(report: Report, presets: Sequence[Preset] = (), unread: Sequence[Mapping[str, str]] = ()) -> list[str]:
    """What was read and what not, then each account, then what could not be mapped, then presets that would do."""
    lines = _summary(report)
    if unread:
        rows = [[each["host"], each["reason"]] for each in unread]
        lines += ["", "JOURNALS NOT READ: their content is unknown", *aligned(rows)]
    for account in report["audit"]:
        lines += ["", *_account(account)]
    if report["notes"]:
        lines += ["", "WHAT THE LINES DO NOT SHOW", *report["notes"]]
    if report["unmapped"]:
        lines += ["", "NOT MAPPED: lines that name no reliable permission", *aligned(_unmapped(report))]
    if presets:
        lines += ["", "PRESETS that cover all of it", *aligned(map(_preset, presets[:_PRESETS]))]
    return lines


def _summary(report: Report) -> list[str]:
    window, read = report["window"], report["lines"]
    asked = f"{window['since'] or 'the beginning'} to {window['until'] or 'the end'}"
    found = f"{window['first_at']} to {window['last_at']}" if window["first_at"] else "none"
    rows = [
        ["Read", f"{read['bytes']:,} bytes, {read['audit']:,} audit lines"],
        ["Asked for", asked],
        ["Lines from", found],
    ]
    if read["without_time"]:
        rows.append(["Without a time", f"{read['without_time']:,} lines, which are always included"])
    if read["not_kept"]:
        rows.append(["NOT KEPT", f"{read['not_kept']:,} lines: too many different entries"])
    return aligned(rows)


def _account(account: Mapping[str, Any]) -> list[str]:
    if account["uid"] is None:
        lines = ["REQUESTS WITHOUT AN ACCOUNT"]
    else:
        gone = " (this account does not exist now)" if account["exists"] is False else ""
        lines = [f"ACCOUNT {account['uid']}{gone}"]
        lines += aligned(_permissions(account)) if account["denied"] or account["used"] else ["No decisions."]
    lines += _listed("missing", account["missing"])
    lines += _listed("granted, but neither used nor denied in this period", account["unused"])
    if account["authentication"]:
        lines += ["no grant helps:", *aligned(_problems(account))]
    return lines


def _permissions(account: Mapping[str, Any]) -> Iterable[list[str]]:
    yield ["permission", "action", "decided", "by", "times", "first", "last", "granted now", "documented"]
    for name in ("denied", "used"):
        for each in account[name]:
            yield [
                each["rid"],
                each["action"],
                "denied" if name == "denied" else "allowed",
                each["component"],
                str(each["count"]),
                each["first_at"] or _NOTHING,
                each["last_at"] or _NOTHING,
                each["granted"] or "?",
                "yes" if each["known"] else "no",
            ]


def _listed(title: str, permissions: Sequence[Mapping[str, Any]]) -> list[str]:
    if not permissions:
        return []
    rows = [["  " + each["rid"], ", ".join(each["actions"])] for each in permissions]
    return [f"{title}:", *aligned(rows)]


def _problems(account: Mapping[str, Any]) -> Iterable[list[str]]:
    for each in account["authentication"]:
        yield [f"  {each['component'] or '?'}", str(each["count"]), each["last_at"] or _NOTHING, each["cause"]]


def _preset(preset: Mapping[str, Any]) -> list[str]:
    beyond = [f"{each['rid']} {', '.join(each['actions'])}" for each in preset["beyond"]]
    return [preset["name"], f"and beyond that: {'; '.join(beyond)}" if beyond else "exactly"]


def _unmapped(report: Report) -> Iterable[list[str]]:
    yield ["account", "by", "action", "object", "decided", "times", "why", "sample"]
    for each in report["unmapped"]:
        yield [
            each["uid"] or _NOTHING,
            each["component"] or _NOTHING,
            each["action"] or _NOTHING,
            each["object"] or _NOTHING,
            "allowed" if each["result"] == "allow" else "denied",
            str(each["count"]),
            each["reason"],
            each["sample"],
        ]
