# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove each rule that the documents of DC/OS ask for from a copy of the collection: its tests must then fail.

docs/docsite/rst/statements.rst names the tests; a unit test checks that each of them has a mutation here that still
fits. A mutation names the function that holds the rule, so that code around it can change. "make mutations" first runs
the same tests on an unchanged copy, where they must pass.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from collection import copy_collection

LIBRARY = "plugins/module_utils"
TASKS = "roles/dcos_service/tasks"
UNIT = "tests/unit/plugins/module_utils"
RESOURCES = "tests/resources"
LIVE = "tests/integration"


@dataclass(frozen=True)
class Mutation:
    """A rule that is taken out.

    where: the file, and in it the function, method, constant or task that holds the rule.
    old: what is there exactly once; white space counts as equal to any other.
    new: what is in its place without the rule.
    tests: node ids, each of which must then fail.
    """

    where: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where.rpartition('/')[2]}: {self.old.splitlines()[0]}"

    def changed(self, root: Path) -> tuple[Path, str]:
        """The file with the rule below this root, and its text without it."""
        file, _colon, name = self.where.partition(":")
        path = root / file
        if not path.is_file():
            raise ValueError(f"{self}: there is no file {file}; where is this rule now?")
        text = path.read_text(encoding="utf-8")
        found = _python(text, name) if path.suffix == ".py" else _task(text, name)
        if found is None:
            raise ValueError(f"{self}: {file} has no {name}; where is this rule now?")
        start, end = found
        old = r"\s+".join(map(re.escape, self.old.split()))
        part, count = re.subn(old, lambda _match: self.new, text[start:end])
        if count != 1:
            raise ValueError(f"{self}: this text is in {name} {count} times, not once")
        return path, text[:start] + part + text[end:]


def _python(text: str, name: str) -> tuple[int, int] | None:
    """Where a function, class or constant begins and ends; C(Class.method) for what is inside a class."""
    body: list[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        found = next((each for each in body if part in _names(each)), None)
        if found is None:
            return None
        body = getattr(found, "body", [])
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: found.lineno - 1])), sum(map(len, lines[: found.end_lineno]))


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = {ast.Assign: "targets", ast.AnnAssign: "target"}
    found = getattr(statement, targets.get(type(statement), ""), [])
    return [each.id for each in (found if isinstance(found, list) else [found]) if isinstance(each, ast.Name)]


def _task(text: str, name: str) -> tuple[int, int] | None:
    """Where a task of a role begins and ends, with the tasks of its block."""
    begin = re.search(rf"^( *)- name: {re.escape(name)}$", text, re.MULTILINE)
    if begin is None:
        return None
    after = re.compile(rf"^ {{0,{len(begin.group(1))}}}\S", re.MULTILINE).search(text, begin.end())
    return begin.start(), len(text) if after is None else after.start()


def _mutation(where: str, old: str, new: str, *tests: str) -> Mutation:
    return Mutation(where, old, new, tests)


