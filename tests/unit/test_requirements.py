# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of libraries that tools want in different places agree."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_unit_tests_under_ansible_test_get_what_modules_need() -> None:
    assert requirements("requirements.txt") <= requirements("tests/unit/requirements.txt")
