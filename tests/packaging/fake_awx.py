# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as "awx import" uses: objects are listed, created, replaced and attached to each other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

API = "/api/v2/"
LISTS = {
    "inventory": "inventories",
    **{name: name for name in (
        "users", "organizations", "teams", "credential_types", "credentials", "notification_templates", "projects",
        "inventory_sources", "job_templates", "workflow_job_templates", "execution_environments", "applications",
        "schedules", "hosts", "groups", "labels", "instance_groups", "workflow_job_template_nodes", "ad_hoc_commands",
        "jobs", "roles", "unified_job_templates", "settings", "system_job_templates", "instances",
    )},
}  # fmt: skip
"""The lists by the names under which the API offers them."""

KEYS = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "project": "projects",
    "inventory": "inventories",
    "execution_environment": "execution_environments",
    "unified_job_template": "job_templates",
    "workflow_job_template": "workflow_job_templates",
}
"""Fields that hold the number of another object, and the list that it is in."""

FIELDS = {
    "credential_types": "name description kind inputs injectors",
    "credentials": "name description organization credential_type inputs user team",
    "projects": "name description local_path scm_type scm_url scm_branch scm_refspec scm_clean scm_track_submodules "
    "scm_delete_on_update credential timeout organization scm_update_on_launch scm_update_cache_timeout "
    "allow_override default_environment",
    "inventories": "name description organization kind host_filter variables prevent_instance_group_fallback",
    "hosts": "name description inventory enabled instance_id variables",
    "execution_environments": "name description organization image credential pull",
    "job_templates": "name description job_type inventory project playbook scm_branch forks limit verbosity extra_vars "
    "job_tags force_handlers skip_tags start_at_task timeout use_fact_cache execution_environment host_config_key "
    "ask_scm_branch_on_launch ask_diff_mode_on_launch ask_variables_on_launch ask_limit_on_launch ask_tags_on_launch "
    "ask_skip_tags_on_launch ask_job_type_on_launch ask_verbosity_on_launch ask_inventory_on_launch "
    "ask_credential_on_launch ask_execution_environment_on_launch ask_labels_on_launch ask_forks_on_launch "
    "ask_job_slice_count_on_launch ask_timeout_on_launch ask_instance_groups_on_launch survey_enabled become_enabled "
    "diff_mode allow_simultaneous job_slice_count webhook_service webhook_credential prevent_instance_group_fallback",
    "workflow_job_templates": "name description extra_vars organization survey_enabled allow_simultaneous "
    "ask_variables_on_launch inventory limit scm_branch ask_inventory_on_launch ask_scm_branch_on_launch "
    "ask_limit_on_launch webhook_service webhook_credential ask_labels_on_launch ask_skip_tags_on_launch "
    "ask_tags_on_launch skip_tags job_tags",
    "workflow_job_template_nodes": "extra_data inventory scm_branch job_type job_tags skip_tags limit diff_mode "
    "verbosity execution_environment forks job_slice_count timeout workflow_job_template unified_job_template "
    "all_parents_must_converge identifier",
    "schedules": "rrule name description extra_data inventory scm_branch job_type job_tags skip_tags limit diff_mode "
    "verbosity execution_environment forks job_slice_count timeout unified_job_template enabled",
}
"""What each kind takes; the client leaves out everything else without a word."""

PARTS = {
    "schedules": ("schedules", "unified_job_template"),
    "hosts": ("hosts", "inventory"),
    "workflow_nodes": ("workflow_job_template_nodes", "workflow_job_template"),
}
"""Objects that are created below another one: their list, and their field for it."""

ATTACHED = ("credentials", "success_nodes", "failure_nodes", "always_nodes")


