# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Repeated findings as one, for tables and the page; and whose accounts come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..module_utils._access import types
from ._wording import counted

_NATIVE = "native"


@dataclass(frozen=True)
class Case:
    """Findings of one fold that say the same in the same words."""

    what: str
    rid: str | None
    findings: list[types.Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Fold:
    """All findings of one kind that are equally severe."""

    severity: str
    title: str
    remedy: str
    cases: list[Case] = field(default_factory=list)

    @cached_property
    def findings(self) -> list[types.Finding]:
        return [finding for case in self.cases for finding in case.findings]


def fold(findings: Sequence[types.Finding]) -> list[Fold]:
    """The findings in their order, those of the same kind together."""
    folds: dict[tuple[str, str], Fold] = {}
    cases: dict[tuple[str, str, str, str | None], Case] = {}
    for each in findings:
        severity, kind = each["severity"], each["kind"]
        # Of superusers the title says which resource it is.
        rid = each["rid"] if kind in ("over_wide", "unknown_rid") else None
        same_kind = folds.setdefault((severity, kind), Fold(severity, each["title"], each["remedy"]))
        words = (severity, kind, each["detail"], rid)
        if words not in cases:
            cases[words] = Case(each["detail"], rid)
            same_kind.cases.append(cases[words])
        cases[words].findings.append(each)
    return list(folds.values())


def subjects(findings: Sequence[types.Finding]) -> str:
    """What they are about, such as "3 accounts and 1 group"; one account with two findings counts once."""
    names = dict.fromkeys((each["subject_type"], each["subject"]) for each in findings)
    kinds = [subject_type for subject_type, _subject in names]
    return " and ".join(counted(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))


def own_and_native(access: types.Access) -> tuple[list[types.Account], list[types.Account]]:
    """The accounts that somebody made, and those that DC/OS brings along."""
    own = [account for account in access["accounts"] if account["kind"] != _NATIVE]
    return own, [account for account in access["accounts"] if account["kind"] == _NATIVE]
