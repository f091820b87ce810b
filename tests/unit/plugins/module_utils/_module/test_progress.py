# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress in a file: one line for each thing to tell, and no reason to fail."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.dcos.security.plugins.module_utils._module.progress import ProgressFile

ONE = {"done": 1, "name": "/a"}


def test_lines_are_added(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    path.touch()
    told = ProgressFile(str(path))
    told.tell(ONE)
    told.tell({"done": 2, "name": "/ä"})
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == [ONE, {"done": 2, "name": "/ä"}]


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    ProgressFile(str(tmp_path / "none")).tell(ONE)
    assert list(tmp_path.iterdir()) == []


def test_a_nonempty_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("before")
    ProgressFile(str(path)).tell(ONE)
    assert path.read_text() == "before"
    ProgressFile(f"{path}\0").tell(ONE)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("")
    (tmp_path / "link").symlink_to("target")
    ProgressFile(str(tmp_path / "link")).tell(ONE)
    assert (tmp_path / "target").read_text() == ""


def test_a_full_disk_does_not_fail_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress"
    path.write_text("")
    told = ProgressFile(str(path))
    tried = []

    def full(descriptor: int, data: bytes) -> int:
        tried.append(data)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    told.tell(ONE)
    told.tell(ONE)
    assert len(tried) == 1
