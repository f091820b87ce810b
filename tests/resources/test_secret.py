# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain secrets: both kinds, values that are made, what belongs to services, interruptions and rivals."""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._api.secret_store import StoredValue
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, Run
from ansible_collections.dcos.security.plugins.module_utils._resources.secret import (
    LARGEST_IN_UI,
    LARGEST_VALUE,
    LETTERS_AND_DIGITS,
    Generator,
    Secret,
    paths_in,
)
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, serving

PATH = "shop/password"
DOCUMENT = {"uid": "svc", "scheme": "RS256", "login_endpoint": "https://x/y", "private_key": private_text("a")}
TEXT, FILE = StoredValue.of_text("S3CRET é\n"), StoredValue(b"\x00\xffS3CRET", False)
SAME_BYTES = StoredValue(TEXT.content, False)


@pytest.fixture
def fake() -> EmulatedCluster:
    return EmulatedCluster()


def run(fake: EmulatedCluster, wanted: Any, check_mode: bool = False, **options: Any) -> Outcome:
    hidden: list[str] = []
    options = {"path": PATH, "store": "default", "overwrite": False, "hide": hidden.append, **options}
    carried_out = Run(check_mode)
    with serving(fake):
        outcome = carried_out.converge(Secret(cluster_for(), wanted=wanted, **options))
    assert set(carried_out.done) <= {f"{verb} secret {PATH}" for verb in ("create", "update", "delete")}, "no value"
    return outcome


def as_stored(value: StoredValue | None) -> str | bytes | None:
    return None if value is None else value.text() if value.is_text else value.content


def put(fake: EmulatedCluster, value: StoredValue | None) -> None:
    content = as_stored(value)
    if content is not None:
        fake.store_secret(PATH, content)


def shown(outcome: Outcome) -> str:
    return json.dumps([outcome.values, outcome.before, outcome.after, outcome.warnings])


VALUES = (None, TEXT, StoredValue.of_text("other"), StoredValue.of_text(""), FILE, SAME_BYTES, StoredValue(b"", False))


@pytest.mark.parametrize(("there", "wanted"), list(itertools.product(VALUES, VALUES)))
def test_every_value_after_every_other(
    there: StoredValue | None, wanted: StoredValue | None, fake: EmulatedCluster
) -> None:
    """Predicted, done, and unchanged when done again; never with a value in sight."""
    put(fake, there)
    before = fake.state()
    outcomes = [run(fake, wanted, True)]
    assert fake.state() == before
    outcomes += [run(fake, wanted), run(fake, wanted, True), run(fake, wanted)]
    assert fake.secrets.get(PATH) == as_stored(wanted)
    assert [outcome.changed for outcome in outcomes] == [there != wanted] * 2 + [False] * 2
    assert len(fake.writes) == (there != wanted)
    kind = None if wanted is None else "text" if wanted.is_text else "file"
    result = {"secret": {"store": "default", "path": PATH, "kind": kind, "exists": wanted is not None}}
    assert [outcome.values for outcome in outcomes] == [result] * 4
    assert (outcomes[0].before == outcomes[0].after) is (there == wanted)
    assert outcomes[0] == outcomes[1]
    assert outcomes[2].before == outcomes[2].after
    assert "S3CRET" not in "".join(map(shown, outcomes))


def test_difference_names_kind_and_whether_the_value_differs(fake: EmulatedCluster) -> None:
    names = {"store": "default", "path": PATH}
    put(fake, StoredValue.of_text("other"))
    outcome = run(fake, TEXT, True)
    assert outcome.before == {**names, "kind": "text", "value": "another one"}
    assert outcome.after == {**names, "kind": "text", "value": "as wanted"}
    outcome = run(fake, None, True)
    assert (outcome.before, outcome.after) == ({**names, "kind": "text"}, None)
    put(fake, TEXT)
    outcome = run(fake, SAME_BYTES, True)
    assert outcome.before == {**names, "kind": "text", "value": "as wanted"}
    assert outcome.after == {**names, "kind": "file", "value": "as wanted"}


# Values that are made


def test_value_is_made_once_and_told_to_nobody(fake: EmulatedCluster) -> None:
    hidden: list[str] = []
    predicted = run(fake, Generator(), True, hide=hidden.append)
    assert fake.secrets == {}
    made = run(fake, Generator(), hide=hidden.append)
    value = fake.secrets[PATH]
    assert isinstance(value, str)
    assert len(value) == 32
    assert set(value) <= set(LETTERS_AND_DIGITS)
    assert hidden[1:] == [value] != hidden[:1]
    assert predicted == made
    assert made.values["secret"]["kind"] == "text"  # type: ignore[index]
    again = [run(fake, Generator(), check_mode) for check_mode in (True, False)]
    again.append(run(fake, Generator(64, string.hexdigits)))
    assert [outcome.changed for outcome in again] == [False] * 3
    assert fake.secrets[PATH] == value
    assert not any(each in shown(outcome) for each in hidden for outcome in [predicted, made, *again])


