# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Points in time as users write them: absolute, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from .._errors import DcosError
from .line import iso, moment

_AGO = re.compile(r"(\d{1,6}) ?(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ABSOLUTE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?")


def point_in_time(text: str, option: str, now: datetime) -> str:
    """The form in which times are compared. Without an offset it is in UTC, like the journals of the masters."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        try:
            return iso(now - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))}))
        except OverflowError:
            raise DcosError(f"{option}: {text!r} ago is too far back. Use a shorter time.") from None
    match = _ABSOLUTE.fullmatch(text.strip())
    if match is not None:
        day, minute, second, fraction, offset = match.groups(default="")
        at = moment(f"{day}T{minute or '00:00'}{second or ':00'}{fraction}{offset}")
        if at is not None:
            return at
    raise DcosError(
        f"{option}: {text!r} is not a time. Use how long ago, such as 30m, 2h or 7d, or ISO 8601, such as "
        "2026-06-14T09:00:00Z."
    )