MUTATIONS: tuple[Mutation, ...] = (
    # Who needs an account
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:account_required",
        "return origin == OUTSIDE or mode == STRICT",
        "return mode == STRICT",
        f"{UNIT}/_rules/test_security_modes.py::test_who_needs_an_account",
    ),
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:account_required",
        "return origin == OUTSIDE or mode == STRICT",
        "return origin == OUTSIDE or mode != DISABLED",
        f"{UNIT}/_rules/test_security_modes.py::test_who_needs_an_account",
        f"{UNIT}/_service/test_plan.py::test_whether_an_account_is_made",
        f"{LIVE}/test_role.py::test_service_without_an_account",
    ),
    _mutation(
        f"{LIBRARY}/_service/plan.py:plan_service",
        '"optional_account", ("create", "skip")',
        '"optional_account", ("skip", "create")',
        f"{UNIT}/_service/test_plan.py::test_an_account_is_made_where_it_is_optional",
    ),
    # What the mode enforces
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:_ENFORCED_FROM",
        '"service": PERMISSIVE}',
        '"service": STRICT}',
        f"{UNIT}/_rules/test_security_modes.py::test_what_a_mode_enforces",
    ),
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:_ENFORCED_FROM",
        '{"mesos": STRICT,',
        '{"mesos": PERMISSIVE,',
        f"{UNIT}/_rules/test_security_modes.py::test_what_a_mode_enforces",
        f"{UNIT}/_service/test_plan.py::test_looser_modes_leave_mesos_grants_out_and_keep_existing_ones",
    ),
    # The role as a whole
    _mutation(
        f"{TASKS}/present.yml:Grant what the service needs",
        'permissions: "{{ __dcos_service_plan.permissions }}"',
        "permissions: []",
        f"{LIVE}/test_playbooks.py::test_provisioning_and_retirement",
    ),
    _mutation(
        f"{TASKS}/absent.yml:Remove the service account and its grants",
        """dcos.security.dcos_service_account:
    uid: "{{ __dcos_service_plan.account }}"
    allow_dcos_prefix: "{{ __dcos_service_plan.allow_dcos_prefix }}"
    state: absent""",
        "ansible.builtin.command: 'true'",
        f"{LIVE}/test_playbooks.py::test_provisioning_and_retirement",
    ),
    _mutation(
        f"{TASKS}/present.yml:Grant what the service needs",
        'exclusive: "{{ __dcos_service_plan.exclusive }}"',
        "exclusive: false",
        f"{LIVE}/test_role.py::test_bringing_up_and_exclusive",
    ),
    _mutation(
        f"{TASKS}/key.yml:Check the login with the next key",
        "when:",
        """when:
    - false""",
        f"{LIVE}/test_playbooks.py::test_rotation_in_batches",
    ),
    _mutation(
        f"{TASKS}/present.yml:Provision key, secret and account",
        "- name: Provision key, secret and account",
        """- name: Grant too early
  dcos.security.dcos_acl_grant:
    uid: "{{ __dcos_service_plan.account }}"
    permissions: "{{ __dcos_service_plan.permissions }}"

- name: Provision key, secret and account""",
        f"{LIVE}/test_playbooks.py::test_provisioning_and_retirement",
    ),
    # The principal
    _mutation(
        f"{LIBRARY}/_service/mode_rules.py:check_principal",
        "if mode == modes.STRICT:",
        "if mode == 'never':",
        f"{UNIT}/_service/test_plan.py::test_variables_refused_with_a_code",
    ),
    # Login tokens
    _mutation(
        f"{LIBRARY}/_crypto/jwt.py:login_token",
        '"exp": int(time.time()) + lifetime}, key, algorithm="RS256")',
        '"exp": int(time.time()) + lifetime}, "0" * 64, algorithm="HS256")',
        f"{UNIT}/_crypto/test_jwt.py::test_a_login_token_verifies_with_the_public_half_only",
    ),
    _mutation(
        f"{LIBRARY}/_crypto/jwt.py:login_token",
        '{"uid": uid, "exp": int(time.time()) + lifetime}',
        '{"uid": uid}',
        f"{UNIT}/_crypto/test_jwt.py::test_a_login_token_holds_uid_and_exp_and_no_more",
        f"{UNIT}/_api/test_login.py::test_a_service_logs_in_with_a_token_that_it_signs",
    ),
    _mutation(
        f"{LIBRARY}/_crypto/jwt.py:LOGIN_TOKEN_LIFETIME",
        "LOGIN_TOKEN_LIFETIME = 300",
        "LOGIN_TOKEN_LIFETIME = 432000",
        f"{UNIT}/_api/test_login.py::test_a_service_logs_in_with_a_token_that_it_signs",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken.__init__",
        "if not exchange and path is not None:",
        "if False:",
        f"{RESOURCES}/test_auth_token.py::test_a_login_token_is_signed_locally",
    ),
    _mutation(
        f"{LIBRARY}/_api/login.py:_body",
        '"token": login_token(credentials.uid, credentials.key, lifetime)}',
        '"token": login_token(credentials.uid, credentials.key, lifetime), "key": str(credentials.key)}',
        f"{UNIT}/_api/test_login.py::test_a_service_logs_in_with_a_token_that_it_signs",
    ),
    _mutation(
        f"{LIBRARY}/_api/login.py:log_in",
        'token = found.text("token")',
        'token = str(found.fields().get("token")) or "x"',
        f"{UNIT}/_api/test_login.py::test_an_answer_without_a_token_is_not_from_the_iam",
    ),
    # Authentication tokens
    _mutation(
        f"{LIBRARY}/_api/http.py:_TokenAuth.__call__",
        'f"token={self._token}"',
        'f"Bearer {self._token}"',
        f"{UNIT}/_api/test_http.py::test_what_every_request_carries",
        f"{UNIT}/_api/test_login.py::test_login_happens_once_with_the_first_request",
    ),
    _mutation(
        f"{LIBRARY}/_api/http.py:HttpClient._attempt",
        "if request.token is not None or not request.authenticated:",
        "if request.token is not None:",
        f"{UNIT}/_api/test_http.py::test_a_body_goes_as_json_and_a_login_without_authorization",
    ),
    _mutation(
        f"{LIBRARY}/_api/login.py:Login.token",
        "if not self._was_asked:",
        "if True:",
        f"{UNIT}/_api/test_login.py::test_login_happens_once_with_the_first_request",
    ),
    _mutation(
        f"{LIBRARY}/_api/http.py:HttpClient._attempt",
        "if isinstance(came, Answer) and came.status == 401 and token is not None and renewal.got(token):",
        "if False:",
        f"{UNIT}/_api/test_login.py::test_an_expired_token_is_renewed_once",
        f"{UNIT}/_api/test_http.py::test_a_refused_token_is_renewed_once_and_the_request_repeated",
        f"{LIVE}/test_faults.py::test_token_that_expires_during_the_run",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken.read",
        "state = self._kept() or self._new()",
        "state = self._new()",
        f"{RESOURCES}/test_auth_token.py::test_a_kept_token_is_reused",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken._kept",
        "end - time.time() <= self._renew_before",
        "end - time.time() <= 0",
        f"{RESOURCES}/test_auth_token.py::test_a_kept_token_needs_enough_life",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken.plan",
        '"expires_in": None if end is None else max(0, end - int(state.read_at)),',
        '"expires_in": None,',
        f"{RESOURCES}/test_auth_token.py::test_a_login",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken._kept",
        "or stat.S_IMODE(info.st_mode) & 0o077",
        "",
        f"{RESOURCES}/test_auth_token.py::test_which_kept_tokens_are_reused",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken._is_of_cluster",
        "return verified_claims(token, keys) is not None",
        "return True",
        f"{RESOURCES}/test_auth_token.py::test_which_kept_tokens_are_reused",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken.plan",
        'authorization=f"token={state.token}"',
        'authorization=f"Bearer {state.token}"',
        f"{RESOURCES}/test_modules.py::test_token",
    ),
    _mutation(
        f"{LIBRARY}/_crypto/jwt.py:verified_claims",
        'return jwt.decode(token, key, algorithms=["RS256"])',
        'return jwt.decode(token, options={"verify_signature": False})',
        f"{UNIT}/_crypto/test_jwt.py::test_other_tokens_are_not_verified",
    ),
    _mutation(
        f"{LIBRARY}/_crypto/jwt.py:expires_at",
        'exp = token_claims.get("exp")',
        "exp = None",
        f"{UNIT}/_crypto/test_jwt.py::test_the_end_of_a_token",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken.read",
        "if self._return_token: # The connection",
        "self._return_token = True\n        if self._return_token: # The connection",
        f"{LIVE}/test_leaks.py::test_nothing_leaks",
    ),
    # Keys
    _mutation(
        f"{LIBRARY}/_crypto/rsa_keys.py:MINIMUM_SIZE",
        "MINIMUM_SIZE = 2048",
        "MINIMUM_SIZE = 1024",
        f"{UNIT}/_crypto/test_rsa_keys.py::test_private_keys_that_are_refused",
        f"{UNIT}/_resources/test_keypair.py::test_a_new_pair",
    ),
    _mutation(
        f"{LIBRARY}/_resources/keypair.py:Keypair.__init__",
        "len({os.path.realpath(path) for path in paths}) < len(paths)",
        "not paths",
        f"{UNIT}/_resources/test_keypair.py::test_both_halves_in_one_file_are_refused",
    ),
    _mutation(
        f"{LIBRARY}/_crypto/rsa_keys.py:private_pem",
        "serialization.PrivateFormat.PKCS8",
        "serialization.PrivateFormat.TraditionalOpenSSL",
        f"{UNIT}/_crypto/test_rsa_keys.py::test_a_new_key_has_its_size_and_portable_forms",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account_secret.py:ServiceAccountSecret._steps_to_hold",
        "and stored.is_canonical()",
        "",
        f"{RESOURCES}/test_service_account_secret.py::test_a_document_that_some_services_cannot_read_is_repaired",
    ),
    _mutation(
        f"{LIBRARY}/_files.py:write_whole",
        'handle, temporary = tempfile.mkstemp(prefix=".ansible-dcos-", dir=folder)  # made with 0600',
        'temporary = path + ".new"\n        handle = os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o644)',
        f"{UNIT}/test_files.py::test_a_file_is_never_readable_by_others_while_written",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account_secret.py:ServiceAccountSecret._steps_to_hold",
        "value = _stored_form(fields)",
        """value = _stored_form(fields)
        open(__import__("os").path.expanduser("~/key.json"), "ab").write(value.content)""",
        f"{LIVE}/test_leaks.py::test_generated_keys_are_in_no_file",
    ),
    # Accounts
    _mutation(
        f"{LIBRARY}/_api/iam.py:Iam.create_service_account",
        '{"description": description, "public_key": public_key},',
        '{"public_key": public_key},',
        f"{RESOURCES}/test_service_account.py::test_a_new_account",
        f"{UNIT}/_api/test_iam.py::test_a_put",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account.py:ServiceAccount._plan_present",
        "if key is None and repaired.user is None:",
        "if False:",
        f"{RESOURCES}/test_service_account.py::test_a_missing_account_needs_a_key",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account.py:account_view",
        '"fingerprint": None if key is None else fingerprint(key),',
        '"fingerprint": None,',
        f"{RESOURCES}/test_modules.py::test_service_account_info",
    ),
    # The secret
    _mutation(
        f"{LIBRARY}/_resources/service_account_secret.py:ServiceAccountSecret._steps_to_hold",
        """uid=self._uid,
        )""",
        "        )",
        f"{RESOURCES}/test_service_account_secret.py::test_a_new_secret_is_a_readable_service_account_document",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account_secret.py:ServiceAccountSecret._decide_given",
        """if self._rotate == "prepare":
            return Decision(key, pending=True)""",
        "return Decision(key)",
        f"{RESOURCES}/test_service_account_secret.py::test_a_given_key",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account_secret.py:ServiceAccountSecret._decide",
        "if live is None or not state.account_has(live):",
        "if live is None:",
        f"{RESOURCES}/test_service_account_secret.py::test_every_state",
    ),
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:base_scheme",
        'return "http" if mode == DISABLED else "https"',
        'return "https"',
        f"{UNIT}/_rules/test_security_modes.py::test_login_endpoint",
        f"{RESOURCES}/test_service_account_secret.py::test_the_derived_endpoint",
    ),
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:base_scheme",
        'return "http" if mode == DISABLED else "https"',
        'return "http" if mode != STRICT else "https"',
        f"{UNIT}/_rules/test_security_modes.py::test_login_endpoint",
        f"{RESOURCES}/test_service_account_secret.py::test_the_derived_endpoint",
    ),
    _mutation(
        f"{LIBRARY}/_resources/service_account_secret.py:describe_secret",
        'result["matches_account"] =',
        'result["matches_account"] = True or',
        f"{RESOURCES}/test_modules.py::test_sa_secret_info",
    ),
    # Permissions
    _mutation(
        f"{LIBRARY}/_service/plan.py:plan_service",
        'permissions = (*permissions, Permission(SUPERUSER_RID, ("full",)))',
        "pass",
        f"{UNIT}/_service/test_plan.py::test_superuser_comes_last",
    ),
    _mutation(
        f"{LIBRARY}/_resources/acl_grants.py:Grants._grant",
        "self._iam.create_acl(grant.rid, description)",
        'self._iam.create_acl(grant.rid, "")',
        f"{RESOURCES}/test_acl_grants.py::test_grants_are_made_with_their_acl",
    ),
    _mutation(
        f"{LIBRARY}/_resources/acl_grants.py:Grants._description",
        "return ACL_DESCRIPTION if given is None else given",
        "return ACL_DESCRIPTION",
        f"{RESOURCES}/test_acl_grants.py::test_an_existing_acl_keeps_its_description",
    ),
    _mutation(
        f"{LIBRARY}/_rules/permissions.py:superuser_last",
        "return sorted(grants, key=lambda grant: grant.rid == SUPERUSER_RID)",
        "return list(grants)",
        f"{RESOURCES}/test_acl_grants.py::test_grants_precede_revocations_and_superuser_comes_last",
    ),
    _mutation(
        f"{LIBRARY}/_service/superuser.py:superuser",
        "if now < until:",
        "if wanted:",
        f"{UNIT}/_service/test_plan.py::test_superuser_until_ends_the_bring_up",
    ),
    _mutation(
        f"{LIBRARY}/_service/names.py:derive_names",
        'mesos_role=f"{flat}-role",',
        "mesos_role=flat,",
        f"{UNIT}/_service/test_plan.py::test_derived_names",
    ),
    _mutation(
        f"{LIBRARY}/_presets/shipped.py:_GENERIC",
        '"A scheduler that reserves resources.", MINIMUM + RESERVATIONS)',
        '"A scheduler that reserves resources.", MINIMUM)',
        f"{UNIT}/_presets/test_reading.py::test_generic_presets_are_the_documented_lists",
    ),
    _mutation(
        f"{LIBRARY}/_presets/shipped.py:_GENERIC",
        "MINIMUM + LOCAL_VOLUMES)",
        "MINIMUM)",
        f"{UNIT}/_presets/test_reading.py::test_generic_presets_are_the_documented_lists",
    ),
    _mutation(
        f"{LIBRARY}/_presets/common_grants.py:MINIMUM",
        "MINIMUM = (REGISTER, RUN_AS)",
        "MINIMUM = (REGISTER,)",
        f"{UNIT}/_presets/test_reading.py::test_generic_presets_are_the_documented_lists",
    ),
    _mutation(
        f"{LIBRARY}/_presets/reading.py:expand",
        "rid = rid_start",
        "pass",
        f"{UNIT}/_presets/test_reading.py::test_any_role_leaves_the_last_part_out",
        f"{UNIT}/_service/test_plan.py::test_any_role",
    ),
    _mutation(
        f"{LIBRARY}/_service/presets.py:ChosenPresets.goes_without_account",
        "if support == presets.NOT_AVAILABLE:",
        "if False:",
        f"{UNIT}/_service/test_plan.py::test_support_of_presets",
    ),
    _mutation(
        f"{LIBRARY}/_service/presets.py:ChosenPresets.goes_without_account",
        "if support == presets.NOT_POSSIBLE and not may_skip:",
        "if False:",
        f"{UNIT}/_service/test_plan.py::test_support_of_presets",
    ),
    _mutation(
        f"{LIBRARY}/_presets/shipped.py:_USUAL",
        "_USUAL = _support(NOT_POSSIBLE, OPTIONAL, REQUIRED)",
        "_USUAL = _support(OPTIONAL, OPTIONAL, REQUIRED)",
        f"{UNIT}/_presets/test_shipped.py::test_the_table_of_universe_services",
        f"{UNIT}/_service/test_presets.py::test_the_table_of_universe_services",
    ),
    _mutation(
        f"{LIBRARY}/_presets/shipped.py:_USUAL",
        "_USUAL = _support(NOT_POSSIBLE, OPTIONAL, REQUIRED)",
        "_USUAL = _support(NOT_POSSIBLE, REQUIRED, REQUIRED)",
        f"{UNIT}/_presets/test_shipped.py::test_the_table_of_universe_services",
        f"{UNIT}/_service/test_presets.py::test_the_table_of_universe_services",
    ),
    _mutation(
        f"{LIBRARY}/_presets/shipped.py:_SERVICES",
        "support=_support(NOT_POSSIBLE, OPTIONAL, NOT_AVAILABLE),",
        "support=_USUAL,",
        f"{UNIT}/_presets/test_shipped.py::test_the_table_of_universe_services",
        f"{UNIT}/_service/test_presets.py::test_the_table_of_universe_services",
    ),
    _mutation(
        f"{LIBRARY}/_presets/shipped.py:_SERVICES",
        "support=_support(OPTIONAL, OPTIONAL, REQUIRED),",
        "support=_USUAL,",
        f"{UNIT}/_presets/test_shipped.py::test_the_table_of_universe_services",
        f"{UNIT}/_service/test_presets.py::test_the_table_of_universe_services",
    ),
    _mutation(
        f"{LIBRARY}/_service/superuser.py:run_as",
        "return (permission,), []",
        "return (), []",
        f"{UNIT}/_service/test_superuser.py::test_run_as",
    ),
    _mutation(
        f"{LIBRARY}/_service/names.py:derive_names",
        'account=f"{flat}-principal",',
        'account=f"{segments[-1]}-principal",',
        f"{UNIT}/_service/test_plan.py::test_different_services_never_share_a_name",
    ),
    _mutation(
        f"{LIBRARY}/_service/names.py:key_files",
        "base = f\"{key_dir.rstrip('/')}/{account}\"",
        "base = f\"{key_dir.rstrip('/')}/service\"",
        f"{UNIT}/_service/test_plan.py::test_accounts_never_share_a_key_file",
    ),
    _mutation(
        f"{LIBRARY}/_fleet/collisions.py:collisions",
        "if owner is not plan:",
        "if False:",
        f"{UNIT}/_fleet/test_collisions.py::test_sharing_is_refused",
    ),
    # Accounts of DC/OS itself
    _mutation(
        f"{LIBRARY}/_api/cluster.py:Cluster.__init__",
        "if self.login.uid in NATIVE_ACCOUNTS:",
        "if False:",
        f"{UNIT}/_api/test_cluster.py::test_credentials_of_dcos_itself_are_refused_before_any_request",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:_check_account",
        "if uid in NATIVE_ACCOUNTS:",
        "if False:",
        f"{RESOURCES}/test_auth_token.py::test_credentials_of_dcos_itself_are_not_used",
    ),
    _mutation(
        f"{LIBRARY}/_rules/identifiers.py:is_native",
        "return uid in NATIVE_ACCOUNTS or uid == BOOTSTRAP_USER",
        "return False",
        f"{UNIT}/_rules/test_identifiers.py::test_accounts_of_dcos_itself_are_always_refused",
        f"{RESOURCES}/test_acl_grants.py::test_accounts_of_dcos_itself_are_refused",
        f"{RESOURCES}/test_service_account.py::test_uids_that_are_refused_before_any_request",
        f"{RESOURCES}/test_user.py::test_uids_that_are_refused_before_any_request",
        f"{RESOURCES}/test_group.py::test_who_does_not_join",
    ),
    _mutation(
        f"{LIBRARY}/_resources/user.py:UserAccount._plan_absent",
        "(step,)",
        "()",
        f"{RESOURCES}/test_user.py::test_a_user_is_deleted",
    ),
    _mutation(
        f"{LIBRARY}/_rules/identifiers.py:GRANTABLE_NATIVE_ACCOUNTS",
        'frozenset(("dcos_marathon", "dcos_metronome"))',
        "frozenset()",
        f"{RESOURCES}/test_acl_grants.py::test_marathon_and_metronome_take_single_grants_but_not_exclusive",
    ),
    # The cluster
    _mutation(
        f"{LIBRARY}/_api/connection.py:_verify",
        'if urlsplit(url).scheme == "http":',
        "if False:",
        f"{UNIT}/_api/test_connection.py::test_plain_http_needs_no_bundle",
    ),
    _mutation(
        f"{LIBRARY}/_api/connection.py:_verify",
        "return _check_bundle(ca_path, ca_name)",
        "return True",
        f"{UNIT}/_api/test_connection.py::test_what_verifies_the_cluster",
    ),
    _mutation(
        f"{LIBRARY}/_api/cli_config.py:attached_cluster",
        '_text(core.get("dcos_acs_token"))',
        "None",
        f"{UNIT}/_api/test_cli_config.py::test_the_attached_cluster_gives_url_and_token",
    ),
    _mutation(
        f"{LIBRARY}/_api/connection.py:_Lazy.cluster_at",
        'or check_url(cluster.url, f"core.dcos_url in {cluster.file}") != url:',
        ":",
        f"{UNIT}/_api/test_cli_config.py::test_a_token_is_sent_to_no_other_url",
    ),
    _mutation(
        f"{LIBRARY}/_service/mode_rules.py:resolve_mode",
        'cluster.variant == "open"',
        'cluster.variant == "closed"',
        f"{UNIT}/_service/test_plan.py::test_given_and_read_modes",
    ),
    _mutation(
        f"{LIBRARY}/_api/iam.py:Iam._without_route",
        "if not error.is_no_route:",
        "if True:",
        f"{UNIT}/_api/test_iam.py::test_a_missing_route_means_an_open_cluster",
    ),
    # Open clusters
    _mutation(
        f"{LIBRARY}/_api/login.py:_body",
        'return {"token": credentials.id_token}',
        'return {"uid": "", "token": credentials.id_token}',
        f"{UNIT}/_api/test_login.py::test_an_id_token_is_exchanged",
    ),
    _mutation(
        f"{LIBRARY}/_api/refusal.py:_id_token_cause",
        "if part in sentence",
        "if part == sentence",
        f"{UNIT}/_api/test_login.py::test_a_refused_id_token_says_why",
    ),
    _mutation(
        f"{LIBRARY}/_resources/auth_token.py:AuthenticationToken._is_of_cluster",
        "self._cluster.accepts(token)",
        "True",
        f"{RESOURCES}/test_open.py::test_which_kept_token_is_not_taken",
    ),
    _mutation(
        f"{LIBRARY}/_api/login.py:Login._log_in",
        "if lets_everybody_in(self._http):",
        "if False:",
        f"{UNIT}/_api/test_login.py::test_without_authentication_nothing_is_sent_along",
    ),
    # Audit lines
    _mutation(
        f"{LIBRARY}/_audit/report.py:Decisions",
        "self.used if found.allowed else self.denied",
        "self.used",
        f"{UNIT}/_audit/test_report.py::test_denials_become_missing_permissions",
    ),
    _mutation(
        f"{LIBRARY}/_audit/report.py:what_it_tells",
        "None if found.allowed else Problem(None, found.component, NO_UID)",
        "None",
        f"{UNIT}/_audit/test_report.py::test_denials_without_an_account_are_explained",
    ),
    _mutation(
        f"{LIBRARY}/_audit/report.py:account_view",
        "if (grant in denied if holdings is None else ways[grant] == NO)]",
        "if grant in denied]",
        f"{UNIT}/_audit/test_report.py::test_what_is_granted_now_is_not_missing",
    ),
    _mutation(
        f"{LIBRARY}/_audit/report.py:account_view",
        "proposed = denied | used",
        "proposed = used",
        f"{RESOURCES}/test_least_privilege.py::test_from_nothing_in_rounds",
    ),
    _mutation(
        f"{LIBRARY}/_audit/report.py:account_view",
        "proposed = denied | used",
        "proposed = denied",
        f"{RESOURCES}/test_least_privilege.py::test_from_superuser_in_one_pass",
    ),
    _mutation(
        f"{LIBRARY}/_audit/report.py:_unused",
        "if held.rid != SUPERUSER_RID and not any(covers(held, grant) for grant in asked)",
        "if False",
        f"{RESOURCES}/test_least_privilege.py::test_a_grant_too_many_is_unused",
    ),
    _mutation(
        f"{LIBRARY}/_rules/security_modes.py:not_logged",
        "if mode not in (DISABLED, PERMISSIVE):",
        "if mode is not None:",
        f"{RESOURCES}/test_least_privilege.py::test_looser_modes_say_what_their_lines_do_not_show",
    ),
)


