# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped presets against what the documents say, written out once more, word by word."""

from __future__ import annotations

import re

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._presets import reading as presets
from ansible_collections.dcos.security.plugins.module_utils._rules.security_modes import (
    DISABLED,
    MODES,
    PERMISSIVE,
    STRICT,
)

# DC/OS 1.8, "About service authentication", table "About services in the default Universe", cell by cell.
UNIVERSE_OF_1_8 = {
    "Cassandra": ("Not possible", "Optional", "Required"),
    "Confluent": ("Not possible", "Optional", "N/A"),
    "HDFS": ("Not possible", "Optional", "Required"),
    "Kafka": ("Not possible", "Optional", "Required"),
    "Marathon-LB": ("Optional", "Optional", "Required"),
    "Spark": ("Not possible", "Optional", "Required"),
}
CELLS = {"Not possible": "not_possible", "Optional": "optional", "Required": "required", "N/A": "not_available"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", UNIVERSE_OF_1_8)
def test_the_table_of_universe_services(service: str, mode: str) -> None:
    preset = presets.SHIPPED[{"Confluent": "confluent-kafka"}.get(service, service.lower())]
    said = CELLS[UNIVERSE_OF_1_8[service][MODES.index(mode)]]
    assert preset.support[mode] == said
    assert preset.support_in(mode, "1.8.7")[0] == said
    assert preset.support_in(mode, None)[0] == said


# The support of every other preset: disabled, permissive, strict.
SUPPORT = {
    "confluent-zookeeper": "not_possible optional required",
    "data-science-engine": "not_possible optional required",
    "datadog-agent": "undocumented undocumented required",
    "dcos-monitoring": "not_possible optional required",
    "edge-lb": "required required not_available",
    "elastic": "not_possible optional required",
    "group_access": "optional optional required",
    "hive-metastore": "not_possible optional required",
    "jenkins": "not_possible optional required",
    "jenkins-3": "not_possible optional required",
    "kafka-zookeeper": "not_possible optional required",
    "kubernetes": "undocumented required required",
    "kubernetes-cluster": "undocumented required required",
    "marathon-autoscale": "undocumented required required",
    "marathon-on-marathon": "optional optional required",
    "marathon_access": "optional optional required",
    "nifi": "not_possible optional required",
    "package-registry": "undocumented required required",
    "quota_migration": "optional optional required",
    "scheduler_local_volumes": "optional optional required",
    "scheduler_minimum": "optional optional required",
    "scheduler_reservations": "optional optional required",
    "scheduler_stateful": "optional optional required",
    "sdk_default": "optional optional required",
    "storage": "undocumented required required",
    "telegraf": "required required required",
}


@pytest.mark.parametrize(("name", "support"), SUPPORT.items())
def test_support_of_the_others(name: str, support: str) -> None:
    assert [presets.SHIPPED[name].support[mode] for mode in MODES] == support.split()


def test_every_preset_has_its_support_written_out() -> None:
    of_1_8 = {"cassandra", "confluent-kafka", "hdfs", "kafka", "marathon-lb", "spark"}
    assert of_1_8 | set(SUPPORT) == set(presets.SHIPPED)


@pytest.mark.parametrize(
    ("name", "version", "support", "documents"),
    [
        ("confluent-kafka", "1.9.8", "not_available", "its documents before DC/OS 1.10"),
        ("confluent-kafka", "1.10.0", "required", "its documents for DC/OS 1.10 and later"),
        ("edge-lb", "1.10.11", "not_available", "its documents before DC/OS 1.11"),
        ("edge-lb", "1.11.0", "required", "its documents for DC/OS 1.11 and later"),
    ],
)
def test_later_documents(name: str, version: str, support: str, documents: str) -> None:
    assert presets.SHIPPED[name].support_in(STRICT, version) == (support, documents)
    assert presets.SHIPPED[name].support_in(DISABLED, version)[0] == presets.SHIPPED[name].support[DISABLED]
    assert presets.SHIPPED[name].support_in(PERMISSIVE, version)[0] == presets.SHIPPED[name].support[PERMISSIVE]


def test_no_others_have_later_documents() -> None:
    assert {p.name for p in presets.SHIPPED.values() if p.support_from} == {"confluent-kafka", "edge-lb"}


MINIMUM = """
mesos:master:framework:role:{role} create
mesos:master:task:user:{user} create
"""
RESERVATIONS = """
mesos:master:reservation:role:{role} create
mesos:master:reservation:principal:{service_account} delete
"""
VOLUMES = """
mesos:master:volume:role:{role} create
mesos:master:volume:principal:{service_account} delete
"""
STATEFUL = MINIMUM + RESERVATIONS + VOLUMES
ON_AGENTS = "mesos:agent:task:user:{user} create\n"
PACKAGE = STATEFUL + ON_AGENTS
TLS = """
secrets:default:/{service_name}/* full
secrets:list:default:/{service_name} read
adminrouter:ops:ca:rw full
adminrouter:ops:ca:ro full
"""
PUBLIC = """
mesos:master:framework:role:slave_public/{role} create,read
mesos:master:reservation:role:slave_public/{role} create
mesos:master:volume:role:slave_public/{role} create
mesos:master:framework:role:slave_public read
mesos:agent:framework:role:slave_public read
"""
# One line a grant: the rid without dcos:, actions, "?" for uncertain, the modes where not all.
GRANTS = {
    "scheduler_minimum": MINIMUM,
    "scheduler_reservations": MINIMUM + RESERVATIONS,
    "scheduler_local_volumes": MINIMUM + VOLUMES,
    "scheduler_stateful": STATEFUL,
    "sdk_default": PACKAGE,
    "quota_migration": """
        mesos:master:reservation:role:{role} create
        mesos:master:reservation:role:slave_public/{role} create
    """,
    "group_access": """
        adminrouter:service:marathon full
        service:marathon:marathon:services:/{group} full
        adminrouter:ops:mesos full
        adminrouter:ops:slave full
        mesos:agent:executor:app_id:/{group} read
        mesos:agent:framework:role:slave_public read
        mesos:agent:sandbox:app_id:/{group} read
        mesos:agent:task:app_id:/{group} read
        mesos:master:executor:app_id:/{group} read
        mesos:master:framework:role:slave_public read
        mesos:master:task:app_id:/{group} read
    """,
    "marathon_access": """
        adminrouter:service:{marathon_instance} full
        service:marathon:{marathon_instance}:services:/ full
        adminrouter:ops:mesos full
        adminrouter:ops:slave full
        mesos:agent:executor:app_id:/ read
        mesos:agent:framework:role:{role} read
        mesos:agent:sandbox:app_id:/ read
        mesos:agent:task:app_id:/ read
        mesos:master:executor:app_id:/ read
        mesos:master:framework:role:{role} read
        mesos:master:task:app_id:/ read
    """,
    "cassandra": PACKAGE,
    "confluent-kafka": PACKAGE,
    "confluent-zookeeper": PACKAGE,
    "hdfs": PACKAGE,
    "kafka": PACKAGE,
    "kafka-zookeeper": PACKAGE,
    "elastic": PACKAGE,
    "hive-metastore": PACKAGE,
    "marathon-lb": """
        service:marathon:marathon:services:/ read
        service:marathon:marathon:admin:events read
    """,
    "spark": MINIMUM + ON_AGENTS + "mesos:master:task:app_id:/{service_name} create",
    "jenkins": """
        mesos:master:framework:role:{role} create,read
        mesos:master:reservation:role:{role} create,read
        mesos:master:volume:role:{role} create,read
        mesos:master:task:user:{user} create
        mesos:agent:task:user:{user} create
        mesos:master:reservation:principal:{service_account} delete
        mesos:master:volume:principal:{service_account} delete
    """,
    "jenkins-3": PACKAGE,
    "edge-lb": """
        adminrouter:ops:ca:rw full
        adminrouter:ops:ca:ro full
        adminrouter:service:marathon full
        adminrouter:package full
        adminrouter:service:edgelb full
        adminrouter:service:{folder}/pools/{pool_name} full
        service:marathon:marathon:services:/{folder} full
        mesos:master:endpoint:path:/api/v1 full
        mesos:master:endpoint:path:/api/v1/scheduler full
        mesos:master:framework:principal:{service_account} full
        mesos:master:framework:role full
        mesos:master:reservation:principal:{service_account} full
        mesos:master:reservation:role full
        mesos:master:volume:principal:{service_account} full
        mesos:master:volume:role full
        mesos:master:task:user:root full
        mesos:agent:task:user:root create
        mesos:master:task:app_id full
        secrets:default:/{folder}/* full
        secrets:list:default:/{folder}/* full
    """,
    "kubernetes": MINIMUM + RESERVATIONS + ON_AGENTS,
    "kubernetes-cluster": RESERVATIONS
    + VOLUMES
    + TLS
    + PUBLIC
    + """
        mesos:master:framework:role:{role} create
        mesos:master:task:user:root create
        mesos:agent:task:user:root create
    """,
    "marathon-on-marathon": PACKAGE + "mesos:master:task:app_id:/ create",
    "dcos-monitoring": PACKAGE + TLS + PUBLIC,
    "storage": """
        adminrouter:ops:slave full
        secrets:default:/{service_name}/* full strict
        secrets:list:default:/{service_name} read strict
        adminrouter:ops:ca:rw full strict
        adminrouter:ops:ca:ro full strict
        mesos:master:framework:principal:{service_account} full
        mesos:master:framework:role full
        mesos:master:reservation delete
        mesos:master:reservation:role full
        mesos:master:block_disk:role full
        mesos:master:mount_disk:role full
        mesos:master:raw_disk:role full
        mesos:agent:endpoint:path:/api/v1 full
        mesos:agent:resource_provider_config full
        mesos:agent:resource_provider read
    """,
    "data-science-engine": """
        mesos:master:task:user:{user} create
        mesos:agent:task:user:{user} create
        mesos:master:framework:role:{service_account} create
        mesos:master:reservation:role:{service_account} create
        mesos:master:reservation:principal:{service_account} delete
        mesos:master:volume:role:{service_account} create
        mesos:master:volume:principal:{service_account} delete
        mesos:master:task:role:{service_account} create ?
        mesos:master:task:principal:{service_account} create ?
        mesos:master:task:app_id:/{service_name} create ?
    """,
    "nifi": STATEFUL
    + """
        mesos:agent:task:user:{user} create
        secrets:default:/{service_name}/* full strict
        secrets:list:default:/{service_name} read strict
        adminrouter:ops:ca:rw full strict
        adminrouter:ops:ca:ro full strict
    """,
    "package-registry": "adminrouter:ops:ca:rw full",
    "marathon-autoscale": """
        adminrouter:ops:mesos full
        adminrouter:ops:slave full
        adminrouter:service:marathon full
        mesos:agent:endpoint:path:/containers read
        mesos:agent:endpoint:path:/metrics/snapshot read
        mesos:agent:endpoint:path:/monitor/statistics read
        mesos:agent:log read
        service:marathon:marathon:admin:events read
        mesos:agent:executor:app_id:{app_id} read
        mesos:agent:sandbox:app_id:{app_id} read
        mesos:agent:task:app_id:{app_id} read
        mesos:master:executor:app_id:{app_id} read
        service:marathon:marathon:services:{app_id} read,update
    """,
    "datadog-agent": """
        mesos:agent:endpoint:path:/metrics/snapshot read
        mesos:master:endpoint:path:/metrics/snapshot read
        mesos:agent:framework:role read
        mesos:agent:executor:app_id read
        mesos:agent:task:app_id read
    """,
    "telegraf": """
        adminrouter:ops:system-metrics full
        adminrouter:ops:mesos full
    """,
}


def lines(grants: tuple[presets.PresetGrant, ...]) -> list[str]:
    found = []
    for grant in grants:
        words = [grant.rid[len("dcos:") :], ",".join(grant.actions)]
        words += ["?"] if grant.uncertain else []
        words += [] if grant.modes == MODES else [",".join(grant.modes)]
        found.append(" ".join(words))
    return sorted(found)


def documented(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.strip())


@pytest.mark.parametrize("name", presets.SHIPPED)
def test_grants_are_the_documented_ones(name: str) -> None:
    assert lines(presets.SHIPPED[name].grants) == documented(GRANTS[name])


def test_grants_of_options() -> None:
    assert lines(presets.PUBLIC_AGENT_PODS) == documented(PUBLIC)
    assert lines(presets.TRANSPORT_ENCRYPTION) == documented(
        TLS
        + """
        mesos:master:task:app_id:/{service_name} create ?
        mesos:master:reservation:principal:{service_account} create ?
        mesos:master:volume:principal:{service_account} create ?
        """
    )
    assert presets.TRANSPORT_ENCRYPTION_FROM == "1.11"


# service_name, account, secret_path, mesos_role, linux_user where documents give one.
NAMES = {
    "cassandra": ("cassandra", "cassandra-principal", "cassandra/cassandra-secret", None, None),
    "confluent-kafka": (
        "confluent-kafka",
        "confluent-kafka-principal",
        "confluent-kafka/confluent-secret",
        None,
        None,
    ),
    "confluent-zookeeper": ("confluent-zookeeper", "confluent-zookeeper", "confluent-zookeeper/secret", None, None),
    "data-science-engine": ("data-science-engine", "data-science-engine", None, None, None),
    "datadog-agent": ("datadog-agent", "datadog_agent", None, None, None),
    "dcos-monitoring": (
        "dcos-monitoring",
        "dcos-monitoring-principal",
        "dcos-monitoring/service-private-key",
        None,
        None,
    ),
    "edge-lb": ("dcos-edgelb/api", "edge-lb-principal", "dcos-edgelb/edge-lb-secret", None, "root"),
    "elastic": ("elastic", "elastic", "elastic/secret", None, None),
    "hdfs": ("hdfs", "hdfs-principal", "hdfs/hdfs-secret", None, None),
    "hive-metastore": ("hive-metastore", "hive-metastore", None, None, None),
    "jenkins": ("jenkins", "jenkins-principal", "jenkins/jenkins-secret", "*", None),
    "jenkins-3": ("jenkins", "jenkins-principal", "jenkins/jenkins-secret", "*", None),
    "kafka": ("kafka", "kafka-principal", "kafka/kafka-secret", None, None),
    "kafka-zookeeper": ("kafka-zookeeper", "kafka-zookeeper", "kafka-zookeeper/secret", None, None),
    "kubernetes": ("kubernetes", "kubernetes", "kubernetes/sa", None, None),
    "kubernetes-cluster": ("kubernetes-cluster", "kubernetes-cluster", "kubernetes-cluster/sa", None, "root"),
    "marathon-lb": ("marathon-lb", "mlb-principal", "marathon-lb/mlb-secret", None, None),
    "nifi": ("nifi", None, None, None, None),
    "package-registry": ("dcos-registry", "registry-account", None, None, None),
    "spark": ("spark", "spark-principal", "spark/spark-secret", "*", None),
    "storage": ("storage", "storage-principal", "storage/storage-private-key", None, None),
    "telegraf": ("telegraf", "telegraf", None, None, None),
}


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda preset: preset.name)
def test_documented_names(preset: presets.Preset) -> None:
    found = (preset.service_name, preset.account, preset.secret_path, preset.mesos_role, preset.linux_user)
    assert found == NAMES.get(preset.name, (None,) * 5)


