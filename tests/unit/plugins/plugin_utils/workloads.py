# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work of the filters whose input can be as large as one wants, for test_growth.py and "make bench"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible_collections.dcos.security.plugins.filter.access_page import access_page
from ansible_collections.dcos.security.plugins.filter.access_tables import access_tables
from ansible_collections.dcos.security.plugins.filter.services_from_csv import services_from_csv
from ansible_collections.dcos.security.plugins.filter.services_of_hosts import services_of_hosts
from ansible_collections.dcos.security.plugins.module_utils._access.findings import find
from ansible_collections.dcos.security.plugins.module_utils._access.reader import AccessReading
from ansible_collections.dcos.security.plugins.module_utils._access.types import Access
from ansible_collections.dcos.security.plugins.module_utils._access.view import access_view
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.workloads import Workload, cluster_facts


def _access(size: int) -> Access:
    facts = cluster_facts(size)
    return access_view("https://dcos.example.com", AccessReading(facts), find(facts))


def tables_of_a_cluster(size: int) -> Callable[[], object]:
    """The report about so many accounts in so many groups as text."""
    access = _access(size)
    return lambda: access_tables(access)


def page_of_a_cluster(size: int) -> Callable[[], object]:
    """The same as a page."""
    access = _access(size)
    return lambda: access_page(access)


def rows_of_a_csv_file(size: int) -> Callable[[], object]:
    """So many services."""
    text = "name,preset,permissions\n" + "".join(
        f"/folder/service-{number},a;b,dcos:superuser:x full; dcos:superuser:y read\n" for number in range(size)
    )
    return lambda: services_from_csv(text)


def columns_of_a_csv_file(size: int) -> Callable[[], object]:
    """One service with so many columns."""
    names = ["name", *(f"column-{number}" for number in range(size))]
    text = "\n".join(",".join(line) for line in (names, names))
    return lambda: services_from_csv(text)


def hosts_of_an_inventory(size: int) -> Callable[[], object]:
    """So many hosts, each a service."""
    hostvars = {f"host-{number}": {"dcos_service_name": f"/service-{number}"} for number in range(size)}
    return lambda: services_of_hosts(list(hostvars), hostvars)


def variables_of_a_host(size: int) -> Callable[[], object]:
    """One host with so many other variables, whose names begin like the role's."""
    variables = {f"dcos_service_of_another_kind_{number}": 1 for number in range(size)}
    hostvars = {"host": {"dcos_service_name": "/service", **variables}}
    return lambda: services_of_hosts(list(hostvars), hostvars)


WORKLOADS: Mapping[str, tuple[Workload, int]] = {
    "tables of a cluster": (tables_of_a_cluster, 300),
    "page of a cluster": (page_of_a_cluster, 300),
    "rows of a CSV file": (rows_of_a_csv_file, 1000),
    "columns of a CSV file": (columns_of_a_csv_file, 1000),
    "hosts of an inventory": (hosts_of_an_inventory, 100),
    "variables of a host": (variables_of_a_host, 100),
}
"""By name: the workload, and the size with which a benchmark begins; tests are content with a tenth of it."""
