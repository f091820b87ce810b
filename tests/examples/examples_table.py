# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example, what it takes for granted, and which of its tasks report a change: the first time, and again."""

from __future__ import annotations

from examples_support import Example, Group

GUIDES = "docs/docsite/rst"
PLUGINS = "plugins/modules"

# Tasks of the roles.
KEY = "Store the key for the service"
ACCOUNT = "Create the service account with that key"
GRANTS = "Grant what the service needs"
PAIR = "Keep the key pair in files"
FINISH = "Promote or remove the next key"
RETIRED = "Remove the service account and its grants"
FORGOTTEN = "Remove the service account's secret"
UNUSED = "Delete unused ACLs"
DATA_DIR = "Make the data directory"
STARTED = "Start the emulator in the background"

PROVISIONED = (KEY, ACCOUNT, GRANTS)

# An account of a preset-less service has nothing to be granted.
BARE = (KEY, ACCOUNT)

JOURNALS = """
- ansible.builtin.file: {path: journals, state: directory, mode: "0700"}
- ansible.builtin.copy:
    content: >-
      type=audit authorizer=mesos-master uid=kafka-principal action=create
      object=dcos:mesos:master:framework:role:kafka-role result=deny
    dest: journals/{{ item }}.log.gz
    mode: "0600"
  loop: [master-1, master-2]
"""
"""What is named like a packed file need not be one."""

KEYTAB = """
- ansible.builtin.copy: {content: any bytes, dest: shop.keytab, mode: "0600"}
"""