LISTS_FOR_CUSTOM_SERVICES = (
    "scheduler_minimum",
    "scheduler_reservations",
    "scheduler_local_volumes",
    "scheduler_stateful",
)


def having(field: str) -> set[str]:
    return {name for name, preset in presets.SHIPPED.items() if getattr(preset, field)}


def test_packages_that_take_the_role_of_the_group() -> None:
    assert having("quota_aware") == {
        "cassandra",
        "confluent-kafka",
        "confluent-zookeeper",
        "dcos-monitoring",
        "hive-metastore",
        "jenkins",
        "jenkins-3",
        "kafka",
        "kafka-zookeeper",
        "kubernetes-cluster",
        "nifi",
        "sdk_default",
        "spark",
    }


def test_packages_whose_scheduler_runs_as_another_user_than_its_tasks() -> None:
    """Their apps set no user, so strict mode starts them as nobody; root is the user of their tasks."""
    found = {name: (preset.linux_user, preset.scheduler_user) for name, preset in presets.SHIPPED.items()}
    assert {name for name, (_tasks, scheduler) in found.items() if scheduler} == {"edge-lb", "kubernetes-cluster"}
    assert found["edge-lb"] == found["kubernetes-cluster"] == ("root", "nobody")


@pytest.mark.parametrize("name", sorted(set(presets.SHIPPED) - set(LISTS_FOR_CUSTOM_SERVICES)))
def test_task_grants_include_the_agents(name: str) -> None:
    grants = {grant.rid: grant for grant in presets.SHIPPED[name].grants}
    for rid in [rid for rid in grants if rid.startswith("dcos:mesos:master:task:user:")]:
        on_agents = grants[rid.replace("master", "agent")]
        assert on_agents.actions == ("create",)
        assert not on_agents.uncertain


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda preset: preset.name)
def test_uncertain_grants_have_a_reason(preset: presets.Preset) -> None:
    for grant in (*preset.grants, *presets.TRANSPORT_ENCRYPTION):
        assert grant.doubt or not grant.uncertain


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda preset: preset.name)
def test_every_preset_of_a_package_names_its_sources(preset: presets.Preset) -> None:
    assert preset.sources or preset.service_name is None
    for source in preset.sources:
        assert not source.endswith(".")


