# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replacement for the get-pip.py that ansible-test would download, which closed networks do not allow. It lies in
ansible-test's cache.

ansible-test runs it inside an empty virtual environment, with the options of the real one. The interpreter's own pip
installs what is asked for.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

NOT_FOR_PIP = {"--no-setuptools", "--no-wheel"}

# Filled in by sanity.py: an interpreter whose pip helps out where ensurepip is missing (Debian splits it off).
HELPER = "@HELPER@"


def main() -> None:
    wanted = [argument for argument in sys.argv[1:] if argument not in NOT_FOR_PIP]
    pip = [sys.executable, "-m", "pip"]
    if find_spec("ensurepip"):
        # In a process of its own: ensurepip makes its process deaf to pip's configuration.
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    else:
        pip = [HELPER, "-m", "pip", "--python", sys.executable]
    subprocess.run([*pip, "install", *wanted], check=True)


if __name__ == "__main__":
    main()
