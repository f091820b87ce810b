# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the role: derived names, grants by mode, and everything that is refused before the first write."""

from __future__ import annotations

import ast
import json
from datetime import date, datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.keypair import NEXT_SUFFIX
from ansible_collections.dcos.security.plugins.module_utils._rules.identifiers import check_secret_path, check_uid
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Permission
from ansible_collections.dcos.security.plugins.module_utils._rules.secret_spaces import readable_by
from ansible_collections.dcos.security.plugins.module_utils._service.names import KeyFiles, Names
from ansible_collections.dcos.security.plugins.module_utils._service.names import derive_names as derive
from ansible_collections.dcos.security.plugins.module_utils._service.plan import PREFIX, Plan, plan_service
from ansible_collections.dcos.security.plugins.module_utils._service.variables import VARIABLES

ENTERPRISE = {"url": "https://dcos.example.com", "security_mode": "strict", "version": "2.2", "variant": "enterprise"}
UNREADABLE = {**ENTERPRISE, "security_mode": None, "variant": None}

ROLE = "dcos:mesos:master:framework:role:prod__cassandra-role"
USER = "dcos:mesos:master:task:user:nobody"

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
SEGMENT = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
SERVICE = st.lists(SEGMENT, min_size=1, max_size=4)


def derive_names(name: str) -> Names:
    return derive(name, "dcos_service_name")


def plan(**raw: Any) -> Plan:
    return plan_service({"name": "/prod/cassandra", "security_mode": "strict", **raw})


def refused(cluster: Any = None, **raw: Any) -> DcosError:
    with pytest.raises(DcosError) as caught:
        plan_service({"name": "/prod/cassandra", "security_mode": "strict", **raw}, cluster)
    return caught.value


def test_groups_and_size_may_be_answers_to_a_survey() -> None:
    assert plan().groups == ()
    assert (plan(groups="ops").groups, plan(groups='["ops", "dev", "ops"]').groups) == (("ops",), ("ops", "dev"))
    assert plan(groups="ops", state="absent").groups == ()
    assert plan_service({"name": "/a", "groups": "ops"}, ENTERPRISE, purpose="rotate").groups == ()
    assert (plan(key_size="").key_size, plan(key_size=" 4096 ").key_size, plan(key_size=3072).key_size) == (
        2048,
        4096,
        3072,
    )
    for odd in ("4k", "-4096", True, 2048.5, [2048]):
        assert "dcos_service_key_size" in str(refused(key_size=odd))


# --- names


@pytest.mark.parametrize(
    ("name", "account", "secret_path", "mesos_role", "group"),
    [
        ("/cassandra", "cassandra-principal", "cassandra/cassandra-secret", "cassandra-role", None),
        ("cassandra", "cassandra-principal", "cassandra/cassandra-secret", "cassandra-role", None),
        (
            "/prod/cassandra",
            "prod__cassandra-principal",
            "prod/cassandra/cassandra-secret",
            "prod__cassandra-role",
            "prod",
        ),
        (
            "team01/prod/cassandra",
            "team01__prod__cassandra-principal",
            "team01/prod/cassandra/cassandra-secret",
            "team01__prod__cassandra-role",
            "team01",
        ),
        ("/a.b/c-1", "a.b__c-1-principal", "a.b/c-1/c-1-secret", "a.b__c-1-role", "a.b"),
    ],
)
def test_derived_names(name: str, account: str, secret_path: str, mesos_role: str, group: str | None) -> None:
    names = derive_names(name)
    assert names.service_name == name.lstrip("/")
    assert (names.account, names.secret_path, names.mesos_role, names.group) == (
        account,
        secret_path,
        mesos_role,
        group,
    )


@pytest.mark.parametrize(
    "name",
    [
        "/",
        "//a",
        "a/",
        "a//b",
        "/a/../b",
        "/a/./b",
        "..",
        "/a/b__c",
        "/a_b",
        "/A",
        "/-a",
        "/a-",
        "/a..b",
        "/a.",
        "/a b",
        "/a\n",
        "/ä",
        "/a/%2f",
        "/a:b",
    ],
)
def test_names_refused(name: str) -> None:
    assert f"dcos_service_name: {name!r} is not the name of a service" in str(refused(name=name))


@given(SERVICE)
def test_derived_names_are_valid_and_the_service_can_read_its_secret(segments: list[str]) -> None:
    names = derive_names("/" + "/".join(segments))
    assert names == derive_names("/".join(segments))
    assert check_secret_path(names.secret_path, "x") == names.secret_path
    assert readable_by(names.service_name, names.secret_path)
    if len(names.account) <= 96:
        assert check_uid(names.account, "x") == names.account


