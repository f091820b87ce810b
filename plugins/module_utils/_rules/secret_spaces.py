# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Spaces of the secret store: a service reads the secrets in the folder of its own name and in the folders above it.

Paths and names are written without a leading slash.
"""

from __future__ import annotations


def readable_by(service_name: str, secret_path: str) -> bool:
    """Whether a service inside the cluster can read a secret."""
    folder = secret_path.rpartition("/")[0]
    return readable_by_every_service(secret_path) or f"{service_name}/".startswith(f"{folder}/")


def readable_by_every_service(secret_path: str) -> bool:
    """Whether a secret is in no folder: nothing keeps any service of the cluster from reading it."""
    return "/" not in secret_path
