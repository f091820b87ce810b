# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work that all contenders do: services, each with a key pair, an account, a secret and ten grants."""

from __future__ import annotations

from dataclasses import dataclass

IAM = "/acs/api/v1"
SECRETS = "/secrets/v1/secret/default"
LOGIN_ENDPOINT = f"https://leader.mesos{IAM}/auth/login"
GRANTS = 10
FOLDER = "bench"


def encode_rid(rid: str) -> str:
    return rid.replace("/", "%252F")


@dataclass(frozen=True)
class Service:
    """One service, by the names that the role derives from its own."""

    number: int

    @property
    def part(self) -> str:
        return f"s{self.number:04}"

    @property
    def name(self) -> str:
        return f"/{FOLDER}/{self.part}"

    @property
    def account(self) -> str:
        return f"{FOLDER}__{self.part}-principal"

    @property
    def description(self) -> str:
        return f"Service account of {self.name}"

    @property
    def secret(self) -> str:
        return f"{FOLDER}/{self.part}/{self.part}-secret"

    @property
    def grants(self) -> list[tuple[str, str]]:
        """Resources of this service alone, so that each ACL is one more write."""
        marathon = "dcos:service:marathon:marathon:services:"
        return [(f"{marathon}{self.name}/part-{number}", "read") for number in range(GRANTS)]


def services(count: int) -> list[Service]:
    return [Service(number) for number in range(1, count + 1)]
