# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this package consists of, as one checksum: `python -m dcos_emulator.content`.

The role runs this file of its own too, without installing it, and installs where the two differ. So nothing of the
package is imported here.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def checksum() -> str:
    """The same for the same sources, installed or not."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py")):
        content = (folder / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


if __name__ == "__main__":
    print(checksum())
