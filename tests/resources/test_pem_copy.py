# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second secret with the key alone: in step with the document after every run, and never at another key's cost."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint, load_public_key
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources import service_account_secret as sa_secret
from ansible_collections.dcos.security.plugins.module_utils._resources.document_endpoint import Endpoint
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account import ServiceAccount
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account_secret import (
    ServiceAccountSecret,
)
from ansible_collections.dcos.security.plugins.module_utils._service.terms import in_terms_of_service
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, serving

UID = "svc"
LIVE = "svc/secret"
NEXT = "svc/secret-next"
PEM = "svc/private_key"
ENDPOINT = "https://leader.mesos/acs/api/v1/auth/login"
KEYS = (None, "a", "b")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the keys that were made; all of them are C(made) of the pool."""
    sizes: list[int] = []

    def generate(size: int) -> Any:
        sizes.append(size)
        return private_key("made")

    monkeypatch.setattr(sa_secret, "generate", generate)
    return sizes


def document(key: str) -> dict[str, str]:
    return {"uid": UID, "scheme": "RS256", "login_endpoint": ENDPOINT, "private_key": private_text(key)}


def stored(
    live: str | None = None, next_: str | None = None, pem: str | None = None, account: str | None = None
) -> EmulatedCluster:
    """A cluster with these keys at their places."""
    fake = EmulatedCluster()
    for path, key in ((LIVE, live), (NEXT, next_)):
        if key is not None:
            fake.store_secret(path, document(key))
    if pem is not None:
        fake.store_secret(PEM, private_text(pem))
    if account is not None:
        fake.add_account(UID, public_text(account))
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, **options: Any) -> Outcome:
    """One run of the module; C(key) is the name of a given key."""
    name = options.pop("key", None)
    options = {"endpoint": Endpoint(security_mode="strict"), "path": LIVE, "pem_path": PEM, **options}
    with serving(fake):
        key = None if name is None else private_key(name)
        return converge(ServiceAccountSecret(cluster_for(), UID, key=key, **options), check_mode)


def is_in_step(fake: EmulatedCluster) -> bool:
    """The copy holds the key of the document, or of the next one where a key was prepared for one that is lost."""
    documents = [fake.document(path)["private_key"] for path in (LIVE, NEXT) if path in fake.secrets]
    return fake.secrets[PEM] == documents[0]


STATES = list(itertools.product(KEYS, KEYS, (*KEYS, "other"), KEYS))


@pytest.mark.parametrize(
    ("rotate", "given"), [("none", None), ("none", "a"), ("prepare", None), ("prepare", "a"), ("finish", None)]
)
@pytest.mark.parametrize(("live", "next_", "pem", "account"), STATES)
def test_every_state(
    rotate: str, given: str | None, live: str | None, next_: str | None, pem: str | None, account: str | None
) -> None:
    """In step and predicted by check mode, or refused before any write; what is the account's or stored is known."""
    fake = stored(live, next_, pem, account)
    before = fake.state()
    refused: list[str | None] = []
    try:
        predicted = run(fake, True, key=given, rotate=rotate)
    except DcosError as exc:
        refused.append(exc.code)
    assert fake.state() == before
    if refused:
        with pytest.raises(DcosError) as caught:
            run(fake, key=given, rotate=rotate)
        assert fake.state() == before
        assert refused == [caught.value.code]
        if caught.value.code == "foreign_secret":
            # The key that is given is known where it is about to be stored.
            assert pem not in (None, live, next_, account)
            assert caught.value.message.startswith(
                f"pem_path: The secret {PEM} in store default holds a private key ({fingerprint(public_key(pem or ''))}"
            )
            assert "overwrite" in caught.value.message
        return
    outcome = run(fake, key=given, rotate=rotate)
    predicted.values.pop("provisional", None)
    assert (predicted.changed, predicted.values) == (outcome.changed, outcome.values)
    made = fingerprint(public_key("made"))
    assert str(predicted.after) == str(outcome.after).replace(made, "a new key"), "check mode throws that key away"
    assert pem != "other"
    assert is_in_step(fake)
    assert "PRIVATE" not in repr((outcome, predicted))
    assert not run(fake, key=given, rotate=rotate).changed


def replace(fake: EmulatedCluster, public: str) -> None:
    with serving(fake):
        key = load_public_key(public, "public_key")
        converge(ServiceAccount(cluster_for().iam, "admin", UID, key=key, replace_key=True), False)


def life(fake: EmulatedCluster) -> None:
    """A first key, an account, a rotation, and the end."""
    first = run(fake).values["secret"]["public_key"]
    replace(fake, first)
    prepared = run(fake, key="b", rotate="prepare").values["secret"]["public_key"]
    replace(fake, prepared)
    run(fake, key="b", rotate="finish")


def test_a_life_writes_the_copy_before_a_document_that_is_there_and_after_a_new_one() -> None:
    fake = stored()
    life(fake)
    assert is_in_step(fake)
    run(fake, present=False)
    secret = "/secrets/v1/secret/default/svc/"
    assert [call for call in fake.writes if "secrets" in call] == [
        f"PUT {secret}secret",
        f"PUT {secret}private_key",
        f"PUT {secret}secret-next",
        f"PATCH {secret}private_key",
        f"PATCH {secret}secret",
        f"DELETE {secret}secret-next",
        f"DELETE {secret}private_key",
        f"DELETE {secret}secret",
    ]
    assert fake.secrets == {}


LIFE = 11
"""The secrets' writes but the last two, and those of the account: created, and replaced with a journal."""


