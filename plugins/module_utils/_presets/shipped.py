# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The shipped presets. Data files of module_utils do not travel with a module, hence Python.

Sources: the DC/OS documentation, versions 1.8 to 2.2: "About service authentication" (its table of Universe services
has the first word on modes), "Provisioning custom services" (the lists for schedulers), the pages of each service on
security, and the templates that they share; where those are silent, the tests of the SDK. docs/docsite/rst/presets.rst
is made from this file (make presets-table).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Mapping

from .._rules.security_modes import DISABLED, PERMISSIVE, STRICT
from .common_grants import (
    AGENT_API,
    CA,
    EVENTS,
    LOCAL_VOLUMES,
    MARATHON_API,
    MASTER_API,
    MINIMUM,
    PACKAGE_MINIMUM,
    PACKAGE_STATEFUL,
    PUBLIC_AGENT_PODS,
    REGISTER,
    RESERVATIONS,
    RESOURCES,
    RUN_AS,
    RUN_AS_ON_AGENT,
    RUN_IN_FOLDER,
    SEE_PUBLIC,
    SIGN,
    STATEFUL,
    TLS,
    create,
    doubted,
    full,
    in_strict,
    read,
    uncertain,
)
from .model import (
    NOT_AVAILABLE,
    NOT_POSSIBLE,
    OPTIONAL,
    REQUIRED,
    UNDOCUMENTED,
    Preset,
    PresetGrant,
    Support,
)

# --- how services go with modes --------------------------------------------------------------------------------------


def _support(disabled: str, permissive: str, strict: str) -> Support:
    return {DISABLED: disabled, PERMISSIVE: permissive, STRICT: strict}


_USUAL = _support(NOT_POSSIBLE, OPTIONAL, REQUIRED)
_ALWAYS = _support(REQUIRED, REQUIRED, REQUIRED)
_ENTERPRISE = _support(UNDOCUMENTED, REQUIRED, REQUIRED)
"""Documents that ask for an account "on DC/OS Enterprise", of a time without disabled mode."""

# --- presets for any service -----------------------------------------------------------------------------------------

_GENERIC = (
    Preset("scheduler_minimum", "Any service with a scheduler.", MINIMUM),
    Preset("scheduler_reservations", "A scheduler that reserves resources.", MINIMUM + RESERVATIONS),
    Preset("scheduler_local_volumes", "A scheduler that uses local persistent volumes.", MINIMUM + LOCAL_VOLUMES),
    Preset(
        "scheduler_stateful",
        "A scheduler with reservations and local persistent volumes, as the stateful packages of the catalog are.",
        STATEFUL,
    ),
    Preset(
        "sdk_default",
        "What the tests of the DC/OS SDK grant to any package built on it.",
        PACKAGE_STATEFUL,
        quota_aware=True,
        transport_encryption=True,
        sources=("mesosphere/dcos-commons, testing/sdk_security.py",),
    ),
    Preset(
        "quota_migration",
        "For a while beside a service's own preset: it moves from its own role to that of its top-level group.",
        (
            RESERVATIONS[0],
            create("dcos:mesos:master:reservation:role:slave_public/{role}", "reserve resources of public agents"),
        ),
        both_roles=True,
        notes=(
            "While it is chosen, every grant for a role is made for both: the service's own role (mesos_role, or as "
            "without this preset) and that of its group; schedulers of the SDK register with both for a while.",
            "After the migration leave it out and set group_role: the old role's grants are taken away then.",
        ),
        sources=(
            "services/kubernetes/2.4.3 to 2.8.0, operations/quota-support",
            "mesosphere/dcos-commons, changes 3102 and 3213",
        ),
    ),
    Preset(
        "group_access",
        "No service: an account, such as a pipeline's, that works on the services of one group.",
        (
            MARATHON_API,
            full("dcos:service:marathon:marathon:services:/{group}", "deploy, change and remove the group's services"),
            MASTER_API,
            AGENT_API,
            read("dcos:mesos:master:executor:app_id:/{group}", "see the group's executors"),
            read("dcos:mesos:master:task:app_id:/{group}", "see the group's tasks"),
            read("dcos:mesos:agent:executor:app_id:/{group}", "see the group's executors on agents"),
            read("dcos:mesos:agent:task:app_id:/{group}", "see the group's tasks on agents"),
            read("dcos:mesos:agent:sandbox:app_id:/{group}", "read the files and logs of the group's tasks"),
            *SEE_PUBLIC,
        ),
    ),
    Preset(
        "marathon_access",
        "No service: an account, such as a pipeline's, that works on a Marathon on Marathon.",
        (
            full("dcos:adminrouter:service:{marathon_instance}", "reach the API of this Marathon"),
            full(
                "dcos:service:marathon:{marathon_instance}:services:/", "deploy, change and remove all of its services"
            ),
            MASTER_API,
            AGENT_API,
            read("dcos:mesos:master:executor:app_id:/", "see executors"),
            read("dcos:mesos:master:task:app_id:/", "see tasks"),
            read("dcos:mesos:master:framework:role:{role}", "see the frameworks with this Marathon's role"),
            read("dcos:mesos:agent:executor:app_id:/", "see executors on agents"),
            read("dcos:mesos:agent:task:app_id:/", "see tasks on agents"),
            read("dcos:mesos:agent:sandbox:app_id:/", "read the files and logs of tasks"),
            read("dcos:mesos:agent:framework:role:{role}", "see the frameworks with this Marathon's role on agents"),
        ),
        extra_placeholders=("marathon_instance",),
        notes=("The role is that of the Marathon on Marathon: set mesos_role to it.",),
    ),
)

