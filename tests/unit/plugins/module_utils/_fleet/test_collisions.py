# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of one list that would share what only one can have are refused, both named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._fleet.collisions import collisions
from ansible_collections.dcos.security.plugins.module_utils._service.plan import Plan, plan_service


def plans(*entries: dict[str, Any]) -> list[Plan]:
    return [
        plan_service({"security_mode": "strict", **entry}, prefix=f"services[{index}].")
        for index, entry in enumerate(entries)
    ]


def check_apart(found: list[Plan]) -> None:
    for _two, error in collisions(found):
        raise error


FILE = {"key_store": "file", "key_dir": "/k"}


@pytest.mark.parametrize(
    ("one", "other", "variable", "thing"),
    [
        ({"account": "x"}, {"account": "x"}, "account", "account x"),
        ({}, {"account": "a-principal"}, "account", "account a-principal"),
        ({"name": "/p/a"}, {"account": "p__a-principal"}, "account", "account p__a-principal"),
        ({}, {"secret_path": "a/a-secret"}, "secret_path", "secret a/a-secret (store default)"),
        ({"secret_path": "x"}, {"secret_path": "/x"}, "secret_path", "secret x (store default)"),
        ({"secret_path": "x"}, {"secret_path": "x-next"}, "secret_path", "secret x-next (store default)"),
        ({"secret_path": "x-next"}, {"secret_path": "x"}, "secret_path", "secret x-next (store default)"),
        ({"pem_secret_path": "x"}, {"pem_secret_path": "/x"}, "pem_secret_path", "secret x (store default)"),
        ({"pem_secret_path": "x"}, {"secret_path": "x"}, "secret_path", "secret x (store default)"),
        ({"secret_path": "x"}, {"pem_secret_path": "x-next"}, "pem_secret_path", "secret x-next (store default)"),
    ],
)
def test_sharing_is_refused(one: dict[str, Any], other: dict[str, Any], variable: str, thing: str) -> None:
    with pytest.raises(DcosError) as caught:
        check_apart(plans({"name": "/c"}, {"name": "/a", **one}, {"name": "/b", **other}))
    message = str(caught.value)
    assert message.startswith(f"services[2].{variable}: /")
    assert "(services[2]) and /" in message
    assert "(services[1]) would share" in message
    assert thing in message


def test_a_service_that_is_there_twice_is_refused() -> None:
    said = r"^services\[2\]\.name: /a is there twice, as services\[1\] and services\[2\]\. Nothing was changed\."
    with pytest.raises(DcosError, match=said):
        check_apart(plans({"name": "/c"}, {"name": "/a"}, {"name": "a", "account": "x"}))


def test_a_shared_key_file_is_refused() -> None:
    """Key files are named after the account, so the account is reported; a stray path would be reported by itself."""
    first, second = plans({"name": "/a", **FILE}, {"name": "/b", **FILE})
    check_apart([first, second])
    same = Plan(**{**second.__dict__, "key_files": first.key_files})
    with pytest.raises(DcosError, match=r"services\[1\]\.key_dir: .* share the key file /k/a-principal\.pem"):
        check_apart([first, same])


def test_services_that_share_nothing() -> None:
    check_apart([])
    check_apart(
        plans(
            {"name": "/a"},
            {"name": "/b", "secret_path": "a/a-secret", "secret_store": "other"},
            {"name": "/p/a", "mesos_role": "p"},
            {"name": "/p/b", "mesos_role": "p"},
        )
    )


def test_services_without_an_account_have_nothing_to_share() -> None:
    skipped = {"security_mode": "permissive", "optional_account": "skip", "account": "x"}
    check_apart(plans({"name": "/a", **skipped}, {"name": "/b", **skipped}))


def test_a_retired_service_can_collide_too() -> None:
    with pytest.raises(DcosError, match="share the account x"):
        check_apart(plans({"name": "/a", "account": "x"}, {"name": "/b", "account": "x", "state": "absent"}))


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(st.lists(LABEL, min_size=1, max_size=3).map("/".join), unique=True, max_size=6)


@given(NAMES)
def test_services_with_derived_names_never_collide(names: list[str]) -> None:
    """Whatever their folders: neither accounts nor secrets collide, nor the slots of the next keys."""
    check_apart(plans(*({"name": name, **FILE} for name in names)))


@given(NAMES.filter(lambda names: len(names) > 1), st.data())
def test_any_shared_name_is_found(names: list[str], data: st.DataObject) -> None:
    one, other = data.draw(st.permutations(range(len(names))))[:2]
    variable = data.draw(st.sampled_from(["account", "secret_path"]))
    entries: list[dict[str, Any]] = [{"name": name} for name in names]
    entries[one][variable] = entries[other][variable] = "shared"
    with pytest.raises(DcosError, match=f"services.{max(one, other)}..{variable}: .*services.{min(one, other)}."):
        check_apart(plans(*entries))
