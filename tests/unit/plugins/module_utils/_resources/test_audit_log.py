# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit lines from texts and files, compared with what accounts may do."""

from __future__ import annotations

import gzip
import json
import os
import random
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.iam import GroupGrant, Permissions
from ansible_collections.dcos.security.plugins.module_utils._audit.report import Window
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.audit_log import Sources, audit_log
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant

PACKAGE = "dcos:adminrouter:package"
JOBS = "dcos:service:metronome:metronome:jobs:"


def line(rid: str = PACKAGE, result: str = "deny", uid: str = "ci", second: int = 3, action: str = "full") -> str:
    return (
        f"Jun 14 09:12:03 m1 adminrouter.sh[1]: type=audit timestamp=2026-06-14T09:12:{second:02}Z "
        f"authorizer=adminrouter object={rid} action={action} result={result} uid={uid}, client: 10.0.0.1\n"
    )


def read(
    texts: tuple[str, ...] = (),
    paths: tuple[Path, ...] = (),
    accounts: Mapping[str, Permissions] | None = None,
    folder: str | None = None,
    window: Window | None = None,
) -> dict[str, Any]:
    told: list[str] = []
    permissions = None if accounts is None else accounts.get
    sources = Sources(texts, tuple(map(str, paths)))
    result = dict(audit_log(sources, window or Window(), permissions, folder, told.append).read())
    return {**result, "warnings": told}


def missing(result: dict[str, Any], uid: str = "ci") -> list[dict[str, Any]]:
    return next(list(each["missing"]) for each in result["audit"] if each["uid"] == uid)


FULL = [{"rid": PACKAGE, "actions": ["full"]}]


def test_files_of_every_kind_say_the_same(tmp_path: Path) -> None:
    entry = json.dumps({"MESSAGE": line().strip(), "__REALTIME_TIMESTAMP": "1"})
    plain, packed, journal = tmp_path / "a.log", tmp_path / "a.gz", tmp_path / "a.json"
    plain.write_text(f"noise\n{line()}", encoding="utf-8")
    packed.write_bytes(gzip.compress(plain.read_bytes()) + gzip.compress(b"noise of a second part"))
    journal.write_text(f"{entry}\n", encoding="utf-8")
    for path in (plain, packed, journal):
        assert missing(read(paths=(path,))) == FULL, path.name
    together = read((line(),), (plain, packed, journal))
    assert together["lines"]["audit"] == 4
    assert together["audit"][0]["denied"][0]["count"] == 4


def test_lines_do_not_continue_in_the_next_source() -> None:
    half = len(line()) // 2
    assert read((line()[:half], line()[half:]))["lines"]["audit"] == 1  # its first half, which is cut
    assert read((line()[:half], line()[half:]))["unmapped"][0]["reason"] == "the line is cut"


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    good = tmp_path / "good.log"
    good.write_text(line(), encoding="utf-8")
    for name, said in (
        (str(tmp_path / "pipe"), "not a regular file"),
        (str(tmp_path), "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (str(tmp_path / "none"), "No such file"),
    ):
        with pytest.raises(DcosError, match=said) as caught:
            read(paths=(good, Path(name)))
        assert caught.value.message.startswith("paths: ")
        assert name in caught.value.message
    (tmp_path / "link").symlink_to(good)
    assert missing(read(paths=(tmp_path / "link",))) == FULL


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(line().encode() * 500, mtime=0)[:-9], "its end is missing"),
        (gzip.compress(line().encode(), mtime=0)[:12] + b"damage" * 9, "damaged"),
        (b"\xfd7zXZ\x00rest", "compressed with xz"),
        (b"\x28\xb5\x2f\xfdrest", "compressed with zstd"),
        (b"BZh91AY", "compressed with bzip2"),
        (b"LPKSHHRHrest", "export it with journalctl"),
    ],
)
def test_files_that_would_hide_lines_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)
    with pytest.raises(DcosError, match=said) as caught:
        read(paths=(path,))
    assert str(path) in caught.value.message


