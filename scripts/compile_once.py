# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let an environment keep the code that it compiles from archives. Run with its interpreter: compile_once.py FOLDER.

Ansible sends each module as an archive of source code, which Python compiles anew in every process: a quarter of a
module's time, and the tests start thousands. From then on that happens once for each file and version of it.
DCOS_COMPILE_ALWAYS in the environment switches it off, to measure what users wait for.
"""

from __future__ import annotations

import os
import sys
from types import CodeType


def install(folder: str) -> None:
    """Teach this process; called at the start of each one."""
    if "DCOS_COMPILE_ALWAYS" in os.environ:
        return
    # Built into every Python; imported here, since this runs at each start of an interpreter.
    import _imp
    import marshal
    import zipimport

    compile_source = zipimport._compile_source  # type: ignore[attr-defined]
    asked_for: dict[str, CodeType] = {}

    def compile_once(path: str, source: bytes) -> CodeType:
        if path in asked_for:
            # Python asks twice, the first time only for the name of the file.
            return asked_for.pop(path)
        version = _imp.source_hash(0, source).hex()
        kept = os.path.join(folder, f"{os.path.basename(path)}-{version}.{sys.implementation.cache_tag}")
        try:
            with open(kept, "rb") as file:
                code: CodeType = marshal.load(file)  # noqa: S302 (our own)
        except FileNotFoundError:
            code = compile_source(path, source)
            os.makedirs(folder, exist_ok=True)
            with open(f"{kept}.{os.getpid()}", "wb") as file:
                marshal.dump(code, file)
            os.replace(file.name, kept)
        _imp._fix_co_filename(code, path)  # each process has its own archive
        asked_for[path] = code
        return code

    zipimport._compile_source = compile_once  # type: ignore[attr-defined]


def main() -> None:
    import shutil
    import sysconfig

    packages = sysconfig.get_path("purelib")
    shutil.copy(__file__, packages)
    with open(os.path.join(packages, "compile_once.pth"), "w", encoding="utf-8") as file:
        # An interpreter runs the lines of .pth files when it starts.
        file.write(f"import compile_once; compile_once.install({os.path.abspath(sys.argv[1])!r})\n")


if __name__ == "__main__":
    main()
