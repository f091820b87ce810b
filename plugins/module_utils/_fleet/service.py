# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""One service from its plan to its end: what the tasks of the role dcos_service do, in the same order.

Everything is done by the resources that the modules are made of. Here is only the order of the steps:
the key is stored before the account exists, nothing of a key is given up until the next one has let us in, superuser
power is taken away last.
"""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from .._api.cluster import Cluster
from .._api.iam import Permissions, user_subject
from .._api.login import log_in
from .._crypto.rsa_keys import fingerprint, load_private_key, read_public_key
from .._errors import DcosError
from .._files import read_text
from .._resources.acl_grants import Grants
from .._resources.auth_token import SecretLogin
from .._resources.document_endpoint import Endpoint
from .._resources.frame import Outcome, Resource, Run, State, with_new_key
from .._resources.keypair import Keypair
from .._resources.memberships import unknown_groups, unknown_groups_error
from .._resources.service_account import ServiceAccount, read_journal
from .._resources.service_account_document import stored_half
from .._resources.service_account_groups import MemberAccount
from .._resources.service_account_secret import ServiceAccountSecret
from .._rules.identifiers import next_path
from .._rules.permissions import SUPERUSER_RID, Permission
from .._service.plan import ABSENT, ROTATED, SKIP, Plan
from .._service.superuser import RUN_AS_ACCOUNT
from .._service.terms import in_terms_of_service

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


_MOST_ROUNDS = 3
"""So often a retirement begins again, because another run provisions the same service."""


@dataclass
class Report:
    """The result for one service, or the predicted one.

    values: as the role's C(dcos_service_result).
    before, after: the parts of the service that were looked at.
    error: why it is not as it should be; C(complete) says whether everything was done nevertheless.
    rotates: the key is being replaced.
    created: its account is a new one.
    permissions_held: on how many resources the account is granted something; None if nobody looked.
    """

    values: dict[str, object] = field(default_factory=dict)
    changed: bool = False
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    error: DcosError | None = None
    complete: bool = False
    rotates: bool = False
    created: bool = False
    permissions_held: int | None = None

    def hide_key(self, fingerprint: str) -> None:
        """Show that a key is made when this is applied, in place of the one that stood for it."""
        if self.values.get("fingerprint") == fingerprint:
            self.values["fingerprint"] = NOT_MADE
        self.after = with_new_key(self.after, fingerprint)


NOT_MADE = "(made when applied)"
"""In results of check mode, in place of the fingerprint of a key that there is not yet."""


@dataclass(frozen=True)
class _Key:
    """What was done about the service's key."""

    fingerprint: str
    changed: bool
    verified: bool


