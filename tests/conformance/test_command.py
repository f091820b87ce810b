# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command itself."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from conformance_support import COMMAND, PASSWORD, Emulator, eventually, run


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--security-mode", "paranoid"], "--security-mode"),
        (["--http-port", "x"], "--http-port"),
        (["--https-port", "65536"], "--https-port"),
        (["--https-port", "-1"], "--https-port"),
        (["--auth-token-lifetime", "0"], "--auth-token-lifetime"),
        (["--auth-token-lifetime", "1.5"], "--auth-token-lifetime"),
        (["--superuser", "a b"], "--superuser"),
        (["--superuser-password", "abcd"], "--superuser-password"),
        (["--dcos-version", "two"], "--dcos-version"),
        (["--list-superuser", "maybe"], "--list-superuser"),
        (["--list-superuser"], "--list-superuser"),
        (["--security-mode", "disabled", "--https-port", "4443"], "--https-port"),
        (["--data-dir", "/dev/null/x"], "--data-dir"),
        (["--nonsense"], "--nonsense"),
    ],
)
@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_wrong_arguments(tmp_path: Path, arguments: list[str], named: str, detach: list[str]) -> None:
    """The emulator's own promise: refused, with the option's name, before anything is started."""
    result = run("serve", "--security-mode", "strict", "--data-dir", tmp_path / "d", *arguments, *detach)
    assert result.returncode == 2
    assert named in result.stderr
    assert not (tmp_path / "d" / "endpoints.json").exists()


@pytest.mark.parametrize("missing", ["--security-mode", "--data-dir"])
def test_missing_arguments(tmp_path: Path, missing: str) -> None:
    options = {"--security-mode": "strict", "--data-dir": str(tmp_path)}
    del options[missing]
    result = run("serve", *(word for option in options.items() for word in option))
    assert result.returncode == 2
    assert missing in result.stderr


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_a_taken_port(tmp_path: Path, detach: list[str]) -> None:
    """The emulator's own promise: says why it does not start, and leaves no endpoints behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--security-mode", "disabled", "--data-dir", tmp_path, "--http-port", port, *detach)
    assert result.returncode == 1
    assert f"--http-port: cannot listen on 127.0.0.1:{port}" in result.stderr
    assert not (tmp_path / "endpoints.json").exists()


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_a_second_emulator_is_refused(emulator: Emulator, detach: list[str]) -> None:
    """The emulator's own promise: one emulator per data directory; the running one is not disturbed."""
    result = run("serve", "--security-mode", "strict", "--data-dir", emulator.data_dir, *detach)
    assert result.returncode == 1
    assert f"process {emulator.pid}" in result.stderr
    assert json.loads((emulator.data_dir / "endpoints.json").read_text())["pid"] == emulator.pid
    assert emulator.call("GET", "/_emulator/health", token=None).status == 200


def test_a_broken_state(tmp_path: Path) -> None:
    """The emulator's own promise: a state that cannot be read is named, not overwritten."""
    (tmp_path / "state.db").write_bytes(b"this is no database" * 100)
    result = run("serve", "--security-mode", "disabled", "--data-dir", tmp_path, "--detach")
    assert result.returncode == 1
    assert "--data-dir" in result.stderr
    assert "Traceback" not in result.stderr


def test_stop(tmp_path: Path) -> None:
    """The emulator's own promise: stopping waits until it is gone, and a second time is fine."""
    with Emulator(tmp_path / "data", "disabled") as emulator:
        assert run("stop", "--data-dir", emulator.data_dir).stdout == "stopped\n"
        assert not (emulator.data_dir / "endpoints.json").exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(emulator.http.rsplit(":", 1)[1])))
        result = run("stop", "--data-dir", emulator.data_dir)
        assert (result.returncode, result.stdout) == (0, "not running\n")
    assert run("stop", "--data-dir", tmp_path / "nothing").returncode == 0


def test_stop_does_not_end_other_processes(tmp_path: Path) -> None:
    """The emulator's own promise: an old process id that someone else has by now is not signalled."""
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        stale = {"http": "http://127.0.0.1:1", "https": None, "ca": None, "pid": stranger.pid}
        (tmp_path / "endpoints.json").write_text(json.dumps(stale))
        (tmp_path / "emulator.lock").write_text(f"{stranger.pid}\n")
        assert run("stop", "--data-dir", tmp_path).stdout == "not running\n"
        assert not (tmp_path / "endpoints.json").exists()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_in_the_foreground(tmp_path: Path) -> None:
    """The emulator's own promise: SIGTERM ends it cleanly; stale endpoints are removed first."""
    (tmp_path / "endpoints.json").write_text('{"http": "http://127.0.0.1:1", "https": null, "ca": null, "pid": 1}')
    command = [str(COMMAND), "serve", "--security-mode", "strict", "--data-dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def endpoints() -> bool:
        try:
            return bool(json.loads((tmp_path / "endpoints.json").read_text())["pid"] == process.pid)
        except FileNotFoundError:
            return False

    eventually(endpoints)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=15)
    assert (process.returncode, errors) == (0, "")
    assert str(process.pid) in output
    assert not (tmp_path / "endpoints.json").exists()


