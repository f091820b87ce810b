# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped presets, and the reading of own ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils import _presets as presets
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._modes import MODES
from ansible_collections.dcos.security.plugins.module_utils._permissions import ACTIONS, check_rid

NAMES = {
    "service_account": "a__b-principal",
    "service_name": "a/b",
    "role": "a__b-role",
    "user": "nobody",
    "group": "a",
}

MINIMUM = [
    ("dcos:mesos:master:framework:role:a__b-role", ("create",)),
    ("dcos:mesos:master:task:user:nobody", ("create",)),
]
RESERVATIONS = [
    ("dcos:mesos:master:reservation:role:a__b-role", ("create",)),
    ("dcos:mesos:master:reservation:principal:a__b-principal", ("delete",)),
]
VOLUMES = [
    ("dcos:mesos:master:volume:role:a__b-role", ("create",)),
    ("dcos:mesos:master:volume:principal:a__b-principal", ("delete",)),
]


@pytest.mark.parametrize(
    ("name", "grants"),
    [
        ("scheduler_minimum", MINIMUM),
        ("scheduler_reservations", MINIMUM + RESERVATIONS),
        ("scheduler_local_volumes", MINIMUM + VOLUMES),
        ("scheduler_stateful", MINIMUM + RESERVATIONS + VOLUMES),
    ],
)
def test_generic_presets_are_the_documented_lists(name: str, grants: list[tuple[str, tuple[str, ...]]]) -> None:
    found = [(presets.expand(g.rid, NAMES, "x"), g.actions) for g in presets.SHIPPED[name].grants]
    assert found == grants


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda p: p.name)
def test_shipped_data_is_well_formed(preset: presets.Preset) -> None:
    assert presets.SHIPPED[preset.name] is preset
    assert preset.description
    assert set(preset.support) == set(MODES)
    assert set(preset.support.values()) <= set(presets.SUPPORT)
    for grant in preset.grants:
        check_rid(presets.expand(grant.rid, NAMES, "x"), "x")
        assert grant.actions
        assert set(grant.actions) <= set(ACTIONS)
        assert grant.rid != "dcos:superuser"
    assert len({grant.rid for grant in preset.grants}) == len(preset.grants)


@pytest.mark.parametrize(
    ("rid", "expanded"),
    [
        ("dcos:secrets:default:/{service_name}/*", "dcos:secrets:default:/a/b/*"),
        ("dcos:mesos:master:task:app_id:/{group}", "dcos:mesos:master:task:app_id:/a"),
        ("dcos:mesos:master:volume:role:slave_public/{role}", "dcos:mesos:master:volume:role:slave_public/a__b-role"),
        ("dcos:mesos:master:framework:role", "dcos:mesos:master:framework:role"),
    ],
)
def test_placeholders(rid: str, expanded: str) -> None:
    assert presets.expand(rid, NAMES, "x") == expanded


@pytest.mark.parametrize(
    ("rid", "expanded"),
    [
        ("dcos:mesos:master:framework:role:{role}", "dcos:mesos:master:framework:role"),
        ("dcos:mesos:master:volume:role:slave_public/{role}", "dcos:mesos:master:volume:role"),
        ("dcos:mesos:master:task:user:{user}", "dcos:mesos:master:task:user:nobody"),
    ],
)
def test_any_role_leaves_the_last_part_out(rid: str, expanded: str) -> None:
    assert presets.expand(rid, {**NAMES, "role": None}, "x") == expanded


@pytest.mark.parametrize(
    ("rid", "values", "part"),
    [
        ("dcos:mesos:{rolle}", NAMES, "unknown placeholder {rolle}. Known are {service_account}, {service_name}"),
        ("dcos:mesos:{}", NAMES, "unknown placeholder {}"),
        ("dcos:mesos:x:/{group}", {**NAMES, "group": None}, "asks for {group}"),
        ("dcos:mesos:{role}:x", {**NAMES, "role": None}, "in its middle"),
    ],
)
def test_placeholders_refused(rid: str, values: dict[str, str | None], part: str) -> None:
    with pytest.raises(DcosError, match="the_option: ") as caught:
        presets.expand(rid, values, "the_option")
    assert part in str(caught.value)
    assert caught.value.code == "invalid_rid"


