# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret of a service account: which of the stored keys counts, and what is never lost."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint, load_public_key
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources import service_account_secret as sa_secret
from ansible_collections.dcos.security.plugins.module_utils._resources.document_endpoint import Endpoint
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account import ServiceAccount
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account_document import stored_half
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account_secret import (
    ServiceAccountSecret,
)
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, Reply, Sent, serving

UID = "svc"
PATH = "prod/svc/secret"
NEXT = "prod/svc/secret-next"
ENDPOINT = "https://leader.mesos/acs/api/v1/auth/login"
STRICT = Endpoint(security_mode="strict")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys that would be generated come from the pool instead; their names in the order in which they were made."""
    names: list[str] = []

    def generate(size: int) -> Any:
        assert size == 2048
        names.append(f"made-{len(names) + 1}")
        return private_key(names[-1])

    monkeypatch.setattr(sa_secret, "generate", generate)
    return names


def document(key: str, **changes: Any) -> dict[str, Any]:
    fields = {"uid": UID, "scheme": "RS256", "login_endpoint": ENDPOINT, "private_key": private_text(key), **changes}
    return {name: value for name, value in fields.items() if value is not None}


def stored(
    live: str | None = None, next_: str | None = None, account: str | None = None, journal: str | None = None
) -> EmulatedCluster:
    """A cluster with these keys at their places."""
    fake = EmulatedCluster()
    for path, key in ((PATH, live), (NEXT, next_)):
        if key is not None:
            fake.store_secret(path, document(key))
    if account is not None:
        fake.add_account(UID, public_text(account))
    if journal is not None:
        text = json.dumps({"description": "", "grants": [], "groups": []})
        fake.add_account(f"{UID}.replacing", public_text(journal), text)
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, **options: Any) -> Outcome:
    """One run of the module; C(key) is the name of a given key."""
    name = options.pop("key", None)
    options = {"endpoint": STRICT, "path": PATH, **options}
    with serving(fake):
        key = None if name is None else private_key(name)
        return converge(ServiceAccountSecret(cluster_for(), UID, key=key, **options), check_mode)


def key_at(fake: EmulatedCluster, path: str) -> str | None:
    """The name of the key that is stored at a path."""
    if path not in fake.secrets:
        return None
    text = fake.document(path)["private_key"]
    return next(name for name in ("a", "b", "c", "made-1", "made-2", "made-3") if private_text(name) == text)


# The table of generate_key

KEYS = (None, "a", "b")
STATES = list(itertools.product((None, "a", "b", "c"), KEYS, KEYS, (None, "b")))


def expected(rotate: str, account: str | None, live: str | None, next_: str | None, journal: str | None) -> Any:
    """The design's table: (live afterwards, next afterwards, key of the result, pending), or the error."""
    if rotate == "prepare" and account is not None:
        key = next_ or "made-1"
        return live, key, key, True
    if account is None:
        if live is None and next_ is None and rotate == "finish":
            return "key_mismatch"
        if live is None:
            key = next_ or "made-1"
            return key, None, key, False
        if next_ is not None and journal == next_:
            return live, next_, next_, True
        return live, next_, live, False
    if account == next_:
        return next_, None, next_, False
    if account == live:
        if rotate == "finish" and next_ is not None:
            return "key_mismatch"
        # While the account is being replaced, its next key is no leftover.
        return live, next_ if journal == next_ else None, live, False
    return "key_mismatch"


