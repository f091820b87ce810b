# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What presets mean for a service: documented names, roles, users, support by version, and what they demand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._presets.reading import SHIPPED, Preset
from ansible_collections.dcos.security.plugins.module_utils._rules.security_modes import MODES, enforced
from ansible_collections.dcos.security.plugins.module_utils._service.plan import Plan, plan_service


def cluster(mode: str = "strict", version: str | None = "2.2.4") -> dict[str, Any]:
    return {"url": "https://dcos.example.com", "security_mode": mode, "version": version, "variant": "enterprise"}


def plan(name: str = "/prod/x", mode: str = "strict", version: str | None = "2.2.4", **raw: Any) -> Plan:
    return plan_service({"name": name, **raw}, cluster(mode, version))


def refused(*args: Any, **raw: Any) -> DcosError:
    with pytest.raises(DcosError) as caught:
        plan(*args, **raw)
    return caught.value


def rids(made: Plan) -> list[str]:
    return [permission.rid for permission in made.permissions]


def granted(made: Plan) -> set[tuple[str, str]]:
    return {(permission.rid, action) for permission in made.permissions for action in permission.actions}


def warned(made: Plan, *variables: str) -> None:
    assert [text.partition(":")[0] for text in made.warnings] == [f"dcos_service_{name}" for name in variables]


def own(**body: Any) -> dict[str, Any]:
    return {"preset": "mine", "presets": {"mine": {"grants": [], **body}}}


# --- names


@pytest.mark.parametrize(
    ("preset", "name", "account", "secret_path"),
    [
        ("cassandra", "/cassandra", "cassandra-principal", "cassandra/cassandra-secret"),
        ("confluent-kafka", "/confluent-kafka", "confluent-kafka-principal", "confluent-kafka/confluent-secret"),
        ("marathon-lb", "marathon-lb", "mlb-principal", "marathon-lb/mlb-secret"),
        ("edge-lb", "/dcos-edgelb/api", "edge-lb-principal", "dcos-edgelb/edge-lb-secret"),
        ("marathon-lb", "/prod/marathon-lb", "prod__marathon-lb-principal", "prod/marathon-lb/marathon-lb-secret"),
        ("marathon-lb", "/other", "other-principal", "other/other-secret"),
    ],
)
def test_documented_names_for_services_with_their_documented_name(
    preset: str, name: str, account: str, secret_path: str
) -> None:
    made = plan(name, preset=preset)
    assert (made.account, made.secret_path) == (account, secret_path)


def test_given_names_win_over_documented_ones() -> None:
    made = plan("/marathon-lb", preset="marathon-lb", account="mlb", secret_path="marathon-lb/key")
    assert (made.account, made.secret_path) == ("mlb", "marathon-lb/key")


# --- roles


@pytest.mark.parametrize(
    ("raw", "role"),
    [
        ({"preset": "cassandra"}, "prod__x-role"),
        ({"preset": "cassandra", "group_role": True}, "prod"),
        ({"preset": "cassandra", "group_role": True, "name": "/x"}, "x-role"),
        ({"preset": "cassandra", "group_role": True, "mesos_role": "mine"}, "mine"),
        ({"preset": "spark"}, "*"),
        ({"preset": "spark", "group_role": True}, "prod"),
        ({"preset": "spark", "mesos_role": "mine"}, "mine"),
        (own(mesos_role="fixed", grants=[{"rid": "dcos:mesos:master:framework:role:{role}", "actions": "create"}]),
         "fixed"),
        ({**own(mesos_role="fixed", grants=[{"rid": "dcos:mesos:master:framework:role:{role}", "actions": "create"}]),
          "group_role": True}, "fixed"),
    ],
)  # fmt: skip
def test_role(raw: dict[str, Any], role: str) -> None:
    made = plan(**raw, permissions=[{"rid": "dcos:test:{role}", "actions": ["full"]}])
    assert f"dcos:mesos:master:framework:role:{role}" in rids(made)
    assert f"dcos:test:{role}" in rids(made)


