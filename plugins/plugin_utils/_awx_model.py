# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The objects of the kit for AWX: what there is, whatever form it is written in.

Surveys and the fields of the credential type are made from the list of playbooks, so they cannot drift from these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..module_utils._errors import DcosError
from ..module_utils._rules.truth import read_truth
from ._playbooks import Playbook, Variable, plain, read_playbooks

KIT = "awx_kit"
"""The playbook that writes the kit, whose variables are the settings."""

_PREFIX = "dcos_awx_"
_CREDENTIAL_TYPE = "DC/OS cluster"
_SLICED = "provision_services"


@dataclass(frozen=True)
class Settings:
    """What the user says about the kit."""

    organization: str
    project: str
    scm_url: str
    scm_branch: str
    scm_credential: str
    inventory: str
    credential: str
    execution_environment: str
    image: str
    prefix: str
    slices: int
    schedules_enabled: bool
    token_path: str
    token_host: str


@dataclass(frozen=True)
class JobTemplate:
    """A job template; it runs a file of the project."""

    name: str
    description: str
    playbook: str
    survey: Sequence[Mapping[str, object]]
    checks: bool = False
    slices: int = 1


@dataclass(frozen=True)
class Node:
    """A step of the workflow: which ones follow it."""

    identifier: str
    template: str
    answers: Mapping[str, object] = field(default_factory=dict)
    success: Sequence[str] = ()
    failure: Sequence[str] = ()
    always: Sequence[str] = ()


@dataclass(frozen=True)
class Workflow:
    """A workflow job template."""

    name: str
    description: str
    survey: Sequence[Mapping[str, object]]
    nodes: Sequence[Node]


@dataclass(frozen=True)
class Schedule:
    """When a job template runs by itself, and with which answers."""

    name: str
    description: str
    template: str
    rule: str
    answers: Mapping[str, object]


@dataclass(frozen=True)
class Kit:
    """All of it."""

    settings: Settings
    playbooks: Sequence[Playbook]
    credential_type: Mapping[str, object]
    templates: Sequence[JobTemplate]
    workflow: Workflow
    schedules: Sequence[Schedule]


def make_kit(given: Mapping[str, object]) -> Kit:
    """The kit for variables of the playbook awx_kit, of which empty ones count as unset."""
    listed = {playbook.name: playbook for playbook in read_playbooks()}
    settings = _settings(listed[KIT].variables, given)
    playbooks = {name: playbook for name, playbook in listed.items() if playbook.survey}
    names = {name: settings.prefix + playbook.short_description for name, playbook in playbooks.items()}
    return Kit(
        settings=settings,
        playbooks=list(playbooks.values()),
        credential_type=_credential_type(playbooks["provision_service"].variables),
        templates=[
            each for name, playbook in playbooks.items() for each in _templates(playbook, names[name], settings)
        ],
        workflow=_workflow(playbooks["provision_services"], names, settings),
        schedules=_schedules(names, settings),
    )


# Settings


def _settings(variables: Mapping[str, Variable], given: Mapping[str, object]) -> Settings:
    known = {name: variable for name, variable in variables.items() if name != _PREFIX + "dir"}
    for name in sorted(given.keys() - known.keys()):
        raise DcosError(f"{name}: the kit has no such variable. It has {', '.join(sorted(known))}.")
    texts = {name: _text(variable, given.get(name)) for name, variable in known.items()}

    def text(name: str) -> str:
        return texts[_PREFIX + name]

    # Those of an SSH URL are the name of a user alone.
    if re.match(r"(?i)https?://[^/]*@", text("scm_url")):
        raise DcosError(
            f"{_PREFIX}scm_url: must not hold a user name or password, since the kit holds no secret. Name the "
            f"credential of AWX that reads the repository as {_PREFIX}scm_credential."
        )
    slices = text("slices")
    if not slices.isdecimal() or int(slices) < 1:
        raise DcosError(f"{_PREFIX}slices: must be a whole number of at least 1, not {slices}.")
    enabled = read_truth(text("schedules_enabled"))
    if enabled is None:
        raise DcosError(f"{_PREFIX}schedules_enabled: {text('schedules_enabled')} is neither true nor false.")
    if not text("token_path").startswith("/"):
        raise DcosError(
            f"{_PREFIX}token_path: must be an absolute path, not {text('token_path')}. A relative one is in the "
            "folder of the job, which AWX removes."
        )
    return Settings(
        organization=text("organization"),
        project=text("project"),
        scm_url=text("scm_url"),
        scm_branch=text("scm_branch"),
        scm_credential=text("scm_credential"),
        inventory=text("inventory"),
        credential=text("credential"),
        execution_environment=text("execution_environment"),
        image=text("execution_environment_image"),
        prefix=text("prefix"),
        slices=int(slices),
        schedules_enabled=enabled,
        token_path=text("token_path"),
        token_host=text("token_host"),
    )


