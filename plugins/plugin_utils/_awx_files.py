# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The files of the kit for AWX: the project, and the objects for "awx import" and for infra.aap_configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from ..module_utils._api.http import COLLECTION_VERSION
from ._awx_model import JobTemplate, Kit, Node, Schedule
from ._awx_readme import readme
from ._playbooks import ROOT, Playbook

_MADE = "# Written by the playbook dcos.security.awx_kit, which replaces it when it runs again.\n"
_LOCALHOST = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
"""Discovery could find another Python than the one with the libraries."""

_Data = dict[str, object]


def files(kit: Kit) -> dict[str, str]:
    """Their content by path, relative to the folder of the kit."""
    project = {f"project/{path}": content for path, content in _project(kit).items()}
    return {
        **project,
        "import.yml": _yaml(_import(kit)),
        "configuration/controller.yml": _yaml(_configuration(kit)),
        "README.md": readme(kit),
    }


# Project


def _project(kit: Kit) -> dict[str, str]:
    """What is put under version control."""
    return {
        **{f"{playbook.name}.yml": _yaml(_thin(playbook)) for playbook in kit.playbooks},
        "collections/requirements.yml": _yaml({"collections": [_requirement()]}),
        "inventory.yml": _yaml({"all": {"hosts": {"localhost": _LOCALHOST}}}),
        "execution-environment.yml": _yaml(_environment()),
    }


def _thin(playbook: Playbook) -> list[_Data]:
    """AWX runs files of the project only, no playbooks of collections."""
    name = f"dcos.security.{playbook.name}"
    return [{"name": playbook.short_description, "ansible.builtin.import_playbook": name}]


def _requirement() -> _Data:
    return {"name": "dcos.security", "version": COLLECTION_VERSION}


