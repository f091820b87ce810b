# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test of the library starts from: no waiting, and no settings of this machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import settings

# Making keys and files takes its time on a busy machine; that is no failure.
settings.register_profile("dcos.security", deadline=None)
settings.load_profile("dcos.security")


@pytest.fixture(autouse=True)
def bare_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No variables of DC/OS, proxies or CA bundles, and an empty HOME, which is returned."""
    for name in list(os.environ):
        if name.startswith("DCOS_") or name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("NETRC", raising=False)
    return home


@pytest.fixture(autouse=True)
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits; the seconds that the library wanted to wait, in their order."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited
