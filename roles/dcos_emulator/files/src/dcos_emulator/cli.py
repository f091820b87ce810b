# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__, settings
from .daemon import PASSWORD_VARIABLE, launch, set_faults, stop
from .datadir import DataDir
from .identifiers import is_valid_id

_HIGHEST_PORT = 65535
_OPEN_WAYS_IN = "permissive"
_PASSWORD_LENGTH = 5
_LONGEST_LIFETIME = 100 * 365 * 86400


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    # Everything in the data directory belongs to its user alone.
    os.umask(0o077)
    command: Callable[[argparse.ArgumentParser, argparse.Namespace], int] = options.command
    try:
        return command(parser, options)
    except settings.EmulatorError as error:
        print(f"dcos-emulator: {error}", file=sys.stderr)
    except OSError as error:
        print(f"dcos-emulator: {error.filename or options.data_dir}: {error.strerror}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dcos-emulator", description="A local stand-in for one DC/OS cluster.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    data_dir = argparse.ArgumentParser(add_help=False)
    data_dir.add_argument("--data-dir", required=True, type=Path, metavar="DIR", help="where the cluster is kept")

    serving = commands.add_parser("serve", parents=[data_dir], allow_abbrev=False, help="run a cluster")
    serving.set_defaults(command=_serve)
    serving.add_argument(
        "--variant",
        choices=settings.VARIANTS,
        default=settings.ENTERPRISE,
        help=f"default: {settings.ENTERPRISE}; {settings.OPEN_1_12} stands for 1.12 and all before",
    )
    serving.add_argument(
        "--security-mode",
        choices=settings.SECURITY_MODES,
        help="required, but not for an open cluster, which has none: there it only says whether http and https answer, "
        f"as in that mode; default there: {_OPEN_WAYS_IN}",
    )
    serving.add_argument(
        "--authentication",
        choices=("true", "false"),
        default="true",
        help="false lets everybody in without a token, on an open cluster only; default: true",
    )
    serving.add_argument("--http-port", type=_port, default=0, metavar="N", help="0, the default, takes a free one")
    serving.add_argument("--https-port", type=_port, default=0, metavar="N", help="0, the default, takes a free one")
    serving.add_argument("--superuser", type=_uid, default=settings.DEFAULT_SUPERUSER, metavar="UID")
    serving.add_argument(
        "--superuser-password",
        metavar="TEXT",
        help=f"better by the environment variable {PASSWORD_VARIABLE}; default: {settings.DEFAULT_PASSWORD}",
    )
    serving.add_argument(
        "--list-superuser",
        choices=("true", "false"),
        default="true",
        help="false leaves that user out of the lists of users and members; default: true",
    )
    serving.add_argument(
        "--auth-token-lifetime", type=_lifetime, default=settings.DEFAULT_TOKEN_LIFETIME, metavar="SECONDS"
    )
    serving.add_argument("--dcos-version", type=_version, metavar="VERSION", help="default: one of the variant")
    serving.add_argument("--detach", action="store_true", help="run in the background, return when it answers")
    serving.add_argument(
        "--stop-at-eof", action="store_true", help="stop when standard input ends, and so with whoever started it"
    )

    stopping = commands.add_parser("stop", parents=[data_dir], allow_abbrev=False, help="stop it; fine if none runs")
    stopping.set_defaults(command=_stop)

    id_token = commands.add_parser(
        "id-token",
        parents=[data_dir],
        allow_abbrev=False,
        help="print an ID token of the identity provider that an open cluster trusts",
    )
    id_token.set_defaults(command=_id_token)
    id_token.add_argument("--email", required=True, metavar="ADDRESS", help="who it is for")
    id_token.add_argument("--lifetime", type=_any_lifetime, default=settings.DEFAULT_TOKEN_LIFETIME, metavar="SECONDS")
    id_token.add_argument(
        "--claim",
        action="append",
        type=_claim,
        default=[],
        metavar="NAME=JSON",
        help="a claim that replaces or joins the usual ones, or with null leaves one out: email_verified=false",
    )
    id_token.add_argument("--rotate-key", action="store_true", help="let the provider sign with a new key from now on")

    faults = commands.add_parser("fault", parents=[data_dir], allow_abbrev=False, help="set and show faults")
    faults.set_defaults(command=_fault)
    faults.add_argument("faults", nargs="?", metavar="JSON", help="a list of faults, or one; [] clears; none shows")
    return parser


def _serve(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    _complete(parser, options)
    if options.https_port and options.security_mode == "disabled":
        parser.error("argument --https-port: there is no https in security mode disabled")
    if options.detach and options.stop_at_eof:
        parser.error("argument --stop-at-eof: in the background there is no standard input")
    password = options.superuser_password
    source = "argument --superuser-password"
    if password is None:
        password = os.environ.get(PASSWORD_VARIABLE) or settings.DEFAULT_PASSWORD
        source = PASSWORD_VARIABLE
    if len(password) < _PASSWORD_LENGTH:
        parser.error(f"{source}: the password must have at least {_PASSWORD_LENGTH} characters")
    data_dir = DataDir(options.data_dir)
    try:
        data_dir.create()
    except OSError as error:
        parser.error(f"argument --data-dir: {error.filename}: {error.strerror}")
    if options.detach:
        return _detach(options, password, data_dir)
    if not data_dir.acquire_lock():
        raise settings.EmulatorError(_busy(data_dir))
    # The web server's imports take most of a short command's time, so only the command that needs them pays.
    from .server import serve

    serve(
        settings.Settings(
            security_mode=options.security_mode,
            http_port=options.http_port,
            https_port=options.https_port,
            superuser=options.superuser,
            superuser_password=password,
            list_superuser=options.list_superuser == "true",
            auth_token_lifetime=options.auth_token_lifetime,
            dcos_version=options.dcos_version,
            variant=options.variant,
            authentication=options.authentication == "true",
        ),
        data_dir,
        stop_at_eof=options.stop_at_eof,
    )
    return 0


def _complete(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse what does not fit the variant, and put its defaults in place."""
    is_open = options.variant != settings.ENTERPRISE
    if options.security_mode is None:
        if not is_open:
            parser.error("the following arguments are required: --security-mode")
        options.security_mode = _OPEN_WAYS_IN
    if options.authentication == "false" and not is_open:
        parser.error("argument --authentication: only that of an open cluster can be switched off")
    if options.dcos_version is None:
        options.dcos_version = settings.DEFAULT_VERSIONS[options.variant]
    has_iam = settings.is_since(options.dcos_version, *settings.OPEN_IAM_SINCE)
    if is_open and has_iam is not (options.variant == settings.OPEN):
        side = "1.13 and later" if options.variant == settings.OPEN else "1.12 and before"
        parser.error(f"argument --dcos-version: the variant {options.variant} is that of {side}")


def _id_token(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from .identity_provider import IdentityProvider, UnreachableProvider

    provider = IdentityProvider(DataDir(options.data_dir).identity_provider_key)
    try:
        provider.published_key()  # only a cluster that was started has one
        if options.rotate_key:
            provider.rotate_key()
        print(provider.id_token(options.email, options.lifetime, dict(options.claim)))
    except UnreachableProvider:
        raise settings.EmulatorError(f"--data-dir: no open cluster was ever started on {options.data_dir}") from None
    return 0


def _detach(options: argparse.Namespace, password: str, data_dir: DataDir) -> int:
    if data_dir.owner() is not None:
        raise settings.EmulatorError(_busy(data_dir))
    arguments = ["--data-dir", str(data_dir.path)]
    for name in (
        "variant",
        "security_mode",
        "authentication",
        "http_port",
        "https_port",
        "superuser",
        "list_superuser",
        "auth_token_lifetime",
        "dcos_version",
    ):
        # One word each: a value that begins with a hyphen stays a value.
        arguments.append(f"--{name.replace('_', '-')}={getattr(options, name)}")
    _process, endpoints = launch(arguments, password, data_dir)
    print(endpoints.url)
    return 0


def _busy(data_dir: DataDir) -> str:
    return f"--data-dir: an emulator (process {data_dir.owner()}) runs on {data_dir.path} already"


def _stop(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    print("stopped" if stop(DataDir(options.data_dir)) else "not running")
    return 0


def _fault(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    faults = None
    if options.faults is not None:
        try:
            faults = json.loads(options.faults)
        except ValueError as error:
            parser.error(f"argument JSON: {error}")
        if isinstance(faults, dict):
            faults = [faults]
    print(json.dumps(set_faults(DataDir(options.data_dir), faults)["faults"]))
    return 0


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"not a port number: {text!r}")
    return int(text)


def _lifetime(text: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text) or not 0 < int(text) <= _LONGEST_LIFETIME:
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text!r}")
    return int(text)


def _any_lifetime(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,10}", text):
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text!r}")
    return int(text)


def _claim(text: str) -> tuple[str, object]:
    name, sign, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not NAME=JSON: {text!r}" if sign else f"no value in {text!r}") from None


def _uid(text: str) -> str:
    if not is_valid_id(text) or text.endswith("\n"):
        raise argparse.ArgumentTypeError(f"not a user id: {text!r}")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"[0-9]+\.[0-9]+[A-Za-z0-9.+-]*", text):
        raise argparse.ArgumentTypeError(f"not a DC/OS version: {text!r}")
    return text