# --- presets of packages ---------------------------------------------------------------------------------------------

_ROOT_BEFORE = "Packages for DC/OS 1.8 run as root unless told otherwise, which strict mode refuses: set their user."
_OLD_OPTIONS = "Packages for DC/OS 1.8 and 1.9 call the options service.principal and service.secret_name."

_SERVICES = (
    Preset(
        "cassandra",
        "Apache Cassandra.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="cassandra",
        account="cassandra-principal",
        secret_path="cassandra/cassandra-secret",
        quota_aware=True,
        transport_encryption=True,
        notes=(_OLD_OPTIONS, _ROOT_BEFORE, "The group's role needs package 2.9.0 or later."),
        sources=(
            "services/cassandra/2.9.0-3.11.6/security",
            "services/cassandra/cass-auth",
            "1.8/administration/id-and-access-mgt/ent/service-auth/cass-auth",
        ),
    ),
    Preset(
        "confluent-kafka",
        "Confluent Platform's Kafka brokers.",
        PACKAGE_STATEFUL,
        support=_support(NOT_POSSIBLE, OPTIONAL, NOT_AVAILABLE),
        support_from={"1.10": _USUAL},
        service_name="confluent-kafka",
        account="confluent-kafka-principal",
        secret_path="confluent-kafka/confluent-secret",
        quota_aware=True,
        transport_encryption=True,
        notes=(_OLD_OPTIONS, "The group's role needs package 2.9.1 or later."),
        sources=(
            "1.8/administration/id-and-access-mgt/ent/service-auth/confluent-auth",
            "services/confluent-kafka/2.10.0-5.5.1/security",
            "services/confluent-kafka/kafka-auth",
        ),
    ),
    Preset(
        "confluent-zookeeper",
        "The ZooKeeper of Confluent Platform.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="confluent-zookeeper",
        account="confluent-zookeeper",
        secret_path="confluent-zookeeper/secret",
        quota_aware=True,
        notes=("The group's role needs package 2.7.0 or later.",),
        sources=(
            "services/confluent-zookeeper/2.8.0-5.5.1/security",
            "services/confluent-zookeeper/confluent-zookeeper-auth",
        ),
    ),
    Preset(
        "hdfs",
        "HDFS.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="hdfs",
        account="hdfs-principal",
        secret_path="hdfs/hdfs-secret",
        transport_encryption=True,
        notes=(_OLD_OPTIONS, _ROOT_BEFORE),
        sources=(
            "1.8/administration/id-and-access-mgt/ent/service-auth/hdfs-auth",
            "services/hdfs/hdfs-auth",
            "services/hdfs/2.8.0-3.2.1/operations/security",
        ),
    ),
    Preset(
        "kafka",
        "Apache Kafka.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="kafka",
        account="kafka-principal",
        secret_path="kafka/kafka-secret",
        quota_aware=True,
        transport_encryption=True,
        notes=(_OLD_OPTIONS, "Of the packages, only the page of 2.8.0 says that it takes the group's role."),
        sources=(
            "1.8/administration/id-and-access-mgt/ent/service-auth/kafka-auth",
            "services/kafka/2.10.0-2.4.0/security",
            "services/kafka/kafka-auth",
        ),
    ),
    Preset(
        "kafka-zookeeper",
        "The ZooKeeper of Apache Kafka.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="kafka-zookeeper",
        account="kafka-zookeeper",
        secret_path="kafka-zookeeper/secret",
        quota_aware=True,
        notes=("The group's role needs package 2.7.0 or later.",),
        sources=("services/kafka-zookeeper/2.7.0-3.4.14/security", "services/kafka-zookeeper/kafka-zookeeper-auth"),
    ),
    Preset(
        "marathon-lb",
        "Marathon-LB: load balancing for the apps of Marathon.",
        (read("dcos:service:marathon:marathon:services:/", "find the apps and their ports"), EVENTS),
        support=_support(OPTIONAL, OPTIONAL, REQUIRED),
        service_name="marathon-lb",
        account="mlb-principal",
        secret_path="marathon-lb/mlb-secret",
        notes=(
            "The package takes the secret as marathon-lb.secret_name, and no account.",
            "In strict mode set its marathon-uri to https://marathon.mesos:8443; permissive mode can do with it too.",
            "Its option strict-mode has nothing to do with the cluster's security mode.",
        ),
        sources=(
            "1.8/administration/id-and-access-mgt/ent/service-auth/mlb-auth",
            "services/marathon-lb/1.15/mlb-install",
        ),
    ),
    Preset(
        "spark",
        "Apache Spark: the dispatcher, whose drivers are frameworks of their own.",
        (*PACKAGE_MINIMUM, RUN_IN_FOLDER),
        support=_USUAL,
        service_name="spark",
        account="spark-principal",
        secret_path="spark/spark-secret",
        mesos_role="*",
        quota_aware=True,
        notes=(
            "In strict mode each job needs spark.mesos.principal set to the account too.",
            "Where service.role is set, set mesos_role to the same. The group's role needs package 2.12.0 or later.",
            "Packages for DC/OS 1.8 call the options service.principal and security.mesos.authentication.secret_name.",
        ),
        sources=(
            "1.8/administration/id-and-access-mgt/ent/service-auth/spark-auth",
            "services/spark/2.12.0-3.0.1/install",
            "services/spark/spark-auth",
            "mesosphere/spark-build, spark-testing/spark_utils.py",
            "mesosphere/spark-build, testing/sdk_security.py",
            "mesosphere/spark-build, docs/install.md",
        ),
    ),
    Preset(
        "elastic",
        "Elasticsearch and Kibana.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="elastic",
        account="elastic",
        secret_path="elastic/secret",
        transport_encryption=True,
        notes=("One guide puts the account into the group superusers; its page on authentication shows these do.",),
        sources=(
            "services/elastic/elastic-auth",
            "services/elastic/3.2.0-7.9.3/security",
            "services/elastic/3.2.0-7.9.3/how-to-guides/secure-elastic",
        ),
    ),
    Preset(
        "jenkins",
        "Jenkins 4.0 and later, which start their build agents on the cluster.",
        (
            *(replace(grant, actions=("create", "read")) for grant in (REGISTER, RESERVATIONS[0], LOCAL_VOLUMES[0])),
            RUN_AS,
            RUN_AS_ON_AGENT,
            RESERVATIONS[1],
            LOCAL_VOLUMES[1],
        ),
        support=_USUAL,
        service_name="jenkins",
        account="jenkins-principal",
        secret_path="jenkins/jenkins-secret",
        mesos_role="*",
        quota_aware=True,
        pem_secret="private_key",
        notes=(
            "The package takes the account as service.security.service-account and the secret with the PEM key as "
            "service.security.secret-name, and service.security.strict-mode says that the cluster is strict.",
            "For another role than * the account dcos_adminrouter may lack read on "
            "dcos:mesos:master:framework:role:<role>.",
        ),
        sources=("services/jenkins/4.0.0-2.204.6/jenkins-auth",),
    ),
    Preset(
        "jenkins-3",
        "Jenkins 3.6, which starts its build agents on the cluster.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="jenkins",
        account="jenkins-principal",
        secret_path="jenkins/jenkins-secret",
        mesos_role="*",
        quota_aware=True,
        notes=(
            "The package takes the secret as security.secret-name; security.strict-mode says the cluster is strict.",
            "For Jenkins 3.5 scheduler_minimum with the role * is enough.",
        ),
        sources=("services/jenkins/3.5.4-2.150.1/jenkins-auth", "services/jenkins/3.6.1-2.190.1/jenkins-auth"),
    ),
    Preset(
        "edge-lb",
        "Edge-LB: the API server, which starts load balancers in pools.",
        (
            *CA,
            MARATHON_API,
            full("dcos:adminrouter:package", "install the package of its pools"),
            full("dcos:adminrouter:service:edgelb", "reach its own API"),
            full("dcos:adminrouter:service:{folder}/pools/{pool_name}", "reach the scheduler of each pool by its name"),
            full("dcos:service:marathon:marathon:services:/{folder}", "start and stop the schedulers of its pools"),
            full("dcos:mesos:master:endpoint:path:/api/v1", "follow the tasks of the cluster"),
            full("dcos:mesos:master:endpoint:path:/api/v1/scheduler", "talk to Mesos as a scheduler"),
            full("dcos:mesos:master:framework:principal:{service_account}", "tear down the frameworks of its pools"),
            full("dcos:mesos:master:framework:role", "register its pools with any role"),
            full("dcos:mesos:master:reservation:principal:{service_account}", "unreserve own resources"),
            full("dcos:mesos:master:reservation:role", "reserve resources for any role"),
            full("dcos:mesos:master:volume:principal:{service_account}", "destroy own persistent volumes"),
            full("dcos:mesos:master:volume:role", "create persistent volumes for any role"),
            full("dcos:mesos:master:task:user:root", "run load balancers as root"),
            create("dcos:mesos:agent:task:user:root", "run load balancers as root, as agents check it"),
            full("dcos:mesos:master:task:app_id", "run tasks in any folder"),
            full("dcos:secrets:default:/{folder}/*", "keep keys and certificates as secrets of its own"),
            full("dcos:secrets:list:default:/{folder}/*", "find its keys and certificates again"),
        ),
        support=_support(REQUIRED, REQUIRED, NOT_AVAILABLE),
        support_from={"1.11": _ALWAYS},
        service_name="dcos-edgelb/api",
        account="edge-lb-principal",
        secret_path="dcos-edgelb/edge-lb-secret",
        linux_user="root",
        scheduler_user="nobody",
        app="api",
        notes=(
            "Its app is <service.name>/api: give either that or service.name itself as the name. Its grants are for "
            "the folder service.name, dcos-edgelb by default.",
            "Each pool needs a grant of its own: name the pools in preset_values.pool_name.",
            "The package takes account and secret as service.principal and service.secretName. In disabled mode set "
            "service.mesosProtocol to http and service.mesosAuthNZ to false.",
            "Versions 1.0 to 1.3 need neither the CA nor the secrets grants. Its documents offer the group superusers "
            "as the simpler way.",
        ),
        sources=(
            "services/edge-lb/1.7/getting-started/installing",
            "services/edge-lb/1.7/reference/permissions",
            "mesosphere/universe, repo/packages/E/edgelb/200/marathon.json.mustache",
        ),
    ),
    Preset(
        "kubernetes",
        "The Mesosphere Kubernetes Engine, which manages clusters.",
        PACKAGE_MINIMUM + RESERVATIONS,
        support=_ENTERPRISE,
        service_name="kubernetes",
        account="kubernetes",
        secret_path="kubernetes/sa",
        sources=(
            "services/kubernetes/2.8.0-1.19.2/getting-started/installing-mke",
            "dcos/client-go, examples/kubernetes/main.go",
        ),
    ),
    Preset(
        "kubernetes-cluster",
        "One Kubernetes cluster of the Mesosphere Kubernetes Engine.",
        (
            REGISTER,
            create("dcos:mesos:master:task:user:root", "run the Kubernetes nodes as root"),
            create("dcos:mesos:agent:task:user:root", "run the Kubernetes nodes as root, as agents check it"),
            *RESOURCES,
            *TLS,
            *PUBLIC_AGENT_PODS,
        ),
        support=_ENTERPRISE,
        service_name="kubernetes-cluster",
        account="kubernetes-cluster",
        secret_path="kubernetes-cluster/sa",
        linux_user="root",
        scheduler_user="nobody",
        quota_aware=True,
        notes=(
            "Without any one of these its scheduler starts again and again.",
            "The group's role needs package 2.4.3 or later.",
            "Kubernetes 1.1 to 2.0 also want create and delete on dcos:service:marathon:marathon:services:/.",
        ),
        sources=(
            "services/kubernetes/2.8.0-1.19.2/getting-started/creating-clusters",
            "services/kubernetes/2.8.0-1.19.2/operations/customizing-install",
            "services/kubernetes/2.4.3 to 2.8.0, operations/quota-support",
            "mesosphere/universe, repo/packages/K/kubernetes-cluster/2610/marathon.json.mustache",
        ),
    ),
    Preset(
        "marathon-on-marathon",
        "A further Marathon that runs on the native one.",
        (
            *PACKAGE_STATEFUL,
            create("dcos:mesos:master:task:app_id:/", "run tasks in any folder"),
        ),
        notes=(
            "The role is free: it must be what its option --mesos_role says, so set mesos_role.",
            "What its users need is in the preset marathon_access.",
        ),
        sources=(
            "2.2/deploying-services/marathon-on-marathon/advanced",
            "2.2/deploying-services/marathon-on-marathon/basic",
            "1.10/deploying-services/marathon-on-marathon/advanced",
        ),
    ),
    Preset(
        "dcos-monitoring",
        "DC/OS Monitoring: Prometheus and Grafana.",
        PACKAGE_STATEFUL + TLS + PUBLIC_AGENT_PODS,
        support=_USUAL,
        service_name="dcos-monitoring",
        account="dcos-monitoring-principal",
        secret_path="dcos-monitoring/service-private-key",
        quota_aware=True,
        notes=("Its page names the group's role for every service in a group of DC/OS 2.0 and later.",),
        sources=("services/dcos-monitoring/1.4.0/configure-dcos-access",),
    ),
    Preset(
        "storage",
        "The DC/OS Storage Service.",
        (
            full("dcos:adminrouter:ops:slave", "reach the storage plugins on the agents"),
            *in_strict(TLS),
            full("dcos:mesos:master:framework:principal:{service_account}", "tear down its own framework"),
            full("dcos:mesos:master:framework:role", "register with any role"),
            *doubted(
                "the reference knows delete on a principal's reservations only",
                PresetGrant("dcos:mesos:master:reservation", ("delete",), "unreserve any resources"),
            ),
            full("dcos:mesos:master:reservation:role", "reserve resources for any role"),
            *doubted(
                "the reference writes it without :role",
                full("dcos:mesos:master:block_disk:role", "create and destroy block disks"),
                full("dcos:mesos:master:mount_disk:role", "create and destroy mount disks"),
            ),
            *doubted(
                "the reference does not know it",
                full("dcos:mesos:master:raw_disk:role", "create and destroy raw disks"),
            ),
            full("dcos:mesos:agent:endpoint:path:/api/v1", "talk to the agents"),
            full("dcos:mesos:agent:resource_provider_config", "configure the agents' storage"),
            read("dcos:mesos:agent:resource_provider", "see the agents' storage"),
        ),
        support=_ENTERPRISE,
        service_name="storage",
        account="storage-principal",
        secret_path="storage/storage-private-key",
        notes=(
            "The package takes account and secret as service.principal and service.secret-name. In strict mode set "
            "service.enforce-authorization.",
            "beta-storage had other grants, which the upgrade to 1.0.0 takes away.",
        ),
        sources=("services/storage/1.0.0/install", "services/storage/1.0.0/upgrades"),
    ),
    Preset(
        "data-science-engine",
        "The Data Science Engine: Jupyter with Spark.",
        (
            RUN_AS,
            RUN_AS_ON_AGENT,
            *(replace(grant, rid=grant.rid.replace("{role}", "{service_account}")) for grant in (REGISTER, *RESOURCES)),
            *uncertain(
                "no other document knows it",
                create("dcos:mesos:master:task:role:{service_account}", "run tasks with this role"),
                create("dcos:mesos:master:task:principal:{service_account}", "run tasks under its own principal"),
            ),
            *uncertain("its page writes it without the slash", RUN_IN_FOLDER),
        ),
        support=_USUAL,
        service_name="data-science-engine",
        account="data-science-engine",
        notes=(
            "Its role is the name of the account: set the package's spark.spark_mesos_role to it, and likewise "
            "spark.spark_mesos_principal.",
        ),
        sources=("services/data-science-engine/2.1.0/security", "services/data-science-engine/2.1.0/storage/s3"),
    ),
    Preset(
        "nifi",
        "Apache NiFi, package 1.0 and later.",
        (
            *PACKAGE_STATEFUL,
            *in_strict(TLS),
        ),
        support=_USUAL,
        service_name="nifi",
        quota_aware=True,
        transport_encryption=True,
        superuser="packages 0.1.0 to 0.4.0 are documented with dcos:superuser full only",
        sources=(
            "services/nifi/1.0.1-1.9.2/security",
            "services/nifi/configure-dcos-access",
            "services/nifi/0.3.0-1.7.1/security",
        ),
    ),
    Preset(
        "hive-metastore",
        "The Hive Metastore.",
        PACKAGE_STATEFUL,
        support=_USUAL,
        service_name="hive-metastore",
        account="hive-metastore",
        quota_aware=True,
        transport_encryption=True,
        sources=("services/hive-metastore/1.2.0-3.0.0/security",),
    ),
    Preset(
        "package-registry",
        "The DC/OS Package Registry, for clusters without a way to the Internet.",
        (SIGN,),
        support=_ENTERPRISE,
        service_name="dcos-registry",
        account="registry-account",
        notes=(
            "The package takes the secret as registry.service-account-secret-path, and no account. The documented "
            "registry-private-key is in no folder, so every service could read it; the derived path is tighter.",
        ),
        sources=(
            "2.2/administering-clusters/package-registry",
            "mesosphere/dcos-commons, testing/sdk_package_registry.py",
        ),
    ),
    Preset(
        "marathon-autoscale",
        "Marathon-autoscale: it watches apps and changes how many instances they have.",
        (
            MASTER_API,
            AGENT_API,
            MARATHON_API,
            EVENTS,
            PresetGrant(
                "dcos:service:marathon:marathon:services:{app_id}", ("read", "update"), "see the app and scale it"
            ),
            read("dcos:mesos:master:executor:app_id:{app_id}", "see the app's executors"),
            read("dcos:mesos:agent:executor:app_id:{app_id}", "see the app's executors on agents"),
            read("dcos:mesos:agent:task:app_id:{app_id}", "see the app's tasks on agents"),
            read("dcos:mesos:agent:sandbox:app_id:{app_id}", "read the files of the app's tasks"),
            read("dcos:mesos:agent:endpoint:path:/containers", "see the containers of an agent"),
            read("dcos:mesos:agent:endpoint:path:/monitor/statistics", "read what tasks consume"),
            read("dcos:mesos:agent:endpoint:path:/metrics/snapshot", "read the metrics of an agent"),
            read("dcos:mesos:agent:log", "read the log of an agent"),
        ),
        support=_ENTERPRISE,
        extra_placeholders=("app_id",),
        notes=("Name the apps that it scales in preset_values.app_id. Its own script breaks on folders.",),
        sources=(
            "mesosphere/marathon-autoscale, bin/create-service-account.sh",
            "mesosphere/marathon-autoscale, README.md",
        ),
    ),
    Preset(
        "datadog-agent",
        "The Datadog agent on the nodes, reading the metrics of Mesos.",
        (
            read("dcos:mesos:master:endpoint:path:/metrics/snapshot", "read the metrics of the master"),
            read("dcos:mesos:agent:endpoint:path:/metrics/snapshot", "read the metrics of an agent"),
            read("dcos:mesos:agent:framework:role", "see frameworks with any role on agents"),
            read("dcos:mesos:agent:executor:app_id", "see executors on agents"),
            read("dcos:mesos:agent:task:app_id", "see tasks on agents"),
        ),
        support=_support(UNDOCUMENTED, UNDOCUMENTED, REQUIRED),
        service_name="datadog-agent",
        account="datadog_agent",
        notes=("Its guide copies the key to the nodes as a file: set key_store to file.",),
        sources=("DataDog/dcos-datadog-agent-docs, README.md",),
    ),
    Preset(
        "telegraf",
        "Telegraf outside the cluster, with its DC/OS input.",
        (
            full("dcos:adminrouter:ops:system-metrics", "read the metrics of nodes and containers"),
            full("dcos:adminrouter:ops:mesos", "find the nodes of the cluster"),
        ),
        support=_ALWAYS,
        service_name="telegraf",
        account="telegraf",
        notes=("It runs outside the cluster: set origin to outside and key_store to file.",),
        sources=("influxdata/influxdb, ui/src/writeData/components/telegrafPlugins/dcos.md",),
    ),
)

