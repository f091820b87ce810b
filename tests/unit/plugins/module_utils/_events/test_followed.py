# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that grow, are rotated and emptied under the reader's hands: each line is read once."""

from __future__ import annotations

import gzip
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._audit.stream import LONGEST_LINE
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._events.followed import Followed


def line(number: int) -> bytes:
    return b"type=audit uid=u%d\n" % number


class File:
    """A file and its reader."""

    def __init__(self, path: Path, content: bytes = b"", whole: bool = False) -> None:
        self.path = path
        path.write_bytes(content)
        self.followed = Followed(str(path), whole)
        self.close = self.followed.close

    def add(self, content: bytes) -> None:
        with self.path.open("ab") as handle:
            handle.write(content)

    def read(self) -> list[str]:
        """The uids of the lines that are new."""
        return [found.text.partition("uid=")[2] for lines in self.followed.pieces() for found in lines]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def file_of(path: Path) -> Iterator[Callable[..., File]]:
    """Makes the file with some content and begins to read it."""
    with ExitStack() as stack:
        yield lambda content=b"", whole=False: stack.enter_context(closing(File(path, content, whole)))


def test_only_what_is_new_is_read(file_of: Callable[..., File]) -> None:
    file = file_of(line(1))
    assert file.read() == []
    file.add(line(2) + line(3))
    assert file.read() == ["u2", "u3"]
    assert file.read() == []


def test_whole_file_is_read(file_of: Callable[..., File]) -> None:
    file = file_of(line(1), whole=True)
    assert file.read() == ["u1"]
    file.add(line(2))
    assert file.read() == ["u2"]


@given(st.data())
def test_line_counts_once_it_is_complete(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    text = b"".join(line(number) for number in range(1, 5))
    found: list[str] = []
    written = 0
    with closing(File(tmp_path_factory.mktemp("grows") / "audit.log")) as file:
        while written < len(text):
            step = data.draw(st.integers(1, len(text) - written))
            file.add(text[written : written + step])
            written += step
            found += file.read()
            assert found == [f"u{number + 1}" for number in range(text.count(b"\n", 0, written))]


def test_line_that_was_half_written_at_the_start_is_read(file_of: Callable[..., File]) -> None:
    file = file_of(line(1) + line(2)[:-3])
    file.add(line(2)[-3:])
    assert file.read() == ["u2"]


def test_renamed_file_is_read_to_its_end(path: Path, file_of: Callable[..., File]) -> None:
    file = file_of()
    writer = path.open("ab", buffering=0)
    writer.write(line(1))
    path.rename(path.with_suffix(".1"))
    assert file.read() == ["u1"], "there is no new file yet"
    path.write_bytes(line(3))
    assert file.read() == []
    writer.write(line(2)[:-1])
    writer.close()
    assert file.read() == ["u2", "u3"], "its writer had not noticed; the last line has no end"
    file.add(line(4))
    assert file.read() == ["u4"]


def test_reader_that_ends_during_a_rotation_leaves_nothing_open(path: Path, file_of: Callable[..., File]) -> None:
    """An open file would be a warning, and every warning fails."""
    file = file_of()
    path.rename(path.with_suffix(".1"))
    path.write_bytes(line(1))
    assert file.read() == []


def test_emptied_file_is_read_anew(path: Path, file_of: Callable[..., File]) -> None:
    file = file_of(line(1) + line(2))
    path.write_bytes(line(3))
    assert file.read() == ["u3"]


def test_odd_bytes_stop_nothing(file_of: Callable[..., File]) -> None:
    file = file_of()
    file.add(b"\xff\xfe\x00 type=audit uid=\xc3\x28\n\r\n" + line(1))
    assert file.read() == ["\ufffd(", "u1"]


def test_endless_line_is_cut(file_of: Callable[..., File]) -> None:
    file = file_of()
    file.add(b"type=audit uid=u1 " + b"x" * LONGEST_LINE)
    assert len(file.read()) == 1
    file.add(b"x" * LONGEST_LINE)
    assert file.read() == []
    file.add(b"\n" + line(2))
    assert file.read() == ["u2"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(gzip.compress(line(1)), "compressed with gzip"), (b"\xfd7zXZ\0", "compressed with xz"), (b"LPKSHHRH", "systemd")],
    ids=["gzip", "xz", "journal"],
)
def test_file_without_lines_is_refused(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DcosError, match=f"^paths: {path} is .*{reason}"):
        Followed(str(path), whole=False)


def test_missing_file_is_refused(path: Path) -> None:
    with pytest.raises(DcosError, match=f"^paths: cannot read {path}: No such file"):
        Followed(str(path), whole=False)
