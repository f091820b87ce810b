# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login providers, and the configuration of identity providers and of a directory."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from conformance_support import IAM, Emulator, Names, Row, table

SOURCE = "iam-api section 5"
REQUIRED = "Unexpected JSON input. Hint: {!r} is a required property"
OIDC: dict[str, Any] = {
    "description": "O",
    "issuer": "https://idp.example",
    "base_url": "https://cluster.example",
    "client_id": "id",
    "client_secret": "a-secret",
}
SAML: dict[str, Any] = {"description": "S", "idp_metadata": "<x/>", "sp_base_url": "https://cluster.example/"}
LDAP: dict[str, Any] = {"host": "ldap.example", "port": 636, "enforce-starttls": False, "use-ldaps": True}
SEARCH = {"search-base": "dc=example", "search-filter-template": "(uid=%(username)s)"}
NO_LDAP: dict[str, Any] = {
    "code": "ERR_LDAP_CONFIG_NOT_AVAILABLE",
    "text": "No LDAP configuration stored yet.",
    "title": "400 Bad Request",
}


def without(config: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != name}


def provider_rows(kind: str, config: dict[str, Any]) -> list[Row]:
    """The rows about OIDC and SAML are the same, but for what a configuration holds."""
    at, at_unknown = f"/auth/{kind}/providers/{{{kind}}}", f"/auth/{kind}/providers/{{unknown}}"
    unknown: dict[str, Any] = {
        "text": f"{kind.upper()} provider with ID `{{unknown}}` not known.",
        "title": "400 Bad Request",
    }
    return [
        Row(f"{SOURCE}: create", f"PUT {at_unknown}", 201, config, answer=b""),
        Row(f"{SOURCE}: create again", f"PUT {at}", 409, config, title="409 Conflict"),
        Row(f"{SOURCE}: read", f"GET {at}", 200, answer=config),
        Row(f"{SOURCE}: update", f"PATCH {at}", 204, {**config, "description": "new"}, answer=b""),
        Row(f"{SOURCE}: update one that is not configured yet", f"PATCH {at_unknown}", 400, config, **unknown),
        Row(f"{SOURCE}: delete", f"DELETE {at}", 204, answer=b""),
        Row("chosen: read an unknown one", f"GET {at_unknown}", 400, **unknown),
        Row("chosen: delete an unknown one", f"DELETE {at_unknown}", 400, **unknown),
        *(
            Row(
                f"{SOURCE}: what a configuration needs",
                f"{method} {at_unknown}",
                400,
                without(config, name),
                text=REQUIRED.format(name),
                title="Bad Request",
            )
            for method in ("PUT", "PATCH")
            for name in config
        ),
        Row(
            f"{SOURCE}: nothing else",
            f"PUT {at_unknown}",
            400,
            {**config, "x": 1},
            text="Unexpected JSON input. Hint: Additional properties are not allowed ('x' was unexpected)",
        ),
        Row(f"{SOURCE}: texts", f"PUT {at_unknown}", 400, {**config, "description": 1}),
        Row(
            "chosen: IDs as the documentation asks for them",
            f"PUT /auth/{kind}/providers/a_B",
            400,
            config,
            code="ERR_INVALID_DATA",
        ),
        Row(f"{SOURCE}: no other method", f"POST {at}", 405, config, answer=b""),
    ]


