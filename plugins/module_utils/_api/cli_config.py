# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What the DC/OS CLI knows: URL, token and CA of the attached cluster, the last source of connection settings.

Two layouts are read: one folder per cluster (C(clusters/<id>/dcos.toml), the attached one marked by a file
C(attached)), and the single C(dcos.toml) of CLI versions before 0.5.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from .._errors import CredentialsError, DcosError
from .._files import exists, names_in, read_text

DEFAULT_FOLDER = "~/.dcos"


@dataclass(frozen=True)
class CliCluster:
    """The attached cluster, each part as far as the CLI knows it."""

    file: str
    url: str | None
    token: str | None = field(repr=False, default=None)
    ca_path: str | None = None


def attached_cluster(folder: str, option: str = "dcos_config") -> CliCluster | None:
    """The attached cluster of the CLI's folder, None when there is none; an error names the option."""
    path = _attached_file(os.path.expanduser(folder), option)
    if path is None:
        return None
    core = _load(path, option).get("core", {})
    if not isinstance(core, dict):
        raise DcosError(f"{option}: [core] in {path} is not a table. Run 'dcos cluster attach' to repair it.")
    verify = _text(core.get("ssl_verify"))
    # "false" is not taken over: switching verification off is a decision for the play, made in sight.
    ca_path = verify if verify is not None and verify.lower() not in ("true", "false", "1", "0") else None
    return CliCluster(path, _text(core.get("dcos_url")), _text(core.get("dcos_acs_token")), ca_path)


def _attached_file(folder: str, option: str) -> str | None:
    clusters = os.path.join(folder, "clusters")
    attached: list[str] = []
    for name in names_in(clusters, option):
        cluster = os.path.join(clusters, name)
        file = os.path.join(cluster, "dcos.toml")
        if os.path.isdir(cluster) and exists(os.path.join(cluster, "attached"), option) and exists(file, option):
            attached.append(file)
    if len(attached) > 1:
        raise CredentialsError(
            f"{option}: the DC/OS CLI has {len(attached)} clusters attached in {folder}. Run 'dcos cluster attach' "
            "for one, or give dcos_url and credentials."
        )
    if attached:
        return attached[0]
    single = os.path.join(folder, "dcos.toml")
    return single if exists(single, option) else None


def _load(path: str, option: str) -> dict[str, Any]:
    try:
        import tomllib as toml
    except ImportError:
        try:
            import tomli as toml  # type: ignore[import-not-found,no-redef,unused-ignore]
        except ImportError:
            raise DcosError(
                f"{option}: reading {path} needs the Python library tomli (Python before 3.11). Install it, or give "
                "dcos_url and credentials."
            ) from None
    try:
        return toml.loads(read_text(path, option))
    except (ValueError, RecursionError):
        # The parser's message can quote the line, and the line can hold the token.
        raise DcosError(f"{option}: {path} is not valid TOML.") from None


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) and value else None
