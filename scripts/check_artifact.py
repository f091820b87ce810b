# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's tarball and look into it: what users need is there, what only developers need is not.

The changelog must have what it is generated from: every fragment, every module and role.
"""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import yaml
from collection import ROOT, copy_collection

NEEDED = [
    "CHANGELOG.md",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "requirements.txt",
]
UNWANTED = [
    "*.pyc",
    "*/__pycache__*",
    ".*",
    "*/.*",
    "Makefile",
    "extensions*",
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


def not_in_changelog(tarball: tarfile.TarFile, names: list[str]) -> list[str]:
    """Fragments, modules and roles that no release of the changelog tells of as they are now."""
    member = tarball.extractfile("changelogs/changelog.yaml")
    releases = yaml.safe_load(member.read())["releases"].values() if member is not None else []
    texts = {text for release in releases for text in entries(release["changes"])}
    told = {entry["name"] for release in releases for entry in release.get("modules", [])}
    told |= {entry["name"] for release in releases for entry in release.get("objects", {}).get("role", [])}
    paths = [PurePosixPath(name) for name in names]
    there = {path.stem for path in paths if path.match("plugins/modules/*.py")}
    there |= {path.name for path in paths if path.match("roles/*") and len(path.parts) == 2}
    stale = [
        fragment.name
        for fragment in (ROOT / "changelogs" / "fragments").glob("*.yml")
        if not entries(yaml.safe_load(fragment.read_text(encoding="utf-8"))) <= texts
    ]
    return sorted([*stale, *(there - told)])


def entries(changes: dict[str, str | list[str]]) -> set[str]:
    """The texts of all sections."""
    return {text for section in changes.values() for text in ([section] if isinstance(section, str) else section)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    options = parser.parse_args()

    artifact = build_artifact(options.build_dir)
    with tarfile.open(artifact) as tarball:
        names = tarball.getnames()
        untold = not_in_changelog(tarball, names)

    print(f"{artifact.name}: {len(names)} entries, {artifact.stat().st_size / 1024:.0f} KiB")
    missing = [name for name in NEEDED if name not in names]
    unwanted = [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in UNWANTED)]
    problems = {"missing": missing, "unwanted": unwanted, "not in the changelog (make changelog)": untold}
    for problem, found in problems.items():
        for name in found:
            print(f"{problem}: {name}")
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
