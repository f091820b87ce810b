# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key pair in two files: when a key is made, kept or refused, and what a crash leaves."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources import keypair
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.keypair import Keypair
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash

REGENERATE = ("never", "fail", "partial_idempotence", "full_idempotence", "always")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the keys that were made; they come from the pool, all named "made"."""
    sizes: list[int] = []

    def generate(size: int) -> Any:
        sizes.append(size)
        return private_key("made", size)

    monkeypatch.setattr(keypair, "generate", generate)
    return sizes


class Files:
    """The two files of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private, self.public = folder / "key.pem", folder / "key.pub.pem"

    def put(self, private: str | None = None, public: str | None = None) -> Files:
        for path, text in ((self.private, private), (self.public, public)):
            if text is not None:
                path.write_text(text, encoding="ascii")
                path.chmod(0o600)
        return self

    def texts(self) -> tuple[str | None, str | None]:
        private, public = (p.read_text("ascii") if p.exists() else None for p in (self.private, self.public))
        return private, public

    def run(self, check_mode: bool = False, **options: Any) -> Outcome:
        return converge(Keypair(str(self.private), str(self.public), **options), check_mode)


@pytest.fixture
def pair(tmp_path: Path) -> Files:
    return Files(tmp_path)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_pair(pair: Files, made: list[int]) -> None:
    predicted = pair.run(True)
    assert list(pair.folder.iterdir()) == []
    outcome = pair.run()
    assert pair.texts() == (private_text("made"), public_text("made"))
    assert (mode_of(pair.private), mode_of(pair.public)) == (0o600, 0o644)
    assert made == [2048, 2048]
    assert outcome.changed
    assert outcome.values == {
        "keypair": {
            "private_key_path": str(pair.private),
            "public_key_path": str(pair.public),
            "public_key": public_text("made"),
            "fingerprint": fingerprint(public_key("made")),
            "size": 2048,
        }
    }
    assert predicted.values == {**outcome.values, "provisional": True}
    assert (predicted.before, predicted.after) == (outcome.before, outcome.after)
    assert "PRIVATE" not in repr((outcome, predicted))
    again = pair.run()
    assert not again.changed
    assert again.before == again.after
    assert "provisional" not in pair.run(True).values


