# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key pair in two files: the private half readable by its owner only, the public half beside it.

Each half has a place for the key in use (live) and one for the key that a rotation is going to: C(<path>.next). What
is there and is no RSA key file is never replaced nor removed: it may be the only copy of something else.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping, Sequence

from .._crypto.rsa_keys import (
    MINIMUM_SIZE,
    check_size,
    fingerprint,
    generate,
    is_private_file,
    is_public_file,
    load_private_key,
    private_pem,
    public_pem,
    read_public_key,
    same_key,
)
from .._errors import DcosError
from .._files import (
    PUBLIC_MODE,
    SECRET_MODE,
    check_folder,
    check_path,
    close,
    is_open,
    read_regular,
    remove,
    write_whole,
)
from .frame import FilesResource, LostRaceError, Plan, Step

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

REGENERATE = ("never", "fail", "partial_idempotence", "full_idempotence", "always")
ROTATE = ("none", "prepare", "finish")
NEXT_SUFFIX = ".next"


@dataclass(frozen=True)
class Pair:
    """The files of one key pair and what they hold.

    private_status, public_status: None if there is no file.
    problem: why the private file, which is there, holds no usable key.
    """

    private_path: str
    public_path: str | None
    private_status: os.stat_result | None = None
    key: RSAPrivateKey | None = field(repr=False, default=None)
    problem: DcosError | None = None
    public_status: os.stat_result | None = None
    public_key: RSAPublicKey | None = None

    @property
    def private_exists(self) -> bool:
        return self.private_status is not None

    @property
    def public_exists(self) -> bool:
        return self.public_status is not None

    @property
    def files(self) -> list[str]:
        """The files that are there, the private one first."""
        both = ((self.private_path, self.private_exists), (self.public_path, self.public_exists))
        return [path for path, is_there in both if path is not None and is_there]


@dataclass(frozen=True)
class KeypairState:
    """Both pairs, and the key that one of them shall hold.

    key: None where there shall be no pair.
    key_made: it is in no file yet.
    """

    live: Pair
    next: Pair
    key: RSAPrivateKey | None = field(repr=False, default=None)
    key_made: bool = False


