# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated cluster: its services, wired together, and the switches that are no part of a real one."""

from __future__ import annotations

import json
import os

from .admin_router import AdminRouter
from .audit import AuditLog
from .authorization import Authorization
from .certificates import ensure_certificates
from .cosmos import Cosmos
from .datadir import DataDir, write_private
from .faults import Faults, InvalidFault, parse_faults
from .http import Request, Response, json_document
from .iam import Iam
from .iam.views import Accounts
from .inside import Inside
from .marathon import Marathon
from .mesos import Mesos
from .platform import Cluster, Platform
from .request_log import RequestLog
from .secret_store import SecretStore
from .seed import seed, signing_key
from .settings import CONTROL_PREFIX, Settings
from .store import Store
from .tokens import TokenAuthority


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
        secure = settings.security_mode != "disabled"
        seed(self._store, settings.superuser, settings.superuser_password, native_accounts=secure)
        write_private(data_dir.unseal_key, f"{self._store.get_meta('unseal_key')}\n".encode())
        ca_pem = None
        if secure:
            ensure_certificates(data_dir.ca, data_dir.ca_key, data_dir.server_certificate, data_dir.server_key)
            ca_pem = data_dir.ca.read_bytes()
        self._audit = AuditLog(data_dir.audit_log)
        self._authorization = Authorization(self._store)
        self._tokens = TokenAuthority(signing_key(data_dir), settings.auth_token_lifetime)
        self._secrets = SecretStore(self._store, self._authorization, self._audit)
        cluster_id = self._store.get_meta("cluster_id") or ""
        # Who the cluster was made with counts, whoever is named at a later start.
        superuser = self._store.get_meta("superuser") or settings.superuser
        iam = Iam(
            self._store,
            self._authorization,
            self._tokens,
            self._audit,
            cluster_id=cluster_id,
            accounts=Accounts(
                names_providers=settings.is_since(1, 13),
                unlisted=None if settings.list_superuser else superuser,
            ),
        )
        marathon = Marathon(self._store, self._authorization, self._audit, settings.security_mode)
        mesos = Mesos(
            self._authorization,
            self._audit,
            strict=settings.security_mode == "strict",
            agents_ask=settings.is_since(1, 10),
        )
        self._inside = Inside(marathon, mesos, self._tokens)
        self._admin_router = AdminRouter(
            iam,
            self._secrets,
            Cosmos(settings.dcos_version),
            marathon,
            mesos,
            Platform(
                Cluster(cluster_id, settings.security_mode, settings.dcos_version, settings.is_since(1, 12), ca_pem)
            ),
            self._authorization,
            self._tokens,
            self._audit,
        )

    def handle(self, request: Request) -> Response:
        """The cluster's answer."""
        return self._inside.handle(request) or self._admin_router.handle(request)

    def control(self, request: Request) -> Response:
        """The answer of the control interface."""
        name = request.path.removeprefix(CONTROL_PREFIX)
        if name == "health":
            if request.method not in ("GET", "HEAD"):
                return _not_allowed("GET")
            mode = self.settings.security_mode
            return json_document({"status": "ok", "security_mode": mode, "pid": os.getpid()})
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
