# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source: its arguments, and what it puts into the queue."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._events.source import follow, read_arguments

NOW = datetime(2026, 6, 14, 12, tzinfo=timezone.utc)


def line(uid: str, result: str = "deny", hour: int = 9) -> str:
    return (
        f"type=audit timestamp=2026-06-14T{hour:02}:12:03Z authorizer=adminrouter object=dcos:adminrouter:package "
        f"action=full result={result} uid={uid}\n"
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "paths: name the files"),
        ({"paths": []}, "paths: name the files"),
        ({"paths": ["a", ""]}, "paths: it must be a text or a list"),
        ({"paths": {"a": "b"}}, "paths: it must be a text or a list"),
        ({"path": "a"}, "path: dcos_audit has no such argument. It has paths, uid"),
        ({"paths": "a", "uid": ["ci", "a b"]}, "uid\\[1\\]: 'a b' is not a user id"),
        ({"paths": "a", "only_denials": "perhaps"}, "only_denials: 'perhaps' is neither true nor false"),
        ({"paths": "a", "only_denials": 2}, "only_denials: 2 is neither true nor false"),
        ({"paths": "a", "since": "yesterday"}, "since: 'yesterday' is not a time"),
        ({"paths": "a", "since": ["1h", "2h"]}, "since: give one time"),
        ({"paths": "a", "interval": 0}, "interval: 0 is no number of seconds"),
        ({"paths": "a", "interval": "nan"}, "interval: 'nan' is no number"),
        ({"paths": "a", "interval": "soon"}, "interval: 'soon' is no number"),
    ],
)
def test_bad_argument_is_refused_by_its_name(given: dict[str, object], problem: str) -> None:
    with pytest.raises(DcosError, match=f"^{problem}"):
        read_arguments(given, NOW)


def test_arguments_may_be_text_or_empty() -> None:
    """A rulebook fills them from its variables; ansible-rulebook adds a queue of its own."""
    text = read_arguments(
        {
            "paths": "a",
            "uid": "ci",
            "only_denials": "yes",
            "since": "1h",
            "interval": "0.5",
            "eda_feedback_queue": object(),
        },
        NOW,
    )
    true = read_arguments(
        {"paths": ["a"], "uid": ["ci"], "only_denials": True, "since": "2026-06-14T11:00:00Z", "interval": 0.5}, NOW
    )
    assert text == true
    empty = read_arguments({"paths": "a", "uid": "", "only_denials": "", "since": "", "interval": None}, NOW)
    assert empty == read_arguments({"paths": "a"}, NOW)


def events(given: dict[str, object], wanted: int, more: str = "") -> list[dict[str, str]]:
    """The first events of a source, some lines of which are written once it runs."""

    async def collect() -> list[dict[str, str]]:
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue(1)
        source = asyncio.ensure_future(follow(queue, {"interval": 0.01, **given}))
        await asyncio.sleep(0)  # it opens its files
        if more:
            with open(str(given["paths"]), "a", encoding="utf-8") as handle:
                handle.write(more)
        found = []
        try:
            for _number in range(wanted):
                taken = asyncio.ensure_future(queue.get())
                await asyncio.wait({taken, source}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
                if source.done():
                    source.result()
                assert taken.done(), f"no event after {found}"
                found.append(taken.result())
        finally:
            source.cancel()
        return found

    return asyncio.run(collect())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.log"
    path.write_text(line("early", hour=1) + line("old"), encoding="utf-8")
    return path


def test_new_lines_are_events(log: Path) -> None:
    found = events({"paths": str(log)}, 2, line("a") + "noise\n" + line("b", "allow"))
    assert [(each["uid"], each["result"], each["path"]) for each in found] == [
        ("a", "deny", str(log)),
        ("b", "allow", str(log)),
    ]


def test_old_lines_are_events_from_a_time_on(log: Path) -> None:
    (found,) = events({"paths": str(log), "since": "2026-06-14T09:00:00Z"}, 1)
    assert found["uid"] == "old"


def test_other_accounts_and_what_was_allowed_are_left_out(log: Path) -> None:
    given = {"paths": str(log), "uid": ["a", "c"], "only_denials": True}
    without_uid = line("").replace(" uid=", "")
    found = events(given, 3, line("b") + line("a", "allow") + line("a") + without_uid + line("c"))
    assert [each.get("uid") for each in found] == ["a", None, "c"], "nobody knows whose request the second was"


def test_several_files_are_followed(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    other.write_text(line("other"), encoding="utf-8")
    found = events({"paths": [str(log), str(other)], "since": "2026-06-14"}, 3)
    assert {(each["uid"], each["path"]) for each in found} == {
        ("early", str(log)),
        ("old", str(log)),
        ("other", str(other)),
    }


def test_file_that_cannot_be_read_ends_the_source(tmp_path: Path) -> None:
    with pytest.raises(DcosError, match=r"^paths: cannot read .*No such file"):
        events({"paths": str(tmp_path / "none.log")}, 1)