def _text(variable: Variable, value: object) -> str:
    if value is not None and value != "":
        return str(value)
    if variable.required:
        raise DcosError(f"{variable.name}: must be given. {plain(variable.description[0])}")
    return "" if variable.default is None else str(variable.default)


# Credential type

_FIELDS: Sequence[tuple[str, str, str, Mapping[str, object]]] = (
    ("url", "URL of the cluster", "dcos_url", {"format": "url"}),
    ("username", "User or service account", "dcos_username", {}),
    ("password", "Password", "dcos_password", {}),
    ("private_key", "Private key of the service account", "dcos_private_key",
     {"multiline": True, "format": "ssh_private_key"}),
    ("token", "Authentication token", "dcos_token", {}),
    ("id_token", "ID token of an open cluster", "dcos_id_token", {}),
    ("ca", "CA bundle", "dcos_ca_path",
     {"multiline": True, "help_text": "PEM text that verifies the certificate of the cluster."}),
    ("insecure", "Do not verify the certificate", "dcos_validate_certs",
     {"help_text": "Anybody on the way to the cluster could then read the password. Every job warns."}),
    ("allow_http", "Allow plain http", "dcos_allow_http", {}),
    ("timeout", "Timeout in seconds", "dcos_timeout", {}),
    ("retries", "Retries", "dcos_retries", {}),
)  # fmt: skip
"""A field, its label, the variable that it stands for, and what differs from that."""


def _credential_type(variables: Mapping[str, Variable]) -> Mapping[str, object]:
    """A field that is not filled in gives empty text, which counts as unset."""
    return {
        "name": _CREDENTIAL_TYPE,
        "description": "Connection to a DC/OS cluster, for the collection dcos.security.",
        "kind": "cloud",
        "inputs": {
            "fields": [_field(name, label, variables[of], more) for name, label, of, more in _FIELDS],
            "required": ["url"],
        },
        "injectors": {
            "file": {"template.ca": "{{ ca }}", "template.private_key": "{{ private_key }}"},
            "env": {
                "DCOS_URL": "{{ url }}",
                "DCOS_USERNAME": "{{ username }}",
                "DCOS_PASSWORD": "{{ password }}",
                "DCOS_PRIVATE_KEY_PATH": "{{ tower.filename.private_key if private_key else '' }}",
                "DCOS_ACS_TOKEN": "{{ token }}",
                "DCOS_ID_TOKEN": "{{ id_token }}",
                "DCOS_TLS_CA_PATH": "{{ tower.filename.ca if ca else '' }}",
                "DCOS_SSL_VERIFY": "{{ 'false' if insecure else '' }}",
                "DCOS_ALLOW_HTTP": "{{ 'true' if allow_http else '' }}",
                "DCOS_TIMEOUT": "{{ timeout }}",
                "DCOS_RETRIES": "{{ retries }}",
            },
        },
    }


def _field(name: str, label: str, variable: Variable, more: Mapping[str, object]) -> Mapping[str, object]:
    kind = "boolean" if variable.type == "bool" else "string"
    secret = {"secret": True} if variable.secret else {}
    return {"id": name, "label": label, "type": kind, **secret, "help_text": plain(variable.description[0]), **more}


# Surveys

_TRUTHS = ("true", "false")
_NUMBERS = {"int": "integer", "float": "float"}


def survey(playbook: Playbook, without: Iterable[str] = ()) -> list[Mapping[str, object]]:
    """The questions of a playbook."""
    return [
        _question(playbook.variables[name], label) for name, label in playbook.survey.items() if name not in {*without}
    ]


