# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with secrets: never half of one, never a looser mode, nothing but regular files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dcos.security.plugins.module_utils import _files as files
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o644])
@pytest.mark.parametrize("existing", [None, 0o666, 0o600, 0o400])
def test_a_file_gets_its_mode_in_any_case(mode: int, existing: int | None, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if existing is not None:
        path.write_text("old", encoding="ascii")
        path.chmod(existing)
    assert files.write_whole(str(path), "nëw\n", mode) is True
    assert path.read_bytes() == "nëw\n".encode()
    assert mode_of(path) == mode
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("mode", "existing", "kept"), [(0o644, 0o664, 0o664), (0o644, 0o600, 0o600), (0o600, 0o644, 0o600)]
)
@pytest.mark.parametrize("may_give_away", [True, False])
def test_a_replaced_file_keeps_its_owner(
    mode: int, existing: int, kept: int, may_give_away: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It also keeps its mode, unless it holds a secret."""
    path = tmp_path / "file"
    path.write_text("old", encoding="ascii")
    path.chmod(existing)
    like = path.lstat()
    given: list[tuple[int, int]] = []

    def chown(name: str, uid: int, gid: int) -> None:
        given.append((uid, gid))
        if not may_give_away:
            raise PermissionError

    monkeypatch.setattr(os, "chown", chown)
    assert files.write_whole(str(path), "new", mode, like=like) is True
    assert (path.read_text(encoding="ascii"), mode_of(path)) == ("new", kept)
    assert given == [(like.st_uid, like.st_gid)]


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_never_readable_by_others_while_written(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked at each change of the folder: it holds only our own files, with no looser mode than wanted."""
    seen: list[tuple[str, int]] = []

    def look() -> None:
        seen.extend((entry.name, mode_of(entry)) for entry in tmp_path.iterdir())

    for name in ("fsync", "chmod", "replace"):
        original = getattr(os, name)

        def spied(*args: object, original: object = original) -> object:
            look()
            return original(*args)  # type: ignore[operator]

        monkeypatch.setattr(os, name, spied)
    files.write_whole(str(tmp_path / "secret"), "new", mode)
    assert seen
    assert {found & ~mode for _name, found in seen} == {0}
    assert {found for name, found in seen[:2]} == {0o600}


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("raised", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file(
    call: str, raised: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_text("old", encoding="ascii")
    path.chmod(0o640)

    def fail(*args: object) -> None:
        raise raised

    monkeypatch.setattr(os, call, fail)
    with pytest.raises((DcosError, type(raised))):
        files.write_whole(str(path), "new", 0o600)
    monkeypatch.undo()
    assert path.read_text(encoding="ascii") == "old"
    assert mode_of(path) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_reported_with_the_path(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback: the module must end with a message and its failure structure."""

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(DcosError, match="No space left on device") as caught:
        files.write_whole(str(tmp_path / "secret"), "S3CRET", 0o600)
    assert str(tmp_path / "secret") in caught.value.message
    assert "S3CRET" not in caught.value.message


def test_a_failed_flush_of_the_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is the new one by then: to say that it is as before would be untrue."""
    path = tmp_path / "secret"
    path.write_text("old", encoding="ascii")
    flush = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(5, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(DcosError, match=r"new content is in place.*Input/output error") as caught:
        files.write_whole(str(path), "new", 0o600)
    assert str(path) in caught.value.message
    assert "as it was before" not in caught.value.message
    assert path.read_text(encoding="ascii") == "new"


def test_the_move_is_within_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Across file systems a move is a copy, of which half can be seen."""
    moved: list[tuple[str, str]] = []
    original = os.replace

    def spied(source: str, target: str) -> None:
        moved.append((source, target))
        original(source, target)

    monkeypatch.setattr(os, "replace", spied)
    monkeypatch.chdir(tmp_path)
    files.write_whole("secret", "new", 0o600)
    ((source, target),) = moved
    assert os.path.dirname(source) == str(tmp_path)
    assert target == "secret"


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("té", encoding="utf-8")
    assert files.read_text(str(path), "opt") == "té"
    found = files.read_regular(str(path), "opt")
    assert found is not None
    assert (found[0], found[1].st_ino) == ("té", path.stat().st_ino)
    assert files.read_regular(str(tmp_path / "none"), "opt") is None


def test_an_unreadable_file_is_reported_with_the_option(tmp_path: Path) -> None:
    """The file that the user named, not its content."""
    binary = tmp_path / "b"
    binary.write_bytes(b"S3CRET\xff")
    for path, reason in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "is not a regular file"),
        (binary, "not a text file"),
    ):
        with pytest.raises(DcosError, match=f"^opt: .*{reason}") as caught:
            files.read_text(str(path), "opt")
        assert str(path) in caught.value.message
        assert "S3CRET" not in caught.value.message


@pytest.mark.parametrize("read", [files.read_bytes, files.read_text, files.read_regular])
def test_endless_files_are_refused(read: Callable[[str, str], object], tmp_path: Path) -> None:
    """A pipe nobody writes to, a device, a file without end; and what the system takes for no path at all."""
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "huge", "wb") as huge:
        huge.truncate(files._MOST_BYTES + 1)
    for path, reason in (
        (str(tmp_path / "pipe"), "is not a regular file"),
        ("/dev/zero", "is not a regular file"),
        (str(tmp_path / "huge"), "is larger than 16 MiB"),
        (f"{tmp_path}/a\0b", "holds a NUL byte"),
        (f"{tmp_path}/\udcff", "not UTF-8"),
    ):
        with pytest.raises(DcosError, match=f"^opt: .*{reason}"):
            read(path, "opt")


def test_links_are_followed_and_loops_are_reported(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x", encoding="ascii")
    (tmp_path / "link").symlink_to("f")
    (tmp_path / "loop").symlink_to("loop")
    assert files.read_text(str(tmp_path / "link"), "opt") == "x"
    for call in (files.read_text, files.exists, files.names_in):
        with pytest.raises(DcosError, match=r"^opt: cannot read .*loop: Too many"):
            call(str(tmp_path / "loop"), "opt")
    assert files.names_in(str(tmp_path / "none"), "opt") == []
    assert files.exists(str(tmp_path / "none"), "opt") is False


def test_a_file_that_cannot_be_removed_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DcosError, match=f"^Removing {tmp_path} failed: "):
        files.remove(str(tmp_path))


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_hard_links(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "f"
    assert files.write_whole(str(path), "first", 0o600, replace=False) is True
    assert files.write_whole(str(path), "second", 0o600, replace=False) is False
    assert path.read_text(encoding="ascii") == "first"
    assert mode_of(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_impossible_file_name_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(DcosError, match="No space left"):
        files.write_whole(str(tmp_path / "f"), "x", 0o600, replace=False)
    assert list(tmp_path.iterdir()) == []


def test_the_home_is_expanded(bare_surroundings: Path) -> None:
    (bare_surroundings / "f").write_text("x", encoding="utf-8")
    assert files.read_text("~/f", "opt") == "x"


@pytest.mark.parametrize("content", [None, b"\xffS3CRET"])
def test_an_unreadable_value_is_named_but_not_quoted(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "f"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DcosError, match=r"^opt: ") as caught:
        (files.read_regular if content else files.read_text)(str(path), "opt")
    assert str(path) in caught.value.message
    assert "S3CRET" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_links_folders_and_devices_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("x", encoding="ascii")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "link", tmp_path / "dangling", tmp_path / "pipe", tmp_path, Path("/dev/null")):
        with pytest.raises(DcosError, match="is not a regular file; it is left alone"):
            files.read_regular(str(path), "opt")
    with pytest.raises(DcosError, match=r"^opt: cannot read"):
        files.read_regular(str(target / "below"), "opt")


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o601, True)])
def test_a_private_file_that_others_may_use_is_a_warning(mode: int, warned: bool, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("x", encoding="ascii")
    path.chmod(mode)
    warnings: list[str] = []
    assert files.read_private(str(path), "opt", warnings.append) == "x"
    assert [f"{mode:04o}" in warning and str(path) in warning for warning in warnings] == ([True] if warned else [])


def test_a_folder_must_exist_and_be_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.check_folder(str(tmp_path / "f"), "opt")
    with pytest.raises(DcosError, match=r"^opt: the folder .* does not exist"):
        files.check_folder(str(tmp_path / "none" / "f"), "opt")
    with pytest.raises(DcosError, match=r"^opt: .*/f/ names a folder"):
        files.check_folder(f"{tmp_path}/f/", "opt")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(DcosError, match=r"^opt: no permission"):
        files.check_folder(str(tmp_path / "f"), "opt")


def test_a_new_file_does_not_replace_one_that_appeared(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert files.write_whole(str(path), "mine", 0o600, replace=False) is True
    assert mode_of(path) == 0o600
    assert files.write_whole(str(path), "again", 0o600, replace=False) is False
    assert path.read_text(encoding="ascii") == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_removing(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("x", encoding="ascii")
    assert files.remove(str(path)) is True
    assert files.remove(str(path)) is False
    assert not path.exists()
