# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a variable of a playbook stands for, however it was given."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dcos.security.plugins.filter.from_survey import FilterModule

from_survey = FilterModule().filters()["from_survey"]


@pytest.mark.parametrize("value", [None, "", [], {}, "[]", " {}"])
def test_an_unanswered_question_has_the_default(value: object) -> None:
    assert from_survey(value, "dcos_services", ["usual"]) == ["usual"]


@pytest.mark.parametrize("value", ["/shop/cart", 0, False, 7, ["/shop/cart"], {"name": "/shop/cart"}, " ", '"["'])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert from_survey(value, "dcos_services", []) is value


@pytest.mark.parametrize(
    ("text", "stands_for"), [('["a", {"b": null}]', ["a", {"b": None}]), (' {"a": 1}\n', {"a": 1})]
)
def test_json_text_is_its_list_or_dictionary(text: str, stands_for: object) -> None:
    assert from_survey(text, "dcos_services", ["usual"]) == stands_for


@pytest.mark.parametrize("text", ["[secret", "{secret}", "['secret']", "[" * 100_000])
def test_wrong_json_names_the_variable_and_not_its_text(text: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^dcos_services: .* in JSON, and is wrong") as caught:
        from_survey(text, "dcos_services", [])
    assert "secret" not in str(caught.value)