def test_without_a_public_file(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    outcome = converge(Keypair(str(path)), False)
    assert [entry.name for entry in tmp_path.iterdir()] == ["k.pem"]
    assert outcome.values["keypair"]["public_key_path"] is None
    assert outcome.values["keypair"]["public_key"] == public_text("made")


def test_a_lost_public_half_is_rebuilt(pair: Files, made: list[int]) -> None:
    pair.put(private_text("a"))
    for regenerate in REGENERATE[:-1]:
        pair.public.unlink(missing_ok=True)
        assert pair.run(regenerate=regenerate).changed
        assert pair.texts() == (private_text("a"), public_text("a"))
    assert made == []


def test_a_pkcs1_key_is_used_and_left_as_it_is(pair: Files) -> None:
    old = private_text("a", form="TraditionalOpenSSL")
    pair.put(old, public_text("a", form="PKCS1"))
    outcome = pair.run()
    assert not outcome.changed
    assert pair.texts() == (old, public_text("a", form="PKCS1"))
    assert outcome.values["keypair"]["public_key"] == public_text("a")


# What an existing file becomes: kept, new, or an error with this code
KEPT, NEW = "kept", "new"
WEAK = private_text("weak", 1024)
TABLE = {
    "fits": (private_text("a"), (KEPT, KEPT, KEPT, KEPT, NEW)),
    "other size": (private_text("big", 3072), (KEPT, "invalid_key", NEW, NEW, NEW)),
    "too weak": (WEAK, ("invalid_key", "invalid_key", "invalid_key", NEW, NEW)),
    "no key": ("words", ("invalid_key", "invalid_key", "invalid_key", NEW, NEW)),
    "empty": ("", ("invalid_key", "invalid_key", "invalid_key", NEW, NEW)),
    "public": (public_text("a"), ("invalid_key", "invalid_key", "invalid_key", NEW, NEW)),
}


@pytest.mark.parametrize("column", range(len(REGENERATE)))
@pytest.mark.parametrize("row", TABLE)
def test_regenerate(row: str, column: int, pair: Files, made: list[int]) -> None:
    text, wanted = TABLE[row]
    pair.put(text)
    options = {"regenerate": REGENERATE[column]}
    if wanted[column] not in (KEPT, NEW):
        for check_mode in (True, False):
            with pytest.raises(DcosError) as caught:
                pair.run(check_mode, **options)
            assert caught.value.code == wanted[column]
            assert str(pair.private) in caught.value.message
        assert pair.texts() == (text, None)
        assert made == []
        return
    predicted = pair.run(True, **options)
    assert pair.texts() == (text, None)
    outcome = pair.run(**options)
    assert pair.texts()[0] == (text if wanted[column] == KEPT else private_text("made"))
    assert ("provisional" in predicted.values) is (wanted[column] == NEW)
    predicted.values.pop("provisional", None)
    assert predicted == outcome
    if REGENERATE[column] != "always":
        assert not pair.run(**options).changed


@pytest.mark.parametrize("regenerate", REGENERATE)
@pytest.mark.parametrize("other", [public_text("other"), "words"], ids=["key", "words"])
def test_a_public_half_of_another_key(regenerate: str, other: str, pair: Files) -> None:
    pair.put(private_text("a"), other)
    if regenerate in ("never", "fail"):
        with pytest.raises(DcosError, match="does not hold the public half") as caught:
            pair.run(regenerate=regenerate)
        assert caught.value.code == "key_mismatch"
        assert pair.texts() == (private_text("a"), other)
        return
    pair.run(regenerate=regenerate)
    name = "made" if regenerate == "always" else "a"
    assert pair.texts() == (private_text(name), public_text(name))


def test_a_size_that_is_asked_for(pair: Files, made: list[int]) -> None:
    assert pair.run(size=3072).values["keypair"]["size"] == 3072
    assert made == [3072]
    with pytest.raises(DcosError, match=r"^size: 2047 bits are too few"):
        pair.run(size=2047)


def test_absent(pair: Files) -> None:
    pair.put(private_text("a")[:40], "-----BEGIN PUBLIC KEY-----\nbroken")
    predicted = pair.run(True, present=False)
    outcome = pair.run(present=False)
    assert predicted == outcome
    assert outcome.changed
    assert outcome.values == {"keypair": None}
    assert outcome.after is None
    assert list(pair.folder.iterdir()) == []
    assert not pair.run(present=False).changed


@pytest.mark.parametrize("texts", [("words", None), (None, "words"), (private_text("a"), "words")])
def test_what_is_no_key_is_not_removed(texts: tuple[str | None, str | None], pair: Files) -> None:
    pair.put(*texts)
    with pytest.raises(DcosError, match=r"_key_path: .* holds something else than a key"):
        pair.run(present=False)
    assert [path.read_text() for path in (pair.private, pair.public) if path.exists()] == [t for t in texts if t]


@pytest.mark.parametrize("size", [2047, 16385])
def test_sizes_that_are_not_made(size: int, tmp_path: Path) -> None:
    with pytest.raises(DcosError, match=rf"^size: {size} bits are too (few|many)"):
        Keypair(str(tmp_path / "k.pem"), size=size)


def test_absent_where_the_folder_is_gone(tmp_path: Path) -> None:
    assert not converge(Keypair(str(tmp_path / "none" / "k.pem"), present=False), False).changed


@pytest.mark.parametrize("which", ["private", "public"])
@pytest.mark.parametrize("present", [True, False])
def test_links_are_refused(which: str, present: bool, pair: Files) -> None:
    target = pair.folder / "target"
    target.write_text("somebody's", encoding="ascii")
    getattr(pair, which).symlink_to(target)
    with pytest.raises(DcosError, match="is not a regular file"):
        pair.run(present=present, regenerate="always")
    assert target.read_text(encoding="ascii") == "somebody's"


def test_both_halves_in_one_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    for public in (str(tmp_path / "k"), str(tmp_path / "." / "k"), str(tmp_path / "link" / "k")):
        with pytest.raises(DcosError, match=r"^public_key_path: it is the same file"):
            Keypair(str(tmp_path / "k"), public)


def test_a_folder_that_is_not_there(tmp_path: Path, made: list[int]) -> None:
    for private, public, option in (("none/k", "k.pub", "private_key_path"), ("k", "none/k.pub", "public_key_path")):
        with pytest.raises(DcosError, match=rf"^{option}: the folder .* does not exist"):
            converge(Keypair(str(tmp_path / private), str(tmp_path / public)), False)
    assert list(tmp_path.iterdir()) == []
    assert made == []


def test_a_file_that_appeared_meanwhile_is_not_replaced(pair: Files) -> None:
    """Somebody makes a pair at the same time: the first one stays, and is what both report."""
    original = os.link

    def rival(source: str, target: str, **options: Any) -> None:
        pair.put(private_text("rival"))
        original(source, target, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "link", rival)
        outcome = pair.run()
    assert pair.texts() == (private_text("rival"), public_text("rival"))
    assert outcome.values["keypair"]["fingerprint"] == fingerprint(public_key("rival"))


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("regenerate", ["always", "full_idempotence"])
def test_a_crash_at_any_moment_leaves_a_pair_that_the_next_run_completes(
    number: int, regenerate: str, pair: Files
) -> None:
    """Never a half-written file, never a public half beside another private one."""
    old = private_text("old") if regenerate == "always" else "words"
    pair.put(old, public_text("old"))
    calls = 0
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "chmod", "replace", "unlink"):
            original = getattr(os, name)

            def dying(*args: Any, original: Any = original, **options: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls >= number:
                    raise Crash
                return original(*args, **options)

            patch.setattr(os, name, dying)
        with contextlib.suppress(Crash):
            pair.run(regenerate=regenerate)
    private, public = pair.texts()
    assert private in (old, private_text("made"))
    assert public in (None, public_text("old"), public_text("made"))
    if private == private_text("made"):
        assert public != public_text("old")
        assert mode_of(pair.private) == 0o600
    pair.run(regenerate="full_idempotence")
    private, public = pair.texts()
    assert (private, public) in [(private_text(n), public_text(n)) for n in ("old", "made")]


def test_no_key_in_any_repr(pair: Files) -> None:
    pair.put(private_text("a"))
    resource = Keypair(str(pair.private), str(pair.public))
    state = resource.read()
    plan = resource.plan(state)
    assert "PRIVATE" not in repr(state) + repr((plan.result, plan.before, plan.after))
    assert "RSAPrivateKey" not in repr(state)
