# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource ids, actions, and lists of grants in one form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._rules import permissions
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant, Permission

ACTIONS = ("create", "read", "update", "delete", "full")
GOOD_CHARACTERS = st.characters(exclude_categories=["C", "Z"], exclude_characters="%").filter(str.isprintable)
RIDS = st.text(GOOD_CHARACTERS, min_size=1, max_size=30).map(lambda tail: "dcos:" + tail)
FEW_RIDS = st.sampled_from(["dcos:a", "dcos:b:/c", "dcos:superuser"])
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"rid": FEW_RIDS, "actions": st.lists(st.sampled_from(ACTIONS), min_size=1)},
        optional={"description": st.none() | st.sampled_from(["", "one", "two"])},
    ),
    max_size=8,
)
GRANTS = st.builds(Grant, FEW_RIDS, st.sampled_from(ACTIONS))


@given(RIDS)
def test_a_rid_is_kept_as_written(rid: str) -> None:
    assert permissions.check_rid(rid, "rid") == rid


@given(RIDS, st.characters(categories=["C", "Z"]) | st.just("%"), RIDS)
def test_blanks_control_characters_and_percent_signs_are_refused_anywhere(one: str, bad: str, two: str) -> None:
    with pytest.raises(DcosError, match=r"^permissions: ") as caught:
        permissions.check_rid(one + bad + two, "permissions")
    assert caught.value.code == "invalid_rid"


@pytest.mark.parametrize("rid", ["", "dcos:", "dcos", "superuser", " dcos:a", "DCOS:a", "xdcos:a"])
def test_a_rid_begins_with_dcos(rid: str) -> None:
    with pytest.raises(DcosError, match="it must begin with 'dcos:'") as caught:
        permissions.check_rid(rid, "rid")
    assert caught.value.code == "invalid_rid"


@given(st.lists(st.sampled_from(ACTIONS)))
def test_actions_are_unique_and_ordered(given_actions: list[str]) -> None:
    checked = permissions.check_actions(given_actions, "actions")
    assert set(checked) == set(given_actions)
    assert list(checked) == sorted(set(given_actions), key=ACTIONS.index)
    assert permissions.check_actions(checked, "actions") == checked


@pytest.mark.parametrize("action", ["", "Full", "write", "full "])
def test_an_unknown_action_is_named(action: str) -> None:
    with pytest.raises(DcosError, match=r"^rid\.actions: ") as caught:
        permissions.check_actions(["read", action], "rid.actions")
    assert repr(action) in caught.value.message
    assert caught.value.code == "invalid_rid"


def _again(checked: tuple[Permission, ...]) -> list[dict[str, Any]]:
    return [{"rid": p.rid, "actions": list(p.actions), "description": p.description} for p in checked]


@given(ITEMS)
def test_merging_is_idempotent_stable_and_loses_nothing(items: list[dict[str, Any]]) -> None:
    merged = permissions.check_permissions(items, "permissions")
    assert permissions.check_permissions(_again(merged), "permissions") == merged
    assert [p.rid for p in merged] == list(dict.fromkeys(item["rid"] for item in items))
    wanted = {(item["rid"], action) for item in items for action in item["actions"]}
    assert {(g.rid, g.action) for g in permissions.grants_of(merged)} == wanted


@given(ITEMS, ITEMS)
def test_merging_is_associative(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> None:
    first = permissions.check_permissions(one, "permissions")
    assert permissions.check_permissions(_again(first) + two, "permissions") == permissions.check_permissions(
        one + two, "permissions"
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_all_actions_absorb_single_ones(order: tuple[int, int]) -> None:
    """An entry without actions means every action, where something is revoked; joined with one action it still does."""
    items = [{"rid": "dcos:a"}, {"rid": "dcos:a", "actions": ["read"]}]
    (joined,) = permissions.check_permissions([items[i] for i in order], "permissions")
    assert joined.actions == ()


def test_an_empty_list_of_actions_does_not_mean_all() -> None:
    with pytest.raises(DcosError, match=r"^permissions\[0\]\.actions: ") as caught:
        permissions.check_permissions([{"rid": "dcos:a", "actions": []}], "permissions")
    assert caught.value.code == "invalid_rid"
    with pytest.raises(DcosError, match=r"permissions\[0\]\.actions: .* not a list") as no_list:
        permissions.check_permissions([{"rid": "dcos:a", "actions": "read"}], "permissions")
    assert no_list.value.code == "invalid_rid"
    (entry,) = permissions.check_permissions([{"rid": "dcos:a", "actions": None}], "permissions")
    assert entry.actions == ()


def test_a_later_description_wins_unless_missing() -> None:
    def described(*descriptions: str | None) -> str | None:
        items = [{"rid": "dcos:a", "actions": ["read"], "description": text} for text in descriptions]
        return permissions.check_permissions(items, "permissions")[0].description

    assert described("one", "two") == "two"
    assert described("one", None) == "one"
    assert described("one", "") == ""
    assert described(None, None) is None


def test_an_error_names_the_entry() -> None:
    with pytest.raises(DcosError, match=r"^permissions\[1\]\.rid: 'nope'"):
        permissions.check_permissions([{"rid": "dcos:a"}, {"rid": "nope"}], "permissions")
    with pytest.raises(DcosError, match=r"^keep\[0\]\.actions: 'nope'"):
        permissions.check_permissions([{"rid": "dcos:a", "actions": ["nope"]}], "keep")


@given(st.lists(GRANTS))
def test_grouping_is_the_inverse_of_listing(grants: list[Grant]) -> None:
    grouped = permissions.group_grants(grants)
    assert [entry["rid"] for entry in grouped] == sorted({g.rid for g in grants})
    back = permissions.grants_of(permissions.check_permissions(grouped, "permissions"))
    assert len(back) == len(set(back))
    assert set(back) == set(grants)


def test_an_unknown_action_is_kept_and_comes_last() -> None:
    grants = [Grant("dcos:a", "approve"), Grant("dcos:a", "full"), Grant("dcos:a", "create")]
    assert permissions.group_grants(grants) == [{"rid": "dcos:a", "actions": ["create", "full", "approve"]}]


@given(st.lists(GRANTS))
def test_superuser_comes_last_and_the_order_is_kept(grants: list[Grant]) -> None:
    ordered = permissions.superuser_last(grants)
    power = [g for g in grants if g.rid == "dcos:superuser"]
    assert ordered == [g for g in grants if g.rid != "dcos:superuser"] + power


def test_only_the_rid_itself_is_superuser() -> None:
    grants = [Grant("dcos:superuser", "full"), Grant("dcos:superuser:x", "full"), Grant("dcos:a", "full")]
    assert [g.rid for g in permissions.superuser_last(grants)] == ["dcos:superuser:x", "dcos:a", "dcos:superuser"]


def test_a_grant_shows_as_rid_and_action() -> None:
    assert Grant("dcos:a", "read").view() == {"rid": "dcos:a", "action": "read"}
