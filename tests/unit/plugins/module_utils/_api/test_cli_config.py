# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the DC/OS CLI: the last source of URL, token and CA."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cli_config import attached_cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import NoCredentials, TokenCredentials
from ansible_collections.dcos.security.plugins.module_utils._errors import CredentialsError, DcosError, TlsError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils._api.test_connection import (
    ENV_TOKEN,
    MARK,
    TASK_TOKEN,
    URL,
    cli,
    refused,
    resolve,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import certificate_text


def test_the_attached_cluster_gives_url_and_token(tmp_path: Path) -> None:
    cli(tmp_path, "c0", "https://other.example", "other", attached=False)
    cli(tmp_path, "c1", URL + "/")
    for found in (resolve({"dcos_config": str(tmp_path)}), resolve({}, {"DCOS_DIR": str(tmp_path)})):
        assert found.url == URL
        assert found.credentials == TokenCredentials("cli-token")
        assert found.credentials_from == "dcos_config"
        assert found.verify is True


def test_the_default_folder_is_in_the_home_folder(bare_surroundings: Path) -> None:
    cli(bare_surroundings / ".dcos")
    assert resolve().credentials == TokenCredentials("cli-token")
    assert resolve({"dcos_config": ""}, {"DCOS_DIR": ""}).url == URL


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    cli(tmp_path / "one", url="https://one.example")
    cli(tmp_path / "two", url="https://two.example")
    found = resolve({"dcos_config": str(tmp_path / "one")}, {"DCOS_DIR": str(tmp_path / "two")})
    assert found.url == "https://one.example"


def test_the_single_configuration_file_of_old_versions(tmp_path: Path) -> None:
    (tmp_path / "dcos.toml").write_text(f'[core]\ndcos_url = "{URL}"\ndcos_acs_token = "old"\n', encoding="utf-8")
    assert resolve({"dcos_config": str(tmp_path)}).credentials == TokenCredentials("old")
    # Once a cluster of the new layout is attached, nobody looks at the old file any more.
    cli(tmp_path)
    assert resolve({"dcos_config": str(tmp_path)}).credentials == TokenCredentials("cli-token")


def test_nothing_attached(tmp_path: Path) -> None:
    cli(tmp_path, attached=False)
    assert "dcos cluster attach" in refused({"dcos_config": str(tmp_path)})
    assert attached_cluster(str(tmp_path)) is None
    assert attached_cluster(str(tmp_path / "nowhere")) is None


def test_several_attached(tmp_path: Path) -> None:
    cli(tmp_path, "c1", token=MARK)
    cli(tmp_path, "c2", token=MARK)
    message = refused({"dcos_config": str(tmp_path)})
    assert "2 clusters attached" in message
    # A task that names everything does not depend on the files of the CLI.
    assert resolve({"dcos_config": str(tmp_path), "dcos_url": URL, **TASK_TOKEN}).credentials_from == "task"
    assert resolve({"dcos_config": str(tmp_path), "dcos_url": URL}, ENV_TOKEN).credentials_from == "environment"


@pytest.mark.parametrize("same", [URL, URL + "/", URL + "//"], ids=["as it is", "with a slash", "with two"])
def test_a_token_is_sent_to_its_own_url(same: str, tmp_path: Path) -> None:
    cli(tmp_path, url=same)
    assert resolve({"dcos_config": str(tmp_path), "dcos_url": URL}).credentials == TokenCredentials("cli-token")
    assert resolve({"dcos_config": str(tmp_path)}, {"DCOS_URL": URL + "/"}).credentials_from == "dcos_config"


@pytest.mark.parametrize(
    "other",
    [
        "https://other.example",
        "https://dcos.example.com:8443",
        "https://dcos.example.com/prefix",
        "https://dcos.example.com.evil.example",
        "http://127.0.0.1",
    ],
)
def test_a_token_is_sent_to_no_other_url(other: str, tmp_path: Path) -> None:
    file = cli(tmp_path, token=MARK)
    found = resolve({"dcos_config": str(tmp_path), "dcos_url": other}).credentials
    assert isinstance(found, NoCredentials)
    message = found.message
    assert MARK not in message
    assert f"The token in {file} belongs to {URL} and is not sent to {other}" in message


def test_broken_toml_is_named_and_not_quoted(tmp_path: Path) -> None:
    file = cli(tmp_path)
    file.write_text(f'[core]\ndcos_acs_token = "{MARK}\n', encoding="utf-8")
    message = refused({"dcos_config": str(tmp_path)}, kind=DcosError)
    assert f"{file} is not valid TOML" in message
    file.write_bytes(b'[core]\ndcos_acs_token = "\xff' + MARK.encode() + b'"\n')
    assert "is not a text file" in refused({"dcos_config": str(tmp_path)}, kind=DcosError)


@pytest.mark.parametrize("content", ["", "core = 1\n", "[core]\n", '[core]\ndcos_url = ""\n', "[core]\ndcos_url = 7\n"])
def test_a_configuration_without_a_url_names_no_cluster(content: str, tmp_path: Path) -> None:
    cli(tmp_path).write_text(content, encoding="utf-8")
    refused({"dcos_config": str(tmp_path)}, kind=DcosError)


def test_a_named_folder_must_exist(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert refused({"dcos_config": gone}, kind=DcosError).startswith("dcos_config: there is no folder")
    assert refused({}, {"DCOS_DIR": gone}, DcosError).startswith("DCOS_DIR: there is no folder")


def test_a_url_of_the_cli_is_checked_too(tmp_path: Path) -> None:
    cli(tmp_path, url=f"https://user:{MARK}@dcos.example.com")
    assert "core.dcos_url in " in refused({"dcos_config": str(tmp_path)})
    refused({"dcos_config": str(tmp_path), "dcos_url": URL})


def test_an_unusable_token_of_the_cli_is_refused(tmp_path: Path) -> None:
    cli(tmp_path, token=f"{MARK} x")
    assert "core.dcos_acs_token in " in refused({"dcos_config": str(tmp_path)})


@pytest.mark.parametrize("given", [{}, {"dcos_url": URL}])
def test_the_bundle_of_the_cli_goes_with_its_url_or_token(given: dict[str, str], tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(certificate_text(), encoding="ascii")
    file = cli(tmp_path)
    with file.open("a", encoding="utf-8") as out:
        out.write(f'ssl_verify = "{ca}"\n')
    options = {"dcos_config": str(tmp_path), **given}
    assert resolve(options).verify == str(ca)
    # A play that names URL and credentials does not depend on the CLI's files, one that names a bundle neither.
    assert resolve({**options, "dcos_url": URL, **TASK_TOKEN}).verify is True
    other = tmp_path / "other.pem"
    other.write_text(certificate_text(), encoding="ascii")
    assert resolve({**options, "dcos_ca_path": str(other)}).verify == str(other)
    ca.unlink()
    message = refused(options, kind=TlsError)
    assert "core.ssl_verify in " in message


@pytest.mark.parametrize("value", ['"false"', "false", '"0"', '"true"', "true"])
def test_the_cli_cannot_switch_verification_off(value: str, tmp_path: Path) -> None:
    file = cli(tmp_path)
    with file.open("a", encoding="utf-8") as out:
        out.write(f"ssl_verify = {value}\n")
    assert resolve({"dcos_config": str(tmp_path)}).verify is True


def test_a_token_stays_out_of_the_repr(tmp_path: Path) -> None:
    cli(tmp_path, token=MARK)
    found = attached_cluster(str(tmp_path))
    assert found is not None
    assert found.token == MARK
    assert MARK not in repr(found)


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    file = cli(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(DcosError, match="is not a regular file") as caught:
        attached_cluster(str(tmp_path))
    assert not isinstance(caught.value, CredentialsError)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "loop") for name in (".dcos", ".dcos/clusters", ".dcos/dcos.toml", ".dcos/clusters/c1/attached")),
        *((name, "file") for name in (".dcos", ".dcos/clusters")),
    ],
)
def test_an_unreadable_folder_is_reported(name: str, kind: str, bare_surroundings: Path) -> None:
    """A link to itself stands for a folder that only root may enter, since tests may run as root."""
    cli(bare_surroundings / ".dcos", attached=False)
    path = bare_surroundings / name
    if path.is_dir():
        path.rename(bare_surroundings / "away")
    if kind == "loop":
        path.symlink_to(path)
    else:
        path.touch()
    assert refused(kind=DcosError).startswith(f"dcos_config: cannot read {bare_surroundings}/.dcos")


def test_a_missing_library_is_named_with_the_alternative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python before 3.11 brings no parser of its own."""
    cli(tmp_path)
    for name in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DcosError, match="needs the Python library tomli") as caught:
        attached_cluster(str(tmp_path))
    assert "give dcos_url and credentials" in caught.value.message
