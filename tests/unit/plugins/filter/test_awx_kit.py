# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kit for AWX, judged by the rules by which AWX judges credential types, surveys, job templates and schedules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.dcos.security.plugins.filter import awx_kit as kit_filter
from ansible_collections.dcos.security.plugins.plugin_utils._playbooks import ROOT, read_playbooks

awx_kit = kit_filter.FilterModule().filters()["awx_kit"]
PLAYBOOKS = {playbook.name: playbook for playbook in read_playbooks()}
LEAST = {"dcos_awx_organization": "Default", "dcos_awx_project": "dcos"}
FULL = {
    **LEAST,
    "dcos_awx_scm_url": "https://git.example.com/dcos.git",
    "dcos_awx_scm_branch": "main",
    "dcos_awx_scm_credential": "Git",
    "dcos_awx_inventory": "Services",
    "dcos_awx_credential": "Production",
    "dcos_awx_execution_environment_image": "registry.example.com/dcos:1",
    "dcos_awx_prefix": "Prod: ",
    "dcos_awx_slices": "4",
    "dcos_awx_schedules_enabled": "yes",
    "dcos_awx_token_host": "ci",
    "dcos_awx_token_path": "/run/dcos.token",
}


@pytest.fixture(params=[pytest.param(LEAST, id="least"), pytest.param(FULL, id="full")], scope="module")
def files(request: pytest.FixtureRequest) -> Mapping[str, str]:
    return awx_kit(request.param)


@pytest.fixture(scope="module")
def imported(files: Mapping[str, str]) -> dict[str, Any]:
    return dict(yaml.safe_load(files["import.yml"]))


@pytest.fixture(scope="module")
def configured(files: Mapping[str, str]) -> dict[str, Any]:
    return dict(yaml.safe_load(files["configuration/controller.yml"]))


# Credential type

ENVIRONMENT_OF_AWX = {
    "VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID",
    "AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION",
    "CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH",
}  # fmt: skip


def test_the_credential_type_is_one_that_awx_takes(imported: dict[str, Any]) -> None:
    (kind,) = imported["credential_types"]
    fields = kind["inputs"]["fields"]
    names = [field["id"] for field in fields]
    assert kind["kind"] in ("cloud", "net")
    assert set(kind["inputs"]) == {"fields", "required"}
    assert len(names) == len(set(names))
    assert set(kind["inputs"]["required"]) <= set(names)
    for field in fields:
        assert re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", field["id"])
        assert field["id"] != "tower"
        assert field["type"] in ("string", "boolean")
        assert field["label"]
        assert field["help_text"]
        assert field.keys() <= {
            "id",
            "label",
            "type",
            "help_text",
            "secret",
            "multiline",
            "format",
            "choices",
            "default",
        }
        assert field.get("format") in (None, "ssh_private_key", "url")
        if field["type"] == "boolean":
            assert not field.keys() & {"secret", "multiline", "format", "choices"}
    assert {field["id"] for field in fields if field.get("secret")} == {"password", "private_key", "token", "id_token"}


def test_the_injectors_render(imported: dict[str, Any]) -> None:
    """With every field as AWX tries it, and with none."""
    injectors = imported["credential_types"][0]["injectors"]
    assert set(injectors) == {"file", "env"}
    assert all(re.fullmatch(r"template\.[a-zA-Z_]\w*", name) for name in injectors["file"])
    for name, template in injectors["env"].items():
        assert re.fullmatch(r"[a-zA-Z_]\w*", name)
        assert name not in ENVIRONMENT_OF_AWX
        assert not name.startswith("ANSIBLE_")
        assert template.isascii()
    filename = {name.partition(".")[2]: f"/runner/env/{name}" for name in injectors["file"]}
    filled = dict.fromkeys((field["id"] for field in imported["credential_types"][0]["inputs"]["fields"]), "EXAMPLE")
    strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for template in [*injectors["file"].values(), *injectors["env"].values()]:
        assert strict.from_string(template).render(tower={"filename": filename}, **filled) != ""
    lax = ImmutableSandboxedEnvironment()
    empty = {"insecure": False, "allow_http": False, "tower": {"filename": filename}}
    assert {lax.from_string(template).render(**empty) for template in injectors["env"].values()} == {""}