class Service:
    """Carry the plan out in a run, which decides whether that is for real.

    make_key: makes a key where one is needed.
    """

    def __init__(self, plan: Plan, cluster: Cluster, run: Run, make_key: Callable[..., RSAPrivateKey]) -> None:
        self._plan = plan
        self._cluster = cluster
        self._run = run
        self._make_key = make_key
        self._report = Report()

    def converge(self) -> Report:
        """All steps; what fails ends this service and stands in the report."""
        report, done = self._report, self._run.done
        try:
            self._stage()
            report.complete = True
        except DcosError as exc:
            report.error = in_terms_of_service(exc, self._plan.prefix)
            report.changed = bool(done)  # what was predicted before an error is not going to be done
        except Exception as exc:  # one service must not take the results of all the others along
            report.error = DcosError(
                f"This is a bug in the collection ({type(exc).__name__} in {_where(exc)}). Please report it. Done "
                f"before that: {'; '.join(done) or 'nothing'}."
            )
            report.changed = bool(done)
        return report

    def _stage(self) -> None:
        if self._plan.stage == ABSENT:
            self._retire()
        elif self._plan.stage == ROTATED:
            self._rotate()
            return
        elif self._plan.stage != SKIP:
            self._provision()
            return
        self._report.values = service_result(self._plan.security_mode)

    # Present

    def _provision(self) -> None:
        plan = self._plan
        self._require_groups()
        key = self._key()
        if plan.run_as:
            # Many services add to this account, and nobody is told what it has in the end.
            self._part("run_as", self._grants_of(RUN_AS_ACCOUNT, plan.run_as, reads_end=False))
        granted = self._grant()  # takes power away, if that is what is wanted: the last of all writes
        verified = key.verified or self._verify()
        power = sorted({entry["gid"] for entry in granted["through_groups"] if entry["rid"] == SUPERUSER_RID})
        self._report.values = service_result(
            plan.security_mode,
            account=plan.account,
            secret=plan.secret_path,
            fingerprint=key.fingerprint,
            granted=granted["granted"],
            revoked=granted["revoked"],
            left_out=[{"rid": o.rid, "actions": list(o.actions), "reason": o.reason} for o in plan.left_out],
            superuser=plan.superuser or bool(power),
            key_changed=key.changed,
            verified=verified,
        )
        if power and not plan.superuser:
            self._report.error = DcosError(
                f"The account {plan.account} is provisioned, but it is still a superuser, through the membership in "
                f"{', '.join(power)}. No membership is ended here: take the account out of the group, or set "
                f"{plan.prefix}superuser to true if that is wanted."
            )

    def _require_groups(self) -> None:
        """Whether there are all groups, asked before anything is written."""
        plan = self._plan
        with self._run.planning():
            unknown = unknown_groups(self._cluster.iam, plan.groups)
        if unknown:
            raise unknown_groups_error(unknown, plan.account)

    # Rotated

    def _rotate(self) -> None:
        """The key alone: description, grants and groups are the account's, whatever is said about the service."""
        plan = self._plan
        self._require_account()
        key = self._key()
        verified = key.verified or self._verify()
        self._report.values = service_result(
            plan.security_mode,
            account=plan.account,
            secret=plan.secret_path,
            fingerprint=key.fingerprint,
            superuser=self._is_superuser(),
            key_changed=key.changed,
            verified=verified,
        )

    def _require_account(self) -> None:
        """Whether there is a key to rotate, or a rotation to finish whose account was deleted on the way."""
        plan, iam = self._plan, self._cluster.iam
        with self._run.planning():
            if iam.user(plan.account) is None and read_journal(iam, plan.account) is None:
                raise DcosError(
                    f"{plan.prefix}account: there is no service account {plan.account}, so there is no key to rotate. "
                    "Nothing was changed. Provision the service first, or correct its name.",
                    "ERR_UNKNOWN_USER_ID",
                )

    def _is_superuser(self) -> bool:
        with self._run.planning():
            permissions = self._cluster.iam.permissions(self._plan.account) or Permissions()
        return permissions.has_direct(SUPERUSER_RID) or bool(permissions.groups_with(SUPERUSER_RID))

    # The key

    def _key(self) -> _Key:
        """The key is stored before the account exists, so it is never lost; what is in files too goes along."""
        plan = self._plan
        rotates = self._rotates()
        pair = self._keep_in_files("prepare" if rotates else "none")
        rotates |= pair is not None and pair["pending"]
        self._report.rotates = rotates
        if pair is not None and not rotates:
            # Told before the secret is looked at, which would only say that the key given is not the account's.
            self._run.require(self._account_with(pair["public_key"], False))
        key = None if pair is None else self._load(pair)
        stored = self._store("prepare" if rotates else "none", key)
        account = self._part("account", self._account_with((pair or stored["secret"])["public_key"], rotates))
        self._report.created = bool(account.values["created"])
        pending = bool(stored["secret"]["pending"] or (pair is not None and pair["pending"]))
        verified = False
        if not self._run.provisional:
            if pending:
                self._log_in(next_path(plan.secret_path) if stored["secret"]["pending"] else plan.secret_path)
                verified = True
            if stored["unsettled"]:  # by a rotation, or by one that was given up
                self._store("finish" if pending else "none", key)
            if pair is not None and pair["pending"]:
                self._keep_in_files("finish")
        shown = (pair or stored["secret"])["fingerprint"]
        return _Key(shown, bool(stored["key_changed"]), verified)

    def _rotates(self) -> bool:
        """Whether the plan asks for a new key, which can depend on the one that the account has."""
        plan = self._plan
        if plan.rotate_key_from is None:
            return plan.rotate_key
        with self._run.planning():
            user = self._cluster.iam.user(plan.account)
        key = None if user is None else read_public_key(user.public_key)
        return plan.rotates(None if key is None else fingerprint(key))

    def _keep_in_files(self, rotate: str) -> dict[str, Any] | None:
        """The key pair in files; None where the key is in the secret only."""
        files = self._plan.key_files
        if files is None:
            return None
        pair = Keypair(
            files.private_key_path,
            files.public_key_path,
            size=self._plan.key_size,
            regenerate="never",  # the size is for a key that is made
            rotate=rotate,
            make_key=self._make_key,
            closes=True,
        )
        values: Mapping[str, Any] = self._part("key_files", pair).values
        return {**values["keypair"], "in_memory": self._run.provisional and values["key_made"]}

    def _load(self, pair: Mapping[str, Any]) -> RSAPrivateKey:
        if pair["in_memory"]:  # and thrown away
            return self._make_key()
        path = pair["private_key_path"]
        option = f"{self._plan.prefix}key_dir ({path})"
        # Whom the file is open to is the matter of the key pair, which closes it.
        return load_private_key(read_text(path, option), option)

    def _store(self, rotate: str, key: RSAPrivateKey | None = None) -> Mapping[str, Any]:
        plan = self._plan
        endpoint = Endpoint(
            plan.login_endpoint,
            plan.security_mode if plan.login_endpoint is None else None,
            plan.legacy_login_endpoint,
            keeps=plan.stage == ROTATED,
        )
        secret = ServiceAccountSecret(
            self._cluster,
            plan.account,
            plan.secret_path,
            plan.secret_store,
            key=key,
            endpoint=endpoint,
            rotate=rotate,
            allow_dcos_prefix=plan.allow_dcos_prefix,
            make_key=self._make_key,
            pem_path=plan.pem_secret_path,
            size=plan.key_size,
        )
        return self._part("secret", secret).values

    def _account_with(self, public_key: str, replace_key: bool) -> Resource[Any]:
        plan = self._plan
        account = ServiceAccount(
            self._cluster.iam,
            self._cluster.own_uid,
            plan.account,
            description=None if plan.stage == ROTATED else plan.description,
            key=read_public_key(public_key),
            replace_key=replace_key,
            allow_dcos_prefix=plan.allow_dcos_prefix,
            is_stored=stored_half(self._cluster, plan.account, plan.secret_store, plan.secret_path),
            describe_new_only=not plan.own_description,
        )
        return MemberAccount(account, self._cluster.iam, plan.account, plan.groups) if plan.groups else account

    def _grant(self) -> dict[str, Any]:
        """Grant what is needed, revoke what is too much, superuser power last."""
        plan = self._plan
        found: dict[str, Any] = {"granted": [], "revoked": [], "through_groups": []}
        tasks = []
        if plan.exclusive or plan.permissions:
            tasks.append(self._grants_of(plan.account, plan.permissions, exclusive=plan.exclusive, keep=plan.keep))
        if not plan.exclusive and not plan.superuser:
            tasks.append(self._grants_of(plan.account, [Permission(SUPERUSER_RID, ())], present=False))
        for grants in tasks:
            values: Mapping[str, Any] = self._part("grants", grants).values
            found["granted"] += values["grants"]["granted"]
            found["revoked"] += values["grants"]["revoked"]
            found["through_groups"] += values["through_groups"]
            self._report.permissions_held = len(values["grants"]["direct"])
        return found

    def _grants_of(
        self,
        uid: str,
        permissions: Sequence[Permission],
        *,
        present: bool = True,
        exclusive: bool = False,
        keep: Sequence[Permission] = (),
        delete_unused_acls: bool = False,
        reads_end: bool = True,
    ) -> Grants:
        return Grants(
            self._cluster.iam,
            self._cluster.own_uid,
            user_subject(uid),
            permissions,
            present=present,
            exclusive=exclusive,
            keep=keep,
            allow_dcos_prefix=self._plan.allow_dcos_prefix,
            delete_unused_acls=delete_unused_acls,
            reads_end=reads_end,
        )

    def _verify(self) -> bool:
        """Log in with what is stored, where this is wanted. A prediction cannot be tried."""
        wanted, changed = self._plan.verify_login, self._report.changed
        if self._run.provisional or not (wanted == "always" or (wanted == "changed" and changed)):
            return False
        self._log_in(self._plan.secret_path)
        return True

    def _log_in(self, path: str) -> None:
        """The document is read from the store, not taken from memory: it is what the service will find."""
        stored = SecretLogin(self._plan.secret_store, path, self._plan.account)
        with self._run.trial():
            log_in(self._cluster.http, stored.credentials(self._cluster))

    # Absent

    def _retire(self) -> None:
        """The account first: from then on nobody can log in, whatever happens to the rest."""
        plan = self._plan
        self._remove_account()
        self._remove_secret()
        for _round in range(_MOST_ROUNDS):
            # Another run may have made the account anew, before its secret was gone.
            if self._run.provisional or not self._report.changed or not self._remove_account():
                break
            self._remove_secret()
        if plan.delete_key_files and plan.key_files is not None:
            files = plan.key_files
            self._part("key_files", Keypair(files.private_key_path, files.public_key_path, present=False))
        if plan.delete_unused_acls:
            # When the account's own grants are gone; works on what an interrupted retirement left, too.
            unused = self._grants_of(plan.account, plan.delete_unused_acls, present=False, delete_unused_acls=True)
            self._part("acls", unused)

    def _remove_account(self) -> bool:
        """Whether there was one."""
        plan = self._plan
        account = ServiceAccount(
            self._cluster.iam,
            self._cluster.own_uid,
            plan.account,
            present=False,
            allow_dcos_prefix=plan.allow_dcos_prefix,
        )
        return self._part("account", account).changed

    def _remove_secret(self) -> None:
        plan = self._plan
        secret = ServiceAccountSecret(
            self._cluster,
            plan.account,
            plan.secret_path,
            plan.secret_store,
            present=False,
            allow_dcos_prefix=plan.allow_dcos_prefix,
            pem_path=plan.pem_secret_path,
        )
        try:
            self._part("secret", secret)
        except DcosError as exc:
            if exc.code != "foreign_secret":
                raise
            warning = (
                f"The secret {plan.secret_path} in store {plan.secret_store} is kept: it is not a "
                f"service-account document of {plan.account}."
            )
            self._report.warnings += [] if warning in self._report.warnings else [warning]

    # Parts

    def _part(self, name: str, resource: Resource[State]) -> Outcome:
        """Converge one resource and note what that did."""
        outcome = self._run.converge(resource)
        report = self._report
        report.changed |= outcome.changed
        report.before.setdefault(name, outcome.before)
        report.after[name] = outcome.after
        report.warnings += outcome.warnings
        return outcome


def _where(exc: Exception) -> str:
    """Where it was raised, without its text, which could quote a secret."""
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"


def service_result(security_mode: str | None, **values: object) -> dict[str, object]:
    """The keys of C(dcos_service_result), which a service without an account has too."""
    return {
        "account": None,
        "security_mode": security_mode,
        "secret": None,
        "fingerprint": None,
        "granted": [],
        "revoked": [],
        "left_out": [],
        "superuser": False,
        "key_changed": False,
        "verified": False,
        **values,
    }
