# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Where connection settings and credentials come from: the task, the environment, the DC/OS CLI; in this order.

A complete credential set of one source wins as a whole over those of later sources, an incomplete one is an error: it
is never completed from elsewhere, since a user name of one place with a password of another is nobody's intention.
Nothing is sent from here.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Iterable, Mapping, Union
from urllib.parse import urlsplit

from .._crypto.rsa_keys import load_private_key
from .._errors import CredentialsError, DcosError, TlsError
from .._files import check_path, is_utf8, read_bytes, read_private
from .._rules.identifiers import check_uid
from .._rules.truth import read_truth
from .cli_config import (
    DEFAULT_FOLDER,
    CliCluster,
    attached_cluster,
)
from .http import is_loopback

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_WAYS = ("dcos_password", "dcos_private_key", "dcos_private_key_path")
CREDENTIAL_OPTIONS = ("dcos_token", "dcos_id_token", "dcos_username", *_WAYS)

DEFAULT_TIMEOUT = 30
DEFAULT_RETRIES = 3


@dataclass(frozen=True)
class TokenCredentials:
    """An authentication token that somebody got before."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class PasswordCredentials:
    """Login of a user."""

    uid: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class KeyCredentials:
    """Login as a service account."""

    uid: str
    key: RSAPrivateKey = field(repr=False)


@dataclass(frozen=True)
class IdTokenCredentials:
    """Login to an open cluster with the ID token of an identity provider."""

    id_token: str = field(repr=False)


LoginCredentials = Union[PasswordCredentials, KeyCredentials, IdTokenCredentials]
Credentials = Union[TokenCredentials, LoginCredentials]


@dataclass(frozen=True)
class NoCredentials:
    """There are none. That is only an error once somebody needs them, and then with this message."""

    message: str


@dataclass(frozen=True)
class Site:
    """A cluster's address and how patiently to talk to it."""

    url: str
    timeout: float
    retries: int


@dataclass(frozen=True)
class Connection(Site):
    """Everything that is known before the first request.

    verify: path of a CA bundle, True for the system's store, False for none.
    credentials_from: the source in words, for results and messages.
    """

    verify: bool | str
    credentials: Credentials | NoCredentials
    credentials_from: str | None


def resolve(
    options: Mapping[str, object], environ: Mapping[str, str], warn: Callable[[str], None], hide: Callable[[str], None]
) -> Connection:
    """Bring the options of a task, the environment and the CLI's configuration together.

    options: the task's C(dcos_*) options, None or empty text where unset.
    hide: told each secret that is met.
    """
    source = _Sources(options, environ)
    cli = _Lazy(source)
    site = named(_site(source, cli, hide))
    _check_plain_http(site.url, source.boolean("dcos_allow_http", "DCOS_ALLOW_HTTP", False), warn)
    credentials, origin = _credentials(source, cli, site.url, hide, warn)
    verify = _verify(source, cli, site.url, warn)
    return Connection(
        site.url, site.timeout, site.retries, verify=verify, credentials=credentials, credentials_from=origin
    )


def left_open(options: Mapping[str, object], names: Iterable[str]) -> list[str]:
    """The names of options that a less specific source may give: credentials come from one source as a whole."""
    taken = {*options}
    if any(options.get(name) not in (None, "") for name in CREDENTIAL_OPTIONS):
        taken.update(CREDENTIAL_OPTIONS)
    return [name for name in names if name not in taken]


def resolve_site(options: Mapping[str, object], environ: Mapping[str, str], hide: Callable[[str], None]) -> Site | None:
    """The same without credentials and verification, for what is asked before there are any; None if none is named.

    Whether that is an error is for the asking: C(named) says so.
    """
    source = _Sources(options, environ)
    return _site(source, _Lazy(source), hide)


