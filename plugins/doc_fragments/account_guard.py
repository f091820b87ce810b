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
      - Accounts of DC/OS itself begin with C(dcos_), and no list of them is complete. Set this to V(true) if such an
        account is your own.
      - The known accounts of DC/OS itself and C(bootstrapuser) are always refused.
    type: bool
    default: false
"""