@given(SERVICE, SERVICE)
def test_different_services_never_share_a_name(one: list[str], other: list[str]) -> None:
    first, second = derive_names("/".join(one)), derive_names("/".join(other))
    same = one == other
    assert (first.account == second.account) is same
    assert (first.mesos_role == second.mesos_role) is same
    assert (first.secret_path == second.secret_path) is same


@given(st.text())
def test_any_text_is_a_name_or_a_clear_error(name: str) -> None:
    try:
        derived = derive_names(name)
    except DcosError as error:
        assert str(error).startswith("dcos_service_name: ")  # noqa: PT017
    else:
        assert "__" not in derived.service_name
        assert not derived.service_name.startswith("/")


# --- purposes


SAID: dict[str, Any] = {
    "preset": "scheduler_stateful",
    "permissions": [{"rid": "dcos:adminrouter:ops:mesos", "actions": ["full"]}],
    "superuser": True,
    "description": "x",
    "principal": "another",
    "linux_user": "core",
    "run_as_grants": True,
}


def purposed(purpose: str, **raw: Any) -> Plan:
    cluster = {**ENTERPRISE, "security_mode": "permissive"}
    return plan_service({"name": "/prod/cassandra", **raw}, cluster, purpose=purpose)


def test_a_rotation_takes_names_only() -> None:
    made = purposed("rotate", **SAID)
    assert (made.stage, made.rotate_key, made.permissions, made.run_as, made.exclusive, made.warnings) == (
        *("rotated", True, (), (), False, ()),
    )
    assert made.account == purposed("provision", **SAID).account


@pytest.mark.parametrize(
    ("purpose", "raw", "stage"),
    [
        ("provision", {}, "present"),
        ("provision", {"state": "absent"}, "absent"),
        ("rotate", {}, "rotated"),
        ("rotate", {"rotate_key": False}, "rotated"),
        ("rotate", {"state": "absent"}, "skip"),
        ("rotate", {"optional_account": "skip"}, "skip"),
        ("retire", {}, "absent"),
        ("retire", {"state": "present"}, "absent"),
        ("retire", {"optional_account": "skip"}, "absent"),
    ],
)
def test_the_purpose_wins_over_the_state(purpose: str, raw: dict[str, Any], stage: str) -> None:
    assert purposed(purpose, **raw).stage == stage


# --- variables


def test_defaults_and_empty_text() -> None:
    bare = plan()
    assert plan(**dict.fromkeys(set(bare_variables()) - {"name", "security_mode"}, "")) == bare
    assert plan(**dict.fromkeys(set(bare_variables()) - {"name", "security_mode"}, None)) == bare
    assert bare.view() == {
        "prefix": "dcos_service_",
        "stage": "present",
        "read_cluster": False,
        "version_matters": False,
        "security_mode": "strict",
        "service_name": "prod/cassandra",
        "account": "prod__cassandra-principal",
        "description": "Service account of /prod/cassandra",
        "own_description": False,
        "secret_path": "prod/cassandra/cassandra-secret",
        "next_secret_path": "prod/cassandra/cassandra-secret-next",
        "secret_store": "default",
        "key_store": "secret",
        "pem_secret_path": None,
        "key_size": 2048,
        "groups": [],
        "key_files": None,
        "login_endpoint": None,
        "legacy_login_endpoint": "never",
        "permissions": [],
        "keep": [],
        "left_out": [],
        "run_as": [],
        "superuser": False,
        "exclusive": True,
        "rotate_key": False,
        "rotate_key_from": None,
        "verify_login": "changed",
        "delete_key_files": False,
        "delete_unused_acls": [],
        "allow_dcos_prefix": False,
        "warnings": [],
    }


class LazyList(list):  # type: ignore[type-arg]
    """What ansible-core 2.19 makes of a list in a variable."""


def bare_variables() -> list[str]:
    return sorted(VARIABLES)


@pytest.mark.parametrize("text", ["true", "True", "YES", "on", "1", " true "])
def test_booleans_may_be_text(text: str) -> None:
    assert plan(superuser=text).superuser is True
    assert plan(superuser=1).superuser is True