def test_own_presets() -> None:
    own = presets.read_presets(
        {
            "mine": {
                "description": "What my service does.",
                "grants": [
                    {"rid": "dcos:adminrouter:ops:mesos", "actions": ["full"], "reason": "read the state"},
                    {"rid": "dcos:service:marathon:marathon:services:/{group}", "actions": "read, create"},
                ],
                "support": {"disabled": "not_possible"},
            },
            "empty": {"grants": []},
        },
        "dcos_service_presets",
    )
    assert own["mine"].grants == (
        presets.PresetGrant("dcos:adminrouter:ops:mesos", ("full",), "read the state"),
        presets.PresetGrant("dcos:service:marathon:marathon:services:/{group}", ("create", "read"), None),
    )
    assert own["mine"].support == {"disabled": "not_possible", "permissive": "optional", "strict": "required"}
    assert own["empty"] == presets.Preset("empty", "", ())


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (["mine"], "dcos_service_presets: must be a dictionary"),
        ({"a b": {"grants": []}}, "'a b' is not a name for a preset"),
        ({3: {"grants": []}}, "3 is not a name for a preset"),
        ({"mine": []}, "dcos_service_presets.mine: must be a dictionary"),
        ({"mine": {}}, "dcos_service_presets.mine: has no grants"),
        ({"mine": {"grants": [], "grant": []}}, "dcos_service_presets.mine: unknown key 'grant'"),
        ({"mine": {"grants": [], "description": ["x"]}}, "mine.description: must be text"),
        ({"mine": {"grants": "dcos:x"}}, "mine.grants: must be a list"),
        ({"mine": {"grants": ["dcos:x"]}}, "mine.grants[0]: must be a dictionary"),
        ({"mine": {"grants": [{"rid": "dcos:x", "action": "full"}]}}, "mine.grants[0]: unknown key 'action'"),
        ({"mine": {"grants": [{"actions": ["full"]}]}}, "mine.grants[0].rid: must be a resource id"),
        ({"mine": {"grants": [{"rid": "dcos:x"}]}}, "mine.grants[0].actions: must list at least one of create"),
        ({"mine": {"grants": [{"rid": "dcos:x", "actions": []}]}}, "must list at least one"),
        ({"mine": {"grants": [{"rid": "dcos:x", "actions": [1]}]}}, "must list at least one"),
        ({"mine": {"grants": [{"rid": "dcos:x", "actions": ["write"]}]}}, "'write' is not an action"),
        ({"mine": {"grants": [{"rid": "dcos:x", "actions": ["full"], "reason": 1}]}}, "reason: must be text"),
        ({"mine": {"grants": [{"rid": "dcos:superuser", "actions": ["full"]}]}}, "dcos_service_superuser only"),
        ({"mine": {"grants": [], "support": ["strict"]}}, "mine.support: must be a dictionary"),
        ({"mine": {"grants": [], "support": {"loose": "optional"}}}, "'loose' is not a security mode"),
        ({"mine": {"grants": [], "support": {"strict": "maybe"}}}, "mine.support.strict: 'maybe' is unknown"),
    ],
)
def test_own_presets_refused(raw: Any, part: str) -> None:
    with pytest.raises(DcosError) as caught:
        presets.read_presets(raw, "dcos_service_presets")
    assert part in str(caught.value)


def test_empty_support_is_the_default() -> None:
    assert presets.read_presets({"mine": {"grants": [], "support": ""}}, "x")["mine"].support["strict"] == "required"


def test_find_presets() -> None:
    own = {"scheduler_minimum": presets.Preset("scheduler_minimum", "hides the shipped one", ())}
    found = presets.find_presets(["scheduler_stateful", "scheduler_minimum", "scheduler_stateful"], own, "x")
    assert [p.name for p in found] == ["scheduler_stateful", "scheduler_minimum"]
    assert found[1].description == "hides the shipped one"
    with pytest.raises(DcosError, match=r"x: there is no preset 'cassandr'. Known are .*mine.*scheduler_minimum"):
        presets.find_presets(["cassandr"], {"mine": presets.Preset("mine", "", ())}, "x")
