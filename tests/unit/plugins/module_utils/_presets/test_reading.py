# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped presets, and the reading of own ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._presets import reading as presets
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import ACTIONS, Permission, check_rid
from ansible_collections.dcos.security.plugins.module_utils._rules.security_modes import MODES

NAMES = {
    "service_account": "a__b-principal",
    "service_name": "a/b",
    "folder": "a/b",
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
    assert set(preset.support.values()) <= {*presets.SUPPORT, presets.UNDOCUMENTED}
    for grant in preset.grants:
        check_rid(
            presets.expand(grant.rid, {**NAMES, "pool_name": "p", "app_id": "/a", "marathon_instance": "m"}, "x"), "x"
        )
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
                    {
                        "rid": "dcos:service:marathon:marathon:services:/{group}",
                        "actions": "read, create",
                        "uncertain": True,
                    },
                ],
                "support": {"disabled": "not_possible"},
                "mesos_role": "*",
                "linux_user": "root",
                "scheduler_user": "nobody",
                "quota_aware": True,
                "transport_encryption": True,
                "pem_secret": "key",
            },
            "empty": {"grants": []},
        },
        "dcos_service_own_presets",
    )
    assert own["mine"].grants == (
        presets.PresetGrant("dcos:adminrouter:ops:mesos", ("full",), "read the state"),
        presets.PresetGrant("dcos:service:marathon:marathon:services:/{group}", ("create", "read"), None, True),
    )
    assert (own["mine"].mesos_role, own["mine"].linux_user, own["mine"].scheduler_user) == ("*", "root", "nobody")
    assert own["mine"].quota_aware
    assert own["mine"].transport_encryption
    assert own["mine"].pem_secret == "key"
    assert own["mine"].support == {"disabled": "not_possible", "permissive": "optional", "strict": "required"}
    assert own["empty"] == presets.Preset("empty", "", ())


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (["mine"], "dcos_service_own_presets: must be a dictionary"),
        ({"a b": {"grants": []}}, "'a b' is not a name for a preset"),
        ({3: {"grants": []}}, "3 is not a name for a preset"),
        ({"mine": []}, "dcos_service_own_presets.mine: must be a dictionary"),
        ({"mine": {}}, "dcos_service_own_presets.mine: has no grants"),
        ({"mine": {"grants": [], "grant": []}}, "dcos_service_own_presets.mine: unknown key 'grant'"),
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
        ({"mine": {"grants": [{"rid": "dcos:x", "actions": ["full"], "uncertain": "x"}]}}, "uncertain: 'x' is neither"),
        ({"mine": {"grants": [], "quota_aware": 1}}, "mine.quota_aware: 1 is neither true nor false"),
        ({"mine": {"grants": [], "mesos_role": 1}}, "mine.mesos_role: must be text"),
        ({"mine": {"grants": [], "support": ["strict"]}}, "mine.support: must be a dictionary"),
        ({"mine": {"grants": [], "support": {"loose": "optional"}}}, "'loose' is not a security mode"),
        ({"mine": {"grants": [], "support": {"strict": "maybe"}}}, "mine.support.strict: 'maybe' is unknown"),
    ],
)
def test_own_presets_refused(raw: Any, part: str) -> None:
    with pytest.raises(DcosError) as caught:
        presets.read_presets(raw, "dcos_service_own_presets")
    assert part in str(caught.value)


def test_empty_support_is_the_default() -> None:
    assert presets.read_presets({"mine": {"grants": [], "support": ""}}, "x")["mine"].support["strict"] == "required"


def test_find_presets() -> None:
    own = {"scheduler_minimum": presets.Preset("scheduler_minimum", "hides the shipped one", ())}
    found = presets.find_presets(["scheduler_stateful", "scheduler_minimum", "scheduler_stateful"], own, "x")
    assert [p.name for p in found] == ["scheduler_stateful", "scheduler_minimum"]
    assert found[1].description == "hides the shipped one"
    with pytest.raises(DcosError, match=r"x: there is no preset 'nothing'. Known are .*mine.*scheduler_minimum"):
        presets.find_presets(["nothing"], {"mine": presets.Preset("mine", "", ())}, "x")


def test_messages_name_the_variables_of_the_caller() -> None:
    with pytest.raises(DcosError, match=r"own ones are defined in services\[3\]\.own_presets"):
        presets.find_presets(["x"], {}, "services[3].preset", "services[3].")
    with pytest.raises(DcosError, match=r"taken by services\[3\]\.superuser only"):
        presets.read_grants([{"rid": "dcos:superuser", "actions": ["full"]}], "x", "description", "services[3].")
    with pytest.raises(DcosError, match=r"services\[3\]\.mesos_role is any"):
        presets.expand("dcos:mesos:{role}:x", {**NAMES, "role": None}, "x", "services[3].")