@pytest.mark.parametrize("text", ["false", "False", "no", "off", "0"])
def test_false_booleans_may_be_text(text: str) -> None:
    assert plan(exclusive=text).exclusive is False


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ({"name": ""}, "dcos_service_name: must be given"),
        ({"name": None}, "dcos_service_name: must be given"),
        ({"principal": ["a"]}, "dcos_service_principal: must be text, not a list."),
        ({"principal": LazyList(["a"])}, "dcos_service_principal: must be text, not a list."),
        ({"account": {"a": 1}}, "dcos_service_account: must be text, not a dictionary."),
        ({"principal": date(2026, 1, 2)}, "dcos_service_principal: must be text, not a date. Put it in quotes."),
        ({"name": 3}, "dcos_service_name: must be text, not a number. Put it in quotes"),
        ({"nome": "x"}, "dcos_service_nome: there is no such variable. Did you mean name?"),
        ({"dcos_service_name": "x"}, "there is no such variable. Leave out the prefix: name."),
        ({"state": "gone"}, "dcos_service_state: 'gone' is unknown. Use one of present, absent."),
        ({"security_mode": "Strict"}, "dcos_service_security_mode: 'Strict' is unknown"),
        ({"origin": "here"}, "dcos_service_origin: 'here' is unknown"),
        ({"optional_account": "no"}, "dcos_service_optional_account: 'no' is unknown"),
        ({"key_store": "vault"}, "dcos_service_key_store: 'vault' is unknown"),
        ({"verify_login": True}, "dcos_service_verify_login: must be text, not a boolean. Put it in quotes"),
        ({"legacy_login_endpoint": "http"}, "dcos_service_legacy_login_endpoint: 'http' is unknown"),
        ({"superuser": "maybe"}, "dcos_service_superuser: 'maybe' is neither true nor false"),
        ({"rotate_key": "maybe"}, "dcos_service_rotate_key: 'maybe' is neither"),
        ({"key_store": "file"}, "dcos_service_key_dir: must be given when dcos_service_key_store is file"),
        ({"key_store": "file", "key_dir": "keys"}, "dcos_service_key_dir: 'keys' is relative"),
        ({"key_store": "file", "key_dir": "/k\0"}, "dcos_service_key_dir: this is not a file path: it holds a NUL"),
        ({"preset": {"a": 1}}, "dcos_service_preset: must be a name or a list of names"),
        ({"preset": [1]}, "dcos_service_preset: must be a name or a list of names"),
        ({"preset": "cassandr"}, "dcos_service_preset: there is no preset 'cassandr'. Did you mean cassandra?"),
        ({"own_presets": "x"}, "dcos_service_own_presets: must be a dictionary"),
        ({"permissions": "dcos:x"}, "dcos_service_permissions: must be a list"),
        ({"permissions": [{"rid": "dcos:a b", "actions": ["full"]}]}, "dcos_service_permissions[0].rid: 'dcos:a b'"),
        ({"permissions": [{"rid": "dcos:superuser", "actions": ["read"]}]}, "dcos_service_superuser only"),
        ({"linux_user": "a b"}, "dcos_service_linux_user: 'a b' is not the name"),
        ({"mesos_role": "a b"}, "dcos_service_mesos_role: 'a b' is not the name"),
        ({"mesos_role": "-a"}, "dcos_service_mesos_role: '-a' is not the name"),
        ({"mesos_role": "a//b"}, "dcos_service_mesos_role: 'a//b' is not the name"),
        ({"mesos_role": "a/.."}, "dcos_service_mesos_role: 'a/..' is not the name"),
    ],
)
def test_variables_refused(raw: dict[str, Any], part: str) -> None:
    assert part in str(refused(**raw))


@pytest.mark.parametrize(
    ("raw", "code", "part"),
    [
        ({"account": "a/b"}, "invalid_uid", "dcos_service_account: 'a/b'"),
        ({"account": "x" * 97}, "invalid_uid", "dcos_service_account: "),
        ({"name": "/" + "x" * 90}, "invalid_uid", "dcos_service_account, derived from dcos_service_name: "),
        (
            {"account": "dcos_marathon", "allow_dcos_prefix": True},
            "native_account",
            "dcos_service_account: dcos_marathon",
        ),
        ({"account": "bootstrapuser"}, "native_account", "dcos_service_account: bootstrapuser belongs"),
        ({"account": "dcos_mine"}, "native_account", "set dcos_service_allow_dcos_prefix to true"),
        ({"name": "/dcos/mine"}, "native_account", "dcos_service_account: dcos__mine-principal begins with"),
        ({"secret_path": "a//b"}, "invalid_path", "dcos_service_secret_path: 'a//b'"),
        ({"pem_secret_path": "a//b"}, "invalid_path", "dcos_service_pem_secret_path: 'a//b'"),
        ({"key_size": 1024}, "invalid_key", "dcos_service_key_size: 1024 bits are too few"),
        ({"key_size": "20000"}, "invalid_key", "dcos_service_key_size: 20000 bits are too many"),
        ({"groups": ["a b"]}, "invalid_uid", "dcos_service_groups: 'a b'"),
        ({"groups": ["ops", "superusers"]}, "native_account", "dcos_service_groups: the group superusers belongs"),
        ({"secret_store": "a/b"}, "invalid_path", "dcos_service_secret_store: 'a/b'"),
        (
            {"principal": "other"},
            "mode",
            "dcos_service_principal: 'other' is not the account 'prod__cassandra-principal'",
        ),
        ({"permissions": [{"rid": "mesos:x", "actions": ["full"]}]}, "invalid_rid", "dcos_service_permissions[0].rid"),
    ],
)
def test_variables_refused_with_a_code(raw: dict[str, Any], code: str, part: str) -> None:
    error = refused(**raw)
    assert error.code == code
    assert part in str(error)


