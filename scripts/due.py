# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which checks of "make release" are due, because files that they depend on changed.

Prints those that are short, for "make test ALSO=...", and names the others on standard error. What changed is what is
not in the main branch of "origin"; in main itself, what its newest commit brought. Without git nothing is due.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Check:
    """A check of RELEASE in the Makefile.

    files: patterns of what it depends on; an asterisk also matches slashes.
    short: whether it may run beside "make test".
    """

    name: str
    files: tuple[str, ...]
    short: bool = False


CHECKS = (
    Check("demo", ("scripts/demo*", "requirements/controller.in"), short=True),
    Check(
        "packaging",
        (
            "extensions/eda/*",
            "galaxy.yml",
            "meta/*",
            "requirements.txt",
            "requirements/dist.txt",
            "requirements/eda.txt",
            "roles/dcos_emulator/files/pyproject.toml",
            "scripts/check_artifact.py",
            "tests/packaging/*",
        ),
        short=True,
    ),
    Check(
        "exhaustive",
        ("plugins/*", "roles/dcos_emulator/*", "tests/integration/*.py", "tests/packaging/*.py", "tests/resources/*"),
    ),
    Check("examples-twice", ("docs/docsite/rst/*", "plugins/*", "tests/examples/*")),
    Check("molecule-all", ("extensions/molecule/*", "plugins/*", "roles/*")),
    Check("units", ("plugins/*", "scripts/units.py", "tests/unit/*")),
    Check("lower-bounds", ("plugins/*", "requirements.txt", "scripts/target_python.py", "tests/integration/*")),
    Check("coverage", ("plugins/*", "pyproject.toml", "tests/*")),
    Check("mutations", ("docs/docsite/rst/statements.rst", "plugins/*", "scripts/mutations.py", "tests/*")),
    Check("matrix", ("plugins/*", "scripts/matrix.py", "tests/integration/*")),
)


def due(changed: Iterable[str]) -> list[Check]:
    """The checks that depend on one of these files."""
    paths = list(changed)
    return [check for check in CHECKS if any(fnmatchcase(path, each) for path in paths for each in check.files)]


def git(*arguments: str) -> list[str]:
    """The lines that git prints; none if it fails."""
    answer = subprocess.run(["git", *arguments], check=False, capture_output=True, text=True)
    return answer.stdout.splitlines() if answer.returncode == 0 else []


def changed_files() -> list[str]:
    common, head = git("merge-base", "HEAD", "origin/main"), git("rev-parse", "HEAD")
    since = common[0] if common and common != head else "HEAD~1"
    return git("diff", "--name-only", since, "HEAD")


def main() -> None:
    found = due(changed_files())
    print(*(check.name for check in found if check.short))
    rest = [check.name for check in found if not check.short]
    if rest:
        print(f'Due before a release, after what changed: make release RELEASE="{" ".join(rest)}"', file=sys.stderr)


if __name__ == "__main__":
    main()
