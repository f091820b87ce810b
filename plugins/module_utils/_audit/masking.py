# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Audit lines as they may be shown: nothing in them logs anybody in."""

from __future__ import annotations

import re

from .._visible import visible

MASK = "***"

_LONGEST = 1000
"""Characters of a line that are shown."""

_NAMED = r"(?:(?:token|authorization|password|passwd|secret)[\"']?\s*[=:][=:\s]*|bearer[=:\s]+)"

_SECRETS = (
    # A JSON Web Token, whole or cut: its head is the base64 of an opening brace and a quotation mark.
    (re.compile(r"eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){0,2}"), MASK),
    # One name may follow another: Authorization: Bearer ..., or authorization=token=...
    (re.compile(rf"(?i)((?:{_NAMED})+(?:(?:basic|digest) +)?)(?![=:*])(?:\"[^\"]*\"?|\S+)"), rf"\1{MASK}"),
    (re.compile(r"(?i)(cookie[=: ]+)[^\s;]+(?:; *[^\s;]+)*"), rf"\1{MASK}"),
    # What is in a query, in a fragment, and before the host of a URL.
    (re.compile(r"([?&#;][A-Za-z0-9_.%~\[\]-]+=)[^&#;\s\"']*"), rf"\1{MASK}"),
    (re.compile(r"(//)[^/\s\"']+@"), rf"\1{MASK}@"),
    (re.compile(r"(Service login for `[^`]*`: invalid token `)[^`]*"), rf"\1{MASK}"),
)


def masked(line: str) -> str:
    """A line without tokens and secrets, what steers a terminal made visible, at most 1,000 characters long."""
    for pattern, replacement in _SECRETS:
        line = pattern.sub(replacement, line)
    line = visible(line)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " ..."