def test_variables_are_checked_even_if_the_mode_is_unknown() -> None:
    unknown = plan(security_mode="auto", preset="scheduler_minimum", superuser=True)
    assert unknown.read_cluster
    assert unknown.security_mode is None
    assert refused(security_mode="auto", preset="cassandr")
    assert refused(security_mode="auto", account="a/b").code == "invalid_uid"
    assert refused(security_mode="auto", permissions=[{"rid": "dcos:{x}", "actions": ["full"]}]).code == "invalid_rid"


def test_given_names_win() -> None:
    given_names = plan(
        account="dcos_mine",
        allow_dcos_prefix="yes",
        description="Mine",
        principal="dcos_mine",
        secret_path="/prod/key",
        secret_store="other",
        mesos_role="slave_public/mine",
        linux_user="app$",
        key_store="file",
        key_dir="/keys/",
        legacy_login_endpoint="auto",
        preset="scheduler_stateful",
        run_as_grants=True,
    )
    assert given_names.account == "dcos_mine"
    assert given_names.description == "Mine"
    assert given_names.secret_path == "prod/key"
    assert given_names.secret_store == "other"
    assert given_names.key_files == KeyFiles("/keys/dcos_mine.pem", "/keys/dcos_mine.pub")
    assert given_names.legacy_login_endpoint == "auto"
    assert given_names.allow_dcos_prefix
    assert given_names.warnings == ()
    assert [p.rid.rpartition(":")[2] for p in given_names.permissions] == [
        "slave_public/mine",
        "app$",
        "slave_public/mine",
        "dcos_mine",
        "slave_public/mine",
        "dcos_mine",
    ]


@given(st.sets(st.from_regex(r"[A-Za-z0-9_@.-]{1,6}", fullmatch=True), min_size=2, max_size=2))
def test_accounts_never_share_a_key_file(accounts: set[str]) -> None:
    paths = []
    for account in accounts:
        files = plan(account=f"x{account}", key_store="file", key_dir="/k")
        assert files.key_files is not None
        for path in (files.key_files.private_key_path, files.key_files.public_key_path):
            paths += [path, path + NEXT_SUFFIX]
    assert len(set(paths)) == 8


# --- grants


def test_strict_grants_the_whole_preset() -> None:
    strict = plan(preset="scheduler_minimum")
    assert strict.permissions == (Permission(ROLE, ("create",)), Permission(USER, ("create",)))
    assert strict.left_out == ()
    assert strict.warnings == ()


def test_an_agent_task_grant_is_kept() -> None:
    """Agents may ask from DC/OS 1.10 on; lists that leave it out must not take it from an account that is adopted."""
    on_agents = Permission("dcos:mesos:agent:task:user:nobody", ("create",))
    listed = [{"rid": USER, "actions": ["create"]}]
    for mode in ("permissive", "strict"):
        assert on_agents in plan(security_mode=mode, preset="scheduler_minimum").keep
        assert on_agents in plan(security_mode=mode, permissions=listed).keep
    assert plan(permissions=listed, exclusive=False).keep == ()
    assert plan(preset="cassandra").keep == ()
    assert on_agents in plan(preset="cassandra").permissions


def test_any_role() -> None:
    assert plan(preset="scheduler_minimum", mesos_role="any").permissions[0].rid == "dcos:mesos:master:framework:role"


@pytest.mark.parametrize("mode", ["permissive", "disabled"])
@pytest.mark.parametrize(
    ("preset", "count"),
    [
        ("scheduler_minimum", 2),
        ("scheduler_reservations", 4),
        ("scheduler_local_volumes", 4),
        ("scheduler_stateful", 6),
        (["scheduler_reservations", "scheduler_local_volumes"], 6),
    ],
)
def test_looser_modes_leave_mesos_grants_out_and_keep_existing_ones(mode: str, preset: Any, count: int) -> None:
    loose = plan(security_mode=mode, preset=preset)
    assert loose.permissions == ()
    assert len(loose.left_out) == count
    assert [(k.rid, k.actions) for k in loose.keep][:count] == [(x.rid, x.actions) for x in loose.left_out]
    assert all(f"this cluster is in {mode} mode" in x.reason for x in loose.left_out)
    assert plan(security_mode=mode, preset=preset, exclusive=False).keep == ()
    ahead = plan(security_mode=mode, preset=preset, enforce_in_advance=True)
    assert ahead.permissions == plan(preset=preset).permissions
    assert ahead.left_out == ()


