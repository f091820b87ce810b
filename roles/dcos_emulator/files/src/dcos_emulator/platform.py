# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of the cluster that clients ask for: who it is, which version and mode, and its CA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .http import Request, Response, html_page, json_document, uncached, with_headers
from .iam.ui_config import UI_CONFIG


@dataclass(frozen=True)
class Cluster:
    """What the documents below say about the cluster."""

    cluster_id: str
    security_mode: str
    version: str
    names_variant: bool
    ca_pem: bytes | None
    """None if there is no CA to trust, or none that it tells."""
    is_open: bool = False


class Platform:
    """Static documents. A file is served for GET and HEAD alike."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        version = {"version": cluster.version}
        if cluster.names_variant:
            version["dcos-variant"] = "open" if cluster.is_open else "enterprise"
        version |= {"dcos-image-commit": "0" * 40, "bootstrap-id": "0" * 40}
        self._public: dict[str, Callable[[], Response]] = {
            "/": lambda: with_headers(html_page(200, "DC/OS", "This is an emulator."), ("X-Frame-Options", "DENY")),
            "/exhibitor/exhibitor/v1/cluster/status": lambda: json_document([]),
        }
        if cluster.ca_pem is not None:
            pem = cluster.ca_pem
            self._public["/ca/dcos-ca.crt"] = lambda: Response(200, pem, "application/x-x509-ca-cert")
        self._guarded: dict[str, Callable[[], Response]] = {
            "/pkgpanda/active.buildinfo.full.json": lambda: uncached(json_document({})),
            "/metadata": lambda: json_document({"PUBLIC_IPV4": "127.0.0.1", "CLUSTER_ID": cluster.cluster_id}),
            "/mesos/state-summary": self._state_summary,
            "/mesos/master/state-summary": self._state_summary,
            "/capabilities": lambda: json_document({"capabilities": [{"name": "PACKAGE_MANAGEMENT"}]}),
        }
        if cluster.is_open:
            self._guarded["/dcos-metadata/dcos-version.json"] = lambda: json_document(version)
            return
        self._public["/dcos-metadata/dcos-version.json"] = lambda: with_headers(
            json_document(version), ("Cache-Control", "no-cache")
        )
        self._public["/dcos-metadata/ui-config.json"] = lambda: json_document(UI_CONFIG)
        self._guarded["/acs/acl-schema.json"] = lambda: json_document({})
        self._guarded["/dcos-metadata/bootstrap-config.json"] = lambda: json_document(
            {"security": cluster.security_mode, "ssl_enabled": cluster.ca_pem is not None}
        )

    def public(self, request: Request) -> Response | None:
        """An answer that needs no token, or None if the path is not public."""
        document = self._public.get(request.path)
        if document is not None:
            return _file(request, document)
        if request.path == "/ca/api/v2/info" and self._cluster.ca_pem is not None:
            return _ca_info(request, self._cluster.ca_pem)
        return None

    def guarded(self, request: Request) -> Response:
        """An answer for someone who was let through."""
        document = self._guarded.get(request.path)
        if document is None:
            return html_page(404, "Not Found", "There is nothing at this address.")
        return _file(request, document)

    def _state_summary(self) -> Response:
        return json_document({"cluster": "dcos-emulator", "hostname": "127.0.0.1", "frameworks": [], "slaves": []})


def _ca_info(request: Request, pem: bytes) -> Response:
    if request.method != "POST":
        return html_page(405, "Not Allowed", "This address has no such method.", (("Allow", "POST"),))
    result = {"certificate": pem.decode("ascii"), "usages": ["server auth"], "expiry": "19800h"}
    return json_document({"success": True, "result": result, "errors": [], "messages": []})


def _file(request: Request, document: Callable[[], Response]) -> Response:
    if request.method not in ("GET", "HEAD"):
        return html_page(405, "Not Allowed", "This address has no such method.", (("Allow", "GET, HEAD"),))
    return document()