def test_read_grants() -> None:
    found = presets.read_grants([{"rid": "dcos:x", "actions": "read", "description": "why"}], "x", "description")
    assert found == (Permission("dcos:x", ("read",), "why"),)
    with pytest.raises(DcosError, match=r"x\[0\]: unknown key 'uncertain'\. Use rid, actions, description\."):
        presets.read_grants([{"rid": "dcos:x", "actions": "read", "uncertain": True}], "x", "description")


def test_extra_placeholders_give_a_rid_for_each_value() -> None:
    pools = "dcos:adminrouter:service:dcos-edgelb/pools/{pool_name}"
    extra = presets.read_extra_values({"pool_name": ["web", "internal", "web"], "app_id": "/a/b"}, "x")
    assert extra == {"pool_name": ("web", "internal"), "app_id": ("/a/b",)}
    assert presets.expand_each(pools, NAMES, extra, "x") == (
        "dcos:adminrouter:service:dcos-edgelb/pools/web",
        "dcos:adminrouter:service:dcos-edgelb/pools/internal",
    )
    assert presets.expand_each("dcos:mesos:{user}:{app_id}", NAMES, extra, "x") == ("dcos:mesos:nobody:/a/b",)
    assert presets.expand_each("dcos:mesos:{user}", NAMES, extra, "x") == ("dcos:mesos:nobody",)
    assert presets.expand_each("dcos:mesos:{marathon_instance}", NAMES, extra, "x") == ()
    with pytest.raises(DcosError, match=r"Set dcos_service_preset_values\.pool_name: the name of an Edge-LB pool"):
        presets.expand(pools, NAMES, "x")


def test_missing_extra_values_are_refused() -> None:
    preset = presets.Preset("mine", "", (), extra_placeholders=("app_id",))
    presets.check_extra_values([preset], {"app_id": ("/a",)}, "the_option")
    for extra in ({}, {"app_id": ()}):
        with pytest.raises(DcosError, match=r"y\.preset: mine needs y\.preset_values\.app_id: the id of an app"):
            presets.check_extra_values([preset], extra, "y.preset_values", "y.")


@pytest.mark.parametrize("raw", [None, "", {}, {"app_id": ""}, {"app_id": []}])
def test_no_extra_values(raw: object) -> None:
    assert not any(presets.read_extra_values(raw, "x").values())


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (["web"], "x: must be a dictionary"),
        ({"pool": "web"}, "x: 'pool' is unknown. Use pool_name, app_id, marathon_instance."),
        ({"pool_name": 3}, "x.pool_name: must be one value or a list"),
        ({"pool_name": [3]}, "x.pool_name: 3 is not the name of an Edge-LB pool"),
        ({"pool_name": "a/b"}, "x.pool_name: 'a/b' is not"),
        ({"app_id": "web"}, "x.app_id: 'web' is not the id of an app with its leading slash"),
    ],
)
def test_extra_values_refused(raw: object, part: str) -> None:
    with pytest.raises(DcosError) as caught:
        presets.read_extra_values(raw, "x")
    assert part in str(caught.value)


LATER = presets.Preset(
    "later",
    "",
    (),
    support={"disabled": "not_possible", "permissive": "optional", "strict": "not_available"},
    support_from={
        "1.9": {"disabled": "not_possible", "permissive": "optional", "strict": "optional"},
        "1.11": {"disabled": "not_possible", "permissive": "optional", "strict": "required"},
    },
)


@pytest.mark.parametrize(
    ("version", "support", "documents"),
    [
        (None, "not_available", "its documents before DC/OS 1.9"),
        ("unreadable", "not_available", "its documents before DC/OS 1.9"),
        ("1.8.9", "not_available", "its documents before DC/OS 1.9"),
        ("1.9.0", "optional", "its documents for DC/OS 1.9 and later"),
        ("1.10.2", "optional", "its documents for DC/OS 1.9 and later"),
        ("1.11-dev", "required", "its documents for DC/OS 1.11 and later"),
        ("2.2.1", "required", "its documents for DC/OS 1.11 and later"),
    ],
)
def test_the_documents_of_the_clusters_version_decide(version: str | None, support: str, documents: str) -> None:
    assert LATER.support_in("strict", version) == (support, documents)


def test_whether_the_version_matters() -> None:
    assert LATER.version_matters("strict")
    assert not LATER.version_matters("permissive")
    assert not presets.SHIPPED["scheduler_minimum"].version_matters("strict")
    assert presets.SHIPPED["scheduler_minimum"].support_in("strict") == ("required", "its documents")


def test_a_grant_is_needed_where_it_is_enforced_and_documented() -> None:
    grant = presets.PresetGrant("dcos:service:marathon:marathon:admin:events", ("read",))
    assert [grant.needed_in(mode) for mode in MODES] == [False, True, True]
    assert "enforced in permissive and strict mode only" in grant.why_not_needed("disabled")
    strict_only = presets.PresetGrant("dcos:adminrouter:ops:ca:rw", ("full",), modes=("strict",))
    assert [strict_only.needed_in(mode) for mode in MODES] == [False, False, True]
    assert strict_only.why_not_needed("permissive") == (
        "the documents list it for strict mode only; this cluster is in permissive mode"
    )