@pytest.mark.parametrize("there", [TEXT, FILE, StoredValue.of_text("")])
def test_generate_leaves_what_is_there(there: StoredValue, fake: EmulatedCluster) -> None:
    put(fake, there)
    outcome = run(fake, Generator())
    assert outcome.changed is False
    assert outcome.values["secret"]["kind"] == ("text" if there.is_text else "file")  # type: ignore[index]
    assert fake.secrets[PATH] == as_stored(there)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(8, 4096),
    st.text(st.characters(exclude_categories=("C", "Z"))).filter(lambda text: len(set(text)) >= 10),
)
def test_generated_text_is_as_asked(length: int, characters: str) -> None:
    text = Generator(length, characters).make().text()
    assert text is not None
    assert len(text) == length
    assert set(text) <= set(characters)


def test_no_two_values_are_the_same_and_each_character_comes() -> None:
    made = [Generator(64, "0123456789" * 2 + "0").make().text() or "" for _count in range(200)]
    assert len(set(made)) == 200
    counts = [sum(text.count(digit) for text in made) for digit in "0123456789"]
    assert all(1280 * 0.8 < count < 1280 * 1.2 for count in counts), "repeated characters do not count twice"


@pytest.mark.parametrize(
    ("length", "characters", "option"),
    [
        (7, LETTERS_AND_DIGITS, "generate.length: 7 "),
        (4097, LETTERS_AND_DIGITS, "generate.length: 4097 "),
        (-1, LETTERS_AND_DIGITS, "generate.length: -1 "),
        (32, "", "generate.characters: "),
        (32, "aaaaaaaaaaaaaaaaaaaa", "generate.characters: "),
        (32, "012345678", "generate.characters: "),
        (32, "0123456789\n", "generate.characters: "),
    ],
)
def test_what_cannot_be_generated(length: int, characters: str, option: str) -> None:
    with pytest.raises(DcosError, match=f"^{option}"):
        Generator(length, characters)


# What belongs to services


@pytest.mark.parametrize("wanted", [TEXT, FILE, Generator(), None], ids=["text", "file", "generate", "absent"])
def test_service_account_document_goes_with_overwrite_only(wanted: Any, fake: EmulatedCluster) -> None:
    fake.store_secret(PATH, DOCUMENT)
    for check_mode in (True, False):
        with pytest.raises(DcosError, match=r"^path: the secret shop/password .* of svc, .* dcos_sa_secret") as caught:
            run(fake, wanted, check_mode)
        assert caught.value.code == "foreign_secret"
    assert fake.writes == []
    outcome = run(fake, wanted, True, overwrite=True)
    assert outcome.before is not None
    assert outcome.before["value"] == "the service-account document of svc"
    assert run(fake, wanted, overwrite=True).changed is True
    assert run(fake, wanted, overwrite=True).changed is False
    assert fake.secrets.get(PATH) != json.dumps(DOCUMENT)
    assert "PRIVATE" not in shown(outcome)


def test_document_that_is_wanted_is_no_change(fake: EmulatedCluster) -> None:
    fake.store_secret(PATH, DOCUMENT)
    assert run(fake, StoredValue.of_text(json.dumps(DOCUMENT))).changed is False


# Bounds


@pytest.mark.parametrize(("option", "is_text"), [("value", True), ("src", False)])
def test_too_large_is_refused_before_any_request(option: str, is_text: bool, fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match=f"^{option}: it has {LARGEST_VALUE + 1} bytes, .* up to {LARGEST_VALUE}"):
        run(fake, StoredValue(b"x" * (LARGEST_VALUE + 1), is_text))
    assert fake.calls == []


def test_what_the_user_interface_does_not_take_is_a_warning(fake: EmulatedCluster) -> None:
    assert run(fake, StoredValue(b"x" * LARGEST_IN_UI, False)).warnings == []
    large = StoredValue(b"x" * LARGEST_VALUE, False)
    assert "user interface" in run(fake, large, True).warnings[0]
    assert len(run(fake, large).warnings) == 1
    assert run(fake, large).warnings == []
    assert fake.secrets[PATH] == large.content


# The store


