# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookups: what they return, where their connection comes from, and what they say of mistakes."""

from __future__ import annotations

import importlib
import types
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import (
    PASSWORD,
    SUPERUSER,
    URL,
    token_of,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import serving
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import LOGIN, PLUGINS

LOGIN_CALL = "POST /acs/api/v1/auth/login"
AS_VARIABLES = {f"ansible_{name}": value for name, value in LOGIN.items()}


@pytest.fixture
def fake() -> EmulatedCluster:
    fake = EmulatedCluster()
    fake.store_secret("shop/password", "S3CRET é\n")
    fake.store_secret("shop/keytab", b"\x00\xff")
    fake.store_secret("shop/empty", "")
    return fake


def look_up(
    fake: EmulatedCluster, name: str, *terms: Any, variables: Mapping[str, Any] | None = None, **options: Any
) -> Any:
    module = importlib.import_module(f"{PLUGINS}.lookup.{name}")
    loader = DataLoader()
    lookup = module.LookupModule(loader=loader, templar=Templar(loader=loader, variables=dict(variables or {})))
    with serving(fake):
        return lookup.run(list(terms), variables=variables, **options)


def secret(fake: EmulatedCluster, *terms: Any, **options: Any) -> Any:
    return look_up(fake, "dcos_secret", *terms, **LOGIN, **options)


# What they return


def test_text_is_returned_as_it_is_and_a_file_in_base64(fake: EmulatedCluster) -> None:
    found = secret(fake, "shop/password", "/shop/keytab", ["shop/empty", "shop/password"])
    assert found == ["S3CRET é\n", "AP8=", "", "S3CRET é\n"]
    assert fake.calls.count(LOGIN_CALL) == 1
    assert fake.writes == []


def test_secret_that_does_not_exist(fake: EmulatedCluster) -> None:
    with pytest.raises(AnsibleError, match=r"_terms: there is no secret shop/none in store default\. .* default"):
        secret(fake, "shop/password", "shop/none")
    assert secret(fake, "shop/none", "shop/password", default="x") == ["x", "S3CRET é\n"]
    assert secret(fake, "shop/none", default=None) == [None]
    assert secret(fake, "shop/empty", default="x") == [""]


def test_default_is_for_nothing_else(fake: EmulatedCluster, sleeps: list[float]) -> None:
    with pytest.raises(AnsibleError, match="Enterprise has one secret store, 'default'"):
        secret(fake, "shop/none", store="other", default="x")
    with pytest.raises(AnsibleError, match="refused the credentials"):
        look_up(fake, "dcos_secret", "shop/none", default="x", **{**LOGIN, "dcos_password": "wrong"})
    fake.seal()
    with pytest.raises(AnsibleError, match="is sealed"):
        secret(fake, "shop/none", default="x")


@pytest.mark.parametrize("term", ["a//b", "", "a b", {"a": 1}])
def test_term_that_is_no_path_is_refused_before_any_request(term: Any, fake: EmulatedCluster) -> None:
    with pytest.raises(AnsibleError, match=r"_terms: .* is not a path for a secret"):
        secret(fake, "shop/password", term)
    assert fake.calls == []


def test_token_is_that_of_a_login_or_of_the_connection(fake: EmulatedCluster) -> None:
    assert look_up(fake, "dcos_token", **LOGIN) == fake.tokens
    assert len(fake.tokens) == 1
    fake.forget_calls()
    token = token_of(SUPERUSER)
    assert look_up(fake, "dcos_token", dcos_url=URL, dcos_token=token) == [token]
    assert fake.calls == []
    with pytest.raises(AnsibleError, match="_terms: this lookup takes no terms"):
        look_up(fake, "dcos_token", SUPERUSER, **LOGIN)


PEM = private_text("a")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"term": PEM}, "_terms"),
        ({"store": PEM}, "store"),
        ({"dcos_username": PEM}, "dcos_username"),
        ({"variables": {"ansible_dcos_timeout": PEM}}, "dcos_timeout"),
    ],
)
def test_a_private_key_where_none_belongs_is_not_quoted(
    fake: EmulatedCluster, options: dict[str, Any], name: str
) -> None:
    term = options.pop("term", "shop/password")
    with pytest.raises(AnsibleError, match=rf"^{name}: this holds the text of a private key") as caught:
        look_up(fake, "dcos_secret", term, **{**LOGIN, **options})
    assert PEM[50:80] not in str(caught.value)
    assert fake.calls == []