def test_categories_of_an_own_preset_by_mode() -> None:
    rids = ["dcos:adminrouter:ops:mesos", "dcos:service:marathon:marathon:services:/{group}", "dcos:mesos:master:agent"]
    own = {"mine": {"grants": [{"rid": rid, "actions": ["update", "delete"]} for rid in rids]}}
    expanded = [rids[0], "dcos:service:marathon:marathon:services:/prod", rids[2]]
    for mode, count in (("disabled", 1), ("permissive", 2), ("strict", 3)):
        mine = plan(security_mode=mode, presets=own, preset=["mine"])
        assert [p.rid for p in mine.permissions] == expanded[:count]
        assert [x.rid for x in mine.left_out] == expanded[count:]


def test_listed_permissions_are_granted_in_every_mode() -> None:
    listed = plan(
        security_mode="disabled",
        preset="scheduler_minimum",
        permissions=[
            {"rid": "dcos:mesos:master:framework:role:{role}", "actions": ["create", "read"], "description": "x"},
            {"rid": "dcos:adminrouter:ops:ca:ro", "actions": "full"},
        ],
    )
    assert listed.permissions == (
        Permission(ROLE, ("create", "read"), "x"),
        Permission("dcos:adminrouter:ops:ca:ro", ("full",)),
    )
    assert [x.rid for x in listed.left_out] == [USER]


def test_partly_listed_grants_are_partly_left_out() -> None:
    own = {"mine": {"grants": [{"rid": "dcos:mesos:master:agent", "actions": ["update", "delete"]}]}}
    part = plan(
        security_mode="disabled",
        preset="mine",
        presets=own,
        permissions=[{"rid": "dcos:mesos:master:agent", "actions": ["update"]}],
    )
    assert part.permissions == (Permission("dcos:mesos:master:agent", ("update",)),)
    assert part.keep == (Permission("dcos:mesos:master:agent", ("delete",)),)


def test_superuser_comes_last() -> None:
    assert plan(preset="scheduler_minimum", superuser=True).permissions[-1] == Permission("dcos:superuser", ("full",))


# --- modes and origins


@pytest.mark.parametrize(
    ("mode", "origin", "optional_account", "stage"),
    [
        ("disabled", "inside", "create", "present"),
        ("disabled", "inside", "skip", "skip"),
        ("permissive", "inside", "create", "present"),
        ("permissive", "inside", "skip", "skip"),
        ("strict", "inside", "skip", "present"),
        ("disabled", "outside", "skip", "present"),
        ("permissive", "outside", "skip", "present"),
        ("strict", "outside", "skip", "present"),
    ],
)
def test_whether_an_account_is_made(mode: str, origin: str, optional_account: str, stage: str) -> None:
    cluster = {**ENTERPRISE, "security_mode": mode}
    for given_mode in (mode, "auto"):
        raw = {"name": "a", "security_mode": given_mode, "origin": origin, "optional_account": optional_account}
        assert plan_service(raw, cluster).stage == stage


@pytest.mark.parametrize("mode", ["disabled", "permissive"])
def test_an_account_is_made_where_it_is_optional(mode: str) -> None:
    """Without one the service would run as superuser in permissive mode, and be in the way of an upgrade."""
    assert plan(security_mode=mode).stage == "present"
    assert plan(security_mode=mode, preset="marathon-lb", name="marathon-lb").stage == "present"


@pytest.mark.parametrize(
    ("support", "mode", "optional_account", "outcome"),
    [
        ("not_possible", "disabled", "create", "cannot use a service account in disabled mode"),
        ("not_possible", "disabled", "skip", "skip"),
        ("not_possible", "strict", "skip", "skip"),
        ("not_available", "strict", "skip", "cannot be deployed in strict mode"),
        ("not_available", "disabled", "create", "cannot be deployed in disabled mode"),
        ("required", "permissive", "skip", "present"),
        ("optional", "permissive", "skip", "skip"),
    ],
)
def test_support_of_presets(support: str, mode: str, optional_account: str, outcome: str) -> None:
    raw = {
        "security_mode": mode,
        "optional_account": optional_account,
        "preset": "mine",
        "own_presets": {"mine": {"grants": [], "support": {mode: support}}},
    }
    if outcome in ("skip", "present"):
        assert plan(**raw).stage == outcome
    else:
        error = refused(**raw)
        assert outcome in str(error)
        assert error.code == "mode"