# Surveys

TYPES: dict[str, Any] = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str,
    "integer": int, "float": (float, int),
}  # fmt: skip


def judge_survey(survey: dict[str, Any]) -> None:
    assert set(survey) == {"name", "description", "spec"}
    assert isinstance(survey["description"], str)
    assert survey["name"]
    assert survey["spec"]
    variables = [question["variable"] for question in survey["spec"]]
    assert len(variables) == len(set(variables))
    for question in survey["spec"]:
        assert all(isinstance(question[each], str) for each in ("question_name", "variable", "type"))
        assert isinstance(question["required"], bool)
        assert question["min"] is None
        assert question["max"] is None
        if question["default"] != "":
            assert isinstance(question["default"], TYPES[question["type"]]), question
        if question["type"] in ("multiplechoice", "multiselect"):
            chosen = question["default"].splitlines()
            assert set(chosen) <= set(question["choices"])
            assert len(chosen) <= 1 or question["type"] == "multiselect"
            assert all(isinstance(choice, str) for choice in question["choices"])
        else:
            assert question["choices"] == []


def test_surveys_are_ones_that_awx_takes(imported: dict[str, Any]) -> None:
    for template in [*imported["job_templates"], *imported["workflow_job_templates"]]:
        assert template["survey_enabled"] is True
        judge_survey(template["related"]["survey_spec"])


