# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the connection options; they are read in module_utils/_api/connection.py."""

from __future__ import annotations


class ModuleDocFragment:
    # The minimum versions stand in module_utils/_module/libraries.py too.
    DOCUMENTATION = r"""
requirements:
  - requests >= 2.27
  - PyJWT >= 2.4
  - cryptography >= 42.0
  - tomli, on Python before 3.11 and only to read the configuration of the DC/OS CLI
notes:
  - Connection settings come from the task (C(module_defaults) included), then from environment variables, then from the
    configuration of the DC/OS CLI. Empty text counts as unset for each of these options.
  - A complete set of credentials in the task wins over the environment, and that over the CLI. An incomplete set is an
    error; it is never completed from another source. Sets are O(dcos_token) alone, O(dcos_id_token) alone, or
    O(dcos_username) with one of O(dcos_password), O(dcos_private_key) and O(dcos_private_key_path). In the environment
    E(DCOS_ACS_TOKEN) wins over E(DCOS_ID_TOKEN), and that over a login set.
  - Requests to an open cluster whose authentication is switched off go without credentials, if there are none or the
    cluster refuses them.
  - Files and environment variables are those of the host and user that run the module, normally C(localhost).
  - Redirects are not followed. C(.netrc), E(REQUESTS_CA_BUNDLE) and cookies have no effect; proxies are taken from the
    environment except for loopback addresses.
options:
  dcos_url:
    description:
      - Base URL of the cluster, for example V(https://dcos.example.com). A path is kept as a prefix; trailing slashes
        are dropped. User names, queries and fragments are refused.
      - Falls back to E(DCOS_URL), then to the cluster that the DC/OS CLI is attached to.
    type: str
  dcos_token:
    description:
      - Authentication token, for example from M(dcos.security.dcos_token).
      - Falls back to E(DCOS_ACS_TOKEN), then to the token of the DC/OS CLI, which is only used for the URL it belongs
        to.
    type: str
  dcos_id_token:
    description:
      - OpenID Connect ID token, which an open cluster exchanges for an authentication token. DC/OS Enterprise takes
        none.
      - Falls back to E(DCOS_ID_TOKEN).
    type: str
  dcos_username:
    description:
      - User or service account to log in as.
      - The accounts of DC/OS itself (C(dcos_marathon) and others) are refused.
      - Falls back to E(DCOS_USERNAME).
    type: str
  dcos_password:
    description:
      - Password of O(dcos_username).
      - Falls back to E(DCOS_PASSWORD).
    type: str
  dcos_private_key:
    description:
      - RSA private key (PEM text) of the service account O(dcos_username), at least 2048 bits, not encrypted.
      - It has no environment variable, since a key does not belong there.
    type: str
  dcos_private_key_path:
    description:
      - File with the RSA private key of the service account O(dcos_username). If others may read the file, a warning
        says so.
      - Falls back to E(DCOS_PRIVATE_KEY_PATH).
    type: path
  dcos_ca_path:
    description:
      - PEM bundle that verifies the certificate of the cluster. It must exist and hold a certificate; ignored for
        C(http) URLs.
      - Falls back to E(DCOS_TLS_CA_PATH), then to the bundle of the DC/OS CLI if URL or token come from there, then to
        the system's store.
    type: path
  dcos_validate_certs:
    description:
      - Whether the certificate of the cluster is verified. The default is to verify it; V(false) always causes a
        warning.
      - Falls back to E(DCOS_SSL_VERIFY), which may also be the path of a bundle, as for the DC/OS CLI.
    type: bool
  dcos_allow_http:
    description:
      - Whether plain C(http) to a host that is not loopback is allowed. Needed for a cluster in C(disabled) mode, which
        has no TLS. Refused unless set to V(true), which always causes a warning.
      - Falls back to E(DCOS_ALLOW_HTTP).
    type: bool
  dcos_timeout:
    description:
      - How many seconds, from 1 to 3600, to wait for a connection, and for each part of an answer. The default is 30.
      - Falls back to E(DCOS_TIMEOUT).
    type: int
  dcos_retries:
    description:
      - How often, from 0 to 20, a request is repeated after a lost connection, a 502, 503 or 504, or a 429. The default
        is 3.
      - The waits are 0.2, 0.4, 0.8 ... seconds with some jitter, or what the server asks for, up to 10 seconds.
      - Before a write is repeated, the module reads back whether it happened.
      - Falls back to E(DCOS_RETRIES).
    type: int
  dcos_config:
    description:
      - Folder of the DC/OS CLI. Its attached cluster is the last source of URL, token and CA.
      - Falls back to E(DCOS_DIR), then to C(~/.dcos). If this source is needed and the named folder does not exist,
        that is an error.
    type: path
"""

    LOOKUP = r"""
notes:
  - A lookup has no task of its own. In place of the task, its settings come from its options, then from the variables
    C(ansible_dcos_url), C(ansible_dcos_token) and so on. C(module_defaults) do not reach lookups.
  - A set of credentials among the options of a lookup wins over those in variables.
  - Files and environment variables are those of the host and user that run C(ansible-playbook), and the libraries are
    needed there.
options:
  dcos_url:
    vars:
      - name: ansible_dcos_url
  dcos_token:
    vars:
      - name: ansible_dcos_token
  dcos_id_token:
    vars:
      - name: ansible_dcos_id_token
  dcos_username:
    vars:
      - name: ansible_dcos_username
  dcos_password:
    vars:
      - name: ansible_dcos_password
  dcos_private_key:
    vars:
      - name: ansible_dcos_private_key
  dcos_private_key_path:
    vars:
      - name: ansible_dcos_private_key_path
  dcos_ca_path:
    vars:
      - name: ansible_dcos_ca_path
  dcos_validate_certs:
    vars:
      - name: ansible_dcos_validate_certs
  dcos_allow_http:
    vars:
      - name: ansible_dcos_allow_http
  dcos_timeout:
    vars:
      - name: ansible_dcos_timeout
  dcos_retries:
    vars:
      - name: ansible_dcos_retries
  dcos_config:
    vars:
      - name: ansible_dcos_config
"""
