# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Owner, group, mode and attributes of files that a module makes: Ansible itself sets them, as for its own modules.

It fails on names that do not exist only when it sets them, which is after the files were written; so they are looked at
before. And it compares with what has just been written; the difference that a user sees is from the file before that.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Callable, Sequence

from .._errors import DcosError
from .._resources.frame import Outcome

if TYPE_CHECKING:
    from .arguments import Module

_SYMBOLIC = r"[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+"
_MODE = re.compile(rf"(?:0o?)?[0-7]{{1,4}}|{_SYMBOLIC}(?:,{_SYMBOLIC})*")


class FileAttributes:
    """The attributes of a resource's files; made before the resource is converged.

    managed_files: as the resource has them.
    """

    def __init__(self, module: Module, managed_files: Callable[[], Sequence[tuple[str, int | None]]]) -> None:
        self._module = module
        self._managed_files = managed_files
        self._before: dict[str, dict[str, object]] = {}
        if module.params["state"] == "present":
            _check_options(module)
        for path, _mode in managed_files():
            with suppress(OSError):  # the resource itself tells what is wrong with a path
                self._before[path] = _attributes(path)

    def manage(self, outcome: Outcome) -> None:
        """Give them to the files as they are then, or say in the outcome what that would change."""
        if outcome.after is None:
            return
        module = self._module
        option = module.params["mode"]
        for path, default_mode in self._managed_files():
            params = {**module.params, "mode": default_mode if option is None else option}
            option = None  # it is for the first file
            shown: dict[str, dict[str, object]] = {}
            wanted = module.load_file_common_arguments(params, path)
            changed = module.set_fs_attributes_if_different(wanted, False, shown)
            if path not in self._before:
                outcome.changed |= changed  # all of the file is new
                continue
            old = {**shown.get("before", {}), **self._before[path]}
            # A file that was written anew has others than before, and then those that were set.
            new = {**old, **_attributes(path), **shown.get("after", {})}
            names = [name for name in new if old[name] != new[name]]
            if names:
                outcome.changed = True
                outcome.before = {**(outcome.before or {}), path: {name: old[name] for name in names}}
                outcome.after = {**(outcome.after or {}), path: {name: new[name] for name in names}}


def _check_options(module: Module) -> None:
    mode = module.params["mode"]
    if isinstance(mode, str) and _MODE.fullmatch(mode) is None:
        raise DcosError(f"mode: {mode!r} is neither octal, as '0600', nor symbolic, as 'u=rw'. Nothing was changed.")
    look_up: dict[str, Callable[[str], object]] = {"owner": pwd.getpwnam, "group": grp.getgrnam}
    for option, find in look_up.items():
        name = module.params[option]
        if name is not None and not name.isdigit():
            try:
                find(name)
            except KeyError:
                raise DcosError(f"{option}: this host knows no {name!r}. Nothing was changed.") from None


def _attributes(path: str) -> dict[str, object]:
    """In the form in which Ansible shows differences."""
    status = os.lstat(path)
    return {"owner": status.st_uid, "group": status.st_gid, "mode": f"0{stat.S_IMODE(status.st_mode):03o}"}
