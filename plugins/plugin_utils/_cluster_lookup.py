# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""How every lookup talks to the cluster: with the connection options of the modules, and by the same rules.

Their values come from the lookup itself, then from variables of the host. Environment and DC/OS CLI follow, as for
modules (see module_utils/_api/connection.py). What is looked up is kept nowhere.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence

from ansible.errors import AnsibleLookupError
from ansible.module_utils.common.validation import check_type_path
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._api.cluster import Cluster
from ..module_utils._api.connection import left_open, resolve
from ..module_utils._errors import DcosError
from ..module_utils._module import libraries
from ..module_utils._module.connection_spec import CONNECTION_SPEC
from ..module_utils._module.private_keys import refuse_private_key

VARIABLE_PREFIX = "ansible_"
"""Stands before the name of an option in that of its variable."""

# Ansible itself adds it for with_dcos.security.dcos_secret.
_OF_ANSIBLE = frozenset(("wantlist",))


class ClusterLookup(LookupBase):  # type: ignore[misc,unused-ignore]  # ansible-core has no types
    """A lookup over a connection.

    own_options: its options beside those of the connection.
    """

    own_options: frozenset[str] = frozenset()

    @abstractmethod
    def look_up(self, cluster: Cluster, terms: Sequence[object], options: Mapping[str, object]) -> list[object]:
        """The results; C(options) are those of the lookup's own that are given."""

    def run(
        self, terms: Sequence[object], variables: Mapping[str, object] | None = None, **kwargs: object
    ) -> list[object]:
        """What Ansible calls."""
        lack = libraries.lacking(libraries.HTTP, libraries.KEYS, libraries.JWT)
        if lack is not None:
            raise AnsibleLookupError(lack.reason)
        try:
            unknown = sorted(kwargs.keys() - CONNECTION_SPEC.keys() - self.own_options - _OF_ANSIBLE)
            if unknown:
                known = ", ".join(sorted({*CONNECTION_SPEC, *self.own_options}))
                raise DcosError(f"{unknown[0]}: this lookup has no such option. It has {known}.")
            given = _checked({name: value for name, value in kwargs.items() if name in CONNECTION_SPEC})
            options = {**given, **self._from_variables(variables or {}, left_open(given, CONNECTION_SPEC))}
            # Nothing hides what a lookup returns or fails with, and messages quote what is no secret.
            for name, value in {"_terms": [*terms], **options}.items():
                if not CONNECTION_SPEC.get(name, {}).get("no_log"):
                    refuse_private_key(name, value)
            connection = resolve(options, os.environ, Display().warning, lambda secret: None)
            own = {name: value for name, value in kwargs.items() if name in self.own_options}
            return self.look_up(Cluster(connection), self._flatten(terms), own)
        except DcosError as exc:
            raise AnsibleLookupError(exc.message) from None

    def _from_variables(self, variables: Mapping[str, object], names: Sequence[str]) -> dict[str, object]:
        """Those of these options that variables of the host set.

        No other variable is looked at: each may be a template, that of a token one that logs in with this very lookup.
        """
        found = {name: variables[VARIABLE_PREFIX + name] for name in names if VARIABLE_PREFIX + name in variables}
        return _checked({name: self._templar.template(value) for name, value in found.items()}, VARIABLE_PREFIX)


def _checked(options: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Options as a module would get them."""
    checked: dict[str, object] = {}
    for name, value in options.items():
        if isinstance(value, (Mapping, list, tuple)):
            raise DcosError(f"{prefix}{name}: a list or dictionary is no value for this option.")
        is_path = CONNECTION_SPEC[name]["type"] == "path" and value not in (None, "")
        checked[name] = check_type_path(str(value)) if is_path else value
    return checked