# Where the connection comes from


def password(fake: EmulatedCluster, variables: Mapping[str, Any] | None = None, **options: Any) -> Any:
    return look_up(fake, "dcos_secret", "shop/password", variables=variables, **options)


WRONG = {"dcos_url": "https://127.0.0.1:1", "dcos_username": "joe", "dcos_password": "wrong"}
AS_ENVIRONMENT = {"DCOS_URL": URL, "DCOS_USERNAME": SUPERUSER, "DCOS_PASSWORD": PASSWORD}


def test_options_win_over_variables_and_those_over_the_environment(
    fake: EmulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong_variables = {f"ansible_{name}": value for name, value in WRONG.items()}
    for name in AS_ENVIRONMENT:
        monkeypatch.setenv(name, WRONG[name.lower()])
    assert password(fake, wrong_variables, **LOGIN)
    assert password(fake, AS_VARIABLES)
    for name, value in AS_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert password(fake)
    assert password(fake, dict.fromkeys(AS_VARIABLES, "")), "empty text is unset"
    with pytest.raises(AssertionError, match=r"^https://127\.0\.0\.1:1/"):  # where the emulated cluster is not
        password(fake, {"ansible_dcos_url": WRONG["dcos_url"]})


def test_credentials_come_from_one_source_as_a_whole(fake: EmulatedCluster) -> None:
    token = {"dcos_token": token_of(SUPERUSER)}
    assert password(fake, AS_VARIABLES, **token)
    assert fake.tokens == []
    with pytest.raises(AnsibleError, match="dcos_username is given without a password or private key"):
        password(fake, AS_VARIABLES, dcos_username=SUPERUSER)
    with pytest.raises(AnsibleError, match="dcos_token is one credential set and"):
        password(fake, AS_VARIABLES, **token, **LOGIN)


def test_variables_may_be_templates(fake: EmulatedCluster) -> None:
    variables = {**AS_VARIABLES, "ansible_dcos_password": _template("{{ vault_password }}"), "vault_password": PASSWORD}
    assert password(fake, variables)


def test_token_variable_may_be_a_lookup_of_its_own_credentials(fake: EmulatedCluster) -> None:
    """The variable is not asked for where the lookup is given credentials, or it would never end."""
    variables = {"ansible_dcos_url": URL, "ansible_dcos_token": _template("{{ this_is_not_defined }}")}
    credentials = {name: value for name, value in LOGIN.items() if name != "dcos_url"}
    assert look_up(fake, "dcos_token", variables=variables, **credentials) == fake.tokens


def _template(text: str) -> Any:
    """As it comes from a playbook: newer versions of ansible-core take no other text for a template."""
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return text
    return trust_as_template(text)


# Mistakes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dcos_tokn": "x"}, "dcos_tokn: this lookup has no such option"),
        ({"stor": "x"}, "stor: this lookup has no such option"),
        ({"store": "a b"}, "store: 'a b' is not a name"),
        ({"dcos_timeout": ["5"]}, "dcos_timeout: a list or dictionary"),
        ({"dcos_timeout": "soon"}, "dcos_timeout: 'soon' is not a whole number"),
        ({"dcos_ca_path": "~/none.pem"}, "dcos_ca_path: cannot read .*none.pem"),
        ({"dcos_username": "dcos_marathon"}, "belongs to DC/OS itself"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], message: str, fake: EmulatedCluster) -> None:
    with pytest.raises(AnsibleError, match=message) as caught:
        password(fake, **{**LOGIN, **options})
    assert PASSWORD not in str(caught.value)
    assert fake.calls == []


def test_what_ansible_adds_is_taken(fake: EmulatedCluster) -> None:
    """Older versions give it to lookups of C(with_)."""
    assert password(fake, wantlist=True, **LOGIN)


def test_missing_library_is_named(fake: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    original = importlib.import_module
    old = types.SimpleNamespace(__version__="1.0")
    monkeypatch.setattr(importlib, "import_module", lambda name: old if name == "jwt" else original(name))
    with pytest.raises(AnsibleError, match=r"PyJWT >= 2.4.* Found was version 1\.0"):
        password(fake, **LOGIN)
