# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the guide to Marathon apps, as they are printed, on a cluster whose tokens live for seconds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from guide_support import blocks_of
from integration_support import KEYS, Emulator, Request, document, found_secrets, private_pem

UID = "shop__watcher-principal"
PASSWORD = "the password of the watcher"
APPS = "/service/marathon/v2/apps"
LOGIN = "/acs/api/v1/auth/login"
LIFETIME = "2"
PROGRAMS = {"python": "watcher.py", "sh": "watcher.sh", "java": "Watcher.java"}
COMMANDS = {"python": sys.executable, "sh": "sh", "java": "java"}
LISTENED = ("curl", "openssl", "sed", "cut", "tr", "grep", "tail", "java")
"""What the programs start, so that its arguments can be looked at."""


def printed(language: str) -> list[str]:
    return [block.text for block in blocks_of("marathon_app.rst") if block.language == language]


@dataclass(frozen=True)
class Place:
    """A cluster with the app's account, and a folder with its document, as both are after the playbook of the guide."""

    cluster: Emulator
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DCOS_SERVICE_ACCOUNT": "service-account.json",
            "DCOS_TLS_CA_PATH": self.cluster.ca or "",
            "WATCHER_PAUSE": "0.2",
        }

    def requests(self, status: int, path: str = APPS) -> list[Request]:
        return [each for each in self.cluster.requests() if each.path == path and each.status == status]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("watcher")
    (play,) = yaml.safe_load(printed("yaml")[0])
    (entry,) = play["tasks"][0]["dcos.security.dcos_services"]["services"]
    before = Emulator(folder / "cluster", "strict")
    before.make_account(UID, KEYS[0])
    before.make_secret("shop/watcher/password", PASSWORD)
    for permission in entry["permissions"]:
        before.grant(UID, permission["rid"], *permission["actions"])
    before.must(201, "POST", APPS, json.loads(printed("json")[0]))
    before.must(201, "POST", APPS, {"id": "/elsewhere/app", "cmd": "sleep 60"})
    before.stop()
    cluster = Emulator(folder / "cluster", "strict", auth_token_lifetime=int(LIFETIME))
    content = json.dumps(document(UID, KEYS[0], f"{cluster.url}{LOGIN}"))
    (folder / "service-account.json").write_text(content, encoding="utf-8")
    for language, name in PROGRAMS.items():
        (folder / name).write_text(printed(language)[0], encoding="utf-8")
    (folder / "bin").mkdir()
    for name in LISTENED:
        if found := shutil.which(name):
            script = folder / "bin" / name
            script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{folder}/arguments"\nexec {found} "$@"\n')
            script.chmod(0o700)
    yield Place(cluster, folder)
    cluster.stop()


@contextmanager
def running(place: Place, language: str) -> Iterator[subprocess.Popen[str]]:
    command = [COMMANDS[language], PROGRAMS[language]]
    options = {"cwd": place.folder, "env": place.environment, "stdout": subprocess.PIPE}
    with (
        (place.folder / "errors").open("w") as errors,
        subprocess.Popen(command, stderr=errors, text=True, **options) as program,
    ):
        try:
            yield program
        finally:
            program.terminate()


def errors_of(place: Place) -> str:
    return (place.folder / "errors").read_text()


@pytest.mark.parametrize(
    "language",
    [
        "python",
        pytest.param("sh", marks=pytest.mark.skipif(not shutil.which("curl"), reason="the shell program needs curl")),
        pytest.param(
            "java",
            marks=[
                pytest.mark.exhaustive,
                pytest.mark.skipif(not shutil.which("javac"), reason="the Java program needs a JDK: install one"),
            ],
        ),
    ],
)
def test_a_program_logs_in_and_stays_logged_in(language: str, place: Place) -> None:
    refused, logins = len(place.requests(401)), len(place.requests(200, LOGIN))
    with running(place, language) as program:
        lines = program.stdout
        assert lines is not None

        def goes_on() -> bool:
            """Reads a line: of two apps it counts the one below the folder that the account may read."""
            assert lines.readline() == "1 apps\n", errors_of(place)
            return True

        # Before it expires.
        while goes_on() and len(place.requests(200, LOGIN)) < logins + 3:
            pass
        assert len(place.requests(401)) == refused, "it asked with a token that had expired"
        # After a 401: the cluster refuses tokens that have not expired.
        while goes_on() and len(place.requests(401)) == refused:
            place.cluster.faults()
            place.cluster.faults({"kind": "expire_tokens"})
        assert goes_on()
    arguments = place.folder / "arguments"
    texts = {"arguments": arguments.read_text() if arguments.exists() else "", "errors": errors_of(place)}
    assert found_secrets(texts, {"private key": private_pem(KEYS[0])}) == []
    assert "eyJ" not in "".join(texts.values()), "a token"


def test_it_reads_its_secret_with_the_same_token(place: Place) -> None:
    program = (
        "import os\nfrom watcher import Cluster\n"
        'cluster = Cluster(open("service-account.json").read(), os.environ["DCOS_TLS_CA_PATH"])\n'
        f"{printed('python')[1]}print(password)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == PASSWORD, ran.stderr