def test_storage_gets_what_its_page_lists_with_the_contradiction() -> None:
    doubted = {grant.rid: grant.doubt for grant in presets.SHIPPED["storage"].grants if grant.doubt}
    assert len(doubted) == 4
    assert "without :role" in str(doubted["dcos:mesos:master:block_disk:role"])


def test_packages_that_provision_tls() -> None:
    assert having("transport_encryption") == {
        "cassandra",
        "confluent-kafka",
        "elastic",
        "hdfs",
        "hive-metastore",
        "kafka",
        "nifi",
        "sdk_default",
    }


def test_notes_without_grants() -> None:
    assert having("superuser") == {"nifi"}
    assert having("pem_secret") == {"jenkins"}
    assert {name: presets.SHIPPED[name].extra_placeholders for name in having("extra_placeholders")} == {
        "marathon_access": ("marathon_instance",),
        "marathon-autoscale": ("app_id",),
    }


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda preset: preset.name)
def test_every_grant_has_its_reason_and_known_placeholders(preset: presets.Preset) -> None:
    known = {*presets.PLACEHOLDERS, *presets.EXTRA_PLACEHOLDERS}
    for grant in (*preset.grants, *presets.TRANSPORT_ENCRYPTION, *presets.PUBLIC_AGENT_PODS):
        assert grant.reason
        assert not grant.reason.endswith(".")
        assert set(re.findall(r"\{(.*?)\}", grant.rid)) <= known
        assert grant.rid != "dcos:superuser"
    for note in preset.notes:
        assert note.endswith(".")