@dataclass
class FakeAwx:
    """The objects, and what was asked."""

    url: str = ""
    objects: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {name: {} for name in LISTS.values()})
    attached: dict[str, list[int]] = field(default_factory=dict)
    surveys: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        number = 1 + sum(map(len, self.objects.values()))
        if kind in ("job_templates", "workflow_job_templates"):
            self.surveys[number] = {}
        self.objects[kind][number] = {**data, "id": number}
        return self.shown(kind, number)

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        return {each.get("name", each.get("identifier")): each for each in self.objects[kind].values()}

    def shown(self, kind: str, number: int) -> dict[str, Any]:
        found = self.objects[kind][number]
        url = f"{API}{kind}/{number}/"
        related = {name: f"{API}{of}/{found[name]}/" for name, of in KEYS.items() if found.get(name)}
        if kind == "job_templates":  # an organization of its own it has not
            related["organization"] = (
                f"{API}organizations/{self.objects['projects'][found['project']]['organization']}/"
            )
        below = {"job_templates": ["survey_spec", "schedules", "credentials"], "inventories": ["hosts"],
                 "workflow_job_templates": ["survey_spec", "workflow_nodes"],
                 "workflow_job_template_nodes": ["success_nodes", "failure_nodes", "always_nodes"]}  # fmt: skip
        related |= {name: f"{url}{name}/" for name in below.get(kind, [])}
        one = {"inventories": "inventory"}.get(kind, kind.removesuffix("s"))
        return {**found, "type": one, "url": url, "related": related, "status": "successful"}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        parts = path.removeprefix(API).strip("/").split("/")
        if path == "/api/":
            return 200, {"available_versions": {"v2": API}, "current_version": API}
        if path == API:
            return 200, {name: f"{API}{of}/" for name, of in LISTS.items()}
        kind = parts[0]
        if len(parts) == 3 and parts[2] == "survey_spec":
            self.surveys[int(parts[1])] = body
            return 200, {}
        if len(parts) == 3 and parts[2] in ATTACHED:
            there = self.attached.setdefault(path, [])
            of = "credentials" if parts[2] == "credentials" else "workflow_job_template_nodes"
            if method == "POST":
                there.append(body["id"])
                return 204, None
            return 200, self.listed(of, there)
        above: dict[str, Any] = {}
        if len(parts) == 3:
            kind, of = PARTS[parts[2]]
            above = {of: int(parts[1])}
            if kind == "schedules" and not self.surveys[int(parts[1])]:
                return 400, {"extra_data": ["There is no survey yet."]}
        if method == "OPTIONS":
            fields = {name: {"type": "id" if name in KEYS else "string"} for name in FIELDS.get(kind, "").split()}
            return 200, {"actions": {"POST": fields}, "search_fields": ["name"]}
        if len(parts) == 2:
            number = int(parts[1])
            if method == "PUT":
                self.objects[kind][number].update(body)
            return 200, self.shown(kind, number)
        if method == "POST":
            return 201, self.add(kind, {**body, **above})
        wanted = {**{name: query[name] for name in ("name", "identifier", "kind") if name in query}, **above}
        return 200, self.listed(kind, [
            number for number, each in self.objects[kind].items()
            if all(each.get(name) == value for name, value in wanted.items())
        ])  # fmt: skip

    def listed(self, kind: str, numbers: list[int]) -> dict[str, Any]:
        results = [self.shown(kind, number) for number in numbers]
        return {"count": len(results), "next": None, "previous": None, "results": results}


@contextmanager
def running() -> Iterator[FakeAwx]:
    """An AWX with one organization, and a credential for its repositories."""
    awx = FakeAwx()
    organization = awx.add("organizations", {"name": "Default"})["id"]
    source_control = awx.add("credential_types", {"name": "Source Control", "kind": "scm"})["id"]
    awx.add("credentials", {"name": "Git", "organization": organization, "credential_type": source_control})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            awx.asked.append((self.command, parts.path))
            status, body = awx.answer(
                self.command, parts.path, dict(parse_qsl(parts.query)), json.loads(text) if text else None
            )
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Allow", "GET, POST, PUT, OPTIONS")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_OPTIONS = handle_one

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the test looks at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    awx.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield awx
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
