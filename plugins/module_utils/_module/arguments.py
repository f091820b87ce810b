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
import re
from itertools import chain
from typing import Iterator, Sequence
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values, sanitize_keys

from .._errors import DcosError
from .._files import check_path, is_utf8
from .connection_spec import CONNECTION_SPEC


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
                self.no_log_values.update(derived_forms(text), _long_runs(text))

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
            if not spec.get("no_log") and any(map(holds_private_key, texts(value))):
                raise DcosError(
                    f"{option}: this holds the text of a private key, which does not belong there. Give what belongs "
                    "there (for a path, that of the file with the key); a key is for the options that are named so.",
                    "invalid_key",
                )
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


def texts(value: object) -> Iterator[str]:
    """Every text in nested lists and dictionaries, their keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(texts, chain(value, value.values())))
    elif isinstance(value, (list, tuple)):
        yield from chain.from_iterable(map(texts, value))


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(part) for key, part in value.items()}
    return [_encodable(part) for part in value] if isinstance(value, (list, tuple)) else value


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What is in base64 wherever these bytes are in what was encoded."""
    for shift in range(3):
        # Characters that depend on what stands before or after are left out.
        first, end = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        form = base64.b64encode(bytes(shift) + raw).decode("ascii")[first:end]
        yield form
        yield form.replace("+", "-").replace("/", "_")


# The end of a key's first line, and how PKCS#8 begins around an RSA key: of one that was given without its first line.
_IN_CLEAR = "PRIVATE KEY-----"
_RSA_PKCS8 = bytes.fromhex("020100300d06092a864886f70d010101050004")
_ONCE = {*_base64_forms(_IN_CLEAR.encode("ascii")), *_base64_forms(_RSA_PKCS8)}
_TWICE = {form for once in _ONCE for form in _base64_forms(once.encode("ascii"))}
_SIGNS = sorted(("".join(_IN_CLEAR.split()), *(quote(_IN_CLEAR), _IN_CLEAR.replace(" ", "+")), *_ONCE, *_TWICE))
_SHORTEST = min(map(len, _SIGNS))


def holds_private_key(text: str) -> bool:
    """Whether a text holds a private key: as PEM or in base64, also twice, escaped or not, in lines or not."""
    if len(text) < _SHORTEST:
        return False
    text = "".join(_unescaped(text).split())
    return any(sign in text for sign in _SIGNS)


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\r", "\r")


def _long_runs(text: str) -> Sequence[str]:
    """The lines of a key, which are what is left of the text when Ansible takes it for a list or C(name=value)."""
    return re.findall(r"[A-Za-z0-9+/_-]{24,}", _unescaped(text))
