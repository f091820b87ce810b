# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test sanity over a copy of the collection, with a HOME of its own.

ansible-test wants the path .../ansible_collections/dcos/security, keeps its virtual environments in HOME and passes
none of pip's variables on, so that HOME gets pip's present settings as a file.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import ansible_test
from collection import copy_collection
from pythons import oldest_interpreter, path_with_interpreters, pip_settings

HERE = Path(__file__).resolve().parent


def prepare_home(home: Path) -> None:
    """Settings for pip, and our get_pip.py for each pip version that this ansible-test bootstraps."""
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)
    settings.write_text(pip_settings(), encoding="utf-8")

    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    get_pip = (HERE / "get_pip.py").read_text(encoding="utf-8").replace("@HELPER@", sys.executable)
    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    for version in re.findall(r"\bpip='([\d.]+)'", source.read_text(encoding="utf-8")):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(get_pip, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--ends", action="store_true", help="only on this Python and the oldest one that there is")
    options, rest = parser.parse_known_args()

    home = options.build_dir / "home" / "sanity"
    prepare_home(home)
    command = ["ansible-test", "sanity", "--local", "--requirements", "--color", "no", *rest]
    env = {**os.environ, "HOME": str(home), "PATH": path_with_interpreters()}
    copy = copy_collection(options.build_dir)
    runs: list[list[str]] = [[]]
    if options.ends:
        this, oldest = f"{sys.version_info[0]}.{sys.version_info[1]}", oldest_interpreter()
        runs = [["--python", this], ["--python", oldest, "--test", "compile", "--test", "import"]]
    return max(subprocess.run(command + run, cwd=copy, env=env, check=False).returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main())