@pytest.mark.parametrize("rotate", ["none", "prepare", "finish"])
@pytest.mark.parametrize(("account", "live", "next_", "journal"), STATES)
def test_every_state(
    rotate: str, account: str | None, live: str | None, next_: str | None, journal: str | None, made: list[str]
) -> None:
    fake = stored(live, next_, account, journal)
    before = fake.state()
    wanted = expected(rotate, account, live, next_, journal)
    if wanted == "key_mismatch":
        for check_mode in (True, False):
            with pytest.raises(DcosError, match="rotat") as caught:
                run(fake, check_mode, rotate=rotate)
            assert caught.value.code == "key_mismatch"
            assert "PRIVATE" not in caught.value.message
        assert fake.state() == before
        return
    want_live, want_next, want_key, pending = wanted

    predicted = run(fake, True, rotate=rotate)
    assert fake.state() == before
    made.clear()  # the real run makes its key anew
    outcome = run(fake, rotate=rotate)

    assert (key_at(fake, PATH), key_at(fake, NEXT)) == (want_live, want_next)
    assert fake.users == before["users"]
    secret = outcome.values["secret"]
    assert secret["fingerprint"] == fingerprint(public_key(want_key))
    assert secret["public_key"] == public_text(want_key)
    assert secret["pending"] is pending
    assert outcome.changed is ((want_live, want_next) != (live, next_))
    # Only what is written needs a key, and only one is ever made.
    assert made == (["made-1"] if "made-1" in (want_live, want_next) else [])
    assert (predicted.changed, predicted.before, predicted.values) == (outcome.changed, outcome.before, outcome.values)
    assert outcome.values["key_made"] is (want_key == "made-1")
    # A key that check mode throws away is not shown.
    shown = fingerprint(public_key("made-1"))
    assert str(predicted.after) == str(outcome.after).replace(shown, "a new key")
    assert "PRIVATE" not in repr((outcome, predicted))

    assert not run(fake, rotate=rotate).changed
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == (want_live, want_next)


def test_a_new_secret_is_a_readable_service_account_document() -> None:
    fake = stored()
    outcome = run(fake, path="/" + PATH)
    assert fake.document(PATH) == document("made-1")
    assert outcome.values["secret"] == {
        "store": "default",
        "path": PATH,
        "uid": UID,
        "scheme": "RS256",
        "login_endpoint": ENDPOINT,
        "public_key": public_text("made-1"),
        "fingerprint": fingerprint(public_key("made-1")),
        "pending": False,
    }
    assert outcome.before is None
    assert outcome.after is not None
    assert outcome.after["fingerprint"] == fingerprint(public_key("made-1"))
    assert fake.writes == [f"PUT /secrets/v1/secret/default/{PATH}"]


def test_key_changed_is_reported() -> None:
    assert run(stored()).values["key_changed"] is True
    assert run(stored("a", None, "a")).values["key_changed"] is False
    assert run(stored("a", "b", "b")).values["key_changed"] is True
    assert run(stored("a", None, "a"), present=False).values["key_changed"] is False


def test_a_secret_created_at_the_same_time_is_used() -> None:
    fake = stored()
    fake.rivals[1] = lambda: fake.store_secret(PATH, document("a"))
    outcome = run(fake)
    assert outcome.values["secret"]["fingerprint"] == fingerprint(public_key("a"))
    assert key_at(fake, PATH) == "a"
    assert not outcome.changed


def test_a_secret_deleted_at_the_same_time_is_made_again() -> None:
    fake = stored("a", "b", "b")
    fake.rivals[1] = lambda: fake.remove_secret(PATH)
    run(fake)
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == ("b", None)


