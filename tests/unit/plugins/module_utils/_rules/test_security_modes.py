# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the documentation on security modes, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._rules import security_modes as modes


@pytest.mark.parametrize(
    ("origin", "mode", "required"),
    [
        ("outside", "disabled", True),
        ("outside", "permissive", True),
        ("outside", "strict", True),
        ("inside", "disabled", False),
        ("inside", "permissive", False),
        ("inside", "strict", True),
    ],
)
def test_who_needs_an_account(origin: str, mode: str, required: bool) -> None:
    assert modes.account_required(mode, origin) is required


@pytest.mark.parametrize(
    ("rid", "enforced_in"),
    [
        ("dcos:superuser", {"disabled", "permissive", "strict"}),
        ("dcos:adminrouter:ops:ca:rw", {"disabled", "permissive", "strict"}),
        ("dcos:secrets:default:/a/*", {"disabled", "permissive", "strict"}),
        ("dcos:secrets:list:default:/a", {"disabled", "permissive", "strict"}),
        ("dcos:service:marathon:marathon:services:/", {"permissive", "strict"}),
        ("dcos:service:metronome:metronome:jobs:a", {"permissive", "strict"}),
        ("dcos:mesos:master:framework:role:a", {"strict"}),
        ("dcos:mesos:agent:task:user:nobody", {"strict"}),
        ("dcos:cluster:linker:*", {"disabled", "permissive", "strict"}),
    ],
)
def test_what_a_mode_enforces(rid: str, enforced_in: set[str]) -> None:
    assert {mode for mode in modes.MODES if modes.enforced(rid, mode)} == enforced_in


@given(st.text())
def test_a_stricter_mode_never_enforces_less(rid: str) -> None:
    enforced = [modes.enforced(rid, mode) for mode in modes.MODES]
    assert enforced == sorted(enforced)
    assert enforced[-1]


def test_the_reason_names_the_modes() -> None:
    assert modes.why_not_enforced("dcos:mesos:master:x", "disabled") == (
        "dcos:mesos permissions are enforced in strict mode only; this cluster is in disabled mode"
    )
    assert "in permissive and strict mode only" in modes.why_not_enforced("dcos:service:marathon", "disabled")


@pytest.mark.parametrize(
    ("mode", "version", "scheme"),
    [
        ("disabled", None, "http"),
        ("disabled", "1.11.6", "http"),
        ("permissive", None, "https"),
        ("permissive", "1.8.8", "http"),
        ("permissive", "1.11.12", "http"),
        ("permissive", "1.12.0", "https"),
        ("permissive", "1.12-dev", "https"),
        ("permissive", "2.2.0", "https"),
        ("permissive", "unknown", "https"),
        ("strict", None, "https"),
        ("strict", "1.11.0", "https"),
    ],
)
def test_login_endpoint(mode: str, version: str | None, scheme: str) -> None:
    assert modes.login_endpoint(mode, version) == f"{scheme}://leader.mesos/acs/api/v1/auth/login"


def test_base_scheme() -> None:
    assert [modes.base_scheme(mode) for mode in modes.MODES] == ["http", "https", "https"]


@pytest.mark.parametrize(
    ("version", "minimum", "reached"),
    [
        ("1.11", "1.11", True),
        ("1.11.6", "1.11", True),
        ("1.9.3", "1.10", False),
        ("2.0.0", "1.13", True),
        ("1.13-beta", "1.13", True),
        (None, "1.8", False),
        ("", "1.8", False),
        ("open", "1.8", False),
        ("1.8", None, False),
    ],
)
def test_versions_are_compared_as_numbers(version: str | None, minimum: str | None, reached: bool) -> None:
    assert modes.at_least(version, minimum) is reached