MODULES = Group(
    accounts={"ci": "ci.pem", "reader": "", "kafka-principal": ""},
    public_keys=["cassandra-2.pub.pem"],
    groups=["developers"],
    warnings=["CA bundle is trusted on first use"],
    examples=[
        # First of all: later ones leave superusers behind.
        Example(
            f"{GUIDES}/access.rst",
            "Look for faults in the permissions on the cluster",
            changed=["Write the HTML page"],
            again=["Write the HTML page"],
        ),
        Example(
            f"{PLUGINS}/dcos_keypair.py",
            "Make a key pair",
            changed=[
                "Make a key pair",
                "Make the next key of a rotation beside it",
                "Put it in place of the one before",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_service_account.py",
            "Create the account of a service",
            before="""
            - dcos.security.dcos_group: {gid: databases}
            """,
            changed=[
                "Create the account of a service",
                "Give it another key, with everything that it is granted",
                "Give it what a group of services is granted",
                "Retire it",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_sa_secret.py",
            "Make a key and store it, nobody sees it",
            changed=[
                "Make a key and store it, nobody sees it",
                "Create the account with the public half",
                "Store a key of your own for a service outside of the cluster",
                "Store the key a second time as PEM, for a package that reads no document",
                "Delete the secret",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_acl_grant.py",
            "Grant what a scheduler needs in strict mode",
            before="""
            - dcos.security.dcos_acl_grant: {uid: cassandra-principal, rid: dcos:superuser, actions: [full]}
            - dcos.security.dcos_acl_grant: {uid: reader, rid: dcos:adminrouter:package, actions: [full]}
            """,
            changed=[
                "Grant what a scheduler needs in strict mode",
                "Allow a group to work on one group of services",
                "Grant from a list that somebody typed, and stop at a typo in it",
                "Leave an account with exactly one grant",
                "Take the superuser permission away, whatever its actions",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_user.py",
            "Create a user with a first password, and leave it alone from then on",
            changed=[
                "Create a user with a first password, and leave it alone from then on",
                "Set the password of a user",
                "Create a user who logs in through a SAML provider",
                "Take a user out of all groups",
                "Delete a user",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_group.py",
            "Make a group of people and services",
            changed=[
                "Make a group of people and services",
                "Leave exactly one member in it",
                "Make somebody a superuser",
                "Delete the group with what it grants",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_initial_superuser.py",
            "Retire the user of the installation",
            changed=["Retire the user of the installation"],
        ),
        Example(f"{PLUGINS}/dcos_user_info.py", "Read all users"),
        Example(f"{PLUGINS}/dcos_group_info.py", "Read all groups"),
        Example(f"{PLUGINS}/dcos_access_info.py", "Read who may do what"),
        Example(
            f"{PLUGINS}/dcos_secret.py",
            "Store a password that is kept in a vault",
            before=KEYTAB,
            changed=[
                "Store a password that is kept in a vault",
                "Make a password that nobody sees",
                "Store a file",
                "Delete a secret",
            ],
        ),
        Example(f"{PLUGINS}/dcos_secret_info.py", "List the secrets of one service"),
        Example(
            f"{GUIDES}/secrets.rst",
            "Give an app its secrets",
            use_case=True,
            changed=["Store the keytab", "Write the definition of the app, which refers to them"],
        ),
        Example(
            f"{GUIDES}/marathon_app.rst",
            "Provision an app that runs inside and outside",
            changed=[
                "Give the app its identity",
                "Keep a copy of its service-account secret, for the machine outside",
                "Make its password, which nobody needs to know",
            ],
        ),
        Example(
            f"{GUIDES}/secrets.rst",
            "Forget the key for sessions",
            changed=["Forget the key for sessions", "Make another one"],
        ),
        Example(
            f"{GUIDES}/secrets.rst",
            "Write a configuration from the secret store",
            changed=["Log in once for all lookups", "Write the configuration"],
            again=["Log in once for all lookups"],
        ),
        Example(
            "plugins/lookup/dcos_secret.py",
            "Write a configuration with a password from the secret store",
            before="""
            - dcos.security.dcos_secret: {path: prod/shop/truststore, src: dcos-ca.crt}
            """,
            changed=[
                "Write a configuration with a password from the secret store",
                "Write a file from the secret store",
                "Read two secrets with one login, one of which need not exist",
            ],
        ),
        Example("plugins/lookup/dcos_token.py", "Ask an API of the cluster that no module is for"),
        Example(f"{PLUGINS}/dcos_acl_grant_info.py", "Read what an account may do"),
        Example(
            f"{PLUGINS}/dcos_audit_info.py",
            "Read what Kafka was denied in the last two hours",
            before=JOURNALS,
            changed=["Grant what is missing"],
        ),
        Example("plugins/filter/audit_tables.yml", "Read what Kafka was denied"),
        Example("plugins/filter/permissions_from_audit.yml", "Read what Kafka was denied and used"),
        Example(f"{GUIDES}/least_privilege.rst", "Look for services that lack permissions"),
        Example(f"{PLUGINS}/dcos_sa_secret_info.py", "Read which key is stored"),
        Example(f"{PLUGINS}/dcos_service_account_info.py", "Read all service accounts"),
        Example(
            f"{PLUGINS}/dcos_token.py",
            "Log in once for the whole play",
            changed=[
                "Log in once for the whole play",
                "Keep a token for other programs, renewed a day ahead",
                "Try whether a service can log in with what is stored for it",
            ],
            again=[
                "Log in once for the whole play",
                "Try whether a service can log in with what is stored for it",
            ],
        ),
        Example(
            f"{PLUGINS}/dcos_services.py",
            "Provision the services of a team",
            changed=[
                "Provision the services of a team",
                "Write down what was made",
                "Give all of them new keys, four at a time",
                "Retire two services",
            ],
            again=["Give all of them new keys, four at a time"],
        ),
        Example("plugins/filter/services_summary.yml", "Provision two services", changed=["Provision two services"]),
        Example("plugins/filter/services_from_csv.yml", "Show the services of a table"),
        Example("plugins/filter/services_of_hosts.yml", "Add a service to the inventory, which would stand in a file"),
        Example(
            f"{PLUGINS}/dcos_ca.py",
            "Keep the bundle whose root is known",
            before="""
            - ansible.builtin.copy: {src: dcos-ca.crt, dest: ca-bundle.crt, mode: "0644"}
            - ansible.builtin.file: {path: dcos-ca.crt, state: absent}
            """,
            changed=[
                "Keep the bundle whose root is known",
                "Keep what a test cluster offers, with its fingerprint in a warning to compare",
                "Keep a bundle that was copied from a master over SSH",
            ],
        ),
        Example(f"{PLUGINS}/dcos_cluster_info.py", "Read mode and version"),
        Example("plugins/filter/access_tables.yml", "Read who may do what"),
        Example(
            "plugins/filter/access_page.yml",
            "Read who may do what, for a page",
            changed=["Write the page"],
        ),
        Example("plugins/filter/awx_kit.yml", "Show which files the kit has"),
        Example("plugins/filter/from_survey.yml", "Name the services that are restarted"),
        Example("plugins/filter/service_plan.yml", "Show the grants of a service in strict mode"),
        Example(
            "README.md",
            "dcos.security",
            around="""
            - hosts: localhost
              gather_facts: false
              tasks:
                - name: Read it
                  ansible.builtin.include_vars: {file: FILE, name: requirements}
                - name: See that the collection is called what it is called
                  ansible.builtin.assert:
                    that: "requirements == {'collections': [{'name': 'dcos.security'}]}"
            """,
        ),
        Example("README.md", "- hosts: localhost", changed=PROVISIONED),
        Example(
            "README.md",
            "Store a key that was made for the service",
            changed=[
                "Store a key that was made for the service",
                "Create the account",
                "Grant exactly this, revoke everything else",
            ],
        ),
    ],
)

ROLE = Group(
    examples=[
        Example("roles/dcos_service/README.md", "Provision Cassandra", changed=PROVISIONED),
        Example(
            f"{GUIDES}/role.rst",
            "dcos_service_preset: [scheduler_minimum, watches_marathon]",
            around="""
            - hosts: localhost
              gather_facts: false
              vars_files: [FILE]
              vars:
                dcos_service_name: /prod/watcher
              roles:
                - dcos.security.dcos_service
            """,
            changed=PROVISIONED,
        ),
        # Nobody has that key: a plain run.
        Example(f"{GUIDES}/role.rst", "Replace a key that became known", changed=PROVISIONED),
    ],
)

AUTHENTICATION = Group(
    connection=False,
    dcos_cli=True,
    examples=[
        Example(f"{GUIDES}/authentication.rst", "Name the connection once for the whole play"),
        Example(f"{GUIDES}/authentication.rst", "Use what the DC/OS CLI knows"),
        Example(
            f"{GUIDES}/authentication.rst",
            "Keep the CA bundle of the cluster",
            before="""
            - ansible.builtin.file: {path: dcos-ca.crt, state: absent}
            """,
            changed=["Keep the CA bundle of the cluster"],
        ),
        Example(f"{GUIDES}/authentication.rst", "Log in once", changed=["Get a token"], again=["Get a token"]),
        Example(f"{GUIDES}/authentication.rst", "Wait until the cluster is ready for services"),
        Example(
            f"{GUIDES}/performance.rst",
            "Provision the services of a shop with one login",
            changed=["Get a token for the whole play", *PROVISIONED],
            again=["Get a token for the whole play"],
        ),
        Example(
            f"{GUIDES}/authentication.rst",
            "Make an account for automation",
            changed=[
                "Make its key pair",
                "Create the account with the public half",
                "Grant the permissions that provisioning needs",
            ],
        ),
        Example(f"{GUIDES}/authentication.rst", "Provision as the automation account", changed=BARE),
    ],
)

PROVISIONING = Group(
    accounts={"reporter": "reporter.pem", "legacy": ""},
    examples=[
        Example(
            f"{GUIDES}/authentication.rst",
            "Keep a token for another program",
            changed=["Keep a token for another program"],
        ),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Provision Kafka",
            changed=[*PROVISIONED, "Write the package options that refer to it"],
        ),
        Example(f"{GUIDES}/provisioning.rst", "Provision with a tag"),  # the same service
        Example(f"{GUIDES}/provisioning.rst", "Provision the services of a team", changed=PROVISIONED),
        Example(
            f"{GUIDES}/fleet.rst",
            "Provision the services of a team",
            changed=["Give each of them its identity"],
        ),
        Example(
            f"{GUIDES}/fleet.rst",
            "Provision what can be provisioned",
            fails=["Provision two services, one of them with a slip"],
        ),
        Example(f"{GUIDES}/fleet.rst", "Provision from a table", changed=["Provision what the table lists"]),
        Example(
            f"{GUIDES}/fleet.rst",
            "Rotate the keys of two services",
            changed=["Give them new keys, one after the other"],
            again=["Give them new keys, one after the other"],
        ),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Provision step by step",
            changed=[
                "Store a key that was made for the service",
                "Create the account with the public half",
                "Grant exactly this",
            ],
        ),
        Example(f"{GUIDES}/provisioning.rst", "Provision a service in a group with a quota", changed=PROVISIONED),
        Example(f"{GUIDES}/provisioning.rst", "Move a service to the role of its group", changed=[GRANTS]),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Provision a service that runs as app",
            changed=[*PROVISIONED, "Allow Marathon to start the service as its Linux user"],
        ),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Provision Jenkins",
            changed=[*PROVISIONED, "Write the package options that refer to it"],
        ),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Provision a service that is in a group",
            before="""
            - dcos.security.dcos_group: {gid: databases}
            """,
            changed=PROVISIONED,
        ),
        Example(f"{GUIDES}/troubleshooting.rst", "Look for what interrupted runs left"),
        Example(f"{GUIDES}/provisioning.rst", "Bring a service up with superuser power", changed=PROVISIONED),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Grant what was denied, and revoke the superuser power",
            changed=[GRANTS],
        ),
        Example(f"{GUIDES}/provisioning.rst", "Provision with a preset of your own", changed=PROVISIONED),
        Example(
            f"{GUIDES}/provisioning.rst",
            "Provision a deployment pipeline outside the cluster",
            changed=["Make a folder for its key", PAIR, KEY, ACCOUNT, GRANTS],
        ),
        Example(f"{GUIDES}/provisioning.rst", "Retire the crawler", changed=[RETIRED, FORGOTTEN, UNUSED]),
        Example(f"{GUIDES}/provisioning.rst", "Retire the spider", changed=[RETIRED, FORGOTTEN]),
        Example(
            f"{GUIDES}/authentication.rst",
            "Keep the token of a program that reports",
            changed=["Renew the token before it expires"],
        ),
        Example(f"{GUIDES}/troubleshooting.rst", "Branch on the code of a failure", fails=["Store a key"]),
        Example(
            f"{GUIDES}/troubleshooting.rst",
            "Use a permission that was granted just now",
            changed=["Let the account read the security mode"],
        ),
    ],
)

