# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One path of the secret store, written only while it holds what the plan saw there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .._api.secret_store import Secrets, StoredValue
from .frame import LostRaceError, Step


@dataclass(frozen=True)
class SecretPlace:
    """A path of a store. The store knows no conditional write; a look right before one keeps the window small.

    Methods that write return whether they changed something. Where somebody else was faster, they raise
    C(LostRaceError).
    """

    secrets: Secrets
    store: str
    path: str

    def read(self) -> StoredValue | None:
        return self.secrets.read(self.store, self.path)

    def put_step(self, value: StoredValue, seen: StoredValue | None) -> Step:
        """The step that stores a value where the plan saw another one, or none."""
        if seen is None:
            return Step(f"create secret {self.path}", partial(self.create, value))
        return Step(f"update secret {self.path}", partial(self.update, value, seen))

    def delete_step(self, seen: StoredValue | None) -> Step:
        return Step(f"delete secret {self.path}", partial(self.delete, seen))

    def create(self, value: StoredValue) -> bool:
        if not self.secrets.create(self.store, self.path, value):
            raise self.rival()
        return True

    def update(self, value: StoredValue, seen: StoredValue | None) -> bool:
        if not self.secrets.update(self.store, self.path, value, self.look_again(seen)):
            raise self.rival()
        return True

    def delete(self, seen: StoredValue | None) -> bool:
        return self.secrets.delete(self.store, self.path, self.look_again(seen))

    def look_again(self, seen: StoredValue | None) -> StoredValue:
        """What the plan saw, which is still there."""
        stored = self.read()
        if stored is None or stored != seen:
            raise self.rival()
        return stored

    def rival(self) -> LostRaceError:
        return LostRaceError(
            f"Writing secret {self.path}: somebody else changes it at the same time. Run again.", None, 409
        )
