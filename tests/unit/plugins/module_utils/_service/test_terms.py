# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors speak to who works with a module, and to who works with the role or a list of services."""

from __future__ import annotations

import pytest

from ansible_collections.dcos.security.plugins.module_utils._errors import (
    DcosError,
    Remedy,
    UnreachableError,
)
from ansible_collections.dcos.security.plugins.module_utils._service.terms import (
    VARIABLES_OF_OPTIONS,
    in_terms_of_service,
    in_terms_of_variables,
)
from ansible_collections.dcos.security.plugins.module_utils._service.variables import VARIABLES

REMEDY = Remedy("Set overwrite to true.", "Set {prefix}state to absent first.")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("path: it is taken.", "dcos_service_secret_path: it is taken."),
        ("uid: x is no uid", "dcos_service_account: x is no uid"),
        ("private_key_path (/k.pem): no key", "dcos_service_key_dir (/k.pem): no key"),
        ("logging in as x: path: y", "logging in as x: path: y"),
        ("dcos_url: not https", "dcos_url: not https"),
        ("Secret path: x", "Secret path: x"),
    ],
)
def test_options_become_variables(message: str, told: str) -> None:
    assert in_terms_of_service(DcosError(message), "dcos_service_").message == told


def test_the_remedy_fits_the_reader() -> None:
    error = DcosError("path: it is taken.", "foreign_secret", 409, remedy=REMEDY)
    assert str(error) == error.message == "path: it is taken. Set overwrite to true."
    error.message += " Done before that: nothing."
    told = in_terms_of_service(error, "services[3].")
    assert told.message == (
        "services[3].secret_path: it is taken. Set services[3].state to absent first. Done before that: nothing."
    )
    assert (told.code, told.status) == ("foreign_secret", 409)
    assert error.message.startswith("path: "), "several services may share the error"


def test_the_kind_of_error_is_kept() -> None:
    assert isinstance(in_terms_of_service(UnreachableError("uid: x"), "a."), UnreachableError)


def test_every_named_variable_exists() -> None:
    assert set(VARIABLES_OF_OPTIONS.values()) <= VARIABLES


def test_options_become_the_variables_of_a_playbook() -> None:
    error = DcosError("path: it is taken.", "foreign_secret", 409)
    assert in_terms_of_variables(error, {"path": "dcos_token_path"}).message == "dcos_token_path: it is taken."
    assert in_terms_of_variables(error, {"uid": "dcos_token_uid"}).message == error.message == "path: it is taken."