def test_each_preset_has_its_own_role() -> None:
    made = plan(preset=["spark", "scheduler_minimum"], permissions=[{"rid": "dcos:test:{role}", "actions": ["full"]}])
    assert {"dcos:mesos:master:framework:role:*", "dcos:mesos:master:framework:role:prod__x-role"} <= set(rids(made))
    assert "dcos:test:prod__x-role" in rids(made)


def test_group_role_needs_groups_with_roles() -> None:
    error = refused(preset="cassandra", group_role=True, version="1.13.3")
    assert error.code == "mode"
    assert str(error).startswith("dcos_service_group_role: ")
    assert "1.13.3" in str(error)
    warned(plan(preset="cassandra", group_role=True, version=None))
    assert plan("/x", preset="cassandra", group_role=True, version="1.13.3").permissions


def test_group_role_of_a_package_that_does_not_take_it_is_told() -> None:
    made = plan(preset="hdfs", group_role=True)
    warned(made, "group_role")
    assert "hdfs" in made.warnings[0]
    warned(plan(preset="cassandra", group_role=True))
    warned(plan(preset="hdfs", group_role=True, mesos_role="prod"))


# --- Linux user


def test_linux_user_of_the_preset() -> None:
    uses = "dcos:mesos:master:task:user:{user}"
    listed = [{"rid": "dcos:test:{user}", "actions": "full"}]
    assert "dcos:test:root" in rids(plan(preset="edge-lb", permissions=listed))
    mine = own(linux_user="app", grants=[{"rid": uses, "actions": "create"}])
    assert rids(plan(**mine)) == ["dcos:mesos:master:task:user:app"]
    assert rids(plan(**mine, linux_user="other")) == ["dcos:mesos:master:task:user:other"]
    presets = {"a": {"grants": [], "linux_user": "one"}, "b": {"grants": [], "linux_user": "two"}}
    assert "dcos_service_linux_user: must be given" in str(refused(preset=["a", "b"], presets=presets))
    assert plan(preset=["a", "b"], presets=presets, linux_user="one")


# --- support


@pytest.mark.parametrize(
    ("preset", "mode", "outcomes"),
    [
        ("cassandra", "disabled", "refused"),
        ("hdfs", "disabled", "refused"),
        ("kafka", "disabled", "refused"),
        ("spark", "disabled", "refused"),
        ("confluent-kafka", "disabled", "refused"),
        ("marathon-lb", "disabled", "skip"),
        ("cassandra", "permissive", "skip"),
        ("hdfs", "permissive", "skip"),
        ("kafka", "permissive", "skip"),
        ("spark", "permissive", "skip"),
        ("confluent-kafka", "permissive", "skip"),
        ("marathon-lb", "permissive", "skip"),
        ("cassandra", "strict", "present"),
        ("hdfs", "strict", "present"),
        ("kafka", "strict", "present"),
        ("spark", "strict", "present"),
        ("marathon-lb", "strict", "present"),
        ("confluent-kafka", "strict", "refused"),
    ],
)
def test_the_table_of_universe_services(preset: str, mode: str, outcomes: str) -> None:
    """Refused with an account, without one where it is optional, provisioned where it is required."""
    if outcomes == "refused":
        assert refused(preset=preset, mode=mode, version="1.8.8").code == "mode"
    else:
        assert plan(preset=preset, mode=mode, version="1.8.8").stage == "present"
        assert plan(preset=preset, mode=mode, version="1.8.8", optional_account="skip").stage == outcomes


def test_support_goes_by_the_version_of_the_cluster() -> None:
    assert plan(preset="confluent-kafka", version="1.10.0").stage == "present"
    assert plan(preset="confluent-kafka", version="1.10.0").warnings == ()
    old = refused(preset="confluent-kafka", version="1.9.8")
    assert "confluent-kafka cannot be deployed in strict mode, say its documents before DC/OS 1.10" in str(old)
    unknown = refused(preset="confluent-kafka", version=None)
    assert "does not tell its version" in str(unknown)
    assert "dcos_service_presets" in str(unknown)
    assert plan(preset="confluent-kafka", mode="permissive", version=None).warnings == ()


