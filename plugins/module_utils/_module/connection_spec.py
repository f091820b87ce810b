# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options, as Ansible is told them; doc_fragments/connection.py describes them."""

from __future__ import annotations

# No defaults and no env fallbacks here: an option left out must be told from one set to its default, an exported empty
# variable must count as unset, and a credential set must come from one source as a whole. See _api/connection.py.
CONNECTION_SPEC: dict[str, dict[str, object]] = {
    "dcos_url": {"type": "str"},
    "dcos_token": {"type": "str", "no_log": True},
    "dcos_id_token": {"type": "str", "no_log": True},
    "dcos_username": {"type": "str"},
    "dcos_password": {"type": "str", "no_log": True},
    "dcos_private_key": {"type": "str", "no_log": True},
    "dcos_private_key_path": {"type": "path", "no_log": False},
    "dcos_ca_path": {"type": "path"},
    "dcos_validate_certs": {"type": "bool"},
    "dcos_allow_http": {"type": "bool"},
    "dcos_timeout": {"type": "int"},
    "dcos_retries": {"type": "int"},
    "dcos_config": {"type": "path"},
}
