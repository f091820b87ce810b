# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: what every module does, a whole rotation and a fleet, each on one populated cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import token_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text, public_text
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import run

ENDPOINT = "https://leader.mesos/acs/api/v1/auth/login"
MARATHON = "dcos:service:marathon:marathon:services:/"
Options = Mapping[str, Any]
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """One module with its options; they may depend on the results of the tasks before it."""

    module: str
    options: Options | Callable[[Sequence[Result]], Options]


@dataclass(frozen=True)
class Scenario:
    """A play.

    tasks: what is run, until one of them fails.
    prepare: what there is beside the populated cluster.
    plain: what repairs what a failure left: the same tasks, unless they want something new each time.
    keys: accounts -> paths of the secrets that hold their keys.
    made: paths of the secrets whose values are made anew each time.
    settles: whether a second run finds nothing to do.
    """

    tasks: Sequence[Task]
    prepare: Callable[[EmulatedCluster], None] = lambda cluster: None
    files: Mapping[str, str] = field(default_factory=dict)
    plain: Sequence[Task] | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    made: Sequence[str] = ()
    settles: bool = True


def play(tasks: Sequence[Task], cluster: Callable[..., Any], folder: Path) -> list[Result]:
    """The results of the tasks that ran; C({folder}) in an option is the folder with local files."""
    results: list[Result] = []
    for task in tasks:
        options = task.options(results) if callable(task.options) else task.options
        local = {k: v.format(folder=folder) if k.endswith(("path", "src")) else v for k, v in options.items()}
        results.append(run(task.module, local, cluster))
        if results[-1].get("failed"):
            break
    return results


def document(uid: str, key: str) -> dict[str, str]:
    return {"uid": uid, "scheme": "RS256", "login_endpoint": ENDPOINT, "private_key": private_text(key)}


def populate(cluster: EmulatedCluster) -> None:
    """A service with a key, grants, groups and a secret; one like it that nobody may touch; a person and a password."""
    for uid in ("svc", "bystander"):
        cluster.add_account(uid, public_text(uid), f"Service of\n{uid}")
        cluster.store_secret(f"{uid}/secret", document(uid, uid))
    for rid, action in (("dcos:a", "read"), ("dcos:a", "full"), ("dcos:b:/x/*", "read")):
        cluster.add_grant("svc", rid, action)
    cluster.add_grant("bystander", "dcos:a", "read")
    cluster.add_grant("bystander", "dcos:superuser", "full")
    cluster.set_members("dev", "svc", "bystander")
    cluster.set_members("ops", "svc")
    cluster.set_members("others", "bystander")
    cluster.add_grant("dev", "dcos:group", "full", "groups")
    cluster.store_secret("somebody/password", "S3CRET")


def _task(module: str, **options: Any) -> Task:
    return Task(f"dcos_{module}", options)


def _public_key(results: Sequence[Result]) -> str:
    key: str = results[0]["secret"]["public_key"]
    return key


ACCOUNT = {"uid": "svc", "description": "Service of\nsvc"}
SECRET = {"uid": "svc", "path": "svc/secret", "security_mode": "strict"}
SVC_KEY = {"svc": "svc/secret"}


def _prepared(cluster: EmulatedCluster) -> None:
    cluster.store_secret("svc/secret-next", document("svc", "next"))


def _replaced(cluster: EmulatedCluster) -> None:
    _prepared(cluster)
    cluster.change_account("svc", public_text("next"))


def _misspelt(cluster: EmulatedCluster) -> None:
    stored = document("svc", "svc")
    cluster.store_secret("svc/secret", {"schema" if name == "scheme" else name: v for name, v in stored.items()})


def _interrupted(cluster: EmulatedCluster) -> None:
    """A replacement that died after the deletion."""
    _prepared(cluster)
    cluster.remove_account("svc")
    text = (
        '{"description": "Service of\\nsvc", "groups": ["dev", "ops"], "grants": ['
        '{"rid": "dcos:a", "actions": ["read", "full"]}, {"rid": "dcos:b:/x/*", "actions": ["read"]}]}'
    )
    cluster.add_account("svc.replacing", public_text("next"), text)


def _copied(cluster: EmulatedCluster) -> None:
    _replaced(cluster)
    cluster.store_secret("svc/private_key", private_text("svc"))


def _mighty(cluster: EmulatedCluster) -> None:
    cluster.add_grant("svc", "dcos:superuser", "full")


ROTATION = (
    _task("sa_secret", **SECRET, generate_key=True, rotate="prepare"),
    Task(
        "dcos_service_account",
        lambda results: {
            "uid": "svc",
            "public_key": _public_key(results),
            "replace_key": True,
            "secret_path": "svc/secret",
        },
    ),
    _task("token", uid="svc", secret_path="svc/secret-next", return_token=False),
    _task("sa_secret", **SECRET, generate_key=True, rotate="finish"),
)
PLAIN = (
    _task("sa_secret", **SECRET, generate_key=True),
    Task("dcos_service_account", lambda results: {"uid": "svc", "public_key": _public_key(results)}),
    _task("sa_secret", **SECRET, generate_key=True),
)

