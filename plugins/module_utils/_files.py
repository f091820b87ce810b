# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Files that hold secrets: read with a look at their mode, written so that nobody sees half of one or a looser mode."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from typing import BinaryIO, Callable

from ._errors import DcosError

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644


_LONGEST_PATH = 1024

_MOST_BYTES = 16 * 1024 * 1024
"""No key, token or configuration comes near; CA bundles of whole systems have some 300 kB."""

_WITHOUT_LINKS = frozenset((errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP))
"""What file systems without hard links answer, such as folders that a virtual machine shares with its host."""


class MissingError(DcosError):
    """There is no such file."""


def is_utf8(text: str) -> bool:
    """Whether a text can be encoded: bytes of the environment that are not UTF-8 arrive as lone surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def check_path(path: str, option: str) -> None:
    """Refuse what is no path, before a message could quote it: the text of a key is easily given for its file."""
    if not path:
        raise DcosError(f"{option}: it is empty. Name the file.")
    if "-----BEGIN" in path or "\n" in path or len(path) > _LONGEST_PATH:
        raise DcosError(
            f"{option}: this is not a file path; it looks like the text of a key or certificate. Give the path of a "
            "file that holds it, or use the option that takes the text itself, where there is one."
        )
    if "\0" in path or not is_utf8(path):
        raise DcosError(f"{option}: this is not a file path: it holds a NUL byte, or bytes that are not UTF-8.")


def read_bytes(path: str, option: str) -> bytes:
    """The content of a file that the user named; an error names the option and the path, never the content."""
    return _read(path, option)[0]


def read_text(path: str, option: str) -> str:
    """Like C(read_bytes), as text."""
    return _decoded(read_bytes(path, option), path, option)


def read_private(path: str, option: str, warn: Callable[[str], None]) -> str:
    """Like C(read_text), with a warning when others than the owner may read the file too."""
    data, status = _read(path, option)
    if is_open(status):
        warn(
            f"{option}: {path} has mode {stat.S_IMODE(status.st_mode):04o}; others than its owner can use this private "
            "key. Set it to 0600."
        )
    return _decoded(data, path, option)


def read_regular(path: str, option: str) -> tuple[str, os.stat_result] | None:
    """Text and status of a file that a module keeps there, None when there is nothing; a link is refused too."""
    try:
        data, status = _read(path, option, os.O_NOFOLLOW)
    except MissingError:
        return None
    return _decoded(data, path, option), status


def names_in(folder: str, option: str) -> list[str]:
    """What is in a folder, sorted; nothing if there is no such folder."""
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise DcosError(f"{option}: cannot read {folder}: {exc.strerror}.") from None


def exists(path: str, option: str) -> bool:
    """Whether there is something; not being allowed to look is an error, not a no."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise DcosError(f"{option}: cannot read {path}: {exc.strerror}.") from None
    return True


