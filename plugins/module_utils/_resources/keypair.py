# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key pair in two files: the private half readable by its owner only, the public half beside it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping, Sequence

from .._crypto.rsa_keys import (
    MAXIMUM_SIZE,
    MINIMUM_SIZE,
    fingerprint,
    generate,
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
    close,
    foreign_file,
    is_open,
    read_regular,
    remove,
    write_whole,
)
from .frame import FilesResource, LostRaceError, Plan, Step

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

REGENERATE = ("never", "fail", "partial_idempotence", "full_idempotence", "always")


@dataclass(frozen=True)
class KeypairState:
    """What the files hold.

    private_status, public_status: None where there is no file.
    problem: why the private file holds no usable key, where there is a file.
    made: the new key, where one is needed.
    """

    private_status: os.stat_result | None = None
    key: RSAPrivateKey | None = field(repr=False, default=None)
    problem: DcosError | None = None
    public_status: os.stat_result | None = None
    public_key: RSAPublicKey | None = None
    made: RSAPrivateKey | None = field(repr=False, default=None)

    @property
    def private_exists(self) -> bool:
        return self.private_status is not None

    @property
    def public_exists(self) -> bool:
        return self.public_status is not None


class Keypair(FilesResource[KeypairState]):
    """The files C(private_path) and, where given, C(public_path).

    make_key: makes a key of so many bits where one is needed, in place of C(generate).
    closes: whether a private file that is there is closed to others; the module leaves modes to Ansible's own options.
    """

    def __init__(
        self,
        private_path: str,
        public_path: str | None = None,
        present: bool = True,
        size: int = MINIMUM_SIZE,
        regenerate: str = "fail",
        make_key: Callable[[int], RSAPrivateKey] | None = None,
        closes: bool = False,
    ) -> None:
        self._private_path = os.path.expanduser(private_path)
        self._public_path = None if public_path is None else os.path.expanduser(public_path)
        self._present = present
        self._size = size
        self._regenerate = regenerate
        self._make_key = make_key or generate
        self._closes = closes
        if size < MINIMUM_SIZE:
            raise DcosError(
                f"size: {size} bits are too few; at least {MINIMUM_SIZE} are needed, smaller keys can be broken.",
                "invalid_key",
            )
        if size > MAXIMUM_SIZE:
            raise DcosError(
                f"size: {size} bits are too many; making such a key takes very long. Use {MAXIMUM_SIZE} or fewer.",
                "invalid_key",
            )
        if self._public_path is not None and os.path.realpath(self._public_path) == os.path.realpath(
            self._private_path
        ):
            raise DcosError("public_key_path: it is the same file as private_key_path. Give each half its own file.")

    def managed_files(self) -> Sequence[tuple[str, int | None]]:
        private: tuple[str, int | None] = (self._private_path, SECRET_MODE)
        return [private] if self._public_path is None else [private, (self._public_path, None)]

    def read(self) -> KeypairState:
        private_text, private_status = _read(self._private_path, "private_key_path")
        public_text, public_status = _read(self._public_path, "public_key_path")
        state = KeypairState(private_status, None, None, public_status, read_public_key(public_text))
        if not self._present:
            for text, path, option in (
                (private_text, self._private_path, "private_key_path"),
                (public_text, self._public_path, "public_key_path"),
            ):
                if text and " KEY-----" not in text:
                    raise foreign_file(option, str(path), "key")
            return state
        for path, option in ((self._private_path, "private_key_path"), (self._public_path, "public_key_path")):
            if path is not None:
                check_folder(path, option)
        if private_text is not None:
            try:
                state = replace(state, key=load_private_key(private_text, f"private_key_path ({self._private_path})"))
            except DcosError as exc:
                state = replace(state, problem=exc)
        return replace(state, made=self._make_key(self._size)) if self._needs_new(state) else state

    def plan(self, state: KeypairState) -> Plan:
        before = self._view(state)
        if not self._present:
            exists = (state.private_exists, state.public_exists)
            steps = [
                Step(f"remove {path}", partial(remove, path))
                for (path, _mode), there in zip(self.managed_files(), exists)
                if there
            ]
            return Plan({"keypair": None}, tuple(steps), before, None)
        key = state.made or state.key
        if key is None:
            raise AssertionError("a key is made where there is none")
        steps = []
        public_fits = same_key(state.public_key, key.public_key())
        if state.made is not None:
            if self._public_path is not None and state.public_exists and not public_fits:
                # Whatever happens in between, no public half of another key is left beside the new private one.
                steps.append(Step(f"remove {self._public_path}", partial(remove, self._public_path)))
            write = partial(self._write_private, private_pem(key), state.private_status)
            steps.append(Step(f"write {self._private_path}", write))
        elif self._is_to_be_closed(state):
            steps.append(Step(f"close {self._private_path} to others", partial(close, self._private_path)))
        if self._public_path is not None and not public_fits:
            # Derived from the private half, so rebuilding it replaces nothing; a half of another key is refused above.
            pem = public_pem(key.public_key())
            write = partial(write_whole, self._public_path, pem, PUBLIC_MODE, like=state.public_status)
            steps.append(Step(f"write {self._public_path}", write))
        result = {
            "private_key_path": self._private_path,
            "public_key_path": self._public_path,
            "public_key": public_pem(key.public_key()),
            "fingerprint": fingerprint(key.public_key()),
            "size": key.key_size,
        }
        after = {
            "private_key": _words(key.public_key()),
            "public_key": None if self._public_path is None else _words(key.public_key()),
        }
        if before is not None and "mode" in before:
            after["mode"] = f"{SECRET_MODE:04o}"
        return Plan({"keypair": result}, tuple(steps), before, after, provisional=state.made is not None)

    def _write_private(self, pem: str, like: os.stat_result | None) -> bool:
        if not write_whole(self._private_path, pem, SECRET_MODE, like is not None, like):
            raise LostRaceError(
                f"private_key_path: {self._private_path} was made by somebody else at the same time. Run again."
            )
        return True

    def _needs_new(self, state: KeypairState) -> bool:
        """Whether a key must be made; refuses what C(regenerate) does not allow."""
        if not state.private_exists or self._regenerate == "always":
            return True
        if state.problem is not None:
            if self._regenerate == "full_idempotence":
                return True
            raise DcosError(
                f"{state.problem.message} It is not replaced, since a service may still use it: move it away, or set "
                "regenerate to full_idempotence.",
                state.problem.code,
            )
        if state.key is None:
            raise AssertionError("a file holds a key or a problem")
        if state.key.key_size != self._size and self._regenerate != "never":
            if self._regenerate != "fail":
                return True
            raise DcosError(
                f"size: {self._private_path} holds a key of {state.key.key_size} bits, not {self._size}. It is not "
                "replaced, since a service may use it: give its size, or set regenerate to partial_idempotence.",
                "invalid_key",
            )
        if (
            state.public_exists
            and not same_key(state.public_key, state.key.public_key())
            and self._regenerate in ("never", "fail")
        ):
            raise DcosError(
                f"public_key_path: {self._public_path} does not hold the public half of {self._private_path}. Which of "
                "them is in use cannot be told, so nothing was changed: remove the wrong file, or set regenerate to "
                "partial_idempotence, which rebuilds the public half.",
                "key_mismatch",
            )
        return False

    def _is_to_be_closed(self, state: KeypairState) -> bool:
        status = state.private_status
        return self._closes and self._present and status is not None and is_open(status)

    def _view(self, state: KeypairState) -> Mapping[str, object] | None:
        if not state.private_exists and not state.public_exists:
            return None
        view: dict[str, object] = {"private_key": None, "public_key": None}
        if state.private_status is not None and self._is_to_be_closed(state):
            view["mode"] = f"{stat.S_IMODE(state.private_status.st_mode):04o}"
        if state.key is not None:
            view["private_key"] = _words(state.key.public_key())
        elif state.private_exists:
            view["private_key"] = "not read" if state.problem is None else "no usable RSA key"
        if state.public_key is not None:
            view["public_key"] = _words(state.public_key)
        elif state.public_exists:
            view["public_key"] = "no RSA public key"
        return view


def _read(path: str | None, option: str) -> tuple[str, os.stat_result] | tuple[None, None]:
    return (None if path is None else read_regular(path, option)) or (None, None)


def _words(key: RSAPublicKey) -> str:
    """How a key stands in diffs: never its text."""
    return f"RSA {key.key_size} {fingerprint(key)}"