NAMES = ("/team/api", "/team/queue")
FLEET_KEYS = {f"team__{name[6:]}-principal": f"{name[1:]}/{name[6:]}-secret" for name in NAMES}


def _services(**variables: Any) -> list[dict[str, Any]]:
    granted = [{"rid": MARATHON + "team", "actions": ["read"]}]
    return [
        {"name": name, "permissions": [*granted, {"rid": MARATHON + name[1:], "actions": ["full"]}], **variables}
        for name in NAMES
    ]


def _fleet(**variables: Any) -> tuple[Task]:
    """One thread: requests come in the same order each time."""
    return (_task("services", services=_services(**variables), concurrency=1),)


def _provisioned(cluster: EmulatedCluster) -> None:
    for (uid, path), name in zip(FLEET_KEYS.items(), NAMES, strict=True):
        cluster.add_account(uid, public_text(uid), f"Service account of {name}")
        cluster.store_secret(path, document(uid, uid))
        cluster.add_grant(uid, MARATHON + "team", "read")
        cluster.add_grant(uid, MARATHON + name[1:], "full")
        cluster.add_members("dev", uid)


DENIED = [
    f"type=audit timestamp=2026-06-14T09:12:0{second}Z authorizer=adminrouter object={rid} action=full result=deny "
    f'reason="IAM PQ response" srcip=10.0.6.4 srcport=51812 request_uri=/a uid={uid}'
    for second, (uid, rid) in enumerate([("svc", "dcos:adminrouter:package"), ("bystander", "dcos:adminrouter:acs")])
]


def _team(cluster: EmulatedCluster) -> None:
    cluster.add_person("alice", PERSONS_PASSWORD)
    cluster.add_members("dev", "alice")


PERSONS_PASSWORD = "S3CRET of a person"