def _question(variable: Variable, label: str) -> Mapping[str, object]:
    """AWX sends empty text for an unanswered question, or nothing; both count as unset."""
    kind, choices = _kind(variable)
    # A list of one's own replaces the default one, which a person would have to delete first.
    default = "" if kind == "textarea" or variable.default is None else variable.default
    if isinstance(default, bool):
        default = str(default).lower()
    elif isinstance(default, list):
        default = "\n".join(map(str, default)) if choices else ""
    return {
        "question_name": label,
        "question_description": _help(variable),
        "variable": variable.name,
        "type": kind,
        "required": variable.required,
        "default": default,
        "min": None,
        "max": None,
        "choices": list(choices),
    }


def _kind(variable: Variable) -> tuple[str, Sequence[str]]:
    if variable.type == "bool":
        return "multiplechoice", _TRUTHS
    if variable.choices:
        return ("multiselect" if variable.type == "list" else "multiplechoice"), variable.choices
    if variable.type in _NUMBERS:
        return _NUMBERS[variable.type], ()
    if variable.type == "dict" or variable.elements == "dict":
        return "textarea", ()
    return "text", ()


def _help(variable: Variable) -> str:
    texts = [plain(text) for text in variable.description]
    if variable.type == "list" and not variable.choices:
        several = "A list as JSON text." if variable.elements == "dict" else "Several are a list as JSON text."
        texts.append(several)
        if variable.default:
            texts.append(f"By default {json.dumps(variable.default)}.")
    elif variable.type == "dict":
        texts.append("A dictionary as JSON text.")
    return " ".join(texts)


# Job templates


def _templates(playbook: Playbook, name: str, settings: Settings) -> list[JobTemplate]:
    file = f"{playbook.name}.yml"
    described = " ".join(map(plain, playbook.description))
    questions = survey(playbook)
    templates = [JobTemplate(name, described, file, questions)]
    if not playbook.read_only:
        checked = "Says what would change, and changes nothing. " + described
        templates.append(JobTemplate(f"{name} (check)", checked, file, questions, checks=True))
    if playbook.name == _SLICED:
        # Only an inventory is divided: every slice would provision the whole of a list.
        sliced = "Divides the services of an inventory among several jobs. " + described
        of_inventory = [
            {**each, "required": True, "default": "dcos_services"}
            if each["variable"] == "dcos_services_group"
            else each
            for each in survey(playbook, without=("dcos_services", "dcos_services_files"))
        ]
        templates.append(JobTemplate(f"{name} (slices)", sliced, file, of_inventory, slices=settings.slices))
    return templates


def _workflow(provision: Playbook, names: Mapping[str, str], settings: Settings) -> Workflow:
    """Answers of a workflow win over those of its nodes, so it does not ask what a node answers.

    names: of the job templates that run the playbooks.
    """
    always = {"dcos_services_verify_login": "always"}
    provisioning, report = names["provision_services"], names["show_access"]
    return Workflow(
        name=settings.prefix + "Provision, verify, report",
        description=(
            "Provisions services, provisions them again and logs in as each of them, then shows who may do what. "
            "The report also runs if a step before it fails."
        ),
        survey=survey(provision, without=always),
        nodes=[
            Node("provision", provisioning, success=["verify"], failure=["report"]),
            Node("verify", provisioning, always, always=["report"]),
            Node("report", report),
        ],
    )


def _schedules(names: Mapping[str, str], settings: Settings) -> list[Schedule]:
    """The first day lies in the past and is always the same, so writing the kit again changes nothing."""
    host = {"dcos_hosts": settings.token_host} if settings.token_host else {}
    return [
        Schedule(
            name=settings.prefix + "renew the token",
            description="Looks every hour, and renews the token when less than a day of its life is left.",
            template=names["keep_token"],
            rule="DTSTART:20260101T000000Z RRULE:FREQ=HOURLY;INTERVAL=1",
            answers={"dcos_token_path": settings.token_path, "dcos_token_renew_before": 86400, **host},
        ),
        Schedule(
            name=settings.prefix + "nightly report",
            description="Shows who may do what every night. Findings of high severity make the job fail.",
            template=names["show_access"],
            rule="DTSTART:20260101T020000Z RRULE:FREQ=DAILY;INTERVAL=1",
            answers={"dcos_access_fail_on": "high"},
        ),
        Schedule(
            name=settings.prefix + "rotate keys in batches",
            description="Gives the services of the inventory new keys on the first of each month, a tenth at a time.",
            template=names["rotate_keys"],
            rule="DTSTART:20260101T030000Z RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1",
            answers={"dcos_batch_size": "10%"},
        ),
    ]
