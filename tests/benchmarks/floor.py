# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor: a client without Ansible that does the least there is to do, with threads that keep their connections.

Cold, it makes the key and writes: it reads nothing, takes every conflict for an error, judges nothing and verifies no
login. Repeated, it reads what can tell that nothing has changed: a list, and of each service the grants and the secret.

Started by run.py in a process of its own; the work is in its standard input, the outcome in its output.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from work import IAM, LOGIN_ENDPOINT, SECRETS, Service, encode_rid, services

_PEM = serialization.Encoding.PEM


class Floor:
    def __init__(self, url: str, ca: str, uid: str, password: str) -> None:
        self._url = url
        self._ca = ca
        self._own = threading.local()
        self._headers = {"Content-Type": "application/json"}
        token = json.loads(self._call("POST", f"{IAM}/auth/login", {"uid": uid, "password": password}))["token"]
        self._headers["Authorization"] = f"token={token}"
        del self._own.session

    def make(self, service: Service) -> None:
        key = rsa.generate_private_key(65537, 2048)
        private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        public = key.public_key().public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        document = {
            "uid": service.account,
            "private_key": private,
            "scheme": "RS256",
            "login_endpoint": LOGIN_ENDPOINT,
        }
        account = {"description": service.description, "public_key": public}
        self._call("PUT", f"{SECRETS}/{service.secret}", {"value": json.dumps(document)})
        self._call("PUT", f"{IAM}/users/{service.account}", account)
        for rid, action in service.grants:
            acl = f"{IAM}/acls/{encode_rid(rid)}"
            self._call("PUT", acl, {"description": "bench"})
            self._call("PUT", f"{acl}/users/{service.account}/{action}")

    def read_accounts(self) -> None:
        listed = json.loads(self._call("GET", f"{IAM}/users?type=service"))["array"]
        self._keys = {user["uid"]: user["public_key"] for user in listed}

    def check(self, service: Service) -> None:
        direct = json.loads(self._call("GET", f"{IAM}/users/{service.account}/permissions"))["direct"]
        grants = [(entry["rid"], action["name"]) for entry in direct for action in entry["actions"]]
        stored = json.loads(json.loads(self._call("GET", f"{SECRETS}/{service.secret}"))["value"])
        private = serialization.load_pem_private_key(
            stored["private_key"].encode(), None, unsafe_skip_rsa_key_validation=True
        )
        public = private.public_key().public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        if sorted(grants) != sorted(service.grants) or self._keys[service.account] != public:
            raise RuntimeError(f"{service.name} is not what it was")

    def _call(self, method: str, path: str, body: object = None) -> bytes:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            # Looking for proxies and .netrc takes longer than the rest of a request.
            session.trust_env = False
            session.headers.update(self._headers)
            session.verify = self._ca
        data = None if body is None else json.dumps(body)
        answer = session.request(method, self._url + path, data=data, timeout=60)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.content


def main() -> None:
    job = json.load(sys.stdin)
    todo = services(job["services"])
    start = time.perf_counter()
    floor = Floor(job["url"], job["ca"], job["uid"], job["password"])
    with ThreadPoolExecutor(job["threads"]) as pool:
        if job["repeated"]:
            floor.read_accounts()
            list(pool.map(floor.check, todo))
        else:
            list(pool.map(floor.make, todo))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    json.dump({"seconds": seconds, "peak_memory": peak}, sys.stdout)


if __name__ == "__main__":
    main()