def _environment() -> _Data:
    """For ansible-builder. The collection is in it as well, for projects that do not fetch it."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {
        "version": 3,
        "dependencies": {
            "ansible_core": {"package_pip": "ansible-core"},
            "ansible_runner": {"package_pip": "ansible-runner"},
            "galaxy": {"collections": [_requirement()]},
            "python": [line for line in lines if line and not line.startswith("#")],
        },
    }


# awx import


def _import(kit: Kit) -> _Data:
    """A second import sends the same again. So the credential has no inputs, which would replace what was filled in."""
    keys = _NaturalKeys(kit)
    settings, kind = kit.settings, kit.credential_type
    organization = keys.organization
    environment = {"execution_environment": keys.environment} if settings.image else {}

    def template(each: JobTemplate) -> _Data:
        schedules = [schedule(one, keys.template(each.name)) for one in kit.schedules if one.template == each.name]
        return {
            **_template_fields(each),
            "inventory": keys.inventory,
            "project": keys.project,
            **environment,
            "natural_key": keys.template(each.name),
            # The order counts: AWX judges the answers of a schedule by the survey.
            "related": {
                "credentials": [keys.credential],
                "survey_spec": _survey(each.name, each.survey),
                **({"schedules": schedules} if schedules else {}),
            },
        }

    def schedule(each: Schedule, of: _Data) -> _Data:
        return {
            **_schedule_fields(kit, each),
            "unified_job_template": of,
            "natural_key": {"type": "schedule", "name": each.name, "unified_job_template": of},
        }

    def node(each: Node) -> _Data:
        edges = {"success_nodes": each.success, "failure_nodes": each.failure, "always_nodes": each.always}
        return {
            "identifier": each.identifier,
            "extra_data": dict(each.answers),
            "all_parents_must_converge": False,
            "unified_job_template": keys.template(each.template),
            "natural_key": keys.node(each.identifier),
            "related": {edge: list(map(keys.node, followers)) for edge, followers in edges.items() if followers},
        }

    return {
        "credential_types": [{**kind, "natural_key": keys.credential_type}],
        "credentials": [
            {
                "name": settings.credential,
                "organization": organization,
                "credential_type": keys.credential_type,
                "natural_key": keys.credential,
            }
        ],
        **({"execution_environments": [{**_image(kit), "organization": organization, "natural_key": keys.environment}]}
           if environment else {}),
        "projects": [
            {
                **_project_fields(kit),
                **({"credential": keys.scm_credential} if settings.scm_credential else {}),
                "organization": organization,
                "natural_key": keys.project,
            }
        ],
        "inventory": [
            {
                "name": settings.inventory,
                "organization": organization,
                "natural_key": keys.inventory,
                "related": {
                    "hosts": [
                        {
                            "name": "localhost",
                            "inventory": keys.inventory,
                            "variables": yaml.safe_dump(_LOCALHOST, sort_keys=False),
                            "natural_key": {"type": "host", "name": "localhost", "inventory": keys.inventory},
                        }
                    ]
                },
            }
        ],
        "job_templates": list(map(template, kit.templates)),
        "workflow_job_templates": [
            {
                **_workflow_fields(kit),
                "organization": organization,
                "natural_key": keys.workflow,
                "related": {
                    "survey_spec": _survey(kit.workflow.name, kit.workflow.survey),
                    "workflow_nodes": list(map(node, kit.workflow.nodes)),
                },
            }
        ],
    }  # fmt: skip


class _NaturalKeys:
    """How an object is named where AWX is imported into: there it has another number."""

    def __init__(self, kit: Kit) -> None:
        settings, kind = kit.settings, kit.credential_type
        self.organization: _Data = {"type": "organization", "name": settings.organization}
        self.credential_type: _Data = {"type": "credential_type", "name": kind["name"], "kind": kind["kind"]}
        self.credential = {**self._owned("credential", settings.credential), "credential_type": self.credential_type}
        source_control = {"type": "credential_type", "name": "Source Control", "kind": "scm"}
        self.scm_credential = {
            **self._owned("credential", settings.scm_credential),
            "credential_type": source_control,
        }
        self.environment: _Data = {"type": "execution_environment", "name": settings.execution_environment}
        self.project = self._owned("project", settings.project)
        self.inventory = self._owned("inventory", settings.inventory)
        self.workflow = self._owned("workflow_job_template", kit.workflow.name)

    def template(self, name: str) -> _Data:
        return self._owned("job_template", name)

    def node(self, identifier: str) -> _Data:
        return {"type": "workflow_job_template_node", "identifier": identifier, "workflow_job_template": self.workflow}

    def _owned(self, kind: str, name: str) -> _Data:
        return {"type": kind, "name": name, "organization": self.organization}


# infra.aap_configuration


def _configuration(kit: Kit) -> dict[str, list[_Data]]:
    """The variables of that collection, where names stand for objects."""
    settings = kit.settings
    organization = {"organization": settings.organization}
    environment = {"execution_environment": settings.execution_environment} if settings.image else {}
    return {
        "controller_credential_types": [dict(_braced(kit.credential_type))],
        "controller_credentials": [
            {"name": settings.credential, **organization, "credential_type": kit.credential_type["name"]}
        ],
        **({"controller_execution_environments": [{**_image(kit), **organization}]} if environment else {}),
        "controller_projects": [
            {
                **_project_fields(kit),
                **({"credential": settings.scm_credential} if settings.scm_credential else {}),
                **organization,
                "scm_type": "git" if settings.scm_url else "manual",
            }
        ],
        "controller_inventories": [{"name": settings.inventory, **organization}],
        "controller_hosts": [
            {"name": "localhost", "inventory": settings.inventory, "variables": dict(_braced(_LOCALHOST))}
        ],
        "controller_templates": [
            {
                **_template_fields(each),
                **organization,
                "inventory": settings.inventory,
                "project": settings.project,
                **environment,
                "credentials": [settings.credential],
                "survey_spec": _survey(each.name, each.survey),
            }
            for each in kit.templates
        ],
        "controller_workflows": [
            {
                **_workflow_fields(kit),
                **organization,
                "survey_spec": _survey(kit.workflow.name, kit.workflow.survey),
                "simplified_workflow_nodes": list(map(_simplified, kit.workflow.nodes)),
            }
        ],
        "controller_schedules": [
            {**_schedule_fields(kit, each), **organization, "unified_job_template": each.template}
            for each in kit.schedules
        ],
    }


def _simplified(node: Node) -> _Data:
    return {
        "identifier": node.identifier,
        "unified_job_template": node.template,
        "extra_data": dict(node.answers),
        "all_parents_must_converge": False,
        "success_nodes": list(node.success),
        "failure_nodes": list(node.failure),
        "always_nodes": list(node.always),
    }


def _braced(data: Any) -> Any:  # noqa: ANN401  # whatever YAML can hold
    """With two blanks between braces, which its roles take out: Ansible would render them before they reach AWX."""
    if isinstance(data, Mapping):
        return {key: _braced(value) for key, value in data.items()}
    if isinstance(data, list):
        return list(map(_braced, data))
    return data.replace("{{", "{  {") if isinstance(data, str) else data


# Both


def _template_fields(template: JobTemplate) -> _Data:
    return {
        "name": template.name,
        "description": template.description,
        "job_type": "check" if template.checks else "run",
        "playbook": template.playbook,
        "diff_mode": template.checks,
        "survey_enabled": True,
        "job_slice_count": template.slices,
        "allow_simultaneous": template.slices > 1,
        "ask_variables_on_launch": True,
        "ask_inventory_on_launch": True,
        "ask_credential_on_launch": True,
        "ask_verbosity_on_launch": True,
    }


def _workflow_fields(kit: Kit) -> _Data:
    return {
        "name": kit.workflow.name,
        "description": kit.workflow.description,
        "survey_enabled": True,
        "ask_variables_on_launch": True,
    }


def _schedule_fields(kit: Kit, schedule: Schedule) -> _Data:
    return {
        "name": schedule.name,
        "description": schedule.description,
        "rrule": schedule.rule,
        "extra_data": dict(schedule.answers),
        "enabled": kit.settings.schedules_enabled,
    }


def _project_fields(kit: Kit) -> _Data:
    settings = kit.settings
    name: _Data = {"name": settings.project}
    if not settings.scm_url:
        return {**name, "scm_type": "", "local_path": settings.project}
    branch = {"scm_branch": settings.scm_branch} if settings.scm_branch else {}
    return {**name, "scm_type": "git", "scm_url": settings.scm_url, **branch, "scm_update_on_launch": True}


def _image(kit: Kit) -> _Data:
    return {"name": kit.settings.execution_environment, "image": kit.settings.image}


def _survey(name: str, questions: Sequence[Mapping[str, object]]) -> _Data:
    return {"name": name, "description": "", "spec": [dict(question) for question in questions]}


class _Dumper(yaml.SafeDumper):
    """Writes every object in full, and lists indented as yamllint wants them."""

    def ignore_aliases(self, data: object) -> bool:
        """No anchors: people read this."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Called for each level."""
        super().increase_indent(flow, False)


def _yaml(data: object) -> str:
    return "---\n" + _MADE + yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
