# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide that goes with one list of services from its first day to its last, as it is printed."""

from __future__ import annotations

import shutil
import sys

import pytest
from guide_support import blocks_of, run_as_printed
from integration_support import Lab

AFTER_INSTALLING = "Name the cluster"
STOP = 'dcos-emulator stop --data-dir "$PWD/emulator"'
WITH_THE_TABLE = f"""
{sys.executable} - <<'PYTHON'
import csv, json, yaml
services = yaml.safe_load(open("services.yml"))
names = sorted({{name for service in services for name in service}})
with open("services.csv", "w") as table:
    writer = csv.writer(table, lineterminator="\\n")
    writer.writerow(names)
    for service in services:
        cells = [service.get(name, "") for name in names]
        writer.writerow([cell if isinstance(cell, str) else json.dumps(cell) for cell in cells])
PYTHON
"""


@pytest.mark.skipif(
    not shutil.which("curl") or not shutil.which("openssl"), reason="the guide's commands need curl and openssl"
)
@pytest.mark.parametrize("table", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["list", "table"])
def test_one_list_through_its_life(lab: Lab, table: bool) -> None:
    """With the table, each command gets services.csv in place of services.yml."""

    def changed(step: str) -> str:
        if not table:
            return step
        before, _written, after = step.partition("services.yml <<'END'\n")
        if not after:
            return step.replace("=services.yml", "=services.csv")
        list_of_services, _end, commands = after.partition("\nEND\n")
        written = f"{before}services.yml <<'END'\n{list_of_services}\nEND\n"
        return written + WITH_THE_TABLE + commands.replace("=services.yml", "=services.csv")

    blocks = blocks_of("getting_started.rst", AFTER_INSTALLING)
    folder = lab.place("cwd")
    run_as_printed(blocks, folder, lab.environment(), at_the_end=f"{STOP} 2>/dev/null || true", changed=changed)
    assert list(folder.iterdir()) == []
