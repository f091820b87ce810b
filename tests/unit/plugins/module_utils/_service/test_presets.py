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
from ansible_collections.dcos.security.plugins.module_utils._service.variables import overlay


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
    return {"preset": "mine", "own_presets": {"mine": {"grants": [], **body}}}


def test_the_old_name_of_own_presets_works_and_stays_in_messages() -> None:
    body = own()["own_presets"]
    assert plan(preset="mine", presets=body) == plan(preset="mine", own_presets=body)
    assert plan(preset="mine", presets=body, own_presets={}) == plan(preset="mine", own_presets=body)
    assert "presets.mine: unknown key 'grant'" in refused(presets={"mine": {"grant": []}}).message
    both = refused(presets=body, own_presets={"other": {"grants": []}})
    assert both.message == (
        "dcos_service_presets: this is the old name of dcos_service_own_presets, and both are given. Give one."
    )


def test_variables_of_an_entry_win_under_either_name() -> None:
    assert overlay({"own_presets": {"a": 1}, "state": "absent"}, {"presets": {}}) == {"presets": {}, "state": "absent"}
    assert overlay({"presets": {"a": 1}}, {"own_presets": {}}) == {"own_presets": {}}


# --- names


@pytest.mark.parametrize(
    ("preset", "name", "account", "secret_path"),
    [
        ("cassandra", "/cassandra", "cassandra-principal", "cassandra/cassandra-secret"),
        ("confluent-kafka", "/confluent-kafka", "confluent-kafka-principal", "confluent-kafka/confluent-secret"),
        ("marathon-lb", "marathon-lb", "mlb-principal", "marathon-lb/mlb-secret"),
        ("edge-lb", "/dcos-edgelb/api", "edge-lb-principal", "dcos-edgelb/edge-lb-secret"),
        ("edge-lb", "/dcos-edgelb", "edge-lb-principal", "dcos-edgelb/edge-lb-secret"),
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


def test_a_kubernetes_cluster_takes_the_role_of_its_group() -> None:
    made = plan("/dev/kubernetes-cluster", preset="kubernetes-cluster", group_role=True)
    warned(made)
    parts = {rid.partition(":role:")[2] for rid in rids(made)} - {""}
    assert parts == {"dev", "slave_public/dev", "slave_public"}


@pytest.mark.parametrize("group_role", [True, False])
@pytest.mark.parametrize("preset", ["cassandra", "kubernetes-cluster", "hdfs"])
def test_a_migrating_service_has_both_roles(preset: str, group_role: bool) -> None:
    """Whatever is granted for the one is granted for the other: the scheduler registers with both."""
    made = granted(plan(preset=[preset, "quota_migration"], group_role=group_role))
    before = granted(plan(preset=preset))
    after = granted(plan(preset=preset, mesos_role="prod"))
    assert before | after <= made
    reserved = {rid.partition(":role:")[2] for rid, _action in made if ":reservation:role:" in rid}
    assert reserved == {"prod", "prod__x-role", "slave_public/prod", "slave_public/prod__x-role"}


def test_a_migration_starts_with_the_services_role() -> None:
    registers = "dcos:mesos:master:framework:role:"
    listed = [{"rid": "dcos:test:{role}", "actions": ["read"]}]
    for raw, own_role in (({"preset": "spark"}, "*"), ({"preset": "cassandra", "mesos_role": "old"}, "old")):
        made = rids(plan(**{**raw, "preset": [raw["preset"], "quota_migration"], "permissions": listed}))
        assert {f"{registers}{own_role}", f"{registers}prod", f"dcos:test:{own_role}", "dcos:test:prod"} <= set(made)
    anything = rids(plan(preset=["cassandra", "quota_migration"], mesos_role="any"))
    assert {rid for rid in anything if "framework:role" in rid} == {"dcos:mesos:master:framework:role"}


def test_a_migration_needs_a_group_with_a_role() -> None:
    assert "/x is in no folder" in str(refused("/x", preset=["cassandra", "quota_migration"]))
    error = refused(preset=["cassandra", "quota_migration"], version="1.13.3")
    assert str(error).startswith("dcos_service_preset: groups have roles from DC/OS 2.0 on")
    assert error.code == "mode"
    warned(plan(preset=["hdfs", "quota_migration"]), "preset")


def test_several_roles() -> None:
    made = plan(preset="scheduler_minimum", mesos_role=["a", "slave_public/a", "a"])
    assert [rid.partition(":role:")[2] for rid in rids(made)] == ["a", "slave_public/a", ""]
    assert plan(preset="scheduler_minimum", mesos_role='["a", "slave_public/a"]') == made
    assert "stands for every role" in str(refused(mesos_role=["a", "any"]))
    assert "dcos_service_mesos_role: 'a b' is not the name" in str(refused(mesos_role=["a", "a b"]))
    assert "dcos_service_mesos_role: must be a name or a list" in str(refused(mesos_role={"a": 1}))


def test_group_role_of_an_unaware_package_is_a_warning() -> None:
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


@pytest.mark.parametrize("preset", ["edge-lb", "kubernetes-cluster"])
def test_a_scheduler_that_runs_as_nobody_needs_no_marathon_grant(preset: str) -> None:
    """root is the user of its tasks, which its own account is granted."""
    for raw in ({}, {"run_as_grants": True}, {"linux_user": "core"}):
        made = plan(preset=preset, **raw)
        warned(made)
        assert made.run_as == ()
    assert ("dcos:mesos:agent:task:user:root", "create") in granted(plan(preset=preset))


def test_the_scheduler_runs_as_the_user_of_the_tasks_by_default() -> None:
    as_root = plan(preset="spark", linux_user="root", run_as_grants=True)
    assert [permission.rid for permission in as_root.run_as] == ["dcos:mesos:master:task:user:root"]
    mine = own(linux_user="app", scheduler_user="web")
    assert [p.rid for p in plan(**mine, run_as_grants=True).run_as] == ["dcos:mesos:master:task:user:web"]
    assert "to start the service as web" in plan(**mine).warnings[0]


# --- folders


FOLDER = st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True), min_size=1, max_size=4)
FOLDER = FOLDER.filter(lambda parts: parts[-1] != "api")  # what Edge-LB appends
NAMED = sorted(name for name, preset in SHIPPED.items() if preset.service_name is not None)


