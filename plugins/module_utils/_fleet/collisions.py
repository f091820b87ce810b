# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Services of one list must not get in each other's way: each has its own account, secret and key files."""

from __future__ import annotations

import posixpath
from typing import Iterator, Sequence

from .._errors import DcosError
from .._rules.identifiers import next_path
from .._service.plan import SKIP, Plan


def collisions(plans: Sequence[Plan]) -> Iterator[tuple[tuple[Plan, Plan], DcosError]]:
    """Each two services that would share something only one can have, and what to say about it.

    Services without an account have nothing.
    """
    owners: dict[tuple[str, str], Plan] = {}
    for plan in plans:
        if plan.stage == SKIP:
            continue
        for variable, thing, words in _possessions(plan):
            owner = owners.setdefault((thing, words), plan)
            if owner is not plan:
                yield (plan, owner), DcosError(f"{plan.prefix}{variable}: {_said(plan, owner, thing, words)}")


def _said(plan: Plan, owner: Plan, thing: str, words: str) -> str:
    if thing == "name":
        places = f"{_place(owner)} and {_place(plan)}"
        return f"{words} is there twice, as {places}. Nothing was changed. Leave one of them out."
    return (
        f"/{plan.service_name} ({_place(plan)}) and /{owner.service_name} ({_place(owner)}) would share the {thing} "
        f"{words}. Nothing was changed. Each service needs its own."
    )


def _possessions(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """The variable that says it, what it is, and which. The slot of the next key belongs to the secret."""
    yield "name", "name", f"/{plan.service_name}"
    yield "account", "account", plan.account
    for path in (plan.secret_path, next_path(plan.secret_path)):
        yield "secret_path", "secret", f"{path} (store {plan.secret_store})"
    if plan.pem_secret_path is not None:
        yield "pem_secret_path", "secret", f"{plan.pem_secret_path} (store {plan.secret_store})"
    if plan.key_files is not None:
        for path in (plan.key_files.private_key_path, plan.key_files.public_key_path):
            yield "key_dir", "key file", posixpath.normpath(path)


def _place(plan: Plan) -> str:
    return plan.prefix.rstrip("._")