KEYS = Group(
    warnings=["account search does not exist"],
    examples=[
        Example(
            f"{GUIDES}/keys.rst",
            "Store a key of your own",
            changed=[
                "Make the key pair, or keep the one that is there",
                "Create the account",
                "Store the private half where the service reads it",
            ],
        ),
        Example(
            f"{GUIDES}/keys.rst",
            "Give Jenkins an account",
            use_case=True,
            changed=[
                "Make a key, store the document, and the key alone beside it",
                "Create the account of Jenkins",
            ],
        ),
        Example(
            f"{GUIDES}/keys.rst",
            "Rotate a key in files in stages",
            changed=[
                "Make the next key in a file",
                "Store it beside the key in use",
                "Give the account the key in the file",
                "Put it where the service reads it, from the file",
                "Put the next key file in place",
            ],
            again=[
                "Make the next key in a file",
                "Store it beside the key in use",
                "Give the account the key in the file",
                "Put it where the service reads it, from the file",
                "Put the next key file in place",
            ],
        ),
        Example(
            f"{GUIDES}/keys.rst",
            "Rotate in stages",
            changed=[
                "Store the next key beside the one in use",
                "Give the account the next key",
                "Put it where the service reads it",
            ],
            # Each rotation is another one.
            again=[
                "Store the next key beside the one in use",
                "Give the account the next key",
                "Put it where the service reads it",
            ],
        ),
        Example(
            f"{GUIDES}/keys.rst",
            "Give a service a new key",
            before="""
            - ansible.builtin.include_role: {name: dcos.security.dcos_service}
              vars: {dcos_service_name: /prod/hdfs, dcos_service_preset: hdfs}
            """,
            changed=[KEY, ACCOUNT, FINISH],
            again=[KEY, ACCOUNT, FINISH],
        ),
        Example(f"{GUIDES}/keys.rst", "Replace a key that is known to others"),
        Example(
            f"{GUIDES}/keys.rst",
            "Rotate the keys of all services, five at a time",
            before="""
            - ansible.builtin.add_host:
                name: hdfs
                groups: dcos_services
                dcos_service_name: /prod/hdfs
              changed_when: false
            """,
            changed=["Rotate the keys"],
            again=["Rotate the keys"],
        ),
        Example(
            f"{GUIDES}/keys.rst",
            "Repair a service after an interruption",
            # As an interruption before the last stage leaves it.
            before="""
            - dcos.security.dcos_sa_secret:
                path: prod/hdfs/hdfs-secret
                uid: prod__hdfs-principal
                generate_key: true
                security_mode: strict
                rotate: prepare
              register: prepared
            - dcos.security.dcos_service_account:
                uid: prod__hdfs-principal
                public_key: "{{ prepared.secret.public_key }}"
                replace_key: true
            """,
            changed=[KEY],
        ),
        Example(
            f"{GUIDES}/check_mode.rst",
            "See what provisioning would do",
            changed=["Store a key", "Create the account", "Grant to an account that is not there yet"],
            again=["Store a key", "Create the account", "Grant to an account that is not there yet"],
        ),
        Example(
            f"{GUIDES}/check_mode.rst",
            "Detect drift",
            before="""
            - ansible.builtin.include_role: {name: dcos.security.dcos_service}
              vars: {dcos_service_name: /prod/indexer, dcos_service_preset: scheduler_stateful}
            """,
        ),
        Example(f"{GUIDES}/security_modes.rst", "Look at the cluster"),
        Example(f"{GUIDES}/security_modes.rst", "Compare the modes"),
    ],
)