SCENARIOS: dict[str, Scenario] = {
    "user, new": Scenario((_task("user", uid="bob", password=PERSONS_PASSWORD, groups=["dev", "ops"]),)),
    "user, new and remote": Scenario((_task("user", uid="bob", provider_type="saml", provider_id="sso"),)),
    "user, changed": Scenario(
        (
            _task(
                "user",
                uid="alice",
                description="d",
                password="S3CRET as it shall be",
                update_password="always",
                groups=["ops"],
                groups_exclusive=True,
            ),
        ),
        prepare=_team,
    ),
    "user, unchanged": Scenario(
        (_task("user", uid="alice", password=PERSONS_PASSWORD, update_password="always", groups=["dev"]),),
        prepare=_team,
    ),
    "user, absent": Scenario((_task("user", uid="alice", state="absent"),), prepare=_team),
    "initial superuser, another password": Scenario(
        (_task("initial_superuser", uid="alice", password="S3CRET as it shall be"),), prepare=_team
    ),
    "initial superuser, retired": Scenario((_task("initial_superuser", uid="alice", state="absent"),), prepare=_team),
    "group, new": Scenario((_task("group", gid="team", description="d", members=["alice", "svc"]),), prepare=_team),
    "group, other members": Scenario(
        (_task("group", gid="dev", description="d", members=["alice", "bystander"], members_exclusive=True),),
        prepare=_team,
    ),
    "group, unchanged": Scenario((_task("group", gid="dev", members=["svc", "bystander"], members_exclusive=True),)),
    "group, absent": Scenario((_task("group", gid="dev", state="absent"),), prepare=_team),
    "user_info": Scenario((_task("user_info"),), prepare=_team),
    "user_info of one": Scenario((_task("user_info", uid="alice"),), prepare=_team),
    "group_info": Scenario((_task("group_info"),)),
    "group_info of one": Scenario((_task("group_info", gid="dev"),)),
    "account, new": Scenario((_task("service_account", uid="new", public_key=public_text("new"), description="d"),)),
    "account, another description": Scenario((_task("service_account", uid="svc", description="d"),)),
    "account, in a group": Scenario((_task("service_account", **ACCOUNT, groups=["others", "dev"]),)),
    "account, unchanged": Scenario((_task("service_account", **ACCOUNT, public_key=public_text("svc")),)),
    "account, absent": Scenario((_task("service_account", uid="svc", state="absent"),)),
    "account, absent with a journal": Scenario(
        (_task("service_account", uid="svc", state="absent"),),
        prepare=lambda cluster: cluster.add_account(
            "svc.replacing", public_text("next"), '{"description": "", "grants": [], "groups": []}'
        ),
    ),
    "account, another key": Scenario(
        (_task("service_account", **ACCOUNT, public_key=public_text("next"), replace_key=True),)
    ),
    "account, the next key": Scenario(
        (
            _task(
                "service_account",
                **ACCOUNT,
                public_key=public_text("next"),
                replace_key=True,
                secret_path="svc/secret",
            ),
        ),
        prepare=_prepared,
        keys=SVC_KEY,
    ),
    "account, an interrupted replacement": Scenario(
        (_task("service_account", uid="svc"),), prepare=_interrupted, keys=SVC_KEY
    ),
    "grants": Scenario(
        (
            _task(
                "acl_grant",
                uid="svc",
                permissions=[{"rid": "dcos:a", "actions": ["update"]}, {"rid": "dcos:new", "actions": ["read"]}],
            ),
        )
    ),
    "grants, absent": Scenario(
        (_task("acl_grant", uid="svc", permissions=[{"rid": "dcos:a", "actions": ["read"]}], state="absent"),)
    ),
    "grants, exclusive": Scenario(
        (_task("acl_grant", uid="svc", rid="dcos:new", actions=["read"], exclusive=True),), prepare=_mighty
    ),
    "grants, superuser power": Scenario(
        (_task("acl_grant", uid="svc", rid="dcos:superuser", state="absent"),), prepare=_mighty
    ),
    "grants, unused ACLs": Scenario(
        (
            _task(
                "acl_grant",
                uid="svc",
                permissions=[{"rid": "dcos:a"}, {"rid": "dcos:b:/x/*"}],
                state="absent",
                delete_unused_acls=True,
            ),
        )
    ),
    "grants of a group": Scenario((_task("acl_grant", gid="dev", rid="dcos:new", actions=["full"], exclusive=True),)),
    "secret, a key that is made": Scenario(
        (_task("sa_secret", uid="new", path="new/secret", generate_key=True, security_mode="strict"),)
    ),
    "secret, a key that is given": Scenario(
        (_task("sa_secret", uid="new", path="new/secret", private_key=private_text("new"), login_endpoint=ENDPOINT),)
    ),
    "secret, repaired": Scenario((_task("sa_secret", **SECRET, generate_key=True),), prepare=_misspelt, keys=SVC_KEY),
    "secret, prepare": Scenario((_task("sa_secret", **SECRET, generate_key=True, rotate="prepare"),), keys=SVC_KEY),
    "secret, finish": Scenario(
        (_task("sa_secret", **SECRET, generate_key=True, rotate="finish"),), prepare=_replaced, keys=SVC_KEY
    ),
    "secret, finish with the copy of the key": Scenario(
        (_task("sa_secret", **SECRET, pem_path="svc/private_key", generate_key=True, rotate="finish"),),
        prepare=_copied,
        keys=SVC_KEY,
    ),
    "secret, absent with the copy of the key": Scenario(
        (_task("sa_secret", uid="svc", path="svc/secret", pem_path="svc/private_key", state="absent"),),
        prepare=_copied,
    ),
    "secret, a leftover": Scenario((_task("sa_secret", **SECRET, generate_key=True),), prepare=_prepared, keys=SVC_KEY),
    "secret, absent": Scenario((_task("sa_secret", uid="svc", path="svc/secret", state="absent"),), prepare=_prepared),
    "plain secret, new": Scenario((_task("secret", path="new/password", value="a value"),)),
    "plain secret, made": Scenario(
        (_task("secret", path="new/password", generate={"length": 20}),), made=["new/password"]
    ),
    "plain secret, a file in place of a text": Scenario(
        (_task("secret", path="somebody/password", src="{folder}/keytab"),), files={"keytab": "a file"}
    ),
    "plain secret, absent": Scenario((_task("secret", path="somebody/password", state="absent"),)),
    "secret_info": Scenario((_task("secret_info", path="svc"),)),
    "token of a stored key": Scenario(
        (_task("token", uid="svc", secret_path="svc/secret", return_token=False),), settles=False
    ),
    "token in a file": Scenario((_task("token", secret_path="svc/secret", path="{folder}/token"),)),
    "token that was kept": Scenario(
        (_task("token", uid="svc", private_key=private_text("svc"), path="{folder}/token"),),
        files={"token": token_of("svc")},
    ),
    "cluster_info": Scenario((_task("cluster_info"),)),
    "ca": Scenario((_task("ca", path="{folder}/ca.crt", trust_on_first_use=True),)),
    "service_account_info": Scenario((_task("service_account_info"),)),
    "service_account_info of one": Scenario((_task("service_account_info", uid="svc"),)),
    "acl_grant_info of an account": Scenario((_task("acl_grant_info", uid="svc"),)),
    "acl_grant_info of a group": Scenario((_task("acl_grant_info", gid="dev"),)),
    "acl_grant_info of a resource": Scenario((_task("acl_grant_info", rid="dcos:a"),)),
    "sa_secret_info": Scenario((_task("sa_secret_info", path="svc/secret"),), prepare=_prepared),
    "audit_info": Scenario((_task("audit_info", uid=["svc", "bystander"], text=DENIED),)),
    "access_info": Scenario((_task("access_info"),)),
    "rotation": Scenario(ROTATION, plain=PLAIN, keys=SVC_KEY),
    "fleet, provisioning": Scenario(_fleet(), keys=FLEET_KEYS),
    "fleet, rotation": Scenario(_fleet(rotate_key=True), prepare=_provisioned, plain=_fleet(), keys=FLEET_KEYS),
    "fleet, retirement": Scenario(_fleet(state="absent", delete_unused_acls=True), prepare=_provisioned),
}
