# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of accounts, groups and secrets: what the IAM was seen to take, and what nobody may touch."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._rules import identifiers as names

UID_CHARACTERS = string.ascii_letters + string.digits + "_@.-"
GOOD_UIDS = st.text(UID_CHARACTERS, min_size=1, max_size=96).filter(lambda uid: uid not in (".", "..", "anonymous"))


@given(GOOD_UIDS)
def test_every_uid_of_the_iam_is_accepted_unchanged(uid: str) -> None:
    assert names.check_uid(uid, "uid") == uid
    assert names.check_gid(uid, "gid") == uid


@given(st.text().filter(lambda text: not text or len(text) > 96 or set(text) - set(UID_CHARACTERS)))
def test_other_text_is_not_a_uid_or_gid(text: str) -> None:
    for check in (names.check_uid, names.check_gid):
        with pytest.raises(DcosError, match=r"^some_option: ") as caught:
            check(text, "some_option")
        assert caught.value.code == "invalid_uid"


@pytest.mark.parametrize("uid", ["", ".", "..", "anonymous", "a" * 97, "a/b", "a b", "a\n", "a:b", "ä", "a%2Fb", "a+b"])
def test_refused_uids(uid: str) -> None:
    with pytest.raises(DcosError, match="is not a user id that the IAM accepts") as caught:
        names.check_uid(uid, "uid")
    assert caught.value.code == "invalid_uid"


@pytest.mark.parametrize("uid", ["a" * 96, "-", "_", "@", "...", "Anonymous", "a@b.example", "0"])
def test_uids_at_the_limits(uid: str) -> None:
    assert names.check_uid(uid, "uid") == uid


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize(
    "uid",
    [
        "dcos_marathon",
        "dcos_metronome",
        "dcos_telegraf_master",
        "dcos_telegraf_agent",
        "dcos_diagnostics_master",
        "dcos_net_agent",
        "dcos_net_master",
        "dcos_anonymous",
        "dcos_history_service",
        "dcos_adminrouter",
        "bootstrapuser",
    ],
)
def test_accounts_of_dcos_itself_are_always_refused(uid: str, allow: bool) -> None:
    with pytest.raises(DcosError, match=f"uid: {uid} belongs to DC/OS itself") as caught:
        names.check_not_native(uid, "uid", allow)
    assert caught.value.code == "native_account"


def test_the_dcos_prefix_must_be_allowed() -> None:
    with pytest.raises(DcosError, match="allow_dcos_prefix") as caught:
        names.check_not_native("dcos_pxc", "uid", False)
    assert caught.value.code == "native_account"
    assert names.check_not_native("dcos_pxc", "uid", True) == "dcos_pxc"


@pytest.mark.parametrize("uid", ["dcos-edgelb", "dcosmarathon", "my_dcos_marathon", "DCOS_marathon"])
def test_similar_uids_are_allowed(uid: str) -> None:
    assert names.check_not_native(uid, "uid", False) == uid


PARTS = st.text(string.ascii_letters + string.digits + "_.-", min_size=1).filter(lambda part: part not in (".", ".."))
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)


@given(PATHS)
def test_a_leading_slash_of_a_secret_path_is_dropped_once(path: str) -> None:
    assert names.check_secret_path(path, "path") == path
    assert names.check_secret_path("/" + path, "path") == path
    with pytest.raises(DcosError):
        names.check_secret_path("//" + path, "path")


@given(PATHS, st.sampled_from(["/", "//x", "/./x", "/..", "/../x", " ", "%2F", "\n", "?", "#", "ä", ":", "*", "\\"]))
def test_paths_that_lead_elsewhere_are_refused(path: str, tail: str) -> None:
    with pytest.raises(DcosError, match=r"^secret_path: ") as caught:
        names.check_secret_path(path + tail, "secret_path")
    assert caught.value.code == "invalid_path"


@pytest.mark.parametrize("path", ["", "/", ".", "..", "../a", "a//b", "a/"])
def test_refused_secret_paths(path: str) -> None:
    with pytest.raises(DcosError) as caught:
        names.check_secret_path(path, "path")
    assert caught.value.code == "invalid_path"


def test_store_names_are_checked_too() -> None:
    assert names.check_store("default", "store") == "default"
    for bad in ("", "a/b", "..", "a?b", "a\n"):
        with pytest.raises(DcosError, match=r"^store: ") as caught:
            names.check_store(bad, "store")
        assert caught.value.code == "invalid_path"