@pytest.mark.parametrize(
    "mistake",
    [
        r"dcos:service:adminrouter",  # words swapped
        r"dcos:service:marathon:marathon:(?!services:/|admin:|services:\{app_id\})",
        r"dev_hdfs",
        r"docs:superuser",
        r"dev__",
        r"dcos:mesos:agent:framework:role:\*",
        r"app_id:\{service_name\}",  # without its slash
    ],
)
def test_mistakes_of_the_documents_are_not_copied(mistake: str) -> None:
    for preset in presets.SHIPPED.values():
        for grant in (*preset.grants, *presets.TRANSPORT_ENCRYPTION, *presets.PUBLIC_AGENT_PODS):
            assert re.search(mistake, grant.rid) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("grafana", "no document lists its grants"),
        ("couchbase", "its documents list grants for transport encryption only"),
        ("spinnaker", "its documents list grants for transport encryption only"),
        ("datastax-dse", "no document lists its grants (its default account is datastax-dse-service-account)"),
        ("datastax-ops", "no document lists its grants (its default account is datastax-ops-service-account)"),
        ("minio", "transport encryption only; one page asks for dcos:superuser instead"),
        ("percona-pxc-mysql", "its documents ask for dcos:superuser (DC/OS 1.10, transport encryption)"),
        ("percona-server-mongodb", "its documents ask for dcos:superuser (for TLS) and nothing finer"),
        ("portworx", "dcos:secrets:default:/pwx/secrets/*"),
    ],
)
def test_packages_without_documented_grants_are_no_presets(name: str, why: str) -> None:
    with pytest.raises(DcosError) as caught:
        presets.find_presets([name], {}, "the_option")
    assert f"the_option: there is no preset '{name}'. The package takes a service account, but " in str(caught.value)
    assert why in str(caught.value)


def test_packages_without_documented_grants() -> None:
    assert len(presets.UNDOCUMENTED_GRANTS) == 32
    assert not set(presets.UNDOCUMENTED_GRANTS) & set(presets.SHIPPED)
    assert presets.find_presets(["grafana"], {"grafana": presets.Preset("grafana", "", ())}, "x")


@pytest.mark.parametrize(("given", "meant"), [("edgelb", "edge-lb"), ("casandra", "cassandra")])
def test_a_misspelt_preset_is_answered_with_the_nearest_name(given: str, meant: str) -> None:
    with pytest.raises(DcosError, match=rf"there is no preset '{given}'\. Did you mean {meant}\? Known are "):
        presets.find_presets([given], {}, "x")
