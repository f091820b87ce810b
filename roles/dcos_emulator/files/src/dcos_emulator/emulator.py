# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated cluster: its services, wired together, and the switches that are no part of a real one."""

from __future__ import annotations

import json
import os
import secrets

from .admin_router import AdminRouter
from .audit import AuditLog
from .authorization import Authorization
from .certificates import ensure_certificates
from .cosmos import Cosmos
from .datadir import DataDir, write_private
from .dcos_oauth import UI_CONFIG_PATH, DcosOauth
from .faults import Faults, InvalidFault, parse_faults
from .http import Request, Response, json_document
from .iam import Iam
from .iam.views import PREFIX as IAM_PREFIX
from .iam.views import Accounts
from .identity_provider import IdentityProvider
from .inside import Inside
from .marathon import Marathon
from .mesos import Mesos
from .open_admin_router import Guard, OpenAdminRouter, Service
from .platform import Cluster, Platform
from .private_keys import ensure_private_key
from .request_log import RequestLog
from .secret_store import SecretStore
from .seed import seed, seed_open
from .settings import CONTROL_PREFIX, ENTERPRISE, OPEN, EmulatorError, Settings
from .store import Store
from .tokens import SharedSecretTokens, TokenAuthority, Tokens


class Emulator:
    """Answers requests; knows nothing about sockets.

    store: the state, where it is kept elsewhere than in the data directory; the caller may look into it and change it.
    """

    def __init__(self, settings: Settings, data_dir: DataDir, store: Store | None = None) -> None:
        self.settings = settings
        self.data_dir = data_dir
        self.faults = Faults()
        self.request_log = RequestLog(data_dir.request_log)
        self._store = Store(data_dir.database) if store is None else store
        _check_variant(self._store, settings)
        if settings.security_mode != "disabled":
            ensure_certificates(data_dir.ca, data_dir.ca_key, data_dir.server_certificate, data_dir.server_key)
        self._audit = AuditLog(data_dir.audit_log)
        self._authorization = Authorization(self._store)
        self._secrets = SecretStore(self._store, self._authorization, self._audit)
        self._tokens: Tokens
        self._inside: Inside | None = None
        self._admin_router = self._open() if settings.is_open else self._enterprise()

    def _enterprise(self) -> AdminRouter:
        settings, data_dir = self.settings, self.data_dir
        secure = settings.security_mode != "disabled"
        seed(self._store, settings.superuser, settings.superuser_password, native_accounts=secure)
        write_private(data_dir.unseal_key, f"{self._store.get_meta('unseal_key')}\n".encode())
        self._tokens = tokens = TokenAuthority(ensure_private_key(data_dir.signing_key), settings.auth_token_lifetime)
        # Who the cluster was made with counts, whoever is named at a later start.
        superuser = self._store.get_meta("superuser") or settings.superuser
        marathon = Marathon(self._store, self._authorization, self._audit, settings.security_mode)
        mesos = Mesos(
            self._authorization,
            self._audit,
            strict=settings.security_mode == "strict",
            agents_ask=settings.is_since(1, 10),
        )
        self._inside = Inside(marathon, mesos, tokens)
        return AdminRouter(
            self._iam(tokens, unlisted=None if settings.list_superuser else superuser),
            self._secrets,
            Cosmos(settings.dcos_version),
            marathon,
            mesos,
            self._platform(data_dir.ca.read_bytes() if secure else None),
            self._authorization,
            tokens,
            self._audit,
        )

    def _open(self) -> OpenAdminRouter:
        settings, data_dir = self.settings, self.data_dir
        seed_open(self._store)
        provider = IdentityProvider(data_dir.identity_provider_key)
        provider.ensure_key()
        iam: Service
        if settings.variant == OPEN:
            self._tokens = tokens = TokenAuthority(
                ensure_private_key(data_dir.signing_key), settings.auth_token_lifetime
            )
            iam, ui_config_path = self._iam(tokens, provider), f"{IAM_PREFIX}/uiconfig/"
        else:
            self._tokens = shared = SharedSecretTokens(_shared_secret(data_dir))
            iam, ui_config_path = DcosOauth(self._store, shared, provider, self._cluster_id), UI_CONFIG_PATH
        guard = Guard(self._uid_of, takes_bearer=settings.variant == OPEN, asks=settings.authentication)
        return OpenAdminRouter(iam, ui_config_path, Cosmos(settings.dcos_version), self._platform(None), guard)

    def _uid_of(self, token: str) -> str | None:
        """The account of a token; up to 1.12 Admin Router asks for the user as well, so that its tokens end with it."""
        uid = self._tokens.uid_of(token)
        if uid is None or self.settings.variant == OPEN or self._store.user(uid) is not None:
            return uid
        return None

    @property
    def _cluster_id(self) -> str:
        return self._store.get_meta("cluster_id") or ""

    def _iam(
        self, tokens: TokenAuthority, provider: IdentityProvider | None = None, unlisted: str | None = None
    ) -> Iam:
        return Iam(
            self._store,
            self._authorization,
            tokens,
            self._audit,
            cluster_id=self._cluster_id,
            accounts=Accounts(names_providers=self.settings.is_since(1, 13), unlisted=unlisted),
            identity_provider=provider,
        )

    def _platform(self, ca_pem: bytes | None) -> Platform:
        settings = self.settings
        names_variant = settings.is_since(1, 12)
        return Platform(
            Cluster(
                self._cluster_id,
                settings.security_mode,
                settings.dcos_version,
                names_variant,
                ca_pem,
                settings.is_open,
            )
        )

    def handle(self, request: Request) -> Response:
        """The cluster's answer."""
        answer = None if self._inside is None else self._inside.handle(request)
        return answer or self._admin_router.handle(request)

    def control(self, request: Request) -> Response:
        """The answer of the control interface."""
        name = request.path.removeprefix(CONTROL_PREFIX)
        if name == "health":
            if request.method not in ("GET", "HEAD"):
                return _not_allowed("GET")
            settings = self.settings
            return json_document(
                {
                    "status": "ok",
                    "variant": settings.variant,
                    "security_mode": settings.security_mode,
                    "authentication": settings.authentication,
                    "pid": os.getpid(),
                }
            )
        if name != "faults":
            return json_document({"message": f"there is no {name!r} here; there are health and faults"}, 404)
        if request.method == "PUT":
            try:
                self._set_faults(json.loads(request.body))
            except InvalidFault as error:
                return json_document({"message": str(error)}, 400)
            except (ValueError, RecursionError):
                return json_document({"message": "the body is not JSON"}, 400)
        elif request.method == "DELETE":
            self._set_faults({"faults": []})
        elif request.method != "GET":
            return _not_allowed("DELETE, GET, PUT")
        return json_document({"faults": self.faults.descriptions(), "hits": self.faults.hits()})

    def _set_faults(self, document: object) -> None:
        """Replace all faults, or none when one of the new ones is wrong."""
        self.faults.replace(parse_faults(document))
        if self.faults.of_kind("expire_tokens"):
            self._tokens.expire_all()
        else:
            self._tokens.forget_expiry()
        self._secrets.sealed_by_fault = self.faults.of_kind("sealed") is not None
        slow = self.faults.of_kind("slow_permissions")
        self._authorization.delay_changes(slow.seconds if slow else 0)

    def close(self) -> None:
        self._store.close()
        self._audit.close()
        self.request_log.close()


def _not_allowed(methods: str) -> Response:
    return Response(405, b"", None, (("Allow", methods),))


def _check_variant(store: Store, settings: Settings) -> None:
    """What a cluster was made as it stays: users and tokens of the variants do not fit each other."""
    made_as = store.get_meta("variant")
    if made_as is None:
        if settings.is_open and store.get_meta("cluster_id") is not None:
            made_as = ENTERPRISE
        else:
            store.set_meta("variant", settings.variant)
    if made_as not in (None, settings.variant):
        raise EmulatorError(f"--variant: the cluster in this --data-dir is {made_as}")


def _shared_secret(data_dir: DataDir) -> bytes:
    """What up to 1.12 an open cluster signs its tokens with, made once."""
    if not data_dir.auth_token_secret.exists():
        write_private(data_dir.auth_token_secret, f"{secrets.token_urlsafe(64)}\n".encode())
    return data_dir.auth_token_secret.read_bytes().strip()