def store_after_the_first_look(fake: EmulatedCluster, path: str, value: Any) -> None:
    looks = []

    def rival(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        if sent.method == "GET" and sent.path.endswith(path) and not looks:
            looks.append(sent)
            fake.store_secret(path, value)
        return reply

    fake.answering = rival


@pytest.mark.parametrize("path", [PATH, NEXT])
def test_a_value_stored_before_the_deletion_is_read_first(path: str) -> None:
    fake = stored(live="a", next_="b")
    store_after_the_first_look(fake, path, document("c"))
    assert run(fake, present=False).changed
    assert fake.secrets == {}


def test_a_foreign_value_stored_before_the_deletion_stays() -> None:
    fake = stored(live="a", next_="b")
    store_after_the_first_look(fake, PATH, "somebody else's")
    with pytest.raises(DcosError) as caught:
        run(fake, present=False)
    assert caught.value.code == "foreign_secret"
    assert fake.secrets == {PATH: "somebody else's", NEXT: json.dumps(document("b"))}
    fake = stored(live="a", next_="b")
    store_after_the_first_look(fake, NEXT, "somebody else's")
    assert run(fake, present=False).changed
    assert fake.secrets == {NEXT: "somebody else's"}


def journal_for(fake: EmulatedCluster, key: str) -> None:
    text = json.dumps({"description": "", "grants": [], "groups": []})
    fake.add_account(f"{UID}.replacing", public_text(key), text)


def test_a_leftover_adopted_by_a_rotation_meanwhile_is_kept() -> None:
    fake = stored("a", "b", "a")
    fake.rivals[1] = lambda: journal_for(fake, "b")
    outcome = run(fake)
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == ("a", "b")
    assert outcome.values["unsettled"] is True
    assert fake.document(NEXT) == document("b"), "without a mark"


def test_a_leftover_that_becomes_the_accounts_key_during_its_deletion_is_not_lost() -> None:
    fake = stored("a", "b", "a")
    fake.rivals[1] = lambda: fake.add_account(UID, public_text("b"))
    run(fake)
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == ("b", None)


# A whole rotation, interrupted anywhere


@pytest.mark.parametrize("key", [None, "a"])
def test_next_key_is_kept_during_replacement(key: str | None) -> None:
    fake = stored("a", "b", "a", journal="b")
    outcome = run(fake, key=key)
    assert (outcome.changed, outcome.values["unsettled"]) == (False, True)
    assert key_at(fake, NEXT) == "b"


@pytest.mark.parametrize("key", [None, "a"])
def test_a_leftover_that_becomes_the_accounts_key_right_before_its_deletion_is_not_lost(key: str | None) -> None:
    fake = stored("a", "b", "a")
    fake.rivals[1] = lambda: fake.add_account(UID, public_text("b"))
    with suppress(DcosError):  # a given key is the account's no more then
        run(fake, key=key)
    assert "b" in (key_at(fake, PATH), key_at(fake, NEXT))


@pytest.mark.usefixtures("sleeps")
def test_a_leftover_is_kept_if_the_journal_cannot_be_read() -> None:
    fake = stored("a", "b", "a")

    def rival() -> None:
        fake.add_account(UID, public_text("b"))
        fake.refused["/acs/api/v1/users"] = 503

    fake.rivals[1] = rival
    with pytest.raises(DcosError) as caught:
        run(fake)
    assert caught.value.status == 503
    assert key_at(fake, NEXT) == "b"


def counts_as_stored(fake: EmulatedCluster, key: str) -> bool:
    with serving(fake):
        is_stored = stored_half(cluster_for(), UID, "default", PATH)
        assert is_stored is not None
        return is_stored(public_key(key))


def marked(fake: EmulatedCluster) -> EmulatedCluster:
    """A plain run died between the mark and the deletion."""
    fake.crash_after = 1
    with pytest.raises(Crash):
        run(fake)
    fake.crash_after = None
    assert fake.document(NEXT)["leftover"] is True
    return fake


def test_a_leftover_is_marked_before_its_deletion_and_no_replacement_uses_it() -> None:
    fake = stored("a", "b", "a")
    assert counts_as_stored(fake, "b")
    marked(fake)
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == ("a", "b")
    assert not counts_as_stored(fake, "b")
    assert run(fake).changed
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == ("a", None)


def test_a_rotation_adopts_a_marked_key() -> None:
    fake = marked(stored("a", "b", "a"))
    assert run(fake, rotate="prepare").values["secret"]["pending"] is True
    assert fake.document(NEXT) == document("b")
    assert counts_as_stored(fake, "b")


def test_a_marked_key_of_the_account_is_promoted() -> None:
    fake = marked(stored("a", "b", "a"))
    fake.add_account(UID, public_text("b"))
    run(fake)
    assert fake.document(PATH) == document("b")
    assert key_at(fake, NEXT) is None


def test_a_mark_that_cannot_be_removed_loses_no_key() -> None:
    fake = stored("a", "b", "a")

    def rival() -> None:
        journal_for(fake, "b")
        fake.rivals[2] = lambda: fake.refused.update({"/secrets/v1/secret": 403})

    fake.rivals[1] = rival
    with pytest.raises(DcosError) as caught:
        run(fake)
    assert caught.value.status == 403
    assert key_at(fake, NEXT) == "b"


def replace(fake: EmulatedCluster, public: str) -> None:
    with serving(fake):
        key = load_public_key(public, "public_key")
        converge(ServiceAccount(cluster_for().iam, "admin", UID, key=key, replace_key=True), False)


def rotation(fake: EmulatedCluster) -> None:
    """prepare -> replace_key -> finish, each stage from what is there, as any run of it does."""
    prepared = run(fake, rotate="prepare")
    replace(fake, prepared.values["secret"]["public_key"])
    run(fake, rotate="finish")


def account_can_log_in(fake: EmulatedCluster) -> bool:
    """live or next holds the private half of the account's key."""
    held = {public_text(key) for path in (PATH, NEXT) for key in [key_at(fake, path)] if key is not None}
    return UID not in fake.users or fake.users[UID]["public_key"] in held


def ready() -> EmulatedCluster:
    """Asserts after every single request that the account's key is held, the new one before the account gets it."""
    fake = stored("a", None, "a")

    def watched(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        assert account_can_log_in(fake), f"after {sent.call}"
        return reply

    fake.answering = watched
    fake.add_grant(UID, "dcos:a", "full")
    return fake


def test_a_rotation() -> None:
    fake = ready()
    rotation(fake)
    assert key_at(fake, PATH) == "made-1"
    assert fake.users[UID]["public_key"] == public_text("made-1")
    assert fake.grants_of(UID) == {("dcos:a", "full")}
    assert NEXT not in fake.secrets
    assert f"{UID}.replacing" not in fake.users
    # journal, account and one grant, beside what the secret needs: next, live, next
    assert len(fake.writes) == ROTATION


ROTATION = 8


@pytest.mark.parametrize("after", range(1, ROTATION + 1))
@pytest.mark.parametrize("repair", ["rotation", "none"])
def test_a_rotation_that_was_interrupted_anywhere(after: int, repair: str, made: list[str]) -> None:
    """The key that the account has is held at every moment; the next rotation, or a run without one, ends whole."""
    fake = ready()
    fake.crash_after = after
    with pytest.raises(Crash):
        rotation(fake)
    fake.crash_after = None
    if repair == "rotation":
        rotation(fake)
    else:
        public = run(fake).values["secret"]["public_key"]
        with serving(fake):
            converge(ServiceAccount(cluster_for().iam, "admin", UID, key=load_public_key(public, "k")), False)
        run(fake)
    live = key_at(fake, PATH)
    assert live is not None
    assert fake.users[UID]["public_key"] == public_text(live)
    assert NEXT not in fake.secrets
    assert fake.grants_of(UID) == {("dcos:a", "full")}
    assert f"{UID}.replacing" not in fake.users
    assert not run(fake).changed


def test_next_is_removed_only_after_reading_back_live() -> None:
    """Somebody writes live between our write and the removal of next: next stays."""
    fake = stored("a", "b", "b")

    def overwritten(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        if sent.method == "PATCH":
            fake.store_secret(PATH, document("c"))
        return reply

    fake.answering = overwritten
    with pytest.raises(DcosError) as caught:
        run(fake)
    assert caught.value.code == "key_mismatch"
    assert key_at(fake, NEXT) == "b"
    assert not [call for call in fake.calls if call.startswith("DELETE")]


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
@pytest.mark.parametrize("number", range(1, ROTATION + 1))
def test_a_lost_answer_in_a_rotation_loses_nothing(cut: str, number: int) -> None:
    fake = ready()
    getattr(fake, cut).add(number)
    rotation(fake)
    assert fake.users[UID]["public_key"] == public_text("made-1")
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == ("made-1", None)


# Given keys


@pytest.mark.parametrize("rotate", ["none", "prepare", "finish"])
@pytest.mark.parametrize(("account", "live", "next_"), list(itertools.product((None, "a", "b"), KEYS, KEYS)))
def test_a_given_key(rotate: str, account: str | None, live: str | None, next_: str | None, made: list[str]) -> None:
    """The key given is "a": it goes where the account has it, or with prepare to where the account is to get it."""
    fake = stored(live, next_, account)
    before = fake.state()
    if account == "b" and rotate != "prepare":
        with pytest.raises(DcosError, match="is not that of the account") as caught:
            run(fake, key="a", rotate=rotate)
        assert caught.value.code == "key_mismatch"
        assert fake.state() == before
        return
    predicted = run(fake, True, key="a", rotate=rotate)
    assert fake.state() == before
    outcome = run(fake, key="a", rotate=rotate)
    assert predicted == outcome
    wanted = {None: ("a", next_), "a": ("a", None), "b": (live, "a")}[account]
    assert (key_at(fake, PATH), key_at(fake, NEXT)) == wanted
    assert outcome.values["secret"]["fingerprint"] == fingerprint(public_key("a"))
    assert outcome.values["secret"]["pending"] is (account == "b")
    assert made == []
    assert not run(fake, key="a", rotate=rotate).changed


# What others stored

FOREIGN: list[Any] = [
    "a password",
    b"\xff\x00binary",
    "[]",
    "{}",
    json.dumps({"uid": UID}),
    json.dumps({"uid": UID, "private_key": 7}),
    json.dumps({**document("a"), "uid": "another"}),
    json.dumps([document("a")]),
]


@pytest.mark.parametrize("value", FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("options", [{}, {"key": "a"}, {"rotate": "prepare"}, {"rotate": "finish"}, {"present": False}])
def test_a_foreign_value_is_neither_changed_nor_deleted(value: Any, options: dict[str, Any]) -> None:
    fake = stored(None, None, "a")
    fake.store_secret(PATH, value)
    for check_mode in (True, False):
        with pytest.raises(DcosError, match="overwrite") as caught:
            run(fake, check_mode, **options)
        assert caught.value.code == "foreign_secret"
        assert "password" not in caught.value.message
    assert fake.secrets == {PATH: value}


@pytest.mark.parametrize("value", FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_value_is_replaced_or_deleted_with_overwrite(value: Any) -> None:
    fake = stored()
    fake.store_secret(PATH, value)
    assert run(fake, overwrite=True).changed
    assert fake.document(PATH) == document("made-1")
    fake.store_secret(PATH, value)
    assert run(fake, overwrite=True, present=False).changed
    assert fake.secrets == {}


def test_a_foreign_value_at_next_is_left_alone() -> None:
    fake = stored("a", None, "a")
    fake.store_secret(NEXT, "a password")
    assert not run(fake).changed
    with pytest.raises(DcosError, match=f"the secret {NEXT}") as caught:
        run(fake, rotate="prepare")
    assert caught.value.code == "foreign_secret"
    run(fake, present=False)
    assert fake.secrets == {NEXT: "a password"}
    fake = stored("a", None, "a")
    fake.store_secret(NEXT, "a password")
    outcome = run(fake, rotate="prepare", overwrite=True)
    assert fake.document(NEXT) == document(str(key_at(fake, NEXT)))
    assert outcome.values["secret"]["pending"] is True


@pytest.mark.parametrize("account", [None, "a"])
def test_an_unreadable_key_at_next_is_left_alone_without_overwrite(account: str | None) -> None:
    """It may be encrypted, or of a kind that this version does not know: not ours to throw away."""
    fake = stored("a", None, account)
    broken = json.dumps({**document("b"), "private_key": "unreadable"})
    fake.store_secret(NEXT, broken)
    outcome = run(fake)
    assert not outcome.changed
    assert fake.secrets[NEXT] == broken
    assert (outcome.before or {})["next"] == (outcome.after or {})["next"] == "no usable key"
    outcome = run(fake, overwrite=True)
    assert outcome.changed is (account is not None)
    assert (NEXT in fake.secrets) is (account is None)


# Repairs


@pytest.mark.parametrize(
    "changes",
    [
        {"scheme": None, "schema": "RS256"},
        {"scheme": None},
        {"schema": "RS256"},
        {"scheme": "HS256"},
        {"private_key": private_text("a", form="TraditionalOpenSSL")},
        {"login_endpoint": None},
        {"login_endpoint": 7},
        {"login_endpoint": "http://leader.mesos/acs/api/v1/auth/login"},
        {"login_endpoint": "https://leader.mesos/acs/api/v1/auth/login/"},
        {"login_endpoint": "https://leader.mesos:8443/acs/api/v1/auth/login"},
        {"login_endpoint": "https://[bad"},
    ],
)
@pytest.mark.parametrize("key", [None, "a"])
def test_a_document_that_some_services_cannot_read_is_repaired(changes: dict[str, Any], key: str | None) -> None:
    fake = stored(None, None, "a")
    fake.store_secret(PATH, document("a", **changes))
    outcome = run(fake, key=key)
    assert outcome.changed
    assert fake.document(PATH) == document("a")
    assert fake.writes == [f"PATCH /secrets/v1/secret/default/{PATH}"]
    assert not run(fake, key=key).changed


def test_fields_that_others_added_are_kept() -> None:
    fake = stored(None, None, "a")
    more = {"parent_role": "x", "nested": {"a": [1, None]}}
    fake.store_secret(PATH, document("a", schema="RS256", **more))
    run(fake)
    assert fake.document(PATH) == {**document("a"), **more}
    fake.store_secret(NEXT, document("b"))
    fake.change_account(UID, public_text("b"))
    run(fake)
    assert fake.document(PATH) == {**document("b"), **more}


def test_a_correct_document_is_not_changed() -> None:
    fake = stored(None, None, "a")
    text = json.dumps(document("a", note="mine"), indent=4)
    fake.store_secret(PATH, text)
    assert not run(fake).changed
    assert not run(fake, key="a").changed
    assert fake.secrets[PATH] == text


@pytest.mark.parametrize("options", [{}, {"key": "a"}, {"rotate": "prepare"}, {"present": False}])
def test_a_document_of_ours_whose_key_cannot_be_used(options: dict[str, Any]) -> None:
    """It may be one that only we cannot read: it is replaced like something foreign, but deleted like our own."""
    for private in ("broken", public_text("a"), ""):
        fake = stored(None, None, "a")
        fake.store_secret(PATH, document("a", private_key=private))
        before = fake.state()
        if options.get("present") is False:
            assert run(fake, **options).changed
            assert fake.secrets == {}
            continue
        with pytest.raises(DcosError, match="overwrite") as caught:
            run(fake, **options)
        assert caught.value.code == "foreign_secret"
        assert fake.state() == before
    assert "key" not in options or run(fake, overwrite=True, **options).changed


def test_overwrite_replaces_a_broken_key_that_no_account_uses() -> None:
    fake = stored()
    fake.store_secret(PATH, document("a", private_key="broken"))
    assert run(fake, overwrite=True).changed
    assert key_at(fake, PATH) == "made-1"
    fake.store_secret(PATH, document("a", private_key="broken"))
    fake.add_account(UID, public_text("a"))
    with pytest.raises(DcosError, match="no key of the account is stored") as caught:
        run(fake, overwrite=True)
    assert caught.value.code == "key_mismatch"


# The login endpoint

OTHER_HOST = "https://master.mesos/acs/api/v1/auth/login"


def test_master_mesos_equals_leader_mesos_if_derived() -> None:
    fake = stored(None, None, "a")
    fake.store_secret(PATH, document("a", login_endpoint=OTHER_HOST))
    outcome = run(fake)
    assert not outcome.changed
    assert outcome.values["secret"]["login_endpoint"] == OTHER_HOST
    # A write for another reason leaves it as it is.
    fake.store_secret(PATH, document("a", login_endpoint=OTHER_HOST, scheme=None))
    assert run(fake).changed
    assert fake.document(PATH)["login_endpoint"] == OTHER_HOST


def test_a_given_endpoint_is_taken_literally() -> None:
    fake = stored(None, None, "a")
    fake.store_secret(PATH, document("a", login_endpoint=OTHER_HOST))
    outcome = run(fake, endpoint=Endpoint(given=ENDPOINT))
    assert outcome.changed
    assert fake.document(PATH)["login_endpoint"] == ENDPOINT
    run(fake, endpoint=Endpoint(given="https://dcos.example.com/login"))
    assert fake.document(PATH)["login_endpoint"] == "https://dcos.example.com/login"


@pytest.mark.parametrize(
    ("mode", "legacy", "version", "scheme"),
    [
        ("strict", "never", "1.10.0", "https"),
        ("strict", "auto", "1.10.0", "https"),
        ("strict", "always", "1.10.0", "https"),
        ("permissive", "never", "1.10.0", "https"),
        ("permissive", "auto", "1.10.0", "http"),
        ("permissive", "auto", "1.11.6", "http"),
        ("permissive", "auto", "1.11-dev", "http"),
        ("permissive", "auto", "1.12.0", "https"),
        ("permissive", "auto", "1.12-dev", "https"),
        ("permissive", "auto", "2.2.4", "https"),
        ("permissive", "auto", "2.0", "https"),
        ("permissive", "always", "2.2.4", "http"),
        ("disabled", "never", "2.2.4", "http"),
        ("disabled", "always", "2.2.4", "http"),
    ],
)
def test_the_derived_endpoint(mode: str, legacy: str, version: str, scheme: str) -> None:
    fake = stored()
    fake.replies = {
        "bootstrap-config.json": Reply(200, {"security": mode}),
        "dcos-version.json": Reply(200, {"version": version}),
    }
    run(fake, endpoint=Endpoint(security_mode=mode, legacy=legacy))
    assert fake.document(PATH)["login_endpoint"] == f"{scheme}://leader.mesos/acs/api/v1/auth/login"


@pytest.mark.parametrize("version", [None, "", "testing", "v2.2"])
def test_an_unknown_version_is_an_error_if_needed(version: str | None) -> None:
    fake = stored()
    fake.replies = {
        "bootstrap-config.json": Reply(200, {"security": "permissive"}),
        "dcos-version.json": Reply(403, "<html>") if version is None else Reply(200, {"version": version}),
    }
    with pytest.raises(DcosError, match=r"^legacy_login_endpoint: ") as caught:
        run(fake, endpoint=Endpoint(security_mode="permissive", legacy="auto"))
    assert caught.value.code == "mode"
    assert fake.writes == []
    assert run(fake, endpoint=Endpoint(security_mode="permissive", legacy="never")).changed


@pytest.mark.parametrize("given", ["disabled", "permissive"])
def test_a_mode_that_differs_from_the_clusters_is_an_error(given: str) -> None:
    fake = stored()
    with pytest.raises(DcosError, match="the cluster says that it is in strict mode") as caught:
        run(fake, endpoint=Endpoint(security_mode=given))
    assert caught.value.code == "mode"
    assert fake.writes == []
    fake.refused["bootstrap-config.json"] = 403
    assert run(fake, endpoint=Endpoint(security_mode=given)).changed


# Absent, and what is refused


def test_absent_deletes_live_and_next() -> None:
    fake = stored("a", "b", "a")
    predicted = run(fake, True, present=False)
    outcome = run(fake, present=False)
    assert predicted == outcome
    assert outcome.changed
    assert outcome.values["secret"] is None
    assert outcome.after is None
    assert fake.secrets == {}
    assert not run(fake, present=False).changed
    assert UID in fake.users


def test_the_account_of_a_person_is_refused() -> None:
    fake = stored()
    fake.add_person(UID)
    with pytest.raises(DcosError, match="account of a person") as caught:
        run(fake)
    assert caught.value.code == "invalid_uid"
    assert fake.writes == []


@pytest.mark.parametrize(
    ("options", "code"),
    [({"path": "a b"}, "invalid_path"), ({"path": "../a"}, "invalid_path"), ({"store": "a/b"}, "invalid_path")],
)
def test_paths_are_checked_before_any_request(options: dict[str, str], code: str) -> None:
    fake = stored()
    with pytest.raises(DcosError) as caught:
        run(fake, **options)
    assert caught.value.code == code
    assert fake.calls == []


@pytest.mark.parametrize("uid", ["dcos_marathon", "bootstrapuser", "dcos_mine", "a b", "svc.replacing"])
def test_uids_are_checked_before_any_request(uid: str) -> None:
    with pytest.raises(DcosError) as caught:
        ServiceAccountSecret(cluster_for(), uid, PATH)
    assert caught.value.code in ("native_account", "invalid_uid")


def test_no_key_in_any_repr() -> None:
    fake = stored("a", "b", "b")
    with serving(fake):
        resource = ServiceAccountSecret(cluster_for(), UID, PATH, endpoint=STRICT)
        state = resource.read()
        plan = resource.plan(state)
    assert "PRIVATE" not in repr(state) + repr(plan.result) + repr(plan.before) + repr(plan.after)


def test_unsettled_documents_at_next_are_reported() -> None:
    """While the account's replacement is recorded, nothing removes the only copy of its next key."""
    assert run(stored(live="a", next_="b", account="a", journal="b")).values["unsettled"] is True
    assert run(stored(live="a", next_="b", account="a")).values["unsettled"] is False
    assert run(stored(live="a", account="a")).values["unsettled"] is False