@pytest.mark.parametrize("after", range(1, LIFE))
def test_an_interruption_anywhere_is_repaired_by_the_next_run(after: int) -> None:
    fake = stored()
    fake.crash_after = after
    with pytest.raises(Crash):
        life(fake)
    fake.crash_after = None
    public = run(fake).values["secret"]["public_key"]
    with serving(fake):
        key = load_public_key(public, "public_key")
        converge(ServiceAccount(cluster_for().iam, "admin", UID, key=key), False)
    run(fake)
    assert LIVE in fake.secrets
    assert is_in_step(fake)
    assert not run(fake).changed


def test_an_interrupted_retirement_is_finished_by_the_next_run() -> None:
    for after in (1, 2):
        fake = stored("a", "b", "a")
        fake.crash_after = after
        with pytest.raises(Crash):
            run(fake, present=False)
        fake.crash_after = None
        assert run(fake, present=False).changed
        assert fake.secrets == {}


def test_whole_life_has_as_many_writes_as_are_interrupted() -> None:
    fake = stored()
    life(fake)
    assert len(fake.writes) == LIFE


def test_the_copy_is_shown_by_its_fingerprint() -> None:
    outcome = run(stored("a", None, None, "a"))
    assert "pem" not in (outcome.before or {})
    assert (outcome.after or {})["pem"] == fingerprint(public_key("a"))
    outcome = run(stored("a", "b", "a", "b"))
    assert (outcome.before or {})["pem"] == fingerprint(public_key("a"))
    assert (outcome.after or {})["pem"] == fingerprint(public_key("b"))


MORE = [
    "a password",
    b"\xff\x00binary",
    private_text("a") + private_text("a"),
    "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n" + private_text("a"),
    public_text("a"),
    private_text("other"),
]


@pytest.mark.parametrize("value", MORE, ids=range(len(MORE)))
def test_what_is_more_than_the_key_alone_is_written_over_only_where_that_is_said(value: str | bytes) -> None:
    fake = stored("a", None, None, "a")
    fake.store_secret(PEM, value)
    with pytest.raises(DcosError, match=r"^pem_path: The secret svc/private_key ") as caught:
        run(fake)
    assert caught.value.code == "foreign_secret"
    assert "password" not in caught.value.message
    outcome = run(fake, present=False)
    assert outcome.changed
    assert "It is kept" in outcome.warnings[0]
    assert fake.secrets == {PEM: value}
    fake.store_secret(LIVE, document("a"))
    assert run(fake, overwrite=True).changed
    assert is_in_step(fake)
    fake.store_secret(PEM, value)
    assert not run(fake, overwrite=True, present=False).warnings
    assert fake.secrets == {}


def test_the_role_names_its_own_variable() -> None:
    with pytest.raises(DcosError) as caught:
        run(stored("a", None, "other", "a"))
    assert "services[0].pem_secret_path" in in_terms_of_service(caught.value, "services[0].").message


def test_a_key_of_the_account_is_a_copy_even_where_no_document_has_it() -> None:
    fake = stored(None, None, "a", "a")
    assert run(fake, present=False).changed
    assert fake.secrets == {}


def test_pkcs1_is_rewritten_and_what_is_a_file_stays_one() -> None:
    fake = stored("a", None, None, "a")
    fake.store_secret(PEM, private_text("a", form="TraditionalOpenSSL").encode())
    assert run(fake).changed
    assert fake.secrets[PEM] == private_text("a").encode()
    assert not run(fake).changed


def test_who_stores_a_copy_at_the_same_time_is_met_again() -> None:
    fake = stored("a", None, None, "a")
    fake.rivals[1] = lambda: fake.store_secret(PEM, private_text("a"))
    assert not run(fake).changed
    fake = stored("a", None, None, "a")
    fake.rivals[1] = lambda: fake.store_secret(PEM, "a password")
    with pytest.raises(DcosError) as caught:
        run(fake)
    assert caught.value.code == "foreign_secret"
    assert fake.secrets[PEM] == "a password"


def test_who_stores_a_copy_of_the_old_key_during_a_rotation_is_met_while_that_key_is_known() -> None:
    fake = stored("a", "b", None, "b")
    fake.rivals[1] = lambda: fake.store_secret(PEM, private_text("a"))
    run(fake)
    assert is_in_step(fake)
    assert fake.secrets[PEM] == private_text("b")


def test_without_a_copy_nothing_is_read_or_written_there() -> None:
    fake = stored("a", None, "other", "a")
    assert not run(fake, pem_path=None).changed
    assert not [call for call in fake.calls if "private_key" in call]


@pytest.mark.parametrize("path", [LIVE, NEXT, f"/{LIVE}", "a b"])
def test_a_path_that_cannot_be_the_copys_is_refused_before_any_request(path: str) -> None:
    fake = stored()
    with pytest.raises(DcosError, match=r"^pem_path: ") as caught:
        run(fake, pem_path=path)
    assert caught.value.code == "invalid_path"
    assert fake.calls == []


def test_the_size_is_that_of_a_key_that_is_made(made: list[int]) -> None:
    run(stored(), size=3072)
    run(stored("a", None, None, "a"), size=3072, rotate="prepare")
    assert made == [3072, 3072]
    run(stored("a", None, None, "a"), size=3072)
    assert made == [3072, 3072], "a stored key is taken whatever its size"
    for size, words in ((2047, "too few"), (16385, "too many")):
        with pytest.raises(DcosError, match=rf"^size: {size} bits are {words}") as caught:
            run(stored(), size=size)
        assert caught.value.code == "invalid_key"
