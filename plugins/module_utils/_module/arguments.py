# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The arguments of a module: what is secret in them is hidden before Ansible judges them.

An option for a key is marked, and Ansible hides it. A key in any other option it would show among the arguments of the
invocation, for example with the message that it does not know another option of the same task.
"""

from __future__ import annotations

import base64
import json
from typing import Sequence
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values, sanitize_keys

from .._errors import DcosError
from .._files import check_path, is_utf8
from .connection_spec import CONNECTION_SPEC
from .private_keys import holds_private_key, long_runs, refuse_private_key, texts


class Module(AnsibleModule):  # type: ignore[misc,unused-ignore]  # ansible-core has no types
    """An AnsibleModule that hides private keys wherever they stand."""

    def _load_params(self) -> None:
        """Ansible's own constructor calls this, then judges what was read."""
        super()._load_params()
        # Ansible would refuse it as a number or truth value; AWX renders an unfilled field so.
        for name in CONNECTION_SPEC:
            if self.params.get(name) == "":
                del self.params[name]
        # Ansible would end with a traceback; what is wrong is told by check_arguments.
        self._not_utf8 = [name for name, value in self.params.items() if not all(map(is_utf8, texts(value)))]
        for name in self._not_utf8:
            self.params[name] = _encodable(self.params[name])
        for text in texts(self.params):
            if holds_private_key(text):
                self.no_log_values.update(derived_forms(text), long_runs(text))

    def fail_json(self, msg: str, **kwargs: object) -> None:
        """As Ansible does it, which hides values and not the names in dictionaries: a key may be mistaken for one."""
        arguments = sanitize_keys(self.params, self.no_log_values)
        super().fail_json(msg, **{"invocation": {"module_args": arguments}, **kwargs})

    def warn(self, warning: str, **more: object) -> None:
        """As Ansible does it; but it hides secrets in results only, and a warning may be shown before there is one."""
        super().warn(remove_values(warning, self.no_log_values), **more)

    def check_arguments(self) -> None:
        """Refuse what Ansible takes and no module can use; the message names the option."""
        for option in self._not_utf8:
            raise DcosError(f"{option}: this is not UTF-8 text. Nothing was changed. Give it in UTF-8.")
        for option, value in self.params.items():
            spec = self.argument_spec.get(option, {})
            if not spec.get("no_log"):
                refuse_private_key(option, value)
            if spec.get("type") == "path" and value:
                check_path(value, option)

    def hide(self, secret: str) -> None:
        """Keep a secret out of results and logs, in all forms in which it could show."""
        self.no_log_values.update(derived_forms(secret))

    def reveal(self, secret: str) -> None:
        """Undo C(hide) for what the user asked to be returned, which may happen to be hidden for another reason."""
        self.no_log_values.difference_update(derived_forms(secret))

    def hide_marked(self) -> None:
        """Ansible hides options marked no_log as they are; their derived forms are ours to hide."""
        for name, spec in self.argument_spec.items():
            if spec.get("no_log") and isinstance(self.params[name], str):
                self.hide(self.params[name])


def derived_forms(secret: str) -> Sequence[str]:
    """The forms in which a secret could show: as it is, inside JSON, as base64, in a URL."""
    forms = set()
    for text in {secret, secret.strip()} - {""}:
        raw = text.encode("utf-8", "surrogatepass")
        forms |= {
            text,
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            base64.b64encode(raw).decode("ascii"),
            base64.urlsafe_b64encode(raw).decode("ascii"),
            quote(text, safe="", errors="surrogatepass"),
        }
    return sorted(forms)


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(part) for key, part in value.items()}
    return [_encodable(part) for part in value] if isinstance(value, (list, tuple)) else value
