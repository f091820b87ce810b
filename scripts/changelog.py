# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the entry of the version in galaxy.yml into the changelog, from the fragments and the list of plugins.

With --check nothing is written: a changelog that would become another one is an error.
"""

from __future__ import annotations

import argparse
import difflib
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from collection import ROOT, copy_collection

WRITTEN = (Path("CHANGELOG.md"), Path("changelogs", "changelog.yaml"))


def generate(folder: Path, date: str) -> None:
    """In a collection at this folder, where the tools look for one."""
    command = ["antsibull-changelog", "release", "--update-existing", "--refresh", "--reload-plugins", "--date", date]
    result = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    # It warns that it found no summary whenever the summary is not new.
    if result.returncode != 0:
        sys.exit(f"{result.stdout}\n{result.stderr}")


def release_date() -> str:
    """The recorded one of this version; today where it is new."""
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    releases = yaml.safe_load((ROOT / WRITTEN[1]).read_text(encoding="utf-8"))["releases"]
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    return str(releases.get(version, {}).get("release_date", today))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--date", default=release_date(), help="of the release, YYYY-MM-DD")
    options = parser.parse_args()

    stale = False
    with TemporaryDirectory() as folder:
        copy = copy_collection(Path(folder))
        generate(copy, options.date)
        for path in WRITTEN:
            old, new = ((base / path).read_text(encoding="utf-8") for base in (ROOT, copy))
            if not options.check:
                shutil.copyfile(copy / path, ROOT / path)
            elif old != new:
                stale = True
                print(
                    "".join(
                        difflib.unified_diff(old.splitlines(True), new.splitlines(True), str(path), "make changelog")
                    )
                )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