def named(site: Site | None) -> Site:
    """The site, which is needed now."""
    if site is None:
        raise CredentialsError(
            "dcos_url: no cluster is named. Set dcos_url or DCOS_URL, or attach one with 'dcos cluster attach'."
        )
    return site


def _site(source: _Sources, cli: _Lazy, hide: Callable[[str], None]) -> Site | None:
    option, text = "dcos_url", source.text("dcos_url", "DCOS_URL")
    if text is None:
        cluster = cli.cluster()
        if cluster is None or cluster.url is None:
            return None
        option, text = f"core.dcos_url in {cluster.file}", cluster.url
    return Site(
        check_url(text, option, hide),
        source.number("dcos_timeout", "DCOS_TIMEOUT", DEFAULT_TIMEOUT, 1, 3600),
        source.number("dcos_retries", "DCOS_RETRIES", DEFAULT_RETRIES, 0, 20),
    )


def check_url(text: str, option: str, hide: Callable[[str], None] = lambda secret: None) -> str:
    """Return the base URL without trailing slashes; a path is kept. Everything that could mislead is refused.

    hide: told what could be a password in it, which would otherwise show among the arguments of the module.
    """
    if "@" in text:  # anywhere: what is no proper URL must not be quoted below with a password in it
        before = text.rpartition("@")[0]
        for secret in (text, before, before.rpartition("//")[2], before.rpartition(":")[2]):
            if secret:
                hide(secret)
        raise CredentialsError(
            f"{option}: the URL holds an '@', so it may hold a user name and password. Give credentials with "
            "dcos_username and dcos_password; in a URL they end up in logs."
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise DcosError(f"{option}: this is not a URL. Use https://HOST[:PORT][/PREFIX].") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise DcosError(f"{option}: {text!r} is not a URL of a cluster. Use https://HOST[:PORT][/PREFIX].")
    if parts.query or parts.fragment or text.endswith(("?", "#")) or re.search(r"[\s\\]", text):
        raise DcosError(
            f"{option}: {parts.scheme}://{parts.netloc} must not be followed by a query, fragment or blanks."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


class _Sources:
    """One option after the other from the task, then from its environment variable; empty text counts as unset."""

    def __init__(self, options: Mapping[str, object], environ: Mapping[str, str]) -> None:
        self._options = options
        self._environ = environ

    def task(self, option: str) -> str | None:
        return _as_text(self._options.get(option), option)

    def env(self, variable: str) -> str | None:
        return _as_text(self._environ.get(variable), variable)

    def text(self, option: str, variable: str | None) -> str | None:
        value = self.task(option)
        return value if value is not None or variable is None else self.env(variable)

    def name(self, option: str, variable: str | None) -> str:
        """What to call the place a value came from, in messages."""
        return option if self.task(option) is not None or variable is None else variable

    def boolean(self, option: str, variable: str, default: bool) -> bool:
        text = self.text(option, variable)
        if text is None:
            return default
        truth = read_truth(text)
        if truth is None:
            raise DcosError(f"{self.name(option, variable)}: {text!r} is neither true nor false.")
        return truth

    def number(self, option: str, variable: str, default: int, minimum: int, maximum: int) -> int:
        text = self.text(option, variable)
        if text is None:
            return default
        if not (re.fullmatch("[0-9]{1,9}", text) and minimum <= int(text) <= maximum):
            raise DcosError(
                f"{self.name(option, variable)}: {text!r} is not a whole number from {minimum} to {maximum}."
            )
        return int(text)


def _as_text(value: object, name: str) -> str | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not is_utf8(text):
        raise DcosError(f"{name}: this is not UTF-8 text. Nothing was sent. Give it in UTF-8.")
    return text


class _Lazy:
    """The CLI's configuration, read at most once and only when something is still missing."""

    def __init__(self, source: _Sources) -> None:
        self._source = source
        self.was_read = False
        self._cluster: CliCluster | None = None

    def cluster(self) -> CliCluster | None:
        if not self.was_read:
            self.was_read = True
            folder = self._source.text("dcos_config", "DCOS_DIR")
            name = self._source.name("dcos_config", "DCOS_DIR")
            if folder is not None:
                check_path(folder, name)
            if folder is not None and not os.path.isdir(os.path.expanduser(folder)):
                raise DcosError(f"{name}: there is no folder {folder}. It must hold the DC/OS CLI's configuration.")
            self._cluster = attached_cluster(DEFAULT_FOLDER) if folder is None else attached_cluster(folder, name)
        return self._cluster

    def cluster_at(self, url: str) -> CliCluster | None:
        """The CLI's cluster if it is the one at C(url): its token and CA are meant for no other."""
        cluster = self.cluster()
        if cluster is None or cluster.url is None or check_url(cluster.url, f"core.dcos_url in {cluster.file}") != url:
            return None
        return cluster


def _check_plain_http(url: str, allowed: bool, warn: Callable[[str], None]) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname):
        return
    if not allowed:
        raise TlsError(
            f"dcos_url: {url} is plain http: tokens, passwords and private keys would be readable on the way. Use "
            "https, or set dcos_allow_http for a cluster in 'disabled' mode, which has no TLS."
        )
    warn(f"Credentials and keys travel to {url} in the clear (dcos_allow_http).")


def _verify(source: _Sources, cli: _Lazy, url: str, warn: Callable[[str], None]) -> bool | str:
    if urlsplit(url).scheme == "http":
        return True
    ca_path, ca_name = source.text("dcos_ca_path", "DCOS_TLS_CA_PATH"), source.name("dcos_ca_path", "DCOS_TLS_CA_PATH")
    variable = source.env("DCOS_SSL_VERIFY")
    validate = True
    if source.task("dcos_validate_certs") is not None:
        validate = source.boolean("dcos_validate_certs", "DCOS_SSL_VERIFY", True)
    elif source.task("dcos_ca_path") is None and variable is not None:
        # A task that names a bundle wants it used. As in the DC/OS CLI this variable may name a bundle, too.
        truth = read_truth(variable)
        if truth is not None:
            validate = truth
        elif ca_path is None:
            ca_path, ca_name = variable, "DCOS_SSL_VERIFY"
    if not validate:
        warn(f"The certificate of {url} is not verified: whoever is in between can read and change everything.")
        return False
    if ca_path is None:
        # Only where URL or token came from there too: a play that names both does not depend on the CLI's files.
        cluster = cli.cluster_at(url) if cli.was_read else None
        if cluster is None or cluster.ca_path is None:
            return True
        ca_path, ca_name = cluster.ca_path, f"core.ssl_verify in {cluster.file}"
    return _check_bundle(ca_path, ca_name)


def _check_bundle(path: str, name: str) -> str:
    try:
        read_bytes(path, name)  # opening a pipe, as the library does, would wait for ever
    except DcosError as exc:
        raise TlsError(exc.message) from None
    expanded = os.path.expanduser(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(expanded)
    except ssl.SSLError:
        raise TlsError(f"{name}: {path} holds no certificates in PEM form that can be used.") from None
    except OSError as exc:
        raise TlsError(f"{name}: cannot read the CA bundle {path}: {exc.strerror}.") from None
    return expanded


def _credentials(
    source: _Sources, cli: _Lazy, url: str, hide: Callable[[str], None], warn: Callable[[str], None]
) -> tuple[Credentials | NoCredentials, str | None]:
    """The first complete set, and the words for where it is from."""
    found = _from_task(source, hide, warn)
    if found is not None:
        return found, "task"
    found = _from_environment(source, hide, warn)
    if found is not None:
        return found, "environment"
    cluster = cli.cluster_at(url)
    if cluster is not None and cluster.token is not None:
        return _token_set(f"core.dcos_acs_token in {cluster.file}", cluster.token, hide), "dcos_config"
    hint = ""
    other = cli.cluster()
    if other is not None and other.token is not None and other.url is not None:
        hint = f" The token in {other.file} belongs to {other.url} and is not sent to {url}."
    message = (
        "There are no credentials: give dcos_token, or dcos_username with dcos_password, dcos_private_key or "
        "dcos_private_key_path, or for an open cluster dcos_id_token; or the variables DCOS_ACS_TOKEN, DCOS_ID_TOKEN, "
        f"or DCOS_USERNAME with DCOS_PASSWORD or DCOS_PRIVATE_KEY_PATH; or log in with the DC/OS CLI.{hint}"
    )
    return NoCredentials(message), None


def _from_task(source: _Sources, hide: Callable[[str], None], warn: Callable[[str], None]) -> Credentials | None:
    given = {option: value for option in CREDENTIAL_OPTIONS for value in [source.task(option)] if value is not None}
    for option in ("dcos_token", "dcos_id_token"):
        if option not in given:
            continue
        others = ", ".join(name for name in given if name != option)
        if others:
            raise CredentialsError(f"{option} is one credential set and {others} another: give one of them.")
        if option == "dcos_token":
            return _token_set(option, given[option], hide)
        return _id_token_set(option, given[option], hide)
    ways = {option: value for option, value in given.items() if option in _WAYS}
    return _login_set("dcos_username", given.get("dcos_username"), ways, hide, warn)


def _from_environment(source: _Sources, hide: Callable[[str], None], warn: Callable[[str], None]) -> Credentials | None:
    token = source.env("DCOS_ACS_TOKEN")
    if token is not None:
        return _token_set("DCOS_ACS_TOKEN", token, hide)
    id_token = source.env("DCOS_ID_TOKEN")
    if id_token is not None:
        return _id_token_set("DCOS_ID_TOKEN", id_token, hide)
    ways = {
        variable: value
        for variable in ("DCOS_PASSWORD", "DCOS_PRIVATE_KEY_PATH")
        for value in [source.env(variable)]
        if value is not None
    }
    return _login_set("DCOS_USERNAME", source.env("DCOS_USERNAME"), ways, hide, warn)


def _token_set(name: str, token: str, hide: Callable[[str], None]) -> TokenCredentials:
    return TokenCredentials(_token(name, token, hide))


def _id_token_set(name: str, token: str, hide: Callable[[str], None]) -> IdTokenCredentials:
    return IdTokenCredentials(_token(name, token, hide))


def _token(name: str, token: str, hide: Callable[[str], None]) -> str:
    """A token as it can be in a header; blanks around it, such as the line end of a file, are dropped."""
    hide(token)
    if re.fullmatch(r"[!-~]+", token.strip()) is None:
        raise CredentialsError(f"{name}: this is not a token: it has blanks, line breaks or other characters inside.")
    return token.strip()


def _login_set(
    uid_name: str,
    uid: str | None,
    ways: Mapping[str, str],
    hide: Callable[[str], None],
    warn: Callable[[str], None],
) -> Credentials | None:
    """A login from the user id and exactly one way to prove it; None when nothing of it is given."""
    if uid is None and not ways:
        return None
    if uid is None:
        raise CredentialsError(f"{', '.join(ways)} without {uid_name} is an incomplete credential set. Give both.")
    if not ways:
        raise CredentialsError(
            f"{uid_name} is given without a password or private key: an incomplete credential set. Give both from "
            "the same place, or neither."
        )
    if len(ways) > 1:
        raise CredentialsError(f"{' and '.join(ways)} are {len(ways)} ways to log in as one account: give one of them.")
    check_uid(uid, uid_name)
    way, value = next(iter(ways.items()))
    if way.lower().endswith("password"):
        hide(value)
        return PasswordCredentials(uid, value)
    pem = value if way == "dcos_private_key" else read_private(value, way, warn)
    hide(pem)
    return KeyCredentials(uid, load_private_key(pem, way))