def test_not_possible_outside_is_refused() -> None:
    own = {"mine": {"grants": [], "support": {"strict": "not_possible"}}}
    assert refused(ENTERPRISE, origin="outside", optional_account="skip", preset="mine", presets=own).code == "mode"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ({"security_mode": "auto"}, True),
        ({"security_mode": "strict"}, False),
        ({"security_mode": "strict", "origin": "outside"}, True),
        ({"security_mode": "strict", "key_store": "file", "key_dir": "/k"}, True),
        ({"security_mode": "permissive", "optional_account": "skip"}, True),
        ({"security_mode": "auto", "state": "absent"}, False),
        ({"security_mode": "strict", "state": "absent", "key_store": "file", "key_dir": "/k"}, False),
    ],
)
def test_when_the_cluster_is_read(raw: dict[str, Any], read: bool) -> None:
    assert plan_service({"name": "a", **raw}).read_cluster is read
    assert (
        plan_service(
            {"name": "a", **raw}, ENTERPRISE if raw["security_mode"] != "permissive" else UNREADABLE
        ).read_cluster
        is False
    )


def test_given_and_read_modes() -> None:
    assert plan_service({"name": "a"}, ENTERPRISE).security_mode == "strict"
    assert plan_service({"name": "a", "security_mode": "permissive"}, UNREADABLE).security_mode == "permissive"
    error = refused(ENTERPRISE, security_mode="permissive")
    assert error.code == "mode"
    assert "permissive was given, but the cluster is in strict mode" in str(error)
    error = refused(UNREADABLE, security_mode="auto")
    assert error.code == "mode"
    assert "dcos_service_security_mode: the cluster's mode cannot be read" in str(error)
    assert "open DC/OS" in str(refused({**UNREADABLE, "variant": "open"}, security_mode="auto"))
    assert "unknown security mode 'none'" in str(refused({**ENTERPRISE, "security_mode": "none"}))


def test_outside_services_log_in_at_the_connections_url() -> None:
    outside = plan_service({"name": "a", "origin": "outside"}, {**ENTERPRISE, "url": "https://dcos.example.com/x"})
    assert outside.login_endpoint == "https://dcos.example.com/x/acs/api/v1/auth/login"
    assert plan_service({"name": "a"}, ENTERPRISE).login_endpoint is None
    masked = {**ENTERPRISE, "url": "https://********.example.com"}
    assert "hides as a secret" in str(refused(masked, origin="outside"))


def test_absent_needs_no_mode() -> None:
    absent = plan(state="absent", security_mode="", principal="other", optional_account="skip", delete_key_files=True)
    assert absent.stage == "absent"
    assert absent.security_mode is None
    assert absent.warnings == ()
    assert absent.delete_key_files is False, "there are none"
    with_files = plan(state="absent", key_store="file", key_dir="/k", delete_key_files=True)
    assert with_files.delete_key_files is True
    assert plan(state="absent", key_store="file", key_dir="/k").delete_key_files is False


def test_warnings() -> None:
    assert "will not be able to register" in plan(security_mode="permissive", principal="other").warnings[0]
    assert "/prod/cassandra cannot read the secret dev/x/key: only /dev/x" in plan(secret_path="dev/x/key").warnings[0]
    assert "every service of the cluster can read the secret key" in plan(secret_path="key").warnings[0]
    assert plan(secret_path="prod/key").warnings == ()
    assert "dcos_service_pem_secret_path: every service" in plan(pem_secret_path="key").warnings[0]
    assert plan(pem_secret_path="prod/key").warnings == ()
    outside = plan_service({"name": "a", "origin": "outside", "secret_path": "b/key"}, ENTERPRISE)
    assert outside.warnings == ()


def test_the_plan_survives_templating() -> None:
    """Older Ansible writes a dictionary as text and reads it back."""
    view = plan(preset="scheduler_stateful", security_mode="permissive", description='It\'s "mine"').view()
    assert ast.literal_eval(repr(view)) == view
    assert json.loads(json.dumps(view)) == view
    assert PREFIX == "dcos_service_"