PEOPLE = Group(
    examples=[
        Example(
            f"{GUIDES}/people.rst",
            "Let two people in",
            changed=[
                "Make the group of the team",
                "Create a local user with a first password",
                "Create a user who logs in through a SAML provider",
            ],
        ),
        Example(
            f"{GUIDES}/people.rst",
            "Give the services of a shop their common permissions",
            use_case=True,
            changed=[
                "Give each of them its identity",
                "Make them members of one group",
                "Grant to the group what all of them need",
            ],
        ),
        Example(
            f"{GUIDES}/people.rst",
            "Let a team and its pipeline deploy",
            use_case=True,
            changed=[
                "Make the key of the pipeline",
                "Create its account",
                "Create a user",
                "Put both into the group of the team",
                "Allow the team to deploy its services",
            ],
        ),
        Example(
            f"{GUIDES}/people.rst",
            "Let the people of a table in",
            use_case=True,
            before="""
            - ansible.builtin.copy:
                content: |
                  uid,name,team
                  ann@example.com,Ann Archer,sales
                  cleo@example.com,Cleo Cook,support
                dest: people.csv
                mode: "0600"
            """,
            changed=["Create those who are missing", "Put them into the groups of their teams"],
        ),
        Example(
            f"{GUIDES}/people.rst",
            "Make a person a superuser",
            changed=["Put a user into the group of superusers"],
        ),
        Example(f"{GUIDES}/people.rst", "Look for people in no group"),
    ],
)

