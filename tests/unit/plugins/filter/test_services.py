# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services from tables and inventories."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dcos.security.plugins.filter import services_from_csv as csv_filter
from ansible_collections.dcos.security.plugins.filter import services_of_hosts as hosts_filter
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service

services_from_csv = csv_filter.FilterModule().filters()["services_from_csv"]
services_of_hosts = hosts_filter.FilterModule().filters()["services_of_hosts"]

TABLE = """\ufeffname, preset ,permissions,superuser,own_presets\r
/a,,,,\r
\r
/b,"scheduler_minimum;watch, own","dcos:a:/x read update",,\r
/c,,dcos:a:/x read update; dcos:b full;,yes,"{""watch"": {""grants"": []}}"\r
/d,"[""watch""]","[{""rid"": ""dcos:c"", ""actions"": [""full""]}]"
"""


def test_a_table() -> None:
    assert services_from_csv(TABLE) == [
        {"name": "/a"},
        {
            "name": "/b",
            "preset": ["scheduler_minimum", "watch", "own"],
            "permissions": [{"rid": "dcos:a:/x", "actions": ["read", "update"]}],
        },
        {
            "name": "/c",
            "permissions": [
                {"rid": "dcos:a:/x", "actions": ["read", "update"]},
                {"rid": "dcos:b", "actions": ["full"]},
            ],
            "superuser": "yes",
            "own_presets": '{"watch": {"grants": []}}',
        },
        {"name": "/d", "preset": '["watch"]', "permissions": '[{"rid": "dcos:c", "actions": ["full"]}]'},
    ]


def test_a_table_gives_valid_variables() -> None:
    header = "name,own_presets,preset,superuser,permissions"
    text = header + '\n/a,"{""own"": {""grants"": []}}",own,true,dcos:a:/x read update\n'
    (service,) = services_from_csv(text)
    plan = plan_service({**service, "security_mode": "strict"})
    assert plan.superuser is True
    assert next((p.rid, p.actions) for p in plan.permissions) == ("dcos:a:/x", ("read", "update"))


@pytest.mark.parametrize(
    ("character", "named"),
    [(",", ""), (";", None), ("\t", ""), (",", "comma"), (";", "semicolon"), ("\t", "tab"), (";", ";"), ("|", "|")],
)
def test_delimiters(character: str, named: str | None) -> None:
    text = 'name,preset,permissions\n/a,kafka,"dcos:a:/x read; dcos:b full"\n'.replace(",", character)
    grants = [{"rid": "dcos:a:/x", "actions": ["read"]}, {"rid": "dcos:b", "actions": ["full"]}]
    assert services_from_csv(text, named) == [{"name": "/a", "preset": ["kafka"], "permissions": grants}]


def test_one_column() -> None:
    assert services_from_csv("name\n/a\n") == [{"name": "/a"}]


@pytest.mark.parametrize(
    ("text", "delimiter", "word"),
    [
        ("", ",", "first line"),
        ("/a,b\n", ",", "first line"),
        ("name,,x\n", ",", "names name, x and leaves a column unnamed"),
        ("name,account,name\n", ",", "the first line names name more than once"),
        ("name|account\n/a|b\n", "", r"not comma, semicolon or tab, name it with .*dcos_services_delimiter"),
        ("name;account,x\n", "", r"more than one kind of delimiter \(comma, semicolon\)"),
        ("name;account\n/a;b\n", ",", "dcos_services_delimiter"),
        ("name\n/a,b\n", ",", "line 2 has 2 cells"),
        ("name,permissions\n/a,dcos:x\n", ",", "line 2: permissions: dcos:x has no action"),
        ('name\n"/a\n', ",", "not CSV"),
        ("name,description\n/a,gr\udcfcn\n", "", "line 2 is not UTF-8"),  # as Ansible reads ISO 8859-1
        ("name\n", "commas", "'commas' is not one character that can stand between cells. Use one, or comma, "),
        ("name\n", "\n", r"'\\n' is not one character"),
        (7, ",", "text"),
    ],
)
def test_tables_that_are_refused(text: Any, delimiter: str, word: str) -> None:
    with pytest.raises(AnsibleFilterError, match=word) as caught:
        services_from_csv(text, delimiter)
    assert caught.value.__cause__ is None  # or Ansible says it twice


def test_hosts() -> None:
    hostvars = {
        "one": {"dcos_service_name": "/one", "dcos_service_result": {"account": "x"}, "dcos_service_exclusive": False},
        "two": {"dcos_service_name": "/two", "other": 1},
    }
    assert services_of_hosts(["one", "two"], hostvars) == [{"exclusive": False, "name": "/one"}, {"name": "/two"}]


@pytest.mark.parametrize("hosts", ["one", {"one": 1}])
def test_invalid_lists_of_hosts(hosts: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="list of hosts"):
        services_of_hosts(hosts, {})


def test_a_misspelt_variable_of_a_host() -> None:
    hostvars = {"one": {"dcos_service_name": "/one", "dcos_service_superuser_untill": "2030-01-01"}}
    with pytest.raises(AnsibleFilterError, match=r"the host one: dcos_service_superuser_untill: .*superuser_until"):
        services_of_hosts(["one"], hostvars)


def test_a_host_without_a_service() -> None:
    with pytest.raises(AnsibleFilterError, match="host one has no variable dcos_service_name"):
        services_of_hosts(["one"], {"one": {"dcos_service_account": "x"}})
