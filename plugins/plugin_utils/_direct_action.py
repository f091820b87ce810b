# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The action part of every module: runs it in the process of its task where Ansible would start the same Python anew.

On C(localhost) that is the usual case. An interpreter that starts, unpacks the module and loads its libraries takes
three times as long as the module's own work, and the arguments, passwords included, would pass through a file. The
module is the same in both ways: it reads arguments and environment, and prints its result.
"""

from __future__ import annotations

import io
import json
import os
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import date

from ansible import constants as C
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.plugins.action.normal import ActionModule as NormalActionModule
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

START_ONLY = ("PYTHON", "LD_", "DYLD_")
"""How variables begin that have a meaning only when an interpreter starts."""


class DirectAction(NormalActionModule):  # type: ignore[misc]  # ansible-core has no types
    """A module that may run here."""

    @staticmethod
    @abstractmethod
    def main() -> None:
        """The module: reads its arguments, prints its result, exits."""

    def run(self, tmp: str | None = None, task_vars: dict[str, object] | None = None) -> dict[str, object]:
        """Run the module, in one way or the other; the result is the same."""
        variables = task_vars or {}
        environment: dict[str, object] = {}
        self._compute_environment_string(environment)
        if not self._is_direct(variables, environment):
            return dict(super().run(tmp, task_vars))
        result = dict(super(NormalActionModule, self).run(tmp, task_vars))
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, variables)
        Display().vvv(f"Running {self._task.action} in the process of its task")
        # As Ansible does with a module's result: nothing in it is a template.
        result.update(wrap_var(run_here(self.main, arguments, environment, self._loader.get_basedir())))
        return result

    def _is_direct(self, variables: Mapping[str, object], environment: Mapping[str, object]) -> bool:
        """Whether Ansible would start this very Python on this machine, as this user, and wait for it."""
        return (
            getattr(self._connection, "transport", None) == "local"
            and self._connection.become is None
            and not self._task.async_val
            # There, threads and libraries of the system do not survive what Ansible does to make a task's process.
            and sys.platform != "darwin"
            and not any(name.startswith(START_ONLY) for name in environment)
            and self._interpreter(variables) == sys.executable
        )

    def _interpreter(self, variables: Mapping[str, object]) -> object:
        """The Python that Ansible would use; "auto" and the like if it would look for one."""
        delegated = variables.get("ansible_delegated_vars")
        if self._task.delegate_to and isinstance(delegated, Mapping):
            variables = delegated.get(self._task.delegate_to, variables)
        return self._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=variables))


def run_here(
    main: Callable[[], None], arguments: Mapping[str, object], environment: Mapping[str, object], folder: str
) -> dict[str, object]:
    """Run a module with these arguments and variables of the environment, in this folder; what it printed."""
    printed = io.StringIO()
    # Every module ends with SystemExit.
    with _arguments(arguments), _surroundings(environment, folder), redirect_stdout(printed), suppress(SystemExit):
        main()
    return dict(json.loads(printed.getvalue()))


@contextmanager
def _arguments(arguments: Mapping[str, object]) -> Iterator[None]:
    """Where a module finds its arguments; in a loop, one process runs it again and again."""
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}, default=_plain).encode()
    basic._ANSIBLE_PROFILE = "legacy"  # how ansible-core 2.19 and later write what has no form in JSON
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()
    try:
        yield
    finally:
        basic._ANSIBLE_ARGS = None


def _plain(value: object) -> object:
    """What JSON has no form for: dates, and values of Vault up to ansible-core 2.18."""
    return value.isoformat() if isinstance(value, date) else str(value)


@contextmanager
def _surroundings(variables: Mapping[str, object], folder: str) -> Iterator[None]:
    """What Ansible gives to a module that it starts on this machine: the task's variables, the playbook's folder."""
    before, where = dict(os.environ), os.getcwd()
    os.environ.update({name: str(value) for name, value in variables.items()})
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)
