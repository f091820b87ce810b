# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""How far a long run is, told to the action plugin of the module: a module itself cannot show anything on the way.

One line of JSON for each thing to tell, in a file that the action plugin has made. Nothing that happens to this file is
a reason to fail.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from typing import Mapping


class ProgressFile:
    """The file at C(path); only an empty one that is there and can be written to is used."""

    def __init__(self, path: str) -> None:
        self._descriptor = -1
        with suppress(OSError, ValueError):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_size == 0:
                self._descriptor = descriptor
            else:
                os.close(descriptor)

    def tell(self, progress: Mapping[str, object]) -> None:
        """Add a line, or stop telling."""
        if self._descriptor >= 0:
            try:
                os.write(self._descriptor, json.dumps(progress).encode("ascii") + b"\n")
            except OSError:
                self._descriptor = -1