# Running


def failing(root: Path, tests: Iterable[str]) -> tuple[set[str], str]:
    """Which of the tests do not pass below this root, and what pytest said."""
    tests = sorted(set(tests))
    report = root / "report.xml"
    environment = {
        **os.environ,
        "PYTHONPATH": str(root.parents[2]),
        "ANSIBLE_COLLECTIONS_PATH": str(root.parents[2]),
        "DCOS_TEST_COLLECTIONS": str(root.parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-o",
        f"cache_dir={root / '.cache'}",
        f"--junitxml={report}",
        *tests,
    ]
    run = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True, text=True)
    if not report.exists() or run.returncode not in (0, 1):
        raise RuntimeError(f"pytest could not run {', '.join(tests)}:\n{run.stdout}{run.stderr}")
    passed: dict[str, bool] = dict.fromkeys(tests, True)
    found: set[str] = set()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 (written by pytest just now)
        file = (case.get("classname") or "").replace(".", "/") + ".py"
        test = f"{file}::{(case.get('name') or '').partition('[')[0]}"
        found.add(test)
        if case.find("failure") is not None or case.find("error") is not None:
            passed[test] = False
    missing = set(tests) - found
    if missing:
        raise RuntimeError(f"these tests did not run: {', '.join(sorted(missing))}\n{run.stdout}")
    return {test for test in tests if not passed[test]}, run.stdout


