# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python interpreters of this machine, and virtual environments made with them."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

# Of Python 3, what modules run on.
OLDEST = 8


def pip(*arguments: str | Path) -> None:
    """Run this interpreter's pip."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=sys.stderr)


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
    show = [str(command), "-c", "import sys; print(getattr(sys, '_base_executable', sys.executable))"]
    answer = subprocess.run(show, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return Path(os.fsdecode(answer.stdout).strip()) if answer.returncode == 0 else None


def _version(command: Path) -> str:
    """3.9 of python3.9; empty for everything else."""
    match = re.fullmatch(r"python(3\.\d+)", command.name)
    return match.group(1) if match else ""


def _commands(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("python3.*") if _version(path))


def _pyenv_folders() -> Iterator[Path]:
    """Where pyenv keeps its interpreters, newest patch first, whether they are switched on or not."""
    command = shutil.which("pyenv")
    if command:
        # Without HOME and PYENV_ROOT, pyenv does not find itself.
        root = Path(os.environ.get("PYENV_ROOT") or Path(command).resolve().parent.parent)
        homes = [home for home in (root / "versions").glob("3.*") if re.fullmatch(r"[\d.]+", home.name)]
        for home in sorted(homes, key=lambda home: [int(part) for part in home.name.split(".")], reverse=True):
            yield home / "bin"


@cache
def interpreters() -> dict[str, Path]:
    """An interpreter for each minor version: of PATH, otherwise of pyenv."""
    found: dict[str, Path] = {}
    for folder in [*map(Path, os.get_exec_path()), *_pyenv_folders()]:
        for command in _commands(folder):
            version = _version(command)
            if version not in found and int(version[2:]) >= OLDEST and (python := real_python(command)):
                found[version] = python
    return found


def oldest_interpreter() -> str:
    """The oldest version of this machine, such as 3.8."""
    return min(interpreters(), key=lambda version: int(version[2:]))


def path_with_interpreters() -> str:
    """PATH without the folders where a python3.x does not run, and with the homes of all interpreters.

    ansible-test assumes that every python3.x on PATH runs, and checks the code with each.
    """
    folders = [folder for folder in os.get_exec_path() if all(real_python(each) for each in _commands(Path(folder)))]
    homes = [str(python.parent) for python in interpreters().values()]
    return os.pathsep.join(dict.fromkeys([*folders, *homes]))


def compile_once(python: Path, folder: Path) -> Path:
    """Let an environment keep the code of modules in a folder, see compile_once.py; its interpreter."""
    subprocess.run([str(python), str(Path(__file__).with_name("compile_once.py")), str(folder)], check=True)
    return python


def environment(folder: Path, python: Path, requirements: Sequence[str], constraints: Path | None = None) -> Path:
    """A virtual environment with these requirements, brought up to them when they change; its interpreter."""
    files = [Path(name) for option, name in pairwise(requirements) if option == "-r"]
    files += [constraints] if constraints else []
    told = [*requirements, *(path.read_text(encoding="utf-8") for path in files)]
    stamp = folder / "made-of"
    wanted = [str(python), hashlib.sha256("\n".join(told).encode()).hexdigest()]
    present = stamp.read_text(encoding="utf-8").splitlines() if stamp.exists() else []
    made = folder / "bin" / "python"
    if present == wanted:
        return made

    if present[:1] != wanted[:1]:
        # Where ensurepip is missing (Debian packages it by itself), our own pip takes its place.
        plain = [str(python), "-m", "venv", "--clear"]
        if subprocess.run([*plain, str(folder)], check=False, capture_output=True).returncode:
            subprocess.run([*plain, "--without-pip", str(folder)], check=True)
            pip("--python", made, "install", "--quiet", "pip")
    if requirements:
        limits = ["-c", str(constraints)] if constraints else []
        install = [str(made), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *limits, *requirements]
        subprocess.run(install, check=True, stdout=sys.stderr)
    stamp.write_text("\n".join(wanted), encoding="utf-8")
    return made
