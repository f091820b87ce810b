# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard of accounts that may belong to DC/OS itself."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  allow_dcos_prefix:
    description:
      - The accounts of DC/OS itself begin with C(dcos_), and no list of them is complete. Set this to V(true) if an
        account of that form is your own.
      - The known accounts of DC/OS itself and C(bootstrapuser) are refused with any setting.
    type: bool
    default: false
"""