def test_questions_have_the_types_and_texts_of_their_variables(imported: dict[str, Any]) -> None:
    surveys = {each["playbook"]: each["related"]["survey_spec"]["spec"] for each in imported["job_templates"]}
    asked = {question["variable"]: question for questions in surveys.values() for question in questions}
    role = yaml.safe_load((ROOT / "roles" / "dcos_service" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    mode = role["argument_specs"]["main"]["options"]["dcos_service_security_mode"]
    shown = asked["dcos_service_security_mode"]
    assert (shown["type"], shown["choices"], shown["default"]) == ("multiplechoice", mode["choices"], "auto")
    assert shown["question_description"].startswith(mode["description"][0])
    kinds = {name: question["type"] for name, question in asked.items()}
    assert kinds["dcos_service_exclusive"] == "multiplechoice"
    assert asked["dcos_service_exclusive"]["default"] == "true"
    assert kinds["dcos_services"] == kinds["dcos_services_defaults"] == kinds["dcos_service_permissions"] == "textarea"
    assert kinds["dcos_token_renew_before"] == "integer"
    assert kinds["dcos_access_show"] == "multiselect"
    assert asked["dcos_service_name"]["required"]
    # A default group beside a list that somebody gave would be rotated as well.
    group = next(each for each in surveys["rotate_keys.yml"] if each["variable"] == "dcos_services_group")
    assert group["default"] == ""
    assert 'By default ["dcos_services"].' in group["question_description"]


# Everything else


def keys_in(data: Any) -> Iterator[dict[str, Any]]:
    """Natural keys, wherever one stands for an object."""
    if isinstance(data, dict):
        if "type" in data and ("name" in data or "identifier" in data) and "natural_key" not in data:
            yield data
        for value in data.values():
            yield from keys_in(value)
    elif isinstance(data, list):
        for each in data:
            yield from keys_in(each)


def test_every_object_that_is_named_is_there(imported: dict[str, Any], files: Mapping[str, str]) -> None:
    def own(data: Any) -> Iterator[str]:
        if isinstance(data, dict):
            if "natural_key" in data:
                yield json.dumps(data["natural_key"], sort_keys=True)
            for value in data.values():
                yield from own(value)
        elif isinstance(data, list):
            for each in data:
                yield from own(each)

    there = list(own(imported))
    assert len(there) == len(set(there))
    organization = {"name": "Default", "type": "organization"}
    kind = {"name": "Source Control", "kind": "scm", "type": "credential_type"}
    git = {"name": "Git", "type": "credential", "organization": organization, "credential_type": kind}
    given = {json.dumps(key, sort_keys=True) for key in (organization, kind, git)}
    objects = {kind: each for kind, each in imported.items() if kind != "credential_types"}
    named = {json.dumps(key, sort_keys=True) for key in keys_in(objects)}
    assert len(named) > 10
    assert named - {*there} <= given


def test_job_templates_run_files_that_awx_recognizes(imported: dict[str, Any], files: Mapping[str, str]) -> None:
    pattern = re.compile(
        r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$"
    )
    templates = imported["job_templates"]
    assert {each["playbook"] for each in templates} == {f"{name}.yml" for name in PLAYBOOKS if name != "awx_kit"}
    for template in templates:
        content = files[f"project/{template['playbook']}"]
        assert any(pattern.match(line) for line in content.splitlines())
        (play,) = yaml.safe_load(content)
        name = template["playbook"].removesuffix(".yml")
        assert play["ansible.builtin.import_playbook"] == f"dcos.security.{name}"
        assert template["job_type"] in ("run", "check")
        assert "organization" not in template, "it is that of the project"
        assert template["job_slice_count"] == 1 or template["allow_simultaneous"]
    checked = {each["playbook"] for each in templates if each["job_type"] == "check"}
    assert {*PLAYBOOKS} - {name.removesuffix(".yml") for name in checked} == {
        "find_permissions", "show_access", "awx_kit",
    }  # fmt: skip


def test_a_sliced_job_takes_its_services_from_the_inventory_only(imported: dict[str, Any]) -> None:
    (sliced,) = (each for each in imported["job_templates"] if each["job_slice_count"] > 1)
    asked = {each["variable"]: each for each in sliced["related"]["survey_spec"]["spec"]}
    assert asked["dcos_services_group"]["required"]
    assert not asked.keys() & {"dcos_services", "dcos_services_files"}


def test_schedules_are_ones_that_awx_takes(imported: dict[str, Any]) -> None:
    schedules = [each for template in imported["job_templates"] for each in template["related"].get("schedules", [])]
    assert len(schedules) == 3
    for schedule in schedules:
        rule = schedule["rrule"]
        assert len(re.findall(r"DTSTART(?:;[^:]+)?:\d{8}T\d{6}Z", rule)) == 1
        rules = re.findall(r"RRULE:(\S+)", rule)
        assert len(rules) == 1
        assert "INTERVAL=" in rules[0]
        assert not re.search(r"SECONDLY|EXDATE|RDATE|COUNT|UNTIL|BYDAY=\d", rule)
    answered = {schedule["name"]: schedule["extra_data"] for schedule in schedules}
    for template in imported["job_templates"]:
        required = {each["variable"] for each in template["related"]["survey_spec"]["spec"] if each["required"]}
        for schedule in template["related"].get("schedules", []):
            assert required <= answered[schedule["name"]].keys(), "nobody is there to answer"
            playbook = PLAYBOOKS[template["playbook"].removesuffix(".yml")]
            assert answered[schedule["name"]].keys() <= playbook.variables.keys()
        assert list(template["related"])[:2] == ["credentials", "survey_spec"], "answers are judged by the survey"


def test_the_workflow_leads_from_one_node_to_the_others(imported: dict[str, Any]) -> None:
    (workflow,) = imported["workflow_job_templates"]
    nodes = {node["identifier"]: node for node in workflow["related"]["workflow_nodes"]}
    edges = {
        name: [key["identifier"] for keys in node["related"].values() for key in keys] for name, node in nodes.items()
    }
    assert edges == {"provision": ["verify", "report"], "verify": ["report"], "report": []}
    asked = {each["variable"] for each in workflow["related"]["survey_spec"]["spec"]}
    for node in nodes.values():
        assert not asked & node["extra_data"].keys(), "answers of the workflow win over those of a node"


def test_both_forms_say_the_same(imported: dict[str, Any], configured: dict[str, Any]) -> None:
    def plain(text: str) -> Any:
        return yaml.safe_load(text.replace("{  {", "{{"))

    kinds, wanted = configured["controller_credential_types"], imported["credential_types"]
    assert plain(json.dumps(kinds[0])) == {key: value for key, value in wanted[0].items() if key != "natural_key"}
    (host,) = configured["controller_hosts"]
    assert plain(json.dumps(host["variables"])) == yaml.safe_load(
        imported["inventory"][0]["related"]["hosts"][0]["variables"]
    )
    one = {each["name"]: each for each in imported["job_templates"]}
    other = {each["name"]: each for each in configured["controller_templates"]}
    assert one.keys() == other.keys()
    for name, template in one.items():
        assert other[name]["survey_spec"] == template["related"]["survey_spec"]
        assert other[name]["credentials"] == [key["name"] for key in template["related"]["credentials"]]
        same = template.keys() - {"natural_key", "related", "inventory", "project", "execution_environment"}
        assert {key: other[name][key] for key in same} == {key: template[key] for key in same}
    schedules = [each for template in one.values() for each in template["related"].get("schedules", [])]
    assert {(each["name"], each["unified_job_template"]["name"], each["rrule"]) for each in schedules} == {
        (each["name"], each["unified_job_template"], each["rrule"]) for each in configured["controller_schedules"]
    }
    assert ("controller_execution_environments" in configured) == ("execution_environments" in imported)


def test_nothing_of_the_configuration_is_a_template(files: Mapping[str, str]) -> None:
    """Ansible would render it before it reaches AWX."""
    assert not re.search("{{|{%", files["configuration/controller.yml"])


def test_what_the_user_says_is_in_the_kit() -> None:
    files = awx_kit(FULL)
    imported = yaml.safe_load(files["import.yml"])
    (project,) = imported["projects"]
    assert (project["scm_type"], project["scm_url"], project["scm_branch"]) == ("git", FULL["dcos_awx_scm_url"], "main")
    assert imported["execution_environments"][0]["image"] == FULL["dcos_awx_execution_environment_image"]
    assert all(each["name"].startswith("Prod: ") for each in imported["job_templates"])
    assert max(each["job_slice_count"] for each in imported["job_templates"]) == 4
    schedules = [each for template in imported["job_templates"] for each in template["related"].get("schedules", [])]
    assert all(each["enabled"] for each in schedules)
    token = next(each["extra_data"] for each in schedules if "dcos_token_path" in each["extra_data"])
    assert (token["dcos_token_path"], token["dcos_hosts"]) == ("/run/dcos.token", "ci")
    assert "**Production**" in files["README.md"]


def test_the_credential_has_no_inputs(
    files: Mapping[str, str], imported: dict[str, Any], configured: dict[str, Any]
) -> None:
    """They would be secrets, or replace those that somebody filled in."""
    for credential in (*imported["credentials"], *configured["controller_credentials"]):
        assert "inputs" not in credential
    assert [path for path, content in files.items() if "PRIVATE KEY-----" in content] == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"dcos_awx_organization": None}, "dcos_awx_organization: must be given. The organization in AWX"),
        ({"dcos_awx_prefx": "x"}, "dcos_awx_prefx: the kit has no such variable. It has dcos_awx_credential, "),
        ({"dcos_awx_scm_url": "https://jo:secret@git.example.com/x"}, "dcos_awx_scm_url: must not hold a user name"),
        ({"dcos_awx_project": ""}, "dcos_awx_project: must be given."),
        ({"dcos_awx_slices": "many"}, "dcos_awx_slices: must be a whole number of at least 1, not many."),
        ({"dcos_awx_slices": 0}, "dcos_awx_slices: must be a whole number of at least 1, not 0."),
        ({"dcos_awx_schedules_enabled": "perhaps"}, "dcos_awx_schedules_enabled: perhaps is neither true nor false."),
        ({"dcos_awx_token_path": "token"}, "dcos_awx_token_path: must be an absolute path, not token."),
    ],
)
def test_wrong_settings_are_refused(variables: dict[str, object], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        awx_kit({**LEAST, **variables})


def test_something_else_than_variables_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="expects the variables"):
        awx_kit("x")