@given(st.sampled_from(NAMED), FOLDER, st.booleans())
def test_grants_for_a_folder_follow_the_folder_of_the_service(preset: str, parts: list[str], with_app: bool) -> None:
    """Under any name the grants are those under the documented name, with the one folder instead of the other."""
    shipped = SHIPPED[preset]
    documented = shipped.folder_of(shipped.service_name or "")
    folder = "/".join(parts)
    app = f"/{shipped.app}" if shipped.app is not None and with_app else ""
    values = {"pool_name": "web", "app_id": "/watched"}
    raw: dict[str, Any] = {"preset": preset, "account": "uid", "mesos_role": "role", "preset_values": values}
    expected = [rid.replace(documented, folder) for rid in rids(plan(shipped.service_name or "", **raw))]
    assert rids(plan(f"/{folder}{app}", **raw)) == expected


@pytest.mark.parametrize("name", ["/infra/network/dcos-edgelb/api", "infra/network/dcos-edgelb"])
def test_edge_lb_in_a_folder(name: str) -> None:
    made = plan(name, preset="edge-lb", account="lb", preset_values={"pool_name": "web"})
    assert [rid for rid in rids(made) if "dcos-edgelb" in rid] == [
        "dcos:adminrouter:service:infra/network/dcos-edgelb/pools/web",
        "dcos:service:marathon:marathon:services:/infra/network/dcos-edgelb",
        "dcos:secrets:default:/infra/network/dcos-edgelb/*",
        "dcos:secrets:list:default:/infra/network/dcos-edgelb/*",
    ]


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


