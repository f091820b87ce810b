# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key pair in two files: when a key is made, kept or refused, and what a crash leaves."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources import keypair
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge, with_new_key
from ansible_collections.dcos.security.plugins.module_utils._resources.keypair import NEXT_SUFFIX, ROTATE, Keypair
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    certificate_text,
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

    def __init__(self, folder: Path, end: str = "") -> None:
        self.folder = folder
        self.private, self.public = folder / f"key.pem{end}", folder / f"key.pub.pem{end}"

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


def with_new_keys(outcome: Outcome) -> Outcome:
    """As check mode tells it: a key that it throws away is not shown."""
    return replace(outcome, after=with_new_key(outcome.after or {}, fingerprint(public_key("made"))))


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
            "pending": False,
        },
        "key_made": True,
    }
    assert predicted.values == outcome.values
    assert predicted.provisional
    assert predicted.before == outcome.before
    assert predicted.after == {"private_key": "a new key", "public_key": "a new key"}
    assert "PRIVATE" not in repr((outcome, predicted))
    again = pair.run()
    assert not again.changed
    assert again.before == again.after
    assert not pair.run(True).provisional


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
    "empty": ("", ("invalid_key", "invalid_key", "invalid_key", NEW, NEW)),
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
    assert predicted.values["key_made"] is (wanted[column] == NEW)
    assert predicted == with_new_keys(outcome)
    if REGENERATE[column] != "always":
        assert not pair.run(**options).changed


@pytest.mark.parametrize("regenerate", REGENERATE)
@pytest.mark.parametrize("private", [private_text("a"), None], ids=["another", "none"])
def test_a_public_half_of_another_key(regenerate: str, private: str | None, pair: Files) -> None:
    """Also of one whose private half is not there."""
    pair.put(private, public_text("other"))
    if regenerate in ("never", "fail"):
        with pytest.raises(DcosError, match=r"^public_key_path: .*half") as caught:
            pair.run(regenerate=regenerate)
        assert caught.value.code == "key_mismatch"
        assert pair.texts() == (private, public_text("other"))
        return
    pair.run(regenerate=regenerate)
    name = "made" if regenerate == "always" or private is None else "a"
    assert pair.texts() == (private_text(name), public_text(name))


def test_an_empty_public_file_is_written(pair: Files) -> None:
    pair.put(private_text("a"), "\n").run()
    assert pair.texts() == (private_text("a"), public_text("a"))


# Files that are not ours

CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
PEM, NONE = serialization.Encoding.PEM, serialization.NoEncryption()
PKCS8, PKCS1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
OPENSSH, SPKI = serialization.PrivateFormat.OpenSSH, serialization.PublicFormat.SubjectPublicKeyInfo
LOCKED = serialization.BestAvailableEncryption(b"passphrase")
FOREIGN = {
    "words": "words",
    "Ed25519": EDWARDS.private_bytes(PEM, PKCS8, NONE).decode(),
    "curve": CURVE.private_bytes(PEM, PKCS8, NONE).decode(),
    "curve, old": CURVE.private_bytes(PEM, PKCS1, NONE).decode(),
    "OpenSSH": private_key("a").private_bytes(PEM, OPENSSH, NONE).decode(),
    "OpenSSH Ed25519": EDWARDS.private_bytes(PEM, OPENSSH, NONE).decode(),
    "passphrase": private_key("a").private_bytes(PEM, PKCS8, LOCKED).decode(),
    "passphrase, old": private_key("a").private_bytes(PEM, PKCS1, LOCKED).decode(),
    "words before": "Subject: a\n" + private_text("a"),
    "words after": private_text("a") + "# mine\n",
    "two keys": private_text("a") + private_text("b"),
    "with its public half": private_text("a") + public_text("a"),
    "words inside": private_text("a").replace("KEY-----\n", "KEY-----\nComment: mine\n\n", 1),
    "cut": private_text("a")[:400],
    "damaged": private_text("a")[:200] + private_text("a")[264:],
    "certificate": certificate_text("a"),
    "public Ed25519": EDWARDS.public_key().public_bytes(PEM, SPKI).decode(),
    "public and words": public_text("a") + "words",
}
WISHES: list[dict[str, Any]] = [{"regenerate": each} for each in ("fail", "full_idempotence", "always")]
WISHES += [{"rotate": "prepare"}, {"rotate": "finish"}, {"present": False}]


