# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx configuration of the documentation site; "make docs" builds it from what antsibull-docs writes.

Nothing is downloaded: instead of the inventories of other sites, the few references to them are resolved below.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "dcos.security"
copyright = "2026, dcos.security contributors"
html_title = "Ansible collection dcos.security"

extensions = ["sphinx_antsibull_ext", "sphinx_rtd_theme"]
# What antsibull-docs writes beside the pages of the collection. It lists variables with a default in the argument spec
# only, so it would say that there are none; the guide on authentication has the table.
exclude_patterns = ["environment_variables.rst"]

html_theme = "sphinx_rtd_theme"
html_theme_options = {
    "navigation_depth": 2,
    "collapse_navigation": True,
    "titles_only": True,
    "prev_next_buttons_location": None,
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_use_index = False
html_last_updated_fmt = None

pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"

# Every reference must lead somewhere.
nitpicky = True

_ANSIBLE = "https://docs.ansible.com/ansible/latest"
_ELSEWHERE = {
    "action_plugins": f"{_ANSIBLE}/plugins/action.html",
    "common_return_values": f"{_ANSIBLE}/reference_appendices/common_return_values.html",
}


def _resolve_elsewhere(
    _app: Sphinx, _env: BuildEnvironment, node: nodes.Element, _contnode: nodes.Element
) -> nodes.Element | None:
    """Lead references from generated pages into Ansible's own documentation there."""
    url = _ELSEWHERE.get(str(node.get("reftarget")))
    if url is None:
        return None
    return nodes.reference("", node.astext(), refuri=url, internal=False)


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", _resolve_elsewhere)
