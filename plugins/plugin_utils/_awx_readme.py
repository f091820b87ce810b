# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The README of the kit for AWX."""

from __future__ import annotations

from collections.abc import Iterable

from ._awx_model import Kit

_TEXT = """\
# DC/OS service identities in AWX

Written by the playbook `dcos.security.awx_kit`, which replaces these files when it runs again. Nothing here is secret.

| | |
|---|---|
| `project/` | the project: playbooks, their collection, an inventory, the definition of an execution environment |
| `import.yml` | credential type, credential, project, inventory, job templates, workflow, schedules; for `awx import` |
| `configuration/` | the same as variables of `infra.aap_configuration` |

## Five steps

1. Put the content of `project/` under version control, at the root of a repository. {repository}

2. {environment}

3. Import the objects into the organization {organization}, which must exist, with one of the two:

   ```bash
   awx -f yaml import < import.yml
   ansible-playbook infra.aap_configuration.configure_aap -e aap_configs_dir="$PWD/configuration"
   ```

   `awx` finds AWX by the variables `CONTROLLER_HOST` and `CONTROLLER_OAUTH_TOKEN`.
   A second import updates the objects and leaves what you filled in in step 4.

4. Open the credential **{credential}** and fill in the URL of the cluster, its CA bundle, and one way to log in:
   user and password, service account and private key, or a token. Leave the other fields empty.

5. Launch **{report}**. It changes nothing, and shows that the connection works. Then launch
   **{check}**, and the same without "(check)". {schedules}

## Try it without AWX

`ansible-runner` starts the playbooks as AWX does, with the connection from the environment:

```bash
ansible-galaxy collection install -r project/collections/requirements.yml
export DCOS_URL=https://dcos.example.com DCOS_USERNAME=admin DCOS_PASSWORD=... DCOS_TLS_CA_PATH="$PWD/dcos-ca.crt"
ansible-runner run . --inventory "$PWD/project/inventory.yml" --playbook show_access.yml
```

It leaves a folder `artifacts/`, where `command` holds the environment with the password. Remove it.

## Job templates

| Job template | |
|---|---|
{templates}

The workflow **{workflow}** provisions services, provisions them again and logs in as each, and shows who may do what.

| Schedule | |
|---|---|
{schedule_rows}
"""


def readme(kit: Kit) -> str:
    """In five steps from the files to a job."""
    settings = kit.settings
    names = {template.playbook: template.name for template in reversed(kit.templates)}
    checks = {template.playbook: template.name for template in kit.templates if template.checks}
    return _TEXT.format(
        repository=(
            f"The project **{settings.project}** fetches it from `{settings.scm_url}`."
            if settings.scm_url
            else f"Then write the kit again with `dcos_awx_scm_url`. Without a repository, copy it to the folder "
            f"`{settings.project}` below AWX's folder of projects."
        ),
        environment=(
            f"Build the execution environment and push it as `{settings.image}`: in `project/` run "
            f"`ansible-builder build --tag {settings.image}`, then push it with your container engine."
            if settings.image
            else "The default execution environment of the organization must have the Python libraries that "
            "`project/execution-environment.yml` lists. Otherwise build one with `ansible-builder build` in `project/` "
            "and write the kit again with `dcos_awx_execution_environment_image`."
        ),
        organization=f"**{settings.organization}**",
        credential=settings.credential,
        report=names["show_access.yml"],
        check=checks["provision_service.yml"],
        schedules=(
            "The schedules run already."
            if settings.schedules_enabled
            else "Enable the schedules that you want; they are switched off at first."
        ),
        workflow=kit.workflow.name,
        templates=_rows((each.name, each.description) for each in kit.templates if not each.checks),
        schedule_rows=_rows((each.name, each.description) for each in kit.schedules),
    )


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"| {name} | {text} |" for name, text in rows)
