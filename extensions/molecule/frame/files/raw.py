# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster holds of services, and services put there, by plain requests: nothing of the collection is used.

raw.py URL CA        prints accounts, ACLs and secrets as JSON
raw.py URL CA make   puts there what stands on stdin: {uid: {secret: path, grants: ["rid action"], groups: [gid]}}

The password of bootstrapuser comes from DCOS_PASSWORD.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

URL, CA = sys.argv[1], sys.argv[2] or True
IAM = "/acs/api/v1"
SECRETS = "/secrets/v1/secret/default/"
session = requests.Session()
session.trust_env = False


def ask(path: str) -> Any:
    answer = session.get(URL + path, verify=CA, timeout=30)
    answer.raise_for_status()
    return answer.json()


def put(path: str, body: Any = None) -> None:
    """Make something; what is there already is fine."""
    answer = session.put(URL + path, json=body, verify=CA, timeout=30)
    if answer.status_code != 409:
        answer.raise_for_status()


def log_in(**body: str) -> str | None:
    answer = session.post(f"{URL}{IAM}/auth/login", json=body, verify=CA, timeout=30)
    return answer.json()["token"] if answer.status_code == 200 else None


def fingerprint(public_key: Any) -> str:
    der = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def account(uid: str) -> dict[str, Any]:
    user = ask(f"{IAM}/users/{uid}")
    direct = ask(f"{IAM}/users/{uid}/permissions")["direct"]
    return {
        "description": user["description"],
        "fingerprint": fingerprint(serialization.load_pem_public_key(user["public_key"].encode())),
        "grants": sorted(f"{entry['rid']} {action['name']}" for entry in direct for action in entry["actions"]),
        "groups": sorted(entry["group"]["gid"] for entry in ask(f"{IAM}/users/{uid}/groups")["array"]),
    }


def secret(path: str) -> dict[str, Any]:
    """A service-account document without its key, and whether that key logs its account in."""
    document = json.loads(ask(f"{SECRETS}{path}")["value"])
    pem = document.pop("private_key")
    key = serialization.load_pem_private_key(pem.encode(), None)
    token = jwt.encode({"uid": document["uid"], "exp": int(time.time()) + 60}, pem, "RS256")
    return {
        **document,
        "is_pkcs8": pem.startswith("-----BEGIN PRIVATE KEY-----"),
        "fingerprint": fingerprint(key.public_key()),
        "logs_in": log_in(uid=document["uid"], token=token) is not None,
    }


def look() -> dict[str, Any]:
    uids = [user["uid"] for user in ask(f"{IAM}/users?type=service")["array"] if not user["uid"].startswith("dcos_")]
    return {
        "accounts": {uid: account(uid) for uid in sorted(uids)},
        "acls": sorted(entry["rid"] for entry in ask(f"{IAM}/acls")["array"]),
        "secrets": {path: secret(path) for path in sorted(ask(f"{SECRETS}?list=true")["array"])},
    }


def make(uid: str, grants: list[str], groups: list[str], path: str | None = None) -> None:
    """Grants and memberships; with the path of a secret the account, too."""
    if path is not None:
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        put(f"{IAM}/users/{uid}", {"description": uid, "public_key": public.decode()})
        document = {"uid": uid, "private_key": pem, "scheme": "RS256", "login_endpoint": f"{URL}{IAM}/auth/login"}
        put(f"{SECRETS}{path}", {"value": json.dumps(document)})
    for grant in grants:
        rid, action = grant.replace("/", "%252F").split()
        put(f"{IAM}/acls/{rid}", {"description": "made by hand"})
        put(f"{IAM}/acls/{rid}/users/{uid}/{action}")
    for gid in groups:
        put(f"{IAM}/groups/{gid}", {"description": gid})
        put(f"{IAM}/groups/{gid}/users/{uid}")


session.headers["Authorization"] = f"token={log_in(uid='bootstrapuser', password=os.environ['DCOS_PASSWORD'])}"
if "make" in sys.argv[3:]:
    for uid, wanted in json.load(sys.stdin).items():
        make(uid, wanted["grants"], wanted["groups"], wanted.get("secret"))
else:
    print(json.dumps(look()))
