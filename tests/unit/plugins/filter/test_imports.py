# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible imports all filters in a new process for each task, so filters import what is heavy when they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COLLECTION = "ansible_collections.dcos.security.plugins"
FILTERS = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins" / "filter").glob("[a-z]*.py"))
HEAVY = ("requests", "cryptography", f"{COLLECTION}.module_utils._service", f"{COLLECTION}.module_utils._presets")


def test_filters_are_light() -> None:
    script = f"""
import importlib, sys
import ansible.errors
before = set(sys.modules)
for name in {FILTERS!r}:
    importlib.import_module("{COLLECTION}.filter." + name)
print(*sorted(set({HEAVY!r}) & (set(sys.modules) - before)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(FILTERS) > 5
    assert ran.stdout == "\n"