def survives(mutation: Mutation) -> list[str]:
    """The tests that pass although the rule is gone."""
    with tempfile.TemporaryDirectory() as folder:
        root = copy_collection(Path(folder))
        path, text = mutation.changed(root)
        if path.suffix == ".py":
            compile(text, path.name, "exec")
        path.write_text(text, encoding="utf-8")
        failed, _output = failing(root, mutation.tests)
    return [test for test in mutation.tests if test not in failed]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="mutations at a time")
    parser.add_argument("--tests", default="tests", help="only tests whose id begins with this")
    options = parser.parse_args(arguments)
    chosen = [
        replace(each, tests=tests)
        for each in MUTATIONS
        if (tests := tuple(test for test in each.tests if test.startswith(options.tests)))
    ]
    with tempfile.TemporaryDirectory() as folder:
        failed, output = failing(copy_collection(Path(folder)), {test for each in chosen for test in each.tests})
    if failed:
        print(output)
        print(f"these fail without any change: {', '.join(sorted(failed))}")
        return 1
    survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutation, passed in zip(chosen, pool.map(survives, chosen), strict=True):
            survivors += bool(passed)
            print(f"{'SURVIVES' if passed else 'caught  '} {mutation}")
            for test in passed:
                print(f"         passes still: {test}")
    print(f"{len(chosen) - survivors} caught, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
