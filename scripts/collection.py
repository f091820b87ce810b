# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that make up the project, and a copy of them where Ansible's tools want a collection to be.

Run as a script it makes that copy below the folder named and prints its path.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def project_files() -> list[Path]:
    """Relative paths of all files that git tracks or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    paths = {Path(name) for name in listing.split("\0") if name}
    return sorted(path for path in paths if (ROOT / path).exists())


def copy_collection(base: Path) -> Path:
    """Make base/ansible_collections/dcos/security anew and return it."""
    target = base / "ansible_collections" / "dcos" / "security"
    shutil.rmtree(target, ignore_errors=True)
    for path in project_files():
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy, follow_symlinks=False)
    # Without a repository of its own, tools ask the one around it, where the build folder is ignored.
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True, stderr=subprocess.DEVNULL)
    return target


if __name__ == "__main__":
    print(copy_collection(Path(sys.argv[1])))