SHIPPED: Mapping[str, Preset] = {preset.name: preset for preset in _GENERIC + _SERVICES}

# --- packages that take an account, but whose grants no document lists -----------------------------------------------

_NOTHING = "no document lists its grants"
_ONLY_TLS = "its documents list grants for transport encryption only"

# fmt: off
_WITHOUT_A_WORD = (
    "alluxio-enterprise", "arangodb3", "cockroachdb", "consul", "crate", "dse", "etcd", "ethereum", "flink",
    "grafana", "hello-world", "hivemq", "percona-mongo", "portworx-cassandra", "portworx-confluent-kafka",
    "portworx-couchdb", "portworx-elastic", "portworx-hdfs", "portworx-kafka", "portworx-zookeeper", "prometheus",
    "rabbitmq", "redis-cluster", "traefik",
)
# fmt: on

UNDOCUMENTED_GRANTS: Mapping[str, str] = {
    **dict.fromkeys(_WITHOUT_A_WORD, _NOTHING),
    "couchbase": _ONLY_TLS,
    "datastax-dse": f"{_NOTHING} (its default account is datastax-dse-service-account)",
    "datastax-ops": f"{_NOTHING} (its default account is datastax-ops-service-account)",
    "minio": f"{_ONLY_TLS}; one page asks for dcos:superuser instead",
    "percona-pxc-mysql": "its documents ask for dcos:superuser (DC/OS 1.10, transport encryption) and nothing finer",
    "percona-server-mongodb": "its documents ask for dcos:superuser (for TLS) and nothing finer",
    "portworx": (
        "its documents say only that the user whose login it is given needs full on the secrets of encrypted volumes "
        "(dcos:secrets:default:/pwx/secrets/*)"
    ),
    "spinnaker": _ONLY_TLS,
}
"""Name of the package -> what is known, as the end of a sentence."""
