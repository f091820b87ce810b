# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Who may do what as one HTML page that needs nothing else and lets nothing else in.

All that the cluster says is text that somebody chose. Jinja escapes it, without exception; what does not show is made
visible; and should a way around that be found, the page's own policy lets no script run but that whose hash it names.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ..module_utils._access import types
from ..module_utils._visible import visible
from ._access_folds import fold, own_and_native, subjects
from ._access_lines import count_words
from ._wording import counted

_FOLDER = Path(__file__).parent / "access_page"
_SEVERITIES = ("high", "medium", "low")
_SEPARATORS = re.compile(r"([:/@._]+)")


def render_page(access: types.Access) -> str:
    """The page."""
    style, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; base-uri 'none'; "
        "form-action 'none'"
    )
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(breakable=_breakable, counted=counted, subjects=subjects)
    own, native = own_and_native(access)
    return environment.get_template("page.html.j2").render(
        access=access,
        count_words=count_words(access),
        folds=fold(access["findings"]),
        native=native,
        own=own,
        policy=policy,
        script=script,
        style=style,
        worst=_worst(access),
    )


def _part(name: str) -> Markup:
    """A file of this collection: what is in it is meant as it stands."""
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(text: str) -> Markup:
    """Long ids may be broken where their parts end; whoever copies them gets them whole."""
    parts = _SEPARATORS.split(visible(text))
    whole = [escape(name + separator) for name, separator in zip(parts[::2], [*parts[1::2], ""], strict=True)]
    return Markup("<wbr>").join(part for part in whole if part)


def _worst(access: types.Access) -> dict[str, dict[str, str]]:
    """The most severe finding about each account, group and secret."""
    worst: dict[str, dict[str, str]] = {"account": {}, "group": {}, "secret": {}}
    for severity in _SEVERITIES:
        for finding in access["findings"]:
            if finding["severity"] == severity:
                for uid in finding["accounts"]:
                    worst["account"].setdefault(uid, severity)
                worst.setdefault(finding["subject_type"], {}).setdefault(finding["subject"], severity)
    return worst
