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

_WITHOUT_LINKS = frozenset((errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP))
"""What file systems without hard links answer, such as folders that a virtual machine shares with its host."""


def check_path(path: str, option: str) -> None:
    """Refuse what is no path, before a message could quote it: the text of a key is easily given for its file."""
    if not path:
        raise DcosError(f"{option}: it is empty. Name the file.")
    if "-----BEGIN" in path or "\n" in path or len(path) > _LONGEST_PATH:
        raise DcosError(
            f"{option}: this is no path of a file; it looks like the text of a key or certificate. Give the path of a "
            "file that holds it, or use the option that takes the text itself, where there is one."
        )


def read_text(path: str, option: str) -> str:
    """The text of a file that the user named; an error names the option and the path, never the content."""
    check_path(path, option)
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as handle:
            return handle.read()
    except OSError as exc:
        raise DcosError(f"{option}: cannot read {path}: {exc.strerror}.") from None
    except UnicodeDecodeError:
        raise DcosError(f"{option}: {path} is not a text file.") from None


def read_private(path: str, option: str, warn: Callable[[str], None]) -> str:
    """Like C(read_text), with a warning when others than the owner may read the file too."""
    text = read_text(path, option)
    status = os.stat(os.path.expanduser(path))
    if is_open(status):
        warn(
            f"{option}: {path} has mode {stat.S_IMODE(status.st_mode):04o}; others than its owner can use this private "
            "key. Set it to 0600."
        )
    return text


def read_regular(path: str, option: str) -> tuple[str, os.stat_result] | None:
    """Text and status of a regular file, None when nothing is there; a link, folder or device is refused.

    Both are of the very file that was opened: nobody can put another one in its place in between.
    """
    check_path(path, option)
    try:
        # Not blocking, or opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise _not_regular(path, option) from None
        raise DcosError(f"{option}: cannot read {path}: {exc.strerror}.") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise _not_regular(path, option)
    with os.fdopen(descriptor, "rb") as handle:
        try:
            return handle.read().decode("utf-8"), status
        except UnicodeDecodeError:
            raise DcosError(f"{option}: {path} is not a text file.") from None


def open_regular(path: str, option: str) -> BinaryIO:
    """A regular file of any size that the user named, to be read in pieces; links are followed."""
    check_path(path, option)
    try:
        # Not blocking, or opening a pipe would wait for a writer.
        descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_NONBLOCK)
    except OSError as exc:
        raise DcosError(f"{option}: cannot read {path}: {exc.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DcosError(f"{option}: {path} is not a regular file. Name files; folders, pipes and devices are not read.")
    return os.fdopen(descriptor, "rb")


def _not_regular(path: str, option: str) -> DcosError:
    return DcosError(f"{option}: {path} is not a regular file; it is left alone.")


def foreign_file(option: str, path: str, kind: str) -> DcosError:
    """For a file that holds something else than what the module keeps in it, and may be the only copy of that."""
    return DcosError(
        f"{option}: {path} holds something else than a {kind}; it is left alone. Name another file, or remove this one "
        "if it is not needed."
    )


def check_folder(path: str, option: str) -> None:
    """Refuse a file whose folder is missing or cannot be written, before anything else is done."""
    check_path(path, option)
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
            f"({exc.strerror}), so that a power cut may still take it back. Check the file system."
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
    """Give a file owner and group of another one; the mode that it shall have then."""
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