@pytest.mark.parametrize("wanted", [TEXT, Generator(), None], ids=["text", "generate", "absent"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_store_that_is_not_there_is_told_in_check_mode_too(
    wanted: Any, check_mode: bool, fake: EmulatedCluster
) -> None:
    with pytest.raises(ApiError, match="DC/OS Enterprise has one secret store, 'default'"):
        run(fake, wanted, check_mode, store="other")


def test_sealed_store_is_told(fake: EmulatedCluster, sleeps: list[float]) -> None:
    fake.seal()
    with pytest.raises(ApiError, match=r"the secret store 'default' is sealed\. Unseal it"):
        run(fake, TEXT)
    assert sleeps == []


@pytest.mark.parametrize("path", ["", "a//b", "a/", "..", "a b", "//a"])
def test_paths_that_are_none(path: str, fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match=r"^path: ") as caught:
        run(fake, TEXT, path=path)
    assert caught.value.code == "invalid_path"


# Interruptions and rivals


@pytest.mark.parametrize("there", [None, TEXT, FILE])
@pytest.mark.parametrize("wanted", [None, StoredValue.of_text("new"), StoredValue(b"new", False)])
@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
def test_lost_answers_are_read_back(
    there: StoredValue | None, wanted: StoredValue | None, cut: str, fake: EmulatedCluster, sleeps: list[float]
) -> None:
    put(fake, there)
    setattr(fake, cut, {1})
    assert run(fake, wanted).changed is (there != wanted)
    assert fake.secrets.get(PATH) == as_stored(wanted)
    assert run(fake, wanted).changed is False


def test_run_that_dies_after_the_write_needs_no_repair(fake: EmulatedCluster) -> None:
    fake.crash_after = 1
    with suppress(Crash):
        run(fake, Generator())
    value = fake.secrets[PATH]
    fake.crash_after = None
    assert run(fake, Generator()).changed is False
    assert fake.secrets[PATH] == value


def _appears(fake: EmulatedCluster) -> None:
    fake.store_secret(PATH, "another run's")


def _document_appears(fake: EmulatedCluster) -> None:
    fake.store_secret(PATH, DOCUMENT)


def _goes(fake: EmulatedCluster) -> None:
    fake.remove_secret(PATH)


@pytest.mark.parametrize(
    ("there", "wanted", "rival", "changed", "left"),
    [
        (None, Generator(), _appears, False, "another run's"),
        (None, TEXT, _appears, True, "S3CRET é\n"),
        (FILE, TEXT, _goes, True, "S3CRET é\n"),
        (TEXT, None, _goes, False, None),
    ],
    ids=["generate, appears", "create, appears", "update, goes", "delete, goes"],
)
def test_somebody_else_was_faster(
    there: Any, wanted: Any, rival: Callable[[EmulatedCluster], None], changed: bool, left: Any, fake: EmulatedCluster
) -> None:
    put(fake, there)
    fake.rivals[1] = lambda: rival(fake)
    assert run(fake, wanted).changed is changed
    assert fake.secrets.get(PATH) == left


@pytest.mark.parametrize("wanted", [TEXT, Generator()], ids=["text", "generate"])
def test_document_that_appears_before_the_write_stays(wanted: Any, fake: EmulatedCluster) -> None:
    fake.rivals[1] = lambda: _document_appears(fake)
    with pytest.raises(DcosError) as caught:
        run(fake, wanted)
    assert caught.value.code == "foreign_secret"
    assert fake.document(PATH) == DOCUMENT


def test_document_that_takes_the_place_of_a_value_stays(fake: EmulatedCluster) -> None:
    """Between the first look and the last one before the write."""
    put(fake, FILE)
    reads: list[str] = []

    def gate(sent: Any) -> None:
        if sent.method == "GET" and sent.path.endswith(PATH):
            reads.append(sent.call)
            if len(reads) == 2:
                _document_appears(fake)

    fake.gate = gate
    with pytest.raises(DcosError) as caught:
        run(fake, TEXT)
    assert caught.value.code == "foreign_secret"
    assert fake.writes == []


# Lists


def test_folders_are_listed() -> None:
    fake = EmulatedCluster()
    for path in ("key1", "folder/key2", "folder/sub", "folder/sub/key4", "folder/sub/deep/key5"):
        fake.store_secret(path, "S3CRET")

    def listed(folder: str | None, recurse: bool = False) -> list[str]:
        with serving(fake):
            return paths_in(cluster_for(), store="default", folder=folder, recurse=recurse)

    assert listed(None) == ["folder/key2", "folder/sub", "folder/sub/deep/key5", "folder/sub/key4", "key1"]
    assert listed("folder") == ["folder/key2", "folder/sub"]
    assert listed("folder/sub") == ["folder/sub/key4"]
    assert listed("folder", recurse=True) == [
        "folder/key2",
        "folder/sub",
        "folder/sub/deep/key5",
        "folder/sub/key4",
    ]
    assert listed("key1") == listed("fold") == listed("none", recurse=True) == []
    assert not any(call for call in fake.calls if call.startswith("GET") and "list=true" not in call)