def test_support_depends_on_the_version_of_the_cluster() -> None:
    assert plan(preset="confluent-kafka", version="1.10.0").stage == "present"
    assert plan(preset="confluent-kafka", version="1.10.0").warnings == ()
    old = refused(preset="confluent-kafka", version="1.9.8")
    assert "confluent-kafka cannot be deployed in strict mode, say its documents before DC/OS 1.10" in str(old)
    unknown = refused(preset="confluent-kafka", version=None)
    assert "does not tell its version" in str(unknown)
    assert "dcos_service_own_presets" in str(unknown)
    assert plan(preset="confluent-kafka", mode="permissive", version=None).warnings == ()


def test_support_assumed_for_an_unknown_version_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    later = {"1.9": {"strict": "required"}}
    changes = Preset("changes", "", (), {"strict": "optional"}, later)
    module = "ansible_collections.dcos.security.plugins.module_utils._presets.reading"
    monkeypatch.setattr(f"{module}.SHIPPED", {**SHIPPED, "changes": changes})
    made = plan(preset="changes", version=None)
    warned(made, "preset")
    assert "its documents before DC/OS 1.9 (optional in strict mode)" in made.warnings[0]
    assert plan(preset="changes", version="1.9").warnings == ()


def test_the_version_is_read_if_a_preset_or_variable_needs_it() -> None:
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
    warned(encrypted, *(["uncertain_grants"] if mode == "strict" else []))
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
    certain = {"preset": "cassandra", "transport_encryption": True, "uncertain_grants": False}
    assert plan(**certain, version="1.11.0").warnings == ()
    warned(plan(**certain, version=None), "transport_encryption")


def test_undocumented_transport_encryption_is_reported() -> None:
    encrypted = {"transport_encryption": True, "uncertain_grants": False}
    warned(plan(preset="marathon-lb", **encrypted), "transport_encryption")
    warned(plan(preset="scheduler_stateful", **encrypted))
    warned(plan(preset="kubernetes-cluster", **encrypted))


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


def test_uncertain_grants_only_on_request() -> None:
    row = ("dcos:mesos:master:task:app_id:/prod/x", "create")
    doubted = {"preset": "data-science-engine"}
    careful = plan(**doubted)
    assert row not in granted(careful)
    left = {(item.rid, action): item.reason for item in careful.left_out for action in item.actions}
    assert left[row] == "its page writes it without the slash; dcos_service_uncertain_grants grants it"
    assert {(p.rid, action) for p in careful.keep for action in p.actions} == set(left)
    bold = plan(**doubted, uncertain_grants=True)
    assert row in granted(bold)
    assert bold.left_out == ()
    assert row not in granted(plan(**doubted, enforce_in_advance=True, mode="permissive"))


def test_uncertain_grants_left_out_are_a_warning() -> None:
    """Unless the user has decided about it, or the mode would not enforce it anyway."""
    doubted = {"preset": "data-science-engine"}
    told = plan(**doubted)
    warned(told, "uncertain_grants")
    for item in told.left_out:
        assert f"{item.rid} {','.join(item.actions)} (" in told.warnings[0]
    warned(plan(**doubted, uncertain_grants=True))
    warned(plan(**doubted, uncertain_grants=False))
    warned(plan(**doubted, uncertain_grants=""), "uncertain_grants")
    warned(plan(**doubted, mode="permissive"))
    warned(plan(**doubted, mode="permissive", enforce_in_advance=True), "uncertain_grants")
    mine = own(grants=[{"rid": "dcos:adminrouter:ops:mesos", "actions": ["full"], "uncertain": True}])
    warned(plan(**mine), "uncertain_grants")
    assert "only one source lists it, or another contradicts it" in plan(**mine).warnings[0]