def test_support_that_an_unknown_version_lets_pass_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    later = {"1.9": {"strict": "required"}}
    changes = Preset("changes", "", (), {"strict": "optional"}, later)
    module = "ansible_collections.dcos.security.plugins.module_utils._presets.reading"
    monkeypatch.setattr(f"{module}.SHIPPED", {**SHIPPED, "changes": changes})
    made = plan(preset="changes", version=None)
    warned(made, "preset")
    assert "its documents before DC/OS 1.9 (optional in strict mode)" in made.warnings[0]
    assert plan(preset="changes", version="1.9").warnings == ()


def test_the_version_is_read_where_a_preset_or_a_variable_needs_it() -> None:
    def reads(name: str = "/prod/x", **raw: Any) -> bool:
        return plan_service({"name": name, "security_mode": "strict", **raw}).read_cluster

    assert reads(preset="confluent-kafka")
    assert reads(preset="cassandra", transport_encryption=True)
    assert reads(preset="cassandra", group_role=True)
    assert not reads(preset="cassandra")
    assert not reads("/x", preset="cassandra", group_role=True)
    assert not reads(preset="confluent-kafka", state="absent")
    permissive = {"name": "/x", "security_mode": "permissive", "preset": "confluent-kafka"}
    assert not plan_service(permissive).read_cluster, "both tables say the same of permissive mode"


# --- transport encryption, public agents


CA = {("dcos:adminrouter:ops:ca:rw", "full"), ("dcos:adminrouter:ops:ca:ro", "full")}
TLS = CA | {("dcos:secrets:default:/prod/x/*", "full"), ("dcos:secrets:list:default:/prod/x", "read")}


@pytest.mark.parametrize("mode", ["permissive", "strict"])
def test_transport_encryption(mode: str) -> None:
    plain = granted(plan(preset="cassandra", mode=mode))
    encrypted = plan(preset="cassandra", mode=mode, transport_encryption=True)
    assert granted(encrypted) - plain == TLS
    warned(encrypted)
    uncertain = granted(plan(preset="cassandra", transport_encryption=True, uncertain_grants=True))
    assert ("dcos:mesos:master:task:app_id:/prod/x", "create") in uncertain


def test_transport_encryption_in_disabled_mode_is_refused() -> None:
    error = refused(preset="marathon-lb", mode="disabled", transport_encryption=True)
    assert error.code == "mode"
    assert str(error).startswith("dcos_service_transport_encryption: ")


def test_transport_encryption_before_its_permissions_existed() -> None:
    error = refused(preset="cassandra", transport_encryption=True, version="1.10.11")
    assert str(error).startswith("dcos_service_transport_encryption: before DC/OS 1.11 the documents demand")
    assert "dcos_service_superuser" in str(error)
    assert plan(preset="cassandra", transport_encryption=True, version="1.10.11", superuser=True).superuser
    assert plan(preset="cassandra", transport_encryption=True, version="1.11.0").warnings == ()
    warned(plan(preset="cassandra", transport_encryption=True, version=None), "transport_encryption")


def test_transport_encryption_that_no_document_knows_is_told() -> None:
    warned(plan(preset="marathon-lb", transport_encryption=True), "transport_encryption")
    warned(plan(preset="scheduler_stateful", transport_encryption=True))
    warned(plan(preset="kubernetes-cluster", transport_encryption=True, run_as_grants=True))


def test_public_agents() -> None:
    plain = granted(plan(preset="scheduler_stateful"))
    public = granted(plan(preset="scheduler_stateful", public_agents=True)) - plain
    role = "slave_public/prod__x-role"
    assert public == {
        (f"dcos:mesos:master:framework:role:{role}", "create"),
        (f"dcos:mesos:master:framework:role:{role}", "read"),
        (f"dcos:mesos:master:reservation:role:{role}", "create"),
        (f"dcos:mesos:master:volume:role:{role}", "create"),
        ("dcos:mesos:master:framework:role:slave_public", "read"),
        ("dcos:mesos:agent:framework:role:slave_public", "read"),
    }
    assert plan(mode="permissive", public_agents=True).permissions == ()


# --- uncertain rows, values, superuser, secrets in another form


