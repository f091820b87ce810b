# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time as users write them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.dcos.security.plugins.module_utils._audit.times import point_in_time
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError

NOW = datetime(2026, 6, 14, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("30s", "2026-06-14T11:59:30.000000Z"),
        ("90m", "2026-06-14T10:30:00.000000Z"),
        ("2h", "2026-06-14T10:00:00.000000Z"),
        (" 1 d ", "2026-06-13T12:00:00.000000Z"),
        ("2w", "2026-05-31T12:00:00.000000Z"),
        ("2026-06-14", "2026-06-14T00:00:00.000000Z"),
        ("2026-06-14T09:12", "2026-06-14T09:12:00.000000Z"),
        ("2026-06-14 09:12:05", "2026-06-14T09:12:05.000000Z"),
        ("2026-06-14T09:12:05.5Z", "2026-06-14T09:12:05.500000Z"),
        ("2026-06-14T09:12:05+02:00", "2026-06-14T07:12:05.000000Z"),
        ("2026-06-14T09:12-0130", "2026-06-14T10:42:00.000000Z"),
    ],
)
def test_times(text: str, at: str) -> None:
    assert point_in_time(text, "since", NOW) == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2", "h", "-2h", "2y", "1.5h", "2026-13-01", "2026-06-14T25:00", "14.06.2026", "999999w"]
)
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(DcosError, match=r"^since: "):
        point_in_time(text, "since", NOW)
