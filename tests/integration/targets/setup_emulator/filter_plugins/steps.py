# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the targets need to judge a step, computed by other means than the collection's."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LOGIN = "/acs/api/v1/auth/login"
CONNECTED_AS = "bootstrapuser"
WRITES = ("PUT", "PATCH", "DELETE")
SURROUNDINGS = ("ansible_loop_var", "changed", "cluster", "diff", "failed", "invocation", "turn")
# What Ansible adds about a file whose attributes a module looked after.
FILE_ATTRIBUTES = ("gid", "group", "mode", "owner", "path", "size", "state", "uid")


# Results


def module_values(result: dict[str, Any], masked: bool = False) -> dict[str, Any]:
    """What the module itself returned."""
    dropped = [*SURROUNDINGS, *(FILE_ATTRIBUTES if "mode" in result else ())]
    shown = {
        name: _without_summary(value)
        for name, value in result.items()
        if name not in {*dropped, *SUMMARY} and not name.startswith("_ansible")
    }
    return dict(_mask(shown, result) if masked else shown)


SUMMARY = ("created", "key_made", "permissions_held")
"""What results say for summaries only; unit tests of the filter services_summary show it."""


def _without_summary(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_summary(part) for part in value]
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if name not in SUMMARY}
    return value


def module_diff(result: dict[str, Any], masked: bool = False) -> dict[str, Any]:
    diff = result["diff"]
    if isinstance(diff, list):
        # That of a file's attributes apart from that of its content.
        diff = {half: [part[half] for part in diff if half in part] for half in ("before", "after")}
    diff = {half: diff[half] for half in ("before", "after")}
    return dict(_mask(diff, result) if masked else diff)


def _mask(shown: dict[str, Any], result: dict[str, Any]) -> Any:
    """What each run makes anew is replaced by a word."""
    values = [part for value in result.values() for part in (value if isinstance(value, list) else [value])]
    made = [value for value in values if isinstance(value, dict) and "fingerprint" in value]
    words = {each[name]: f"<{name}>" for each in made for name in ("fingerprint", "public_key") if each.get(name)}
    if result.get("expires_at"):
        words[result["expires_at"]] = "<expires_at>"
    kind = f"RSA {result['keypair']['size']} " if result.get("keypair") else ""
    words["a new key"] = f"{kind}<fingerprint>"  # in check mode
    text = json.dumps(shown)
    for value, word in words.items():
        text = text.replace(json.dumps(value)[1:-1], word)
    shown = json.loads(text)
    return {**shown, **({"expires_in": "<expires_in>"} if shown.get("expires_in") else {})}


# Traces


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def writes_by_turn(requests: list[dict[str, Any]]) -> list[list[str]]:
    """The writes of each module run: it begins with the login of its connection, after which others may come."""
    turns: list[list[str]] = []
    for request in requests:
        if request["path"] == LOGIN and request["uid"] == CONNECTED_AS:
            turns.append([])
        elif request["method"] in WRITES:
            turns[-1].append(f"{request['method']} {request['path']}")
    return turns


def files_below(folder: str) -> dict[str, Any]:
    """All files with content, mode and the time of their last change."""
    return {
        str(path.relative_to(folder)): {
            "text": path.read_text(encoding="utf-8"),
            "mode": f"{path.stat().st_mode & 0o777:04o}",
            "changed_at": path.stat().st_mtime_ns,
        }
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


# Keys


def rsa_key(bits: int) -> str:
    """A new private key, PKCS#8."""
    return _private_pem(rsa.generate_private_key(65537, bits), serialization.PrivateFormat.PKCS8)


def pkcs1(pem: str) -> str:
    """The same key in the older form."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    return _private_pem(key, serialization.PrivateFormat.TraditionalOpenSSL)


def public_key(pem: str) -> str:
    return _public_pem(pem, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_pkcs1(pem: str) -> str:
    return _public_pem(pem, serialization.PublicFormat.PKCS1)


def key_fingerprint(pem: str) -> str:
    """As results show it."""
    key = serialization.load_pem_private_key(pem.encode(), None).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def _private_pem(key: Any, form: serialization.PrivateFormat) -> str:
    return str(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode())


def _public_pem(pem: str, form: serialization.PublicFormat) -> str:
    key = serialization.load_pem_private_key(pem.encode(), None).public_key()
    return str(key.public_bytes(serialization.Encoding.PEM, form).decode())


# Certificates


def own_ca(pem: str) -> str:
    """The certificate of a CA with this key, which nobody knows."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Another CA")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())  # type: ignore[arg-type]
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def certificate_view(pem: str) -> dict[str, str]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        "not_before": certificate.not_valid_before_utc.strftime(form),
        "not_after": certificate.not_valid_after_utc.strftime(form),
    }


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {
            "certificate_view": certificate_view,
            "files_below": files_below,
            "json_lines": json_lines,
            "key_fingerprint": key_fingerprint,
            "module_diff": module_diff,
            "module_values": module_values,
            "own_ca": own_ca,
            "pkcs1": pkcs1,
            "public_key": public_key,
            "public_pkcs1": public_pkcs1,
            "rsa_key": rsa_key,
            "writes_by_turn": writes_by_turn,
        }