def test_comparison_with_what_the_account_has() -> None:
    texts = (line(), line("dcos:adminrouter:acs"), line("dcos:adminrouter:ops:mesos", "allow"))
    group = GroupGrant("team", Grant("dcos:adminrouter:acs", "full"))
    held = Permissions((Grant(PACKAGE, "full"), Grant("dcos:x", "read")), (group,))
    (account,) = read(texts, accounts={"ci": held})["audit"]
    assert account["exists"]
    assert [(each["rid"], each["granted"]) for each in account["denied"]] == [
        ("dcos:adminrouter:acs", "group"),
        (PACKAGE, "direct"),
    ]
    assert account["missing"] == [{"rid": "dcos:adminrouter:ops:mesos", "actions": ["full"]}]
    assert [each["rid"] for each in account["needed"]] == ["dcos:adminrouter:ops:mesos", PACKAGE]
    assert account["unused"] == [{"rid": "dcos:x", "actions": ["read"]}]


def test_a_missing_account_is_reported() -> None:
    result = read((line(), line(result="allow", uid="new")), accounts={"ci": Permissions()})
    assert [(each["uid"], each["exists"]) for each in result["audit"]] == [("ci", True), ("new", False)]
    assert len(result["warnings"]) == 1
    assert "There is no account new" in result["warnings"][0]
    assert missing(result, "new") == FULL


def test_only_accounts_with_decisions_are_read() -> None:
    """Whoever tries to log in under many names makes no requests to the cluster."""
    asked: list[str] = []

    def permissions(uid: str) -> Permissions:
        asked.append(uid)
        return Permissions()

    tries = "".join(f"Service login for `name{number}`: invalid token `x`: why\n" for number in range(9))
    sources = Sources((tries, line()))
    audit_log(sources, Window(uids=frozenset(("ci", "name1", "name2"))), permissions, None, print).read()
    assert asked == ["ci", "name1", "name2"]
    asked.clear()
    audit_log(sources, Window(), permissions, None, print).read()
    assert asked == ["ci"]


def test_folding_on_request_only() -> None:
    texts = tuple(line(f"{JOBS}prod.ci.{name}", action="create") for name in "abc")
    assert len(missing(read(texts))) == 3
    assert missing(read(texts, folder="/prod/ci")) == [{"rid": f"{JOBS}prod.ci", "actions": ["create"]}]


def test_too_many_different_entries_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.dcos.security.plugins.module_utils._audit.report.MOST_ENTRIES", 2)
    result = read(tuple(line(f"dcos:adminrouter:service:{number}") for number in range(5)))
    assert result["lines"]["not_kept"] == 3
    assert "3 lines about further ones are only counted" in result["warnings"][0]


def journal(count: int, dice: random.Random) -> list[str]:
    """Lines of every kind: noise, decisions, logins, broken ones."""
    rids = [PACKAGE, "dcos:adminrouter:acs", f"{JOBS}a", "dcos:superuser", "/slave(1)/state"]
    lines = []
    for number in range(count):
        kind = dice.random()
        if kind < 0.5:
            lines.append(f"Jun 14 09:12:03 m1 mesos-master[1]: I0614 master.cpp:{number}] Processing something\n")
        elif kind < 0.9:
            uid, result = dice.choice(["ci", "kafka", "dcos_marathon"]), dice.choice(["allow", "deny"])
            lines.append(line(dice.choice(rids), result, uid, dice.randrange(60)))
        elif kind < 0.95:
            lines.append("[260614-09:12:05.101] Service login for `ci`: invalid token `eyJx.y.z`: expired\n")
        else:
            whole = line(dice.choice(rids)).rstrip("\n")
            lines.append(whole[: dice.randrange(len(whole))] + "\n")
    return lines


def test_a_long_journal_gives_the_same_answer_in_any_order_and_in_little_memory(tmp_path: Path) -> None:
    """A hundred times as long in "make bench"."""
    dice = random.Random(14)
    lines = journal(10_000, dice)
    path = tmp_path / "journal"
    answers = []
    for _turn in range(2):
        path.write_text("".join(lines), encoding="utf-8")
        answers.append(read(paths=(path,), accounts={}))
        dice.shuffle(lines)
    assert answers[0] == answers[1]
    assert answers[0]["lines"]["audit"] > 4000

    path.write_text("".join(lines) * 8, encoding="utf-8")
    size = path.stat().st_size
    tracemalloc.start()
    try:
        read(paths=(path,))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 8_000_000
    assert peak < 6_000_000