@table(
    *provider_rows("oidc", OIDC),
    *provider_rows("saml", SAML),
    Row(
        f"{SOURCE}: optional fields",
        "PUT /auth/oidc/providers/{unknown}",
        201,
        {**OIDC, "ca_certs": "-----BEGIN", "verify_server_certificate": False},
    ),
    Row(
        f"{SOURCE}: a boolean",
        "PUT /auth/oidc/providers/{unknown}",
        400,
        {**OIDC, "verify_server_certificate": "false"},
        text="Unexpected JSON input. Hint: 'false' is not of type 'boolean'",
    ),
    Row(
        f"{SOURCE}: where an identity provider sends people back to",
        "GET /auth/saml/providers/{saml}/acs-callback-url",
        200,
        answer={"acs-callback-url": f"https://cluster.example{IAM}/auth/saml/providers/{{saml}}/acs-callback"},
    ),
    Row("chosen: of an unknown one", "GET /auth/saml/providers/{unknown}/acs-callback-url", 400),
    Row("chosen: of an unknown one", "GET /auth/saml/providers/{unknown}/sp-metadata", 400),
    Row("chosen: nobody can come back", "POST /auth/saml/providers/{saml}/acs-callback", 404, {}, answer=b""),
    Row("chosen: nor by OIDC", "GET /auth/oidc/callback", 404, answer=b""),
    Row("chosen: nobody is sent away", "GET /auth/login?oidc-provider={oidc}", 400, code="ERR_INVALID_DATA"),
    Row("iam-api section 1.1: no directory is configured", "GET /ldap/config", 400, **NO_LDAP),
    Row("iam-api section 1.1: none to remove", "DELETE /ldap/config", 400, **NO_LDAP),
    *(
        Row(
            f"{SOURCE}: what a directory needs",
            "PUT /ldap/config",
            400,
            without(LDAP, name),
            text=REQUIRED.format(name),
        )
        for name in LDAP
    ),
    Row(f"{SOURCE}: an integer", "PUT /ldap/config", 400, {**LDAP, "port": "636"}),
    Row(f"{SOURCE}: no boolean for an integer", "PUT /ldap/config", 400, {**LDAP, "port": True}),
    Row(f"{SOURCE}: nothing else", "PUT /ldap/config", 400, {**LDAP, "x": 1}),
    Row(f"{SOURCE}: how to search", "PUT /ldap/config", 400, {**LDAP, "user-search": {"search-base": "x"}}),
    Row(f"{SOURCE}: how to search", "PUT /ldap/config", 400, {**LDAP, "group-search": "x"}),
    *(
        Row("chosen: there is no directory to ask", f"POST /ldap/{name}", 404, {}, answer=b"")
        for name in ("config/test", "importuser", "importgroup")
    ),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


def test_overview(emulator: Emulator, names: Names) -> None:
    """iam-api section 5: IDs and descriptions, for everyone; secrets of a configuration stay behind the guard."""
    for kind in ("oidc", "saml"):
        id_ = names[kind]
        overview = emulator.iam("GET", f"/auth/{kind}/providers", token=None)
        assert overview.json[id_] == (OIDC if kind == "oidc" else SAML)["description"]
        assert "secret" not in overview.text
        assert emulator.iam("GET", f"/auth/{kind}/providers/{id_}", token=None).status == 401


def test_login_providers(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Other documents: providers; dcos-cli pkg/login, iam-api section 5: configured ones too."""
    added = {
        names["oidc"]: ("oidc-authorization-code-flow", "O", f"oidc-provider={names['oidc']}"),
        names["saml"]: ("saml-sp-initiated", "S", f"saml-provider={names['saml']}"),
    }
    providers = emulator.iam("GET", "/auth/providers", token=None).json
    assert list(providers)[:2] == ["dcos-users", "dcos-services"]
    for id_, (kind, description, query) in added.items():
        url = f"{IAM}/auth/login?{query}&target=dcos:authenticationresponse:html"
        assert providers[id_] == {
            "authentication-type": kind,
            "client-method": "browser-prompt-authtoken",
            "config": {"start_flow_url": url},
            "description": description,
        }
        emulator.must(204, "DELETE", f"/auth/{kind[:4]}/providers/{id_}")
        assert id_ not in emulator.iam("GET", "/auth/providers", token=None).json


def test_an_update_replaces(emulator: Emulator, names: Names) -> None:
    """iam-api section 5: an update holds a whole configuration."""
    path = f"/auth/oidc/providers/{names['oidc']}"
    emulator.must(204, "PATCH", path, {**OIDC, "ca_certs": "x"})
    emulator.must(204, "PATCH", path, {**OIDC, "issuer": "https://other.example"})
    assert emulator.iam("GET", path).json == {**OIDC, "issuer": "https://other.example"}


def test_saml_metadata(emulator: Emulator, names: Names) -> None:
    """iam-api section 5: XML with the cluster's entity ID, which is the address of the document itself."""
    answer = emulator.iam("GET", f"/auth/saml/providers/{names['saml']}/sp-metadata")
    assert (answer.status, answer.content_type) == (200, "application/samlmetadata+xml")
    assert "<md:EntityDescriptor " in answer.text
    root = ElementTree.fromstring(answer.body)
    url = f"https://cluster.example{IAM}/auth/saml/providers/{names['saml']}"
    assert root.get("entityID") == f"{url}/sp-metadata"
    (service,) = root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert service.get("Location") == f"{url}/acs-callback"


def test_a_directory(emulator: Emulator) -> None:
    """iam-api section 5: set with 200, replaced by another one, removed with 204."""
    config = {**LDAP, "user-search": SEARCH, "group-search": {**SEARCH, "member-attributes": ["member"]}}
    for stored in (config, LDAP):
        set_ = emulator.must(200, "PUT", "/ldap/config", stored)
        assert set_.body == b""
        assert emulator.iam("GET", "/ldap/config").json == stored
    assert emulator.must(204, "DELETE", "/ldap/config").body == b""
    assert emulator.iam("GET", "/ldap/config").code == NO_LDAP["code"]


def test_built_in_login_providers(own: Emulator) -> None:
    """bouncer-observed: Other documents: providers, without the open build's own one."""
    providers = own.iam("GET", "/auth/providers", token=None).json
    assert set(providers) == {"dcos-users", "dcos-services"}
    for name, kind, credential in (
        ("dcos-users", "dcos-uid-password", "usercredential"),
        ("dcos-services", "dcos-uid-servicekey", "servicecredential"),
    ):
        assert providers[name]["authentication-type"] == kind
        assert providers[name]["client-method"] == f"dcos-{credential}-post-receive-authtoken"
        assert providers[name]["config"] == {"start_flow_url": "/acs/api/v1/auth/login"}
        assert providers[name]["description"]
