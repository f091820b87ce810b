# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What a security mode and an origin make of a service, whatever its presets: refused, warned of, or as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from .._errors import DcosError
from .._rules import security_modes as modes
from .._rules.secret_spaces import readable_by, readable_by_every_service

MASK = "********"
"""What ansible-core writes over text that it takes for a secret."""

AUTO = "auto"


@dataclass(frozen=True)
class Cluster:
    """What dcos_cluster_info says of the cluster; None for what cannot be read."""

    url: str
    security_mode: str | None = None
    version: str | None = None
    variant: str | None = None


def read_cluster(raw: Mapping[str, object]) -> Cluster:
    """From the module's result."""
    mode, version, variant = (
        None if raw.get(name) is None else str(raw.get(name)) for name in ("security_mode", "version", "variant")
    )
    return Cluster(str(raw.get("url")), mode, version, variant)


def resolve_mode(given: str, cluster: Cluster | None, option: str) -> str | None:
    """The given mode, or what the cluster says of itself; None while that is not known."""
    if cluster is None:
        return None if given == AUTO else given
    if cluster.variant == "open":
        raise DcosError(
            "This cluster runs open DC/OS, which has no security modes, permissions or secret store, so no service "
            "can be provisioned there. Accounts alone can be made with the module dcos.security.dcos_service_account.",
            "mode",
        )
    read = cluster.security_mode
    if read is not None and read not in modes.MODES:
        raise DcosError(f"The cluster reports the unknown security mode {read!r}. Set {option}.", "mode")
    if given != AUTO:
        if read is not None and read != given:
            raise DcosError(
                f"{option}: {given} was given, but the cluster is in {read} mode. Nothing was changed.", "mode"
            )
        return given
    if read is None:
        raise DcosError(
            f"{option}: the cluster's mode cannot be read with these credentials (that takes "
            "dcos:adminrouter:ops:metadata full). Set the variable to disabled, permissive or strict.",
            "mode",
        )
    return read


def check_principal(given: str | None, account: str, mode: str, option: str) -> list[str]:
    """Mesos compares a framework's principal with the uid of its account in strict mode."""
    if given is None or given == account:
        return []
    text = f"{option}: {given!r} is not the account {account!r}"
    if mode == modes.STRICT:
        raise DcosError(
            f"{text}; in strict mode a service can only register with its account's uid as principal. "
            "Nothing was changed. Leave the variable out, or set the account to the same name.",
            "mode",
        )
    return [f"{text}; the service will not be able to register once the cluster is in strict mode."]


def check_space(service_name: str, secret_path: str, option: str) -> list[str]:
    """Warn of a secret that the service inside the cluster cannot read, or that everybody can."""
    if not readable_by(service_name, secret_path):
        folder = secret_path.rpartition("/")[0]
        return [
            f"{option}: /{service_name} cannot read the secret {secret_path}: only /{folder} and the "
            f"services below it can. Marathon will refuse a definition that uses it. Put it below {service_name}/."
        ]
    if readable_by_every_service(secret_path):
        return [
            f"{option}: every service of the cluster can read the secret {secret_path}, as it is in no "
            f"folder. Put it below {service_name}/."
        ]
    return []


def outside_endpoint(origin: str, cluster: Cluster | None) -> str | None:
    """Services outside reach the cluster as this run does; the names of Mesos-DNS mean nothing to them."""
    if origin == modes.INSIDE or cluster is None:
        return None
    if MASK in cluster.url:
        raise DcosError(
            "The cluster's URL holds text that Ansible hides as a secret (a password that is part of the host name?), "
            "so the login endpoint for a service outside cannot be derived from it. Nothing was changed.",
            "invalid_path",
        )
    return cluster.url.rstrip("/") + modes.LOGIN_PATH
