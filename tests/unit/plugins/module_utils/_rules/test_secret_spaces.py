# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services can read which secrets."""

from __future__ import annotations

import pytest

from ansible_collections.dcos.security.plugins.module_utils._rules.secret_spaces import (
    readable_by,
    readable_by_every_service,
)


@pytest.mark.parametrize(
    ("secret", "service", "allowed"),
    [
        ("secret", "anything", True),
        ("hdfs/secret", "hdfs", True),
        ("group/secret", "group/hdfs/service", True),
        ("group/hdfs/secret", "group/spark/service", False),
        ("secret-svc/Secret_Path1", "secret-svc/a/b/c/dev3", True),
        ("secret-svc/instance1/Secret_Path2", "secret-svc/instance1", True),
        ("secret-svc/instance1/Secret_Path2", "secret-svc/instance1/dev3", True),
        ("secret-svc/instance1/Secret_Path2", "secret-svc/instance2/dev3", False),
        ("gr/secret", "group", False),
    ],
)
def test_spaces_of_secrets(secret: str, service: str, allowed: bool) -> None:
    assert readable_by(service, secret) is allowed


@pytest.mark.parametrize(("secret", "by_all"), [("secret", True), ("secret-next", True), ("folder/secret", False)])
def test_a_secret_in_no_folder_is_readable_by_every_service(secret: str, by_all: bool) -> None:
    assert readable_by_every_service(secret) is by_all
