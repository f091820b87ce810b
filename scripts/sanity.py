# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test sanity over a copy of the collection, with a HOME of its own.

ansible-test wants the path .../ansible_collections/dcos/security, keeps its virtual environments in HOME and passes
none of pip's variables on, so that HOME gets pip's present settings as a file.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import ansible_test
from collection import copy_collection

HERE = Path(__file__).resolve().parent


def pip_settings() -> str:
    """What pip is told by files and variables, as one configuration file."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    sections: dict[str, dict[str, str]] = {"global": {}}
    for name, key, value in re.findall(r"^(global|install|:env:)\.([\w-]+)=(.*)$", listing, re.MULTILINE):
        section = sections.setdefault("install" if name == "install" else "global", {})
        section[key] = str(ast.literal_eval(value)).replace("\n", "\n  ")
    settings = sections["global"]
    for name, key in (("SSL_CERT_FILE", "cert"), ("https_proxy", "proxy"), ("HTTPS_PROXY", "proxy")):
        if os.environ.get(name):
            settings.setdefault(key, os.environ[name])
    settings["quiet"] = "2"
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in section.items())
        for name, section in sections.items()
    )


def real_python(command: Path) -> Path | None:
    """The interpreter behind a python3.x of PATH; None if it does not run, as the shims of version managers may not."""
    show = [str(command), "-c", "import sys; print(sys.executable)"]
    answer = subprocess.run(show, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return Path(os.fsdecode(answer.stdout).strip()) if answer.returncode == 0 else None


def usable_path() -> str:
    """PATH, where folders with a python3.x that does not run give way to the homes of those that do.

    ansible-test takes every python3.x on PATH for one that runs.
    """
    folders: list[str] = []
    for folder in os.get_exec_path():
        commands = sorted(path for path in Path(folder).glob("python3.*") if re.fullmatch(r"python3\.\d+", path.name))
        pythons = [real_python(command) for command in commands]
        folders += [folder] if all(pythons) else [str(python.parent) for python in pythons if python]
    return os.pathsep.join(folders)


def prepare_home(home: Path) -> None:
    """Settings for pip, and our get_pip.py for each pip version that this ansible-test bootstraps."""
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)
    settings.write_text(pip_settings(), encoding="utf-8")

    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    get_pip = (HERE / "get_pip.py").read_text(encoding="utf-8").replace("@HELPER@", sys.executable)
    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    for version in re.findall(r"\bpip='([\d.]+)'", source.read_text(encoding="utf-8")):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(get_pip, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    options, rest = parser.parse_known_args()

    home = options.build_dir / "home"
    prepare_home(home)
    command = ["ansible-test", "sanity", "--local", "--requirements", "--color", "no", *rest]
    env = {**os.environ, "HOME": str(home), "PATH": usable_path()}
    return subprocess.run(command, cwd=copy_collection(options.build_dir), env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