def open_regular(path: str, option: str, flags: int = 0) -> BinaryIO:
    """A regular file that the user named, whatever its size; a link is followed unless the flags say otherwise."""
    check_path(path, option)
    try:
        # Not blocking, or opening a pipe would wait for a writer.
        descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_NONBLOCK | flags)
    except OSError as exc:
        if exc.errno == errno.ELOOP and flags & os.O_NOFOLLOW:
            raise _not_regular(path, option, flags) from None
        kind = MissingError if exc.errno == errno.ENOENT else DcosError
        raise kind(f"{option}: cannot read {path}: {exc.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_regular(path, option, flags)
    return os.fdopen(descriptor, "rb")


def _read(path: str, option: str, flags: int = 0) -> tuple[bytes, os.stat_result]:
    """Content and status of a regular file of bearable size: whatever small file anybody names is read here.

    Both are of the very file that was opened: nobody can put another one in its place in between.
    """
    with open_regular(path, option, flags) as handle:
        status = os.fstat(handle.fileno())
        try:
            data = handle.read(_MOST_BYTES + 1)
        except OSError as exc:
            raise DcosError(f"{option}: cannot read {path}: {exc.strerror}.") from None
    if len(data) > _MOST_BYTES:
        raise DcosError(f"{option}: {path} is larger than {_MOST_BYTES >> 20} MiB, so it is not the file meant here.")
    return data, status


def _decoded(data: bytes, path: str, option: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise DcosError(f"{option}: {path} is not a text file.") from None


def _not_regular(path: str, option: str, flags: int) -> DcosError:
    kept = "; it is left alone" if flags & os.O_NOFOLLOW else ""
    return DcosError(f"{option}: {path} is not a regular file{kept}.")


def foreign_file(option: str, path: str, kind: str) -> DcosError:
    """For a file that holds something other than what the module keeps in it, and may be the only copy of that."""
    return DcosError(
        f"{option}: {path} holds something other than a {kind}; it is left alone. Name another file, or remove this "
        "one if it is not needed."
    )


def check_folder(path: str, option: str) -> None:
    """Refuse a file whose folder is missing or cannot be written, before anything else is done."""
    check_path(path, option)
    if path.endswith("/"):
        raise DcosError(f"{option}: {path} names a folder. Name the file.")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise DcosError(f"{option}: the folder {folder} does not exist. Create it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DcosError(f"{option}: no permission to write in the folder {folder}.")


def write_whole(path: str, text: str, mode: int, replace: bool = True, like: os.stat_result | None = None) -> bool:
    """Write a file in one move: a temporary file of this mode beside it, flushed to disk, then renamed over it.

    replace: False to leave a file alone that has appeared meanwhile, and return False then.
    like: the file that was there before; its owner and group get the new one, which also has its mode if no secret.
    Ansible's own atomic_move would copy the mode of an existing file, which may be looser.
    """
    folder = os.path.dirname(os.path.abspath(path))
    try:
        handle, temporary = tempfile.mkstemp(prefix=".ansible-dcos-", dir=folder)  # made with 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(temporary, mode if like is None else _inherit(temporary, like, mode))
            if replace:
                os.replace(temporary, path)
            else:
                _place(temporary, path)
        finally:
            with suppress(FileNotFoundError):  # renamed, as it should be
                os.unlink(temporary)
    except FileExistsError:
        return False
    except OSError as exc:
        raise DcosError(f"Writing {path} failed: {exc.strerror}. It is as it was before.") from None
    try:
        _sync_folder(folder)
    except OSError as exc:
        raise DcosError(
            f"Writing {path}: the new content is in place, but the folder {folder} could not be flushed to disk "
            f"({exc.strerror}), so a power cut may still undo it. Check the file system."
        ) from None
    return True


def _place(temporary: str, path: str) -> None:
    """Give a new file its name unless that is taken."""
    try:
        os.link(temporary, path)
    except OSError as exc:
        if exc.errno not in _WITHOUT_LINKS:
            raise
        # Looking first is the best that can be had there.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.replace(temporary, path)


def _inherit(path: str, like: os.stat_result, mode: int) -> int:
    """Give a file owner and group of another one; the mode that it is to have then."""
    with suppress(PermissionError):  # only the superuser can give a file away
        os.chown(path, like.st_uid, like.st_gid)
    return mode if mode == SECRET_MODE else stat.S_IMODE(like.st_mode)


def is_open(status: os.stat_result) -> bool:
    """Whether others than the owner may do anything with a file."""
    return bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def close(path: str) -> bool:
    """Leave a file with a secret to its owner alone."""
    try:
        os.chmod(path, SECRET_MODE)
    except OSError as exc:
        raise DcosError(f"Setting the mode of {path} to {SECRET_MODE:04o} failed: {exc.strerror}.") from None
    return True


def remove(path: str) -> bool:
    """Remove a file; False when it was gone."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise DcosError(f"Removing {path} failed: {exc.strerror}.") from None
    return True


def _sync_folder(folder: str) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
