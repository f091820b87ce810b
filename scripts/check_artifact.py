# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's tarball and look into it: what users need is there, what only developers need is not."""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import tarfile
from pathlib import Path

from collection import copy_collection

NEEDED = [
    "CHANGELOG.md",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "extensions/eda/plugins/event_source/dcos_audit.py",
    "extensions/eda/rulebooks/dcos_audit.yml",
    "meta/execution-environment.yml",
    "meta/variables.yml",
    "meta/runtime.yml",
    "requirements.txt",
]
UNWANTED = [
    "*.pyc",
    "*/__pycache__*",
    ".*",
    "*/.*",
    "Makefile",
    "extensions/molecule*",
    "requirements/*",
    "scripts/*",
    "tests/*",
]


def build_artifact(folder: Path) -> Path:
    """The tarball of the collection, built below a folder."""
    source, output = copy_collection(folder / "source"), folder / "artifact"
    for old in output.glob("*.tar.gz"):
        old.unlink()
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(output), str(source)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (artifact,) = output.glob("dcos-security-*.tar.gz")
    return artifact


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    options = parser.parse_args()

    artifact = build_artifact(options.build_dir)
    with tarfile.open(artifact) as tarball:
        names = tarball.getnames()

    print(f"{artifact.name}: {len(names)} entries, {artifact.stat().st_size / 1024:.0f} KiB")
    missing = [name for name in NEEDED if name not in names]
    unwanted = [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in UNWANTED)]
    for problem, found in (("missing", missing), ("unwanted", unwanted)):
        for name in found:
            print(f"{problem}: {name}")
    return 1 if missing or unwanted else 0


if __name__ == "__main__":
    sys.exit(main())