@pytest.mark.parametrize("end", ["", NEXT_SUFFIX], ids=["live", "next"])
@pytest.mark.parametrize("half", ["private", "public"])
@pytest.mark.parametrize("kind", [*FOREIGN, "the other half"])
def test_a_foreign_file_is_left_alone(kind: str, half: str, end: str, pair: Files, made: list[int]) -> None:
    """Whatever is asked for: it may be the only copy of something."""
    path = Path(f"{getattr(pair, half)}{end}")
    text = FOREIGN.get(kind) or {"private": public_text("a"), "public": private_text("a")}[half]
    if end:
        pair.put(private_text("a"))
    path.write_text(text, encoding="ascii")
    before = {file.name: file.read_text("ascii") for file in pair.folder.iterdir()}
    for options in WISHES:
        with pytest.raises(DcosError, match=rf"^{half}_key_path .*left alone, whatever the options") as caught:
            pair.run(**options)
        assert caught.value.code == "invalid_key"
        assert str(path) in caught.value.message
        assert not any(line and line in caught.value.message for line in text.splitlines()[1:-1])
    assert {file.name: file.read_text("ascii") for file in pair.folder.iterdir()} == before
    assert made == []


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_blanks_around_a_key_do_no_harm(form: str, pair: Files) -> None:
    pair.put(f"\n{private_text('a', form=form)}\n \n", f" {public_text('a')}\n")
    assert not pair.run().changed
    assert pair.run(present=False).changed


# Rotation


def steps_of(pair: Files) -> tuple[str | None, ...]:
    """What is in the four files: live and next, private and public; by the name of the key."""
    names = {text(name): name for name in ("a", "made", "next") for text in (private_text, public_text)}
    paths = [pair.private, pair.public, *(Path(f"{path}{NEXT_SUFFIX}") for path in (pair.private, pair.public))]
    return tuple(names[path.read_text("ascii")] if path.exists() else None for path in paths)


def put_next(pair: Files, name: str = "next") -> Files:
    Files(pair.folder, NEXT_SUFFIX).put(private_text(name), public_text(name))
    return pair


def test_a_rotation(pair: Files, made: list[int]) -> None:
    pair.put(private_text("a"), public_text("a"))
    predicted = pair.run(True, rotate="prepare")
    assert steps_of(pair) == ("a", "a", None, None)
    prepared = pair.run(rotate="prepare", size=2048)
    assert steps_of(pair) == ("a", "a", "made", "made")
    assert mode_of(Path(f"{pair.private}.next")) == 0o600
    assert predicted.provisional
    assert predicted == with_new_keys(prepared)
    assert prepared.values["keypair"] == {
        "private_key_path": f"{pair.private}.next",
        "public_key_path": f"{pair.public}.next",
        "public_key": public_text("made"),
        "fingerprint": fingerprint(public_key("made")),
        "size": 2048,
        "pending": True,
    }
    assert "PRIVATE" not in repr(prepared)
    for options in ({"rotate": "prepare"}, {"rotate": "prepare", "size": 3072}, {}, {"regenerate": "always"}):
        left = pair.run(**options)
        assert (left.changed, left.values) == (False, {**prepared.values, "key_made": False}), (
            "a next key is taken as it is"
        )
    predicted = pair.run(True, rotate="finish")
    finished = pair.run(rotate="finish")
    assert steps_of(pair) == ("made", "made", None, None)
    assert predicted == finished
    assert finished.values["keypair"] == {
        **prepared.values["keypair"],
        "private_key_path": str(pair.private),
        "public_key_path": str(pair.public),
        "pending": False,
    }
    assert finished.before == prepared.after
    assert finished.after == {"private_key": words("made"), "public_key": words("made")}
    assert mode_of(pair.private) == 0o600
    for options in ({"rotate": "finish", "regenerate": "always", "size": 3072}, {"rotate": "finish"}, {}):
        assert not pair.run(**options).changed
    assert made == [2048, 2048]


def words(name: str) -> str:
    return f"RSA 2048 {fingerprint(public_key(name))}"


def test_a_next_key_of_another_size_or_without_a_live_key(pair: Files, made: list[int]) -> None:
    assert pair.run(rotate="prepare", size=3072).values["keypair"]["pending"]
    assert not pair.private.exists()
    assert pair.run(rotate="finish").values["keypair"]["size"] == 3072
    assert [path.name for path in sorted(pair.folder.iterdir())] == ["key.pem", "key.pub.pem"]


def test_finish_needs_a_next_key(pair: Files) -> None:
    with pytest.raises(DcosError, match=r"^rotate: there is no rotation to finish") as caught:
        pair.run(rotate="finish")
    assert caught.value.code == "key_mismatch"