class Keypair(FilesResource[KeypairState]):
    """The files C(private_path) and, where given, C(public_path).

    rotate: C(prepare) makes a next key beside the live one, or takes over the existing one; C(finish) puts it in
    place of the live one; C(none) leaves it alone. Where there is one after that, it is the pair of the result.
    make_key: makes a key of so many bits where one is needed, instead of C(generate).
    closes: whether a private file that is there is closed to others; the module leaves modes to Ansible's own options.
    """

    def __init__(
        self,
        private_path: str,
        public_path: str | None = None,
        *,
        present: bool = True,
        size: int = MINIMUM_SIZE,
        regenerate: str = "fail",
        rotate: str = "none",
        make_key: Callable[[int], RSAPrivateKey] | None = None,
        closes: bool = False,
    ) -> None:
        for path, option in ((private_path, "private_key_path"), (public_path, "public_key_path")):
            if path is not None:
                check_path(path + NEXT_SUFFIX, option)
        self._private_path = os.path.expanduser(private_path)
        self._public_path = None if public_path is None else os.path.expanduser(public_path)
        self._present = present
        self._size = check_size(size, "size")
        self._regenerate = regenerate
        self._rotate = rotate
        self._make_key = make_key or generate
        self._closes = closes
        if self._public_path is not None:
            paths = [self._private_path, self._public_path]
            paths += [path + NEXT_SUFFIX for path in paths]
            if len({os.path.realpath(path) for path in paths}) < len(paths):
                raise DcosError(
                    "public_key_path: it is the same file as private_key_path, or its next one. Give each half a file "
                    "of its own."
                )

    def managed_files(self) -> Sequence[tuple[str, int | None]]:
        has_next = os.path.lexists(self._private_path + NEXT_SUFFIX)
        is_next = self._rotate == "prepare" or (self._rotate == "none" and has_next)
        end = NEXT_SUFFIX if is_next else ""
        private: tuple[str, int | None] = (self._private_path + end, SECRET_MODE)
        return [private] if self._public_path is None else [private, (self._public_path + end, None)]

    # Reading

    def read(self) -> KeypairState:
        if self._present:
            check_folder(self._private_path, "private_key_path")
            if self._public_path is not None:
                check_folder(self._public_path, "public_key_path")
        live, next_ = self._read_pair(""), self._read_pair(NEXT_SUFFIX)
        if not self._present:
            return KeypairState(live, next_)
        kept = self._kept_key(live, next_)
        return KeypairState(live, next_, kept or self._make_key(self._size), kept is None)

    def _read_pair(self, end: str) -> Pair:
        """What the files of a pair hold; refuses files that are not ours."""
        private_path = self._private_path + end
        pair = Pair(private_path, None if self._public_path is None else self._public_path + end)
        found = read_regular(private_path, "private_key_path")
        if found is not None:
            text, status = found
            option = f"private_key_path ({private_path})"
            key, problem = None, None
            try:
                key = load_private_key(text, option)
            except DcosError as exc:
                problem = exc
            if text.strip() and not is_private_file(text):
                raise _left_alone(f"{option}: it holds more than a key." if problem is None else problem.message)
            pair = replace(pair, private_status=status, key=key, problem=problem)
        found = None if pair.public_path is None else read_regular(pair.public_path, "public_key_path")
        if found is not None:
            text, status = found
            if text.strip() and not is_public_file(text):
                raise _left_alone(
                    f"public_key_path ({pair.public_path}): it holds something other than an RSA public key."
                )
            pair = replace(pair, public_status=status, public_key=read_public_key(text))
        return pair

    def _kept_key(self, live: Pair, next_: Pair) -> RSAPrivateKey | None:
        """The key that stays, None where one must be made, for live or for next; refuses what the options forbid."""
        if next_.private_exists:
            if next_.problem is not None:
                raise next_.problem
            return next_.key  # it is taken as it is: an account may have it, or be about to get it
        if self._rotate == "prepare":
            return None
        if self._rotate == "finish" and not live.private_exists:
            raise DcosError(
                f"rotate: there is no rotation to finish, neither {self._private_path} nor {next_.private_path} "
                "exists. Leave rotate out to make a first key.",
                "key_mismatch",
            )
        # What a finished rotation has put in place stays.
        return self._kept_live_key(live, "never" if self._rotate == "finish" else self._regenerate)

    def _kept_live_key(self, live: Pair, regenerate: str) -> RSAPrivateKey | None:
        """What C(regenerate) keeps; it is not asked while a next key is there."""
        if live.private_exists and regenerate != "always":
            if live.key is None:
                if regenerate == "full_idempotence":
                    return None
                problem = live.problem or DcosError(f"private_key_path: {live.private_path} cannot be used.")
                raise DcosError(
                    f"{problem.message} It is not replaced, since a service may still use it: move it away, or set "
                    "regenerate to full_idempotence.",
                    problem.code,
                )
            if live.key.key_size != self._size and regenerate != "never":
                if regenerate != "fail":
                    return None
                raise DcosError(
                    f"size: {live.private_path} holds a key of {live.key.key_size} bits, not {self._size}. It is not "
                    "replaced, since a service may use it: give its size, or set regenerate to partial_idempotence.",
                    "invalid_key",
                )
        # An empty public file, which belongs to no key, is written anew.
        fits = live.public_key is None or (live.key is not None and same_key(live.public_key, live.key.public_key()))
        if not fits and regenerate in ("never", "fail"):
            odd = "does not hold the public half of" if live.private_exists else "is there, but not its private half"
            raise DcosError(
                f"public_key_path: {live.public_path} {odd} {live.private_path}. Which key is in use cannot be told, "
                "so nothing was changed: remove the wrong file, or set regenerate to partial_idempotence, which writes "
                "the public half of the private key.",
                "key_mismatch",
            )
        return None if regenerate == "always" else live.key

    # Planning

    def plan(self, state: KeypairState) -> Plan:
        before = self._view(state)
        live, next_, key = state.live, state.next, state.key
        if key is None:
            gone = tuple(Step(f"remove {path}", partial(remove, path)) for path in live.files + next_.files)
            return Plan({"keypair": None, "key_made": False}, gone, before, None)
        pending = self._rotate == "prepare" or (self._rotate == "none" and next_.private_exists)
        target = next_ if pending else live
        steps = self._steps_to_hold(target, key)
        after: dict[str, object] = {name: _words(key.public_key()) for name in ("private_key", "public_key")}
        if target.public_path is None:
            after["public_key"] = None
        if pending:
            after = {**(before or {}), "next": after}
        if self._rotate == "finish":
            # The private half goes last: until then the next run finds the rotation unfinished.
            steps += [Step(f"remove {path}", partial(remove, path)) for path in reversed(next_.files)]
        if not pending and before is not None and "mode" in before:
            after["mode"] = f"{SECRET_MODE:04o}"
        result = {
            "private_key_path": target.private_path,
            "public_key_path": target.public_path,
            "public_key": public_pem(key.public_key()),
            "fingerprint": fingerprint(key.public_key()),
            "size": key.key_size,
            "pending": pending,
        }
        new_key = fingerprint(key.public_key()) if state.key_made else None
        return Plan({"keypair": result, "key_made": state.key_made}, tuple(steps), before, after, new_key=new_key)

    def _steps_to_hold(self, pair: Pair, key: RSAPrivateKey) -> list[Step]:
        """What brings a key into both files of a pair."""
        steps = []
        public = key.public_key()
        public_fits = same_key(pair.public_key, public)
        if pair.key is None or not same_key(pair.key.public_key(), public):
            if pair.public_path is not None and pair.public_exists and not public_fits:
                # Whatever happens in between, no public half of another key is left beside the new private one.
                steps.append(Step(f"remove {pair.public_path}", partial(remove, pair.public_path)))
            write = partial(self._write_private, pair, private_pem(key))
            steps.append(Step(f"write {pair.private_path}", write))
        elif self._is_to_be_closed(pair):
            steps.append(Step(f"close {pair.private_path} to others", partial(close, pair.private_path)))
        if pair.public_path is not None and not public_fits:
            # Derived from the private half, so rebuilding it replaces nothing.
            write = partial(write_whole, pair.public_path, public_pem(public), PUBLIC_MODE, like=pair.public_status)
            steps.append(Step(f"write {pair.public_path}", write))
        return steps

    def _write_private(self, pair: Pair, pem: str) -> bool:
        if not write_whole(pair.private_path, pem, SECRET_MODE, pair.private_exists, pair.private_status):
            raise LostRaceError(
                f"private_key_path: {pair.private_path} was made by somebody else at the same time. Run again."
            )
        return True

    def _is_to_be_closed(self, pair: Pair) -> bool:
        status = pair.private_status
        return self._closes and self._present and status is not None and is_open(status)

    def _view(self, state: KeypairState) -> Mapping[str, object] | None:
        view = _view_of(state.live)
        if state.live.private_status is not None and self._is_to_be_closed(state.live):
            view["mode"] = f"{stat.S_IMODE(state.live.private_status.st_mode):04o}"
        if state.next.files:
            view["next"] = _view_of(state.next)
        return view if state.live.files or state.next.files else None


def _view_of(pair: Pair) -> dict[str, object]:
    view: dict[str, object] = {"private_key": None, "public_key": None}
    if pair.private_exists:
        view["private_key"] = "no usable RSA key" if pair.key is None else _words(pair.key.public_key())
    if pair.public_exists:
        view["public_key"] = "no RSA public key" if pair.public_key is None else _words(pair.public_key)
    return view


def _left_alone(what: str) -> DcosError:
    return DcosError(
        f"{what} It is left alone, whatever the options say: it may be the only copy of something. Name another "
        "file, or remove this one if it is not needed.",
        "invalid_key",
    )


def _words(key: RSAPublicKey) -> str:
    """How a key is in diffs: never its text."""
    return f"RSA {key.key_size} {fingerprint(key)}"