def test_messages_name_the_entry_of_a_list() -> None:
    with pytest.raises(DcosError, match=r"^services\[3\]\.name: must be given"):
        plan_service({}, prefix="services[3].")
    with pytest.raises(DcosError, match=r"^services\[3\]\.permissions\[0\]\.rid: "):
        plan_service({"name": "a", "permissions": [{"rid": "x", "actions": ["full"]}]}, prefix="services[3].")
    with pytest.raises(DcosError, match=r"^services\[3\]\.nome: there is no such variable"):
        plan_service({"nome": "a"}, prefix="services[3].")


# --- bring-up


NOON = datetime(2026, 12, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("until", "superuser"),
    [
        ("2026-12-31", True),
        (date(2026, 12, 31), True),
        ("2026-12-30", False),
        (date(2026, 12, 30), False),
        ("2026-12-31T12:00:01Z", True),
        ("2026-12-31T12:00:00Z", False),
        ("2026-12-31T13:30:00+01:00", True),
        ("2026-12-31T12:30:00+01:00", False),
        (datetime(2026, 12, 31, 13, tzinfo=timezone.utc), True),
        (datetime(2026, 12, 31, 11, tzinfo=timezone.utc), False),
    ],
)
def test_superuser_until_ends_the_bring_up(until: object, superuser: bool) -> None:
    raw = {"name": "a", "security_mode": "strict", "superuser": True, "superuser_until": until}
    limited = plan_service(raw, now=NOON)
    assert limited.superuser is superuser
    assert (Permission("dcos:superuser", ("full",)) in limited.permissions) is superuser
    assert [text.partition(":")[0] for text in limited.warnings] == ([] if superuser else [PREFIX + "superuser_until"])


def test_superuser_until_compares_moments() -> None:
    assert not plan(superuser=True, superuser_until="2020-01-01").superuser
    assert plan(superuser=True, superuser_until="9999-12-31").superuser
    assert plan(superuser=True, superuser_until="9999-12-31T23:59:59-12:00").superuser
    assert not plan(superuser=True, superuser_until="0001-01-01T00:00:00+12:00").superuser


@pytest.mark.parametrize(
    "until",
    [
        "2026-12-31T12:00:00",
        datetime(2026, 12, 31, 12),
        "tomorrow",
        "31.12.2026",
        "20261231",
        "2026-W53-4",
        "2026-13-01",
        "2026-12-31T25:00Z",
        "2026-12-31T12+01:00",
        20261231,
        True,
    ],
)
def test_an_ambiguous_superuser_until_is_refused(until: object) -> None:
    assert "dcos_service_superuser_until: " in str(refused(superuser=True, superuser_until=until))


def test_superuser_until_without_superuser_is_refused() -> None:
    assert "dcos_service_superuser is false" in str(refused(superuser_until="2999-01-01"))


def test_rotation_needs_room_for_the_journal() -> None:
    assert plan(account="x" * 86, rotate_key=True).rotate_key
    error = refused(account="x" * 87, rotate_key=True)
    assert error.code == "invalid_uid"
    assert str(error).startswith("dcos_service_rotate_key: ")
    assert "at most 86" in str(error)
    assert plan(account="x" * 87).account == "x" * 87


def test_uids_of_journals_are_refused() -> None:
    assert refused(account="a.replacing").code == "invalid_uid"


# --- rotation by fingerprint

FINGERPRINT = "SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k"


def test_rotate_key_from_rotates_only_while_the_account_has_that_key() -> None:
    nightly = plan(rotate_key_from=FINGERPRINT)
    assert nightly.rotates(FINGERPRINT)
    assert not nightly.rotates(FINGERPRINT.replace("uGW", "uGX"))
    assert not nightly.rotates(None), "an account that is missing is made, not rotated"
    limited = plan(rotate_key_from=FINGERPRINT, rotate_key=True)
    assert [limited.rotates(each) for each in (FINGERPRINT, None)] == [True, False]
    assert plan(rotate_key=True).rotates(None)
    assert not plan().rotates(FINGERPRINT)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k",
        FINGERPRINT + "=",
        FINGERPRINT[:-1],
        FINGERPRINT[:-1] + "l",
        3,
    ],
)
def test_a_malformed_fingerprint_is_refused(text: object) -> None:
    assert str(refused(rotate_key_from=text)).startswith("dcos_service_rotate_key_from: ")


def test_rotate_key_from_needs_room_for_the_journal() -> None:
    assert str(refused(account="x" * 87, rotate_key_from=FINGERPRINT)).startswith("dcos_service_rotate_key_from: ")


# --- JSON text, as surveys of AWX give it