def test_an_unusable_next_key(pair: Files) -> None:
    pair.put(private_text("a"))
    for text in ("", private_text("weak", 1024)):
        Path(f"{pair.private}.next").write_text(text)
        for rotate in ROTATE:
            with pytest.raises(DcosError, match=r"^private_key_path \(.*\.next\): "):
                pair.run(rotate=rotate, regenerate="always")
    assert pair.run(present=False).changed
    assert list(pair.folder.iterdir()) == []


def test_absent_removes_the_next_pair_too(pair: Files) -> None:
    put_next(pair.put(private_text("a"), public_text("a")))
    assert pair.run(present=False).changed
    assert list(pair.folder.iterdir()) == []


@pytest.mark.parametrize("rotate", ["prepare", "finish"])
@pytest.mark.parametrize("number", range(1, 14))
def test_a_rotation_interrupted_at_any_moment_is_repaired(number: int, rotate: str, pair: Files) -> None:
    """At every moment the old key or the next one is there whole; the same stage again brings it to its end."""
    pair.put(private_text("a"), public_text("a"))
    if rotate == "finish":
        put_next(pair)
    with pytest.MonkeyPatch.context() as patch:
        cut_at(number, patch)
        with contextlib.suppress(Crash):
            pair.run(rotate=rotate)
    live, public, next_live, next_public = steps_of(pair)
    if rotate == "prepare":
        assert (live, public) == ("a", "a")
    else:
        assert live == "next" or (live, next_live) == ("a", "next")
        assert public in (None, live)
        assert next_public in (None, "next")
    pair.run(rotate=rotate)
    assert steps_of(pair) == (("a", "a", "made", "made") if rotate == "prepare" else ("next", "next", None, None))
    assert not pair.run(rotate=rotate).changed


def test_a_requested_size(pair: Files, made: list[int]) -> None:
    assert pair.run(size=3072).values["keypair"]["size"] == 3072
    assert made == [3072]
    with pytest.raises(DcosError, match=r"^size: 2047 bits are too few"):
        pair.run(size=2047)


def test_absent(pair: Files) -> None:
    pair.put(private_text("weak", 1024), public_text("other"))
    predicted = pair.run(True, present=False)
    outcome = pair.run(present=False)
    assert predicted == outcome
    assert outcome.changed
    assert outcome.values == {"keypair": None, "key_made": False}
    assert outcome.after is None
    assert list(pair.folder.iterdir()) == []
    assert not pair.run(present=False).changed


@pytest.mark.parametrize("size", [2047, 16385])
def test_sizes_that_are_refused(size: int, tmp_path: Path) -> None:
    with pytest.raises(DcosError, match=rf"^size: {size} bits are too (few|many)"):
        Keypair(str(tmp_path / "k.pem"), size=size)


def test_absent_without_the_folder(tmp_path: Path) -> None:
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
    with pytest.raises(DcosError, match=r"^public_key_path: it is the same file"):
        Keypair(str(tmp_path / "k"), str(tmp_path / "k.next"))


def test_a_missing_folder(tmp_path: Path, made: list[int]) -> None:
    for private, public, option in (("none/k", "k.pub", "private_key_path"), ("k", "none/k.pub", "public_key_path")):
        with pytest.raises(DcosError, match=rf"^{option}: the folder .* does not exist"):
            converge(Keypair(str(tmp_path / private), str(tmp_path / public)), False)
    assert list(tmp_path.iterdir()) == []
    assert made == []


def test_a_file_that_appears_meanwhile_is_not_replaced(pair: Files) -> None:
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


def cut_at(number: int, patch: pytest.MonkeyPatch) -> None:
    """From so many calls on that change files, each one ends the process."""
    calls = 0
    for name in ("fsync", "chmod", "replace", "unlink", "link"):
        original = getattr(os, name)

        def dying(*args: Any, original: Any = original, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls >= number:
                raise Crash
            return original(*args, **options)

        patch.setattr(os, name, dying)


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("regenerate", ["always", "full_idempotence"])
def test_the_next_run_completes_a_pair_after_any_crash(number: int, regenerate: str, pair: Files) -> None:
    """Never a half-written file, never a public half beside another private one."""
    old = private_text("old") if regenerate == "always" else ""
    pair.put(old, public_text("old"))
    with pytest.MonkeyPatch.context() as patch:
        cut_at(number, patch)
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
