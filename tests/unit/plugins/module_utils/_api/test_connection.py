# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where settings and credentials come from: task before environment before the DC/OS CLI, a set as a whole."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._api import connection
from ansible_collections.dcos.security.plugins.module_utils._api.connection import (
    Connection,
    IdTokenCredentials,
    KeyCredentials,
    NoCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import CredentialsError, DcosError, TlsError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    certificate_text,
    private_key,
    private_text,
    public_text,
)

URL = "https://dcos.example.com"
MARK = "S3CRET"


@dataclass
class Heard:
    """What resolving said beside its result."""

    warnings: list[str]
    hidden: list[str]


def resolve(options: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Connection:
    return listened(options, environ)[0]


def listened(
    options: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Connection, Heard]:
    heard = Heard([], [])
    found = connection.resolve(options or {}, environ or {}, heard.warnings.append, heard.hidden.append)
    return found, heard


def refused(
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    kind: type[DcosError] = CredentialsError,
) -> str:
    """The message of the error, which must not quote anything marked as secret."""
    with pytest.raises(kind) as caught:
        resolve(options, environ)
    seen: list[BaseException | None] = [caught.value, caught.value.__cause__]
    if not caught.value.__suppress_context__:
        seen.append(caught.value.__context__)
    assert not [one for one in seen if one is not None and MARK in repr(one) + str(one)]
    return caught.value.message


def cli(folder: Path, name: str = "c1", url: str = URL, token: str = "cli-token", attached: bool = True) -> Path:
    """A cluster as the CLI keeps it; returns its file."""
    home = folder / "clusters" / name
    home.mkdir(parents=True)
    file = home / "dcos.toml"
    file.write_text(f'[core]\ndcos_url = "{url}"\ndcos_acs_token = "{token}"\n', encoding="utf-8")
    if attached:
        (home / "attached").touch()
    return file


TASK_TOKEN = {"dcos_token": "task-token"}
TASK_LOGIN = {"dcos_username": "task", "dcos_password": "task-password"}
WAYS = ("dcos_password", "dcos_private_key", "dcos_private_key_path")
ENV_TOKEN = {"DCOS_ACS_TOKEN": "env-token"}
ENV_LOGIN = {"DCOS_USERNAME": "env", "DCOS_PASSWORD": "env-password"}
TASK_ID_TOKEN = {"dcos_id_token": "task-id-token"}
ENV_ID_TOKEN = {"DCOS_ID_TOKEN": "env-id-token"}


@pytest.mark.parametrize(
    ("options", "environ", "expected", "origin"),
    [
        (TASK_TOKEN, {}, TokenCredentials("task-token"), "task"),
        (TASK_LOGIN, {}, PasswordCredentials("task", "task-password"), "task"),
        ({}, ENV_TOKEN, TokenCredentials("env-token"), "environment"),
        ({}, ENV_LOGIN, PasswordCredentials("env", "env-password"), "environment"),
        ({}, {}, TokenCredentials("cli-token"), "dcos_config"),
        (TASK_TOKEN, ENV_LOGIN, TokenCredentials("task-token"), "task"),
        (TASK_LOGIN, ENV_TOKEN, PasswordCredentials("task", "task-password"), "task"),
        (TASK_LOGIN, {"DCOS_USERNAME": "half"}, PasswordCredentials("task", "task-password"), "task"),
        ({}, {**ENV_TOKEN, **ENV_LOGIN}, TokenCredentials("env-token"), "environment"),
        ({}, {**ENV_TOKEN, "DCOS_USERNAME": "half"}, TokenCredentials("env-token"), "environment"),
        (dict.fromkeys([*TASK_TOKEN, *TASK_LOGIN], ""), ENV_TOKEN, TokenCredentials("env-token"), "environment"),
        (dict.fromkeys([*TASK_TOKEN, *TASK_LOGIN]), ENV_TOKEN, TokenCredentials("env-token"), "environment"),
        ({}, dict.fromkeys([*ENV_TOKEN, *ENV_LOGIN], ""), TokenCredentials("cli-token"), "dcos_config"),
        ({**TASK_LOGIN, "dcos_token": ""}, {}, PasswordCredentials("task", "task-password"), "task"),
        ({}, {**ENV_LOGIN, "DCOS_ACS_TOKEN": ""}, PasswordCredentials("env", "env-password"), "environment"),
        (TASK_ID_TOKEN, {**ENV_TOKEN, **ENV_ID_TOKEN, **ENV_LOGIN}, IdTokenCredentials("task-id-token"), "task"),
        ({**TASK_LOGIN, "dcos_id_token": ""}, ENV_ID_TOKEN, PasswordCredentials("task", "task-password"), "task"),
        ({}, {**ENV_ID_TOKEN, **ENV_LOGIN}, IdTokenCredentials("env-id-token"), "environment"),
        ({}, {**ENV_ID_TOKEN, **ENV_TOKEN}, TokenCredentials("env-token"), "environment"),
        ({}, {"DCOS_ID_TOKEN": ""}, TokenCredentials("cli-token"), "dcos_config"),
    ],
)
def test_the_first_complete_set_wins_as_a_whole(
    options: dict[str, Any], environ: dict[str, str], expected: Any, origin: str, tmp_path: Path
) -> None:
    cli(tmp_path)
    found, heard = listened({"dcos_url": URL, **options}, {"DCOS_DIR": str(tmp_path), **environ})
    assert (found.credentials, found.credentials_from, found.url) == (expected, origin, URL)
    secret = next(getattr(expected, name) for name in ("token", "id_token", "password") if hasattr(expected, name))
    assert heard.hidden == [secret]


# All that is complete or half, in every combination of sources


def complete(source: Mapping[str, str], tokens: tuple[str, ...], uid: str, ways: tuple[str, ...]) -> bool | None:
    """Whether a source holds a complete set (None: nothing at all, False: a half or a double one)."""
    given_ways = [way for way in ways if source.get(way)]
    given_tokens = [token for token in tokens if source.get(token)]
    if given_tokens:
        return len(given_tokens) == 1 and not source.get(uid) and not given_ways
    if source.get(uid) and len(given_ways) == 1:
        return True
    return False if source.get(uid) or given_ways else None


def some(values: Mapping[str, str]) -> st.SearchStrategy[dict[str, str]]:
    """Any part of these settings, each also as empty text."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from([value, ""]) for name, value in values.items()})


TASK = {
    "dcos_token": "task-token",
    "dcos_id_token": "task-id-token",
    "dcos_username": "task",
    "dcos_password": "task-pw",
}
ENVIRONMENT = {
    "DCOS_ACS_TOKEN": "env-token",
    "DCOS_ID_TOKEN": "env-id-token",
    "DCOS_USERNAME": "env",
    "DCOS_PASSWORD": "env-pw",
}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "service.pem"
    path.write_text(private_text("service"), encoding="ascii")
    path.chmod(0o600)
    return str(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    options=some({**TASK, "dcos_private_key": "KEY", "dcos_private_key_path": "FILE"}),
    environ=some({**ENVIRONMENT, "DCOS_PRIVATE_KEY_PATH": "FILE"}),
    with_cli=st.booleans(),
)
def test_credentials_come_from_the_first_source_that_has_any(
    options: dict[str, str], environ: dict[str, str], with_cli: bool, key_file: str, tmp_path: Path
) -> None:
    """The result is a complete set of the first source that has anything, or an error; never a mixture."""
    real = {"KEY": private_text("service"), "FILE": key_file}
    options = {name: real.get(value, value) for name, value in options.items()}
    environ = {name: real.get(value, value) for name, value in environ.items()}
    folder = tmp_path / ("with" if with_cli else "without")
    folder.mkdir(exist_ok=True)
    if with_cli and not (folder / "clusters").exists():
        cli(folder)

    task = complete(options, ("dcos_token", "dcos_id_token"), "dcos_username", WAYS)
    env = complete(environ, (), "DCOS_USERNAME", ("DCOS_PASSWORD", "DCOS_PRIVATE_KEY_PATH"))
    if environ.get("DCOS_ACS_TOKEN") or environ.get("DCOS_ID_TOKEN"):
        env = True
    states = {"task": task, "environment": env, "dcos_config": with_cli or None}
    first = next((name for name, state in states.items() if state is not None), None)
    expected = None if first is None or not states[first] else first

    def go() -> Connection:
        return resolve({"dcos_url": URL, **options}, {"DCOS_DIR": str(folder), **environ})

    if first is None:
        assert isinstance(go().credentials, NoCredentials)
        return
    if expected is None:
        with pytest.raises(CredentialsError):
            go()
        return
    found = go()
    assert found.credentials_from == expected
    prefix = {"task": "task", "environment": "env", "dcos_config": "cli"}[expected]
    if isinstance(found.credentials, TokenCredentials):
        assert found.credentials.token == f"{prefix}-token"
    elif isinstance(found.credentials, IdTokenCredentials):
        assert found.credentials.id_token == f"{prefix}-id-token"
    else:
        assert found.credentials.uid == prefix
        if isinstance(found.credentials, PasswordCredentials):
            assert found.credentials.password == f"{prefix}-pw"


# Half sets, double sets


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"dcos_username": "a"}, ["dcos_username"]),
        ({"dcos_password": MARK}, ["dcos_password", "dcos_username"]),
        ({"dcos_private_key": MARK}, ["dcos_private_key", "dcos_username"]),
        ({"dcos_private_key_path": "/f"}, ["dcos_private_key_path", "dcos_username"]),
        ({"dcos_username": "", "dcos_password": MARK}, ["dcos_password", "dcos_username"]),
        ({"dcos_username": "a", "dcos_password": ""}, ["dcos_username"]),
    ],
)
@pytest.mark.parametrize("environ", [{}, ENV_TOKEN, ENV_LOGIN, {"DCOS_USERNAME": "a"}, {"DCOS_PASSWORD": MARK}])
def test_an_incomplete_set_in_the_task_is_never_completed_from_elsewhere(
    options: dict[str, str], named: list[str], environ: dict[str, str]
) -> None:
    message = refused({"dcos_url": URL, **options}, environ)
    assert "an incomplete credential set" in message
    assert all(name in message for name in named)
    assert "DCOS_" not in message


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DCOS_USERNAME": "a"}, ["DCOS_USERNAME"]),
        ({"DCOS_PASSWORD": MARK}, ["DCOS_PASSWORD", "DCOS_USERNAME"]),
        ({"DCOS_PRIVATE_KEY_PATH": "/f"}, ["DCOS_PRIVATE_KEY_PATH", "DCOS_USERNAME"]),
    ],
)
def test_an_incomplete_set_in_the_environment_is_never_completed_from_the_cli(
    environ: dict[str, str], named: list[str], tmp_path: Path
) -> None:
    cli(tmp_path, token=MARK)
    message = refused({"dcos_url": URL, "dcos_config": str(tmp_path)}, environ)
    assert "an incomplete credential set" in message
    assert all(name in message for name in named)


@pytest.mark.parametrize(
    "more", [TASK_LOGIN, {"dcos_username": "a"}, {"dcos_password": MARK}, {"dcos_token": MARK, "dcos_id_token": MARK}]
)
def test_two_sets_in_the_task_are_an_error(more: dict[str, str]) -> None:
    message = refused({"dcos_url": URL, "dcos_token": MARK, **more})
    assert "one credential set" in message
    assert all(name in message for name in ["dcos_token", *more])
    message = refused({"dcos_url": URL, "dcos_id_token": MARK, **more})
    assert all(name in message for name in ["dcos_id_token", *more])


@pytest.mark.parametrize(
    "ways",
    [ways for count in (2, 3) for ways in itertools.combinations(WAYS, count)],
)
def test_two_proofs_for_one_user_are_an_error(ways: tuple[str, ...]) -> None:
    message = refused({"dcos_url": URL, "dcos_username": "a", **dict.fromkeys(ways, MARK)})
    assert all(name in message for name in ways)
    assert f"{len(ways)} ways" in message


def test_two_proofs_in_the_environment_are_an_error() -> None:
    ways = {"DCOS_PASSWORD": MARK, "DCOS_PRIVATE_KEY_PATH": "/f"}
    message = refused({"dcos_url": URL}, {"DCOS_USERNAME": "a", **ways})
    assert all(name in message for name in ways)


def test_missing_credentials_name_the_options() -> None:
    """Only a request that needs them fails: some things can be read by everybody."""
    found = resolve({"dcos_url": URL})
    assert isinstance(found.credentials, NoCredentials)
    assert found.credentials_from is None
    for name in (
        "dcos_token",
        "dcos_id_token",
        "dcos_username",
        "DCOS_ACS_TOKEN",
        "DCOS_ID_TOKEN",
        "DCOS_USERNAME",
        "DC/OS CLI",
    ):
        assert name in found.credentials.message


@pytest.mark.parametrize("uid", ["a b", "ä", "a" * 97, "..", "anonymous"])
def test_an_impossible_user_is_refused_before_any_login(uid: str) -> None:
    message = refused({"dcos_url": URL, "dcos_username": uid, "dcos_password": MARK}, kind=DcosError)
    assert message.startswith("dcos_username: ")


# Keys and tokens


def test_a_key_in_the_task() -> None:
    options = {"dcos_url": URL, "dcos_username": "svc", "dcos_private_key": private_text("service")}
    found, heard = listened(options)
    assert isinstance(found.credentials, KeyCredentials)
    assert found.credentials.uid == "svc"
    assert found.credentials.key.private_numbers().d == private_key("service").private_numbers().d
    assert heard.hidden == [private_text("service")]
    assert heard.warnings == []


@pytest.mark.parametrize("place", ["task", "environment"])
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_key_in_a_file(place: str, mode: int, warned: bool, tmp_path: Path) -> None:
    path = tmp_path / "service.pem"
    path.write_text(private_text("service"), encoding="ascii")
    path.chmod(mode)
    task = {"dcos_username": "svc", "dcos_private_key_path": str(path)}
    env = {"DCOS_USERNAME": "svc", "DCOS_PRIVATE_KEY_PATH": str(path)}
    found, heard = listened({"dcos_url": URL, **(task if place == "task" else {})}, {} if place == "task" else env)
    assert isinstance(found.credentials, KeyCredentials)
    assert found.credentials_from == place
    assert heard.hidden == [private_text("service")]
    assert bool(heard.warnings) is warned
    assert all(f"has mode {mode:04o}" in warning for warning in heard.warnings)


@pytest.mark.parametrize(
    "content", [f"{MARK}", public_text("service"), f"-----BEGIN PRIVATE KEY-----\n{MARK}"], ids=range(3)
)
def test_a_file_without_a_key_is_named_and_not_quoted(content: str, tmp_path: Path) -> None:
    path = tmp_path / "service.pem"
    path.write_text(content, encoding="ascii")
    path.chmod(0o600)
    options = {"dcos_url": URL, "dcos_username": "svc", "dcos_private_key_path": str(path)}
    assert "dcos_private_key_path" in refused(options, kind=DcosError)


def test_a_missing_key_file_is_named() -> None:
    options = {"dcos_url": URL, "dcos_username": "svc", "dcos_private_key_path": "/nonexistent/k.pem"}
    assert "dcos_private_key_path: cannot read /nonexistent/k.pem" in refused(options, kind=DcosError)


@pytest.mark.parametrize("token", [f"{MARK} x", f"a\n{MARK}", f"{MARK}\u20ac", f"{MARK}\0", " \n "])
def test_an_invalid_token_is_refused_and_its_source_named(token: str, tmp_path: Path) -> None:
    assert "dcos_token" in refused({"dcos_url": URL, "dcos_token": token})
    assert "DCOS_ACS_TOKEN" in refused({"dcos_url": URL}, {"DCOS_ACS_TOKEN": token})
    assert "dcos_id_token" in refused({"dcos_url": URL, "dcos_id_token": token})
    assert "DCOS_ID_TOKEN" in refused({"dcos_url": URL}, {"DCOS_ID_TOKEN": token})


def test_blanks_around_a_token_are_dropped_and_both_forms_are_hidden() -> None:
    found, heard = listened({"dcos_url": URL, "dcos_token": " abc\r\n"})
    assert found.credentials == TokenCredentials("abc")
    assert heard.hidden == [" abc\r\n"]
    found, heard = listened({"dcos_url": URL, "dcos_id_token": "\tabc\n"})
    assert found.credentials == IdTokenCredentials("abc")
    assert heard.hidden == ["\tabc\n"]


def test_no_secret_in_any_repr() -> None:
    shown = repr(
        [
            resolve({"dcos_url": URL, "dcos_token": MARK}),
            resolve({"dcos_url": URL, "dcos_id_token": MARK}),
            resolve({"dcos_url": URL, "dcos_username": "a", "dcos_password": MARK}),
            resolve({"dcos_url": URL, "dcos_username": "a", "dcos_private_key": private_text("service")}),
        ]
    )
    assert MARK not in shown
    assert "PRIVATE" not in shown
    assert "RSAPrivateKey" not in shown


# The URL


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://dcos.example.com", "https://dcos.example.com"),
        ("https://dcos.example.com/", "https://dcos.example.com"),
        ("https://dcos.example.com///", "https://dcos.example.com"),
        ("https://dcos.example.com:8443/a/b/", "https://dcos.example.com:8443/a/b"),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("http://localhost:80", "http://localhost:80"),
        ("HTTPS://dcos.example.com", "https://dcos.example.com"),
    ],
)
def test_urls(text: str, url: str) -> None:
    assert connection.check_url(text, "dcos_url") == url
    assert resolve({"dcos_url": text, **TASK_TOKEN}).url == url
    assert resolve(TASK_TOKEN, {"DCOS_URL": text}).url == url


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{MARK}@dcos.example.com",
        f"https://{MARK}@dcos.example.com/",
        f"user:{MARK}@dcos.example.com",
        f"https:user:{MARK}@dcos.example.com",
        f"//user:{MARK}@dcos.example.com",
        f"https://user:{MARK}@[bad",
        f"https://user:{MARK}@h:99999",
        "https://dcos.example.com?token=" + MARK,
        "https://dcos.example.com/?",
        "https://dcos.example.com/#" + MARK,
        "https://dcos.example.com/#",
        "dcos.example.com",
        "dcos.example.com:443",
        "/dcos",
        "ftp://dcos.example.com",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://:443",
        "https://dcos.example.com:x",
        "https://dcos.example.com:0",
        "https://dcos.example.com:70000",
        "https://dcos.example.com:-1",
        "https://[::1",
        "https://dcos.example.com /x",
        " https://dcos.example.com",
        "https://dcos.example.com\n",
        "https://dcos.exa\tmple.com",
        "https:\\\\dcos.example.com",
        "https://good.example\\.evil.example",
    ],
)
def test_misleading_urls_are_refused(text: str) -> None:
    assert refused({"dcos_url": text, **TASK_TOKEN}, kind=DcosError).startswith("dcos_url: ")
    assert refused(TASK_TOKEN, {"DCOS_URL": text}, kind=DcosError)


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PREFIXES = st.lists(st.from_regex(r"[A-Za-z0-9._~-]{1,8}", fullmatch=True), max_size=3)


@given(HOSTS, st.none() | st.integers(1, 65535), PREFIXES, st.integers(0, 3))
def test_good_urls_lose_their_trailing_slashes_and_nothing_else(
    host: str, port: int | None, prefix: list[str], slashes: int
) -> None:
    url = f"https://{host}{'' if port is None else f':{port}'}{''.join('/' + part for part in prefix)}"
    assert connection.check_url(url + "/" * slashes, "dcos_url") == url
    assert connection.check_url(url, "dcos_url") == url


@given(st.text(max_size=40) | st.text(st.sampled_from("https://ab.:@?#[]\\ 1%"), max_size=25))
def test_any_text_is_a_clean_url_or_an_error(text: str) -> None:
    try:
        url = connection.check_url(text, "dcos_url")
    except DcosError:
        return
    assert url.startswith(("https://", "http://"))
    assert not set(url) & set("@?#\\ \t\n")
    assert not url.endswith("/")
    assert connection.check_url(url, "dcos_url") == url


def test_a_url_is_needed() -> None:
    message = refused(TASK_TOKEN)
    assert "DCOS_URL" in message
    assert "dcos cluster attach" in message


@pytest.mark.parametrize("value", [True, "true", "Yes", "1", "on"])
def test_plain_http_to_other_machines_must_be_allowed(value: Any) -> None:
    http_url = "http://dcos.example.com"
    assert "dcos_allow_http" in refused({"dcos_url": http_url, **TASK_TOKEN}, kind=TlsError)
    assert refused({"dcos_url": http_url, "dcos_allow_http": False, **TASK_TOKEN}, kind=TlsError)
    assert refused({"dcos_url": http_url, **TASK_TOKEN}, {"DCOS_ALLOW_HTTP": ""}, kind=TlsError)
    found, heard = listened({"dcos_url": http_url, "dcos_allow_http": value, **TASK_TOKEN})
    assert found.url == http_url
    assert "in the clear" in heard.warnings[0]
    found, heard = listened({"dcos_url": http_url, **TASK_TOKEN}, {"DCOS_ALLOW_HTTP": str(value)})
    assert "in the clear" in heard.warnings[0]
    # What the task says wins over the environment.
    assert refused({"dcos_url": http_url, "dcos_allow_http": "no", **TASK_TOKEN}, {"DCOS_ALLOW_HTTP": "1"}, TlsError)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:80"])
def test_plain_http_on_loopback_is_allowed(host: str) -> None:
    found, heard = listened({"dcos_url": f"http://{host}", **TASK_TOKEN})
    assert found.url == f"http://{host}"
    assert heard.warnings == []


@pytest.mark.parametrize("host", ["127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example"])
def test_plain_http_to_a_loopback_lookalike_is_refused(host: str) -> None:
    assert refused({"dcos_url": f"http://{host}", **TASK_TOKEN}, kind=TlsError)


# Verification


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_text("# ours\n" + certificate_text(), encoding="ascii")
    return str(path)


def verified(options: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[bool | str, list[str]]:
    found, heard = listened({"dcos_url": URL, **TASK_TOKEN, **options}, environ)
    return found.verify, heard.warnings


@pytest.mark.parametrize(
    ("options", "environ", "expected"),
    [
        ({}, {}, True),
        ({"dcos_validate_certs": "true"}, {}, True),
        ({"dcos_validate_certs": True}, {"DCOS_SSL_VERIFY": "false"}, True),
        ({"dcos_validate_certs": False}, {}, False),
        ({"dcos_validate_certs": "No"}, {"DCOS_SSL_VERIFY": "true"}, False),
        ({"dcos_validate_certs": ""}, {"DCOS_SSL_VERIFY": "0"}, False),
        ({}, {"DCOS_SSL_VERIFY": "True"}, True),
        ({}, {"DCOS_SSL_VERIFY": "False"}, False),
        ({}, {"DCOS_SSL_VERIFY": ""}, True),
        ({}, {"DCOS_SSL_VERIFY": "BUNDLE"}, "BUNDLE"),
        ({}, {"DCOS_TLS_CA_PATH": "BUNDLE"}, "BUNDLE"),
        ({"dcos_ca_path": "BUNDLE"}, {}, "BUNDLE"),
        ({"dcos_ca_path": "BUNDLE"}, {"DCOS_SSL_VERIFY": "/nonexistent", "DCOS_TLS_CA_PATH": "/nonexistent"}, "BUNDLE"),
        ({"dcos_ca_path": ""}, {"DCOS_TLS_CA_PATH": "BUNDLE", "DCOS_SSL_VERIFY": "/nonexistent"}, "BUNDLE"),
        ({"dcos_ca_path": "BUNDLE", "dcos_validate_certs": "false"}, {}, False),
        ({"dcos_validate_certs": "yes"}, {"DCOS_SSL_VERIFY": "/nonexistent"}, True),
        # A task that names a bundle wants it used, whatever the shell says.
        ({"dcos_ca_path": "BUNDLE"}, {"DCOS_SSL_VERIFY": "false"}, "BUNDLE"),
        ({}, {"DCOS_TLS_CA_PATH": "BUNDLE", "DCOS_SSL_VERIFY": "false"}, False),
    ],
)
def test_what_verifies_the_cluster(
    options: dict[str, Any], environ: dict[str, str], expected: bool | str, bundle: str
) -> None:
    options, environ = ({k: bundle if v == "BUNDLE" else v for k, v in d.items()} for d in (options, environ))
    verify, warnings = verified(options, environ)
    assert verify == (bundle if expected == "BUNDLE" else expected)
    assert [("is not verified" in warning) for warning in warnings] == ([True] if expected is False else [])


def test_plain_http_needs_no_bundle() -> None:
    """A cluster in disabled mode has none, whatever the environment names for others."""
    found, heard = listened({"dcos_url": "http://localhost", "dcos_ca_path": "/nonexistent", **TASK_TOKEN}, {})
    assert (found.verify, heard.warnings) == (True, [])


@pytest.mark.parametrize(
    ("options", "environ", "name"),
    [
        ({"dcos_ca_path": "PATH"}, {}, "dcos_ca_path"),
        ({}, {"DCOS_TLS_CA_PATH": "PATH"}, "DCOS_TLS_CA_PATH"),
        ({}, {"DCOS_SSL_VERIFY": "PATH"}, "DCOS_SSL_VERIFY"),
    ],
)
def test_a_bundle_must_exist_and_hold_a_certificate(
    options: dict[str, str], environ: dict[str, str], name: str, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    empty.write_bytes(b"\xff-----BEGIN CERTIFICATE-----\n" + MARK.encode())
    for path, said in (
        ("/nonexistent/ca.pem", "cannot read"),
        (str(empty), "no certificates"),
        (str(tmp_path), "is not a regular file"),
        (str(pipe), "is not a regular file"),
    ):
        replaced = [{k: path if v == "PATH" else v for k, v in d.items()} for d in (options, environ)]
        message = refused({"dcos_url": URL, **TASK_TOKEN, **replaced[0]}, replaced[1], TlsError)
        assert message.startswith(f"{name}: ")
        assert said in message
        # Nothing is read if nothing is verified by it.
        found = resolve({"dcos_url": "http://localhost", **TASK_TOKEN, **replaced[0]}, replaced[1])
        assert found.verify is True


@pytest.mark.parametrize("value", ["maybe", "2", "truee"])
def test_truth_values_are_checked(value: str) -> None:
    options = {"dcos_url": URL, **TASK_TOKEN}
    for name in ("dcos_validate_certs", "dcos_allow_http"):
        url = "http://dcos.example.com" if name == "dcos_allow_http" else URL
        assert f"{name}: '{value}'" in refused({**options, "dcos_url": url, name: value}, kind=DcosError)


# Numbers


def test_timeout_and_retries() -> None:
    found = resolve({"dcos_url": URL, **TASK_TOKEN})
    assert (found.timeout, found.retries) == (30, 3)
    found = resolve(
        {"dcos_url": URL, **TASK_TOKEN, "dcos_timeout": "5", "dcos_retries": "0"},
        {"DCOS_TIMEOUT": "9", "DCOS_RETRIES": "7"},
    )
    assert (found.timeout, found.retries) == (5, 0)
    found = resolve(
        {"dcos_url": URL, **TASK_TOKEN, "dcos_timeout": "", "dcos_retries": ""},
        {"DCOS_TIMEOUT": "9", "DCOS_RETRIES": "7"},
    )
    assert (found.timeout, found.retries) == (9, 7)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "soon", " 5", "²", "1e3", "3601", "9" * 5000])
def test_a_timeout_is_a_whole_number(value: str) -> None:
    options = {"dcos_url": URL, **TASK_TOKEN}
    assert refused({**options, "dcos_timeout": value}, kind=DcosError).startswith("dcos_timeout: ")
    assert refused(options, {"DCOS_TIMEOUT": value}, DcosError).startswith("DCOS_TIMEOUT: ")


@pytest.mark.parametrize("value", ["-1", "x", "²", "21"])
def test_retries_are_a_whole_number(value: str) -> None:
    options = {"dcos_url": URL, **TASK_TOKEN}
    assert refused({**options, "dcos_retries": value}, kind=DcosError).startswith("dcos_retries: ")
    assert refused(options, {"DCOS_RETRIES": value}, DcosError).startswith("DCOS_RETRIES: ")


@pytest.mark.parametrize("name", ["DCOS_URL", "DCOS_USERNAME", "DCOS_PASSWORD", "DCOS_ACS_TOKEN", "DCOS_DIR"])
def test_a_variable_that_is_not_utf8_is_named(name: str) -> None:
    """Python hands its bytes over as lone surrogates, which nothing can encode."""
    login = {"DCOS_USERNAME": "admin", "DCOS_PASSWORD": "p"} if name in ("DCOS_USERNAME", "DCOS_PASSWORD") else {}
    message = refused({}, {"DCOS_URL": URL, **login, name: f"{MARK}\udcff"}, DcosError)
    assert message.startswith(f"{name}: this is not UTF-8 text")


def test_a_pipe_instead_of_a_private_key_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    options = {"dcos_url": URL, "dcos_username": "svc", "dcos_private_key_path": str(tmp_path / "pipe")}
    assert "dcos_private_key_path: " in refused(options, kind=DcosError)