PERMISSIVE = Group(
    mode="permissive",
    connection=False,
    examples=[
        Example(f"{GUIDES}/security_modes.rst", "Prepare a service for strict mode", changed=PROVISIONED),
    ],
)

DISABLED = Group(
    mode="disabled",
    connection=False,
    warnings=["travel to http://dcos.example.com in the clear"],
    examples=[
        Example(f"{GUIDES}/security_modes.rst", "Provision on a cluster in disabled mode", changed=BARE),
    ],
)

OPEN = Group(
    variant="open",
    examples=[
        Example(f"{GUIDES}/open_dcos.rst", "Read what kind of cluster it is"),
        Example(
            f"{GUIDES}/open_dcos.rst",
            "Let a colleague log in to an open cluster",
            changed=["Let a colleague log in to an open cluster"],
        ),
        Example(
            f"{GUIDES}/open_dcos.rst",
            "Look at an open cluster",
            changed=["Exchange the ID token and keep the result"],
        ),
        Example(
            f"{GUIDES}/open_dcos.rst",
            "Make an account for automation on an open cluster",
            changed=["Make its key pair", "Create the account with the public key"],
        ),
    ],
)

EMULATOR = Group(
    connection=False,
    data_dirs=["cluster", ".cluster"],
    examples=[
        Example(
            "roles/dcos_emulator/README.md",
            "Provision a service against a stand-in",
            changed=[DATA_DIR, STARTED, "Make a key pair", "Make an account"],
        ),
        Example(
            f"{GUIDES}/emulator.rst",
            "Test with a cluster that loses connections",
            changed=[DATA_DIR, STARTED, "Check that the task finds out what happened"],
        ),
    ],
)

IN_PACKAGING = [
    Example(f"{GUIDES}/emulator.rst", title)
    for title in ("Provision a service", "Verify", "Provision the cart", "Test")
]
"""Run by tests/packaging, where the collection is installed as its users install it."""