def test_uncertain_rows_only_on_request() -> None:
    row = ("dcos:mesos:agent:task:user:nobody", "create")
    careful = plan(preset="sdk_default")
    assert row not in granted(careful)
    left = {(item.rid, action): item.reason for item in careful.left_out for action in item.actions}
    assert "dcos_service_uncertain_grants" in left[row]
    assert {(p.rid, action) for p in careful.keep for action in p.actions} == {row}
    bold = plan(preset="sdk_default", uncertain_grants=True)
    assert row in granted(bold)
    assert bold.left_out == ()
    assert row not in granted(plan(preset="sdk_default", enforce_in_advance=True, mode="permissive"))


def test_what_is_certain_elsewhere_is_granted() -> None:
    made = plan(preset=["sdk_default"], permissions=[{"rid": "dcos:mesos:agent:task:user:{user}", "actions": "create"}])
    assert ("dcos:mesos:agent:task:user:nobody", "create") in granted(made)
    assert made.left_out == ()


def test_values_of_further_placeholders() -> None:
    two = plan("/dcos-edgelb/api", preset="edge-lb", preset_values={"pool_name": ["web", "api"]}, run_as_grants=True)
    reached = [rid for rid in rids(two) if "pools" in rid]
    assert reached == [
        "dcos:adminrouter:service:dcos-edgelb/pools/web",
        "dcos:adminrouter:service:dcos-edgelb/pools/api",
    ]
    none = plan("/dcos-edgelb/api", preset="edge-lb", run_as_grants=True)
    assert not any("pools" in rid for rid in rids(none))
    error = refused(preset="marathon_access")
    assert "dcos_service_preset_values.marathon_instance" in str(error)
    assert plan(preset="marathon_access", state="absent").stage == "absent"
    assert "'pool' is unknown" in str(refused(preset_values={"pool": "x"}))
    listed = [{"rid": "dcos:adminrouter:service:dcos-edgelb/pools/{pool_name}", "actions": ["full"]}]
    assert "dcos_service_preset_values.pool_name" in str(refused(permissions=listed))
    assert rids(plan(permissions=listed, preset_values='{"pool_name": "web"}')) == reached[:1]
    mine = own(grants=listed)
    assert "dcos_service_presets.mine.grants[0].rid" in str(refused(**mine))


def test_superuser_that_documents_ask_for_is_told_and_never_granted() -> None:
    asking = [preset for preset in SHIPPED.values() if preset.superuser is not None]
    assert asking
    for preset in asking:
        made = plan(preset=preset.name, version="2.2.4", run_as_grants=True)
        assert "dcos:superuser" not in rids(made)
        assert any("ask for dcos:superuser full" in text and preset.name in text for text in made.warnings)
        power = plan(preset=preset.name, version="2.2.4", run_as_grants=True, superuser=True)
        assert not any("ask for dcos:superuser" in text for text in power.warnings)


def test_secret_of_another_form_is_told() -> None:
    made = plan("/jenkins", preset="jenkins")
    assert any("does not read the document of a service account" in text for text in made.warnings)
    assert not any("does not read" in text for text in plan("/jenkins", preset="jenkins-3").warnings)


# --- for every preset


@given(st.sampled_from(sorted(SHIPPED)), st.sampled_from(MODES), st.booleans(), st.booleans())
def test_what_is_granted_is_enforced_and_nothing_is_forgotten(
    name: str, mode: str, in_advance: bool, uncertain: bool
) -> None:
    preset = SHIPPED[name]
    values = {name: "/prod/web" if name == "app_id" else "marathon-user" for name in preset.extra_placeholders}
    raw: dict[str, Any] = {"preset": name, "preset_values": values, "uncertain_grants": uncertain}
    try:
        made = plan(mode=mode, **raw, enforce_in_advance=in_advance)
        whole = plan(mode="strict", preset=name, preset_values=values, uncertain_grants=True, state="absent")
    except DcosError as error:
        assert error.code == "mode"  # noqa: PT017
        return
    if made.stage == "skip":
        return
    left = {(item.rid, action) for item in made.left_out for action in item.actions}
    assert granted(made) | left == granted(whole)
    assert granted(made) & left == set()
    assert {(p.rid, action) for p in made.keep for action in p.actions} == left
    assert in_advance or all(enforced(rid, mode) for rid, _action in granted(made))
    if uncertain and in_advance:
        assert left == set()