def test_password_by_environment(disabled: Emulator, tmp_path: Path) -> None:
    """The emulator's own promise: name and password can be chosen; the password is in no process's arguments."""
    environment = {**os.environ, "DCOS_EMULATOR_SUPERUSER_PASSWORD": "by-environment"}
    arguments = ["--security-mode", "disabled", "--data-dir", tmp_path, "--superuser", "boss", "--detach"]
    assert run("serve", *arguments, env=environment).returncode == 0
    endpoints = json.loads((tmp_path / "endpoints.json").read_text())
    try:
        body = {"uid": "boss", "password": "by-environment"}
        assert disabled.iam("POST", "/auth/login", body, token=None, url=endpoints["http"]).status == 200
        arguments_seen = Path(f"/proc/{endpoints['pid']}/cmdline")
        if arguments_seen.exists():
            assert b"by-environment" not in arguments_seen.read_bytes()
    finally:
        run("stop", "--data-dir", tmp_path)


def test_token_lifetime_and_version(tmp_path: Path) -> None:
    """iam-api section 5: the lifetime can be seconds; dcos-cli pkg/setup: no variant before 1.12."""
    emulator = Emulator(tmp_path, "disabled", auth_token_lifetime=1, dcos_version="1.11.9")
    try:
        token = emulator.token()
        assert emulator.iam("GET", "/users", token=token).status == 200
        eventually(lambda: emulator.iam("GET", "/users", token=token).status == 401)
        version = emulator.call("GET", "/dcos-metadata/dcos-version.json", token=None).json
        assert version["version"] == "1.11.9"
        assert "dcos-variant" not in version
    finally:
        emulator.stop()


def test_an_unlisted_superuser(tmp_path: Path) -> None:
    """The emulator's own promise: in no list, but there; it is whom the cluster was made with, at each start anew."""
    emulator = Emulator(tmp_path, "disabled", superuser="boss", superuser_password=PASSWORD)
    lists = ("/users", "/groups/superusers/users")

    def listed() -> list[int]:
        return [len(emulator.iam("GET", path).json["array"]) for path in lists]

    def first_user() -> object:
        return emulator.iam("GET", "/uiconfig").json["clusterConfiguration"]["firstUser"]

    try:
        emulator.use_token(emulator.login(uid="boss", password=PASSWORD).json["token"])
        assert (listed(), first_user()) == ([1, 1], False)
        emulator.stop()
        emulator.start(list_superuser=False, superuser="somebody-else")
        assert (listed(), first_user()) == ([0, 0], True)
        assert emulator.iam("GET", "/users/boss").status == 200
        assert emulator.login(uid="boss", password=PASSWORD).status == 200
        assert emulator.iam("DELETE", "/users/boss").code == "ERR_NO_MORE_SUPERUSERS"
        emulator.must(201, "PUT", "/users/joe", {"password": PASSWORD})
        emulator.must(204, "PUT", "/groups/superusers/users/joe")
        assert (listed(), first_user()) == ([1, 1], False)
        emulator.stop()
        emulator.start(list_superuser=True)
        assert (listed(), first_user()) == ([2, 2], False)
    finally:
        emulator.stop()


def test_no_providers_before_1_13(tmp_path: Path) -> None:
    """iam-api sections 2, 3: up to 1.12 users and groups do not say which provider they come from."""
    emulator = Emulator(tmp_path, "disabled", dcos_version="1.12.4")
    try:
        (user,) = emulator.iam("GET", "/users").json["array"]
        (group,) = emulator.iam("GET", "/groups").json["array"]
        assert list(user) == ["uid", "description", "url", "is_remote", "is_service"]
        assert list(group) == ["gid", "url", "description"]
        (member,) = emulator.iam("GET", "/groups/superusers/users").json["array"]
        (membership,) = emulator.iam("GET", "/users/bootstrapuser/groups").json["array"]
        assert (member["user"], membership["group"]) == (user, group)
    finally:
        emulator.stop()


def test_the_role_has_a_variable_for_every_option() -> None:
    """The emulator's own promise: what the command takes, the role passes on; the password in its own way."""
    options = set(re.findall(r"--([a-z-]+)", run("serve", "--help").stdout))
    tasks = (Path(__file__).parents[2] / "roles/dcos_emulator/tasks/launched.yml").read_text()
    passed = dict(re.findall(r"--([a-z-]+)=\{\{ (dcos_emulator_[a-z_]+)", tasks))
    assert set(passed) == options - {"help", "detach", "stop-at-eof", "superuser-password"}
    assert passed == {option: f"dcos_emulator_{option.replace('-', '_')}" for option in passed}


def test_only_loopback(emulator: Emulator) -> None:
    """The emulator's own promise: it listens nowhere else."""
    ports = {int(url.rsplit(":", 1)[1]) for url in (emulator.http, emulator.https)}
    listening = []
    for table, loopback in (("tcp", "0100007F"), ("tcp6", "00000000000000000000000001000000")):
        source = Path("/proc/net") / table
        if not source.exists():
            # Only Linux tells without privileges who listens where.
            pytest.skip("needs /proc/net")
        for line in source.read_text().splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if int(port, 16) in ports and line.split()[3] == "0A":
                listening.append(address == loopback)
    assert len(listening) >= 2
    assert all(listening)