def test_lists_and_dictionaries_may_be_json_text() -> None:
    listed = [{"rid": "dcos:test:a", "actions": ["read"]}]
    own = {"mine": {"grants": listed}}
    as_text = plan(permissions=json.dumps(listed), preset=' ["mine"] ', presets=json.dumps(own))
    assert as_text == plan(permissions=listed, preset=["mine"], presets=own)


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ({"permissions": "[{"}, "dcos_service_permissions: looks like JSON text, but is not valid"),
        ({"permissions": "[" * 100_000}, "dcos_service_permissions: looks like JSON text, but is not valid"),
        ({"own_presets": "{'a': 1}"}, "dcos_service_own_presets: looks like JSON text, but is not valid"),
        ({"permissions": "- rid: dcos:x"}, "dcos_service_permissions: must be a list"),
        ({"permissions": '{"rid": "dcos:x", "actions": ["full"]}'}, "dcos_service_permissions: must be a list"),
        ({"preset": '{"a": 1}'}, "dcos_service_preset: must be a name or a list of names"),
    ],
)
def test_text_that_is_not_a_list(raw: dict[str, Any], part: str) -> None:
    assert part in str(refused(**raw))


# --- retirement


def test_unused_acls_are_deleted_on_request_and_never_that_of_superusers() -> None:
    asked = plan(state="absent", preset="sdk_default", superuser=True, delete_unused_acls=True,
                 permissions=[{"rid": "dcos:test:a", "actions": ["read"]}])  # fmt: skip
    rids = {permission.rid for permission in asked.delete_unused_acls}
    assert {ROLE, USER, "dcos:test:a", "dcos:mesos:agent:task:user:nobody"} <= rids
    assert "dcos:superuser" not in rids
    shown = asked.view()["delete_unused_acls"]
    assert isinstance(shown, list)
    assert {"rid": ROLE} in shown, "without actions: whatever the account has there goes with it"
    assert plan(state="absent", preset="sdk_default").delete_unused_acls == ()
    assert plan(preset="sdk_default", delete_unused_acls=True).delete_unused_acls == ()


# --- resource ids that no document knows

SLIP = [{"rid": "dcos:mesos:master:framework:rol:{role}", "actions": ["create"]}]
NEAR = "dcos:mesos:master:framework:role:prod__cassandra-role"


@pytest.mark.parametrize(
    ("raw", "option"),
    [
        ({"permissions": SLIP}, "permissions"),
        ({"preset": "mine", "own_presets": {"mine": {"grants": SLIP}}}, "own_presets.mine.grants[0].rid"),
    ],
)
def test_unknown_rids(raw: dict[str, Any], option: str) -> None:
    warned = plan(**raw)
    assert [text for text in warned.warnings if NEAR in text] == list(warned.warnings)
    assert [text.partition(": ")[0] for text in warned.warnings] == [PREFIX + option]
    assert plan(**raw, unknown_rids="ignore").warnings == ()
    error = refused(**raw, unknown_rids="fail")
    assert NEAR in str(error)
    assert "dcos_service_unknown_rids" in str(error)
    assert plan(**raw, unknown_rids="ignore").permissions == warned.permissions, "a warning changes nothing"


def test_unknown_actions_are_reported_too() -> None:
    odd = [{"rid": "dcos:adminrouter:ops:mesos", "actions": ["read"]}]
    assert "dcos:adminrouter:ops:mesos" in plan(permissions=odd).warnings[0]
    assert plan(permissions=odd, unknown_rids="").warnings == plan(permissions=odd).warnings


def test_shipped_presets_know_what_they_grant() -> None:
    for name in ("cassandra", "spark", "marathon-lb", "scheduler_stateful"):
        assert plan(preset=name, uncertain_grants=True, transport_encryption=name == "cassandra").warnings == ()


@pytest.mark.parametrize(
    "variables",
    [
        {"mesos_role": "any", "permissions": [{"rid": "dcos:superuser:{role}", "actions": ["full"]}]},
        {"name": "/superuser/x", "permissions": [{"rid": "dcos:{group}", "actions": ["full"]}]},
        {"name": "/superuser", "permissions": [{"rid": "dcos:{service_name}", "actions": ["full"]}]},
        {"linux_user": "superuser", "permissions": [{"rid": "dcos:{user}", "actions": ["read"]}]},
        {
            "mesos_role": "any",
            "preset": "mine",
            "own_presets": {"mine": {"grants": [{"rid": "dcos:superuser:{role}", "actions": ["full"]}]}},
        },
    ],
    ids=str,
)
def test_placeholders_cannot_spell_superuser_power(variables: dict[str, Any]) -> None:
    with pytest.raises(DcosError, match=r"dcos:superuser is given and taken by dcos_service_superuser only") as caught:
        plan_service({"name": "/x", "security_mode": "strict", **variables}, None)
    assert caught.value.code == "invalid_rid"
