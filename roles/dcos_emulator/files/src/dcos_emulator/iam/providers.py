# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login providers: the cluster's own, and the configured identity providers, none of which is ever contacted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from xml.sax.saxutils import quoteattr

from ..http import Response
from ..store import Store
from .framing import ApiError, Call, Handler, Routes, Schema, created, document, invalid_data, no_content
from .views import PREFIX

_LOGIN = f"{PREFIX}/auth/login"
_ID = re.compile("[a-z0-9-]+")


@dataclass(frozen=True)
class _Protocol:
    """What differs between the two kinds of identity provider."""

    name: str
    authentication_type: str
    schema: Schema


_PROTOCOLS = (
    _Protocol(
        "oidc",
        "oidc-authorization-code-flow",
        Schema(
            ("description", "issuer", "base_url", "client_secret", "client_id", "ca_certs"),
            required=("description", "issuer", "base_url", "client_secret", "client_id"),
            others={"verify_server_certificate": bool},
        ),
    ),
    _Protocol(
        "saml",
        "saml-sp-initiated",
        Schema(
            ("description", "idp_metadata", "sp_base_url"),
            required=("description", "idp_metadata", "sp_base_url"),
        ),
    ),
)


class Providers:
    """The resources below /auth/oidc and /auth/saml, and the list of all login providers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_routes(self, routes: Routes) -> None:
        routes.add("/auth/providers", get=self.list_all)
        for protocol in _PROTOCOLS:
            template = f"/auth/{protocol.name}/providers"

            def of(handler: Callable[[_Protocol, Call], Response], protocol: _Protocol = protocol) -> Handler:
                return partial(handler, protocol)

            routes.add(template, get=of(self.overview))
            routes.add(
                f"{template}/{{id}}",
                get=of(self.read),
                put=of(self.create),
                patch=of(self.update),
                delete=of(self.delete),
            )
        routes.add("/auth/saml/providers/{id}/acs-callback-url", get=self.callback_url)
        routes.add("/auth/saml/providers/{id}/sp-metadata", get=self.metadata)

    def list_all(self, call: Call) -> Response:
        providers = own_providers()
        for protocol in _PROTOCOLS:
            for id_, config in self._store.configurations(protocol.name).items():
                query = f"?{protocol.name}-provider={id_}&target=dcos:authenticationresponse:html"
                description = str(config["description"])
                providers[id_] = _login_provider(
                    protocol.authentication_type, description, "browser-prompt-authtoken", query
                )
        return document(providers)

    def overview(self, protocol: _Protocol, call: Call) -> Response:
        """Open to everyone, so nothing but names."""
        configured = self._store.configurations(protocol.name)
        return document({id_: config["description"] for id_, config in configured.items()})

    def read(self, protocol: _Protocol, call: Call) -> Response:
        return document(self._known(protocol, call))

    def create(self, protocol: _Protocol, call: Call) -> Response:
        config = protocol.schema.check_whole(call.content)
        if not _ID.fullmatch(call["id"]):
            raise invalid_data(f"Invalid provider ID: {call['id']}")
        if not self._store.add_configuration(protocol.name, call["id"], config):
            raise ApiError(409, f"{protocol.name.upper()} provider with ID `{call['id']}` already exists.")
        return created()

    def update(self, protocol: _Protocol, call: Call) -> Response:
        config = protocol.schema.check_whole(call.content)
        self._known(protocol, call)
        self._store.replace_configuration(protocol.name, call["id"], config)
        return no_content()

    def delete(self, protocol: _Protocol, call: Call) -> Response:
        self._known(protocol, call)
        self._store.delete_configuration(protocol.name, call["id"])
        return no_content()

    def callback_url(self, call: Call) -> Response:
        return document({"acs-callback-url": f"{self._saml_url(call)}/acs-callback"})

    def metadata(self, call: Call) -> Response:
        """What an identity provider wants to know about this cluster; its entity ID is this document's address."""
        url = self._saml_url(call)
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
            f"entityID={quoteattr(f'{url}/sp-metadata')}>"
            '<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
            f'Location={quoteattr(f"{url}/acs-callback")} index="1"/>'
            "</md:SPSSODescriptor></md:EntityDescriptor>\n"
        )
        return Response(200, xml.encode("utf-8", "replace"), "application/samlmetadata+xml")

    def _saml_url(self, call: Call) -> str:
        """The address of a SAML provider, as seen by those who know the cluster by its configured address."""
        base = str(self._known(_PROTOCOLS[1], call)["sp_base_url"])
        return f"{base.rstrip('/')}{PREFIX}/auth/saml/providers/{call['id']}"

    def _known(self, protocol: _Protocol, call: Call) -> dict[str, object]:
        config = self._store.configuration(protocol.name, call["id"])
        if config is None:
            # The documented list of codes has none for this.
            raise ApiError(400, f"{protocol.name.upper()} provider with ID `{call['id']}` not known.")
        return config


def own_providers() -> dict[str, object]:
    """The cluster's own ways to log in, which every one has."""
    return {
        f"dcos-{name}": _login_provider(
            kind, "Default DC/OS login provider", f"dcos-{credential}-post-receive-authtoken", ""
        )
        for name, kind, credential in (
            ("users", "dcos-uid-password", "usercredential"),
            ("services", "dcos-uid-servicekey", "servicecredential"),
        )
    }


def _login_provider(kind: str, description: str, method: str, query: str) -> dict[str, object]:
    return {
        "authentication-type": kind,
        "description": description,
        "client-method": method,
        "config": {"start_flow_url": f"{_LOGIN}{query}"},
    }