def test_a_grant_certain_in_another_preset_is_made() -> None:
    rid = "dcos:mesos:master:task:app_id:/{service_name}"
    certain = {"certain": {"grants": [{"rid": rid, "actions": "create"}]}}
    made = plan(preset=["data-science-engine", "certain"], presets=certain)
    assert ("dcos:mesos:master:task:app_id:/prod/x", "create") in granted(made)
    assert "app_id" not in made.warnings[0]


def test_the_storage_service_gets_everything_on_its_page() -> None:
    made = plan("/infra/storage", preset="storage")
    assert {
        ("dcos:mesos:master:reservation", "delete"),
        ("dcos:mesos:master:block_disk:role", "full"),
        ("dcos:mesos:master:mount_disk:role", "full"),
        ("dcos:mesos:master:raw_disk:role", "full"),
    } <= granted(made)
    assert len(made.permissions) == 15
    assert made.left_out == ()
    warned(made)


def test_values_of_further_placeholders() -> None:
    two = plan("/dcos-edgelb/api", preset="edge-lb", preset_values={"pool_name": ["web", "api"]})
    reached = [rid for rid in rids(two) if "pools" in rid]
    assert reached == [
        "dcos:adminrouter:service:dcos-edgelb/pools/web",
        "dcos:adminrouter:service:dcos-edgelb/pools/api",
    ]
    none = plan("/dcos-edgelb/api", preset="edge-lb")
    assert not any("pools" in rid for rid in rids(none))
    error = refused(preset="marathon_access")
    assert "dcos_service_preset_values.marathon_instance" in str(error)
    assert plan(preset="marathon_access", state="absent").stage == "absent"
    assert "'pool' is unknown" in str(refused(preset_values={"pool": "x"}))
    listed = [{"rid": "dcos:adminrouter:service:dcos-edgelb/pools/{pool_name}", "actions": ["full"]}]
    assert "dcos_service_preset_values.pool_name" in str(refused(permissions=listed))
    assert rids(plan(permissions=listed, preset_values='{"pool_name": "web"}')) == reached[:1]
    mine = own(grants=listed)
    assert "dcos_service_own_presets.mine.grants[0].rid" in str(refused(**mine))


def test_documented_superuser_power_is_reported_and_never_granted() -> None:
    asking = [preset for preset in SHIPPED.values() if preset.superuser is not None]
    assert asking
    for preset in asking:
        made = plan(preset=preset.name, version="2.2.4", run_as_grants=True)
        assert "dcos:superuser" not in rids(made)
        assert any("ask for dcos:superuser full" in text and preset.name in text for text in made.warnings)
        power = plan(preset=preset.name, version="2.2.4", run_as_grants=True, superuser=True)
        assert not any("ask for dcos:superuser" in text for text in power.warnings)


def test_package_that_reads_its_key_alone_gets_a_second_secret() -> None:
    assert plan("/jenkins", preset="jenkins").pem_secret_path == "jenkins/private_key"
    assert plan("/dev/jenkins", preset="jenkins").pem_secret_path == "dev/jenkins/private_key"
    assert plan("/jenkins", preset="jenkins-3").pem_secret_path is None
    given = plan("/jenkins", preset="jenkins", pem_secret_path="/jenkins/key.pem")
    assert given.pem_secret_path == "jenkins/key.pem"
    assert given.secret_path == "jenkins/jenkins-secret"
    assert plan("/ci/mine", **own(pem_secret="key")).pem_secret_path == "ci/mine/key"


# --- for every preset


@given(st.sampled_from(sorted(SHIPPED)), st.sampled_from(MODES), st.booleans(), st.booleans())
def test_every_grant_is_either_enforced_or_left_out(name: str, mode: str, in_advance: bool, uncertain: bool) -> None:
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
    assert {(p.rid, action) for p in made.keep for action in p.actions} >= left
    assert in_advance or all(enforced(rid, mode) for rid, _action in granted(made))
    if uncertain and in_advance:
        assert left == set()
