# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared surroundings, see surroundings.py of module_utils."""

from __future__ import annotations

from ansible_collections.dcos.security.tests.unit.plugins.module_utils.surroundings import (
    bare_surroundings,
    sleeps,
)

__all__ = ["bare_surroundings", "sleeps"]
