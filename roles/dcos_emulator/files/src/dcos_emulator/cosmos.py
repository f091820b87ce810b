# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package manager, as far as `dcos cluster setup` needs it: one package with a plugin for the command line.

The command line does not finish its setup without the plugin `dcos-core-cli`, and asks the cluster for it where it
cannot download it. Here it gets one without commands, since nothing runs that they could be about.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from urllib.parse import quote

from .http import Request, Response, html_page

PREFIX = "/package/"

_PLUGIN = "dcos-core-cli"
_ARCHIVE_URL = f"https://downloads.dcos.io/{_PLUGIN}.zip"
_PLATFORMS = ("linux", "darwin", "windows")
_DESCRIBED = "application/vnd.dcos.package.describe-response+json;charset=utf-8;version=v3"
_ERROR = "application/vnd.dcos.package.error+json;charset=utf-8;version=v1"


class Cosmos:
    """The resources below /package."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._archive = _plugin_archive()

    def handle(self, request: Request) -> Response:
        name = request.path.removeprefix(PREFIX)
        if name == "describe":
            return self._describe(request) if request.method == "POST" else _not_allowed("POST")
        if name == "resource" and request.parameter("url") == _ARCHIVE_URL:
            if request.method not in ("GET", "HEAD"):
                return _not_allowed("GET, HEAD")
            return Response(200, self._archive, "application/zip")
        return html_page(404, "Not Found", "There is nothing at this address.")

    def _describe(self, request: Request) -> Response:
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            body = None
        name = body.get("packageName") if isinstance(body, dict) else None
        if not isinstance(name, str):
            return _refused("JsonDecodingError", "The body must be a JSON object with the text packageName.", {})
        if name != _PLUGIN:
            return _refused("PackageNotFound", f"Package [{name}] not found", {"packageName": name})
        version = body.get("packageVersion") or self._version
        if version != self._version:
            text = f"Version [{version}] of package [{name}] not found"
            return _refused("VersionNotFound", text, {"packageName": name, "packageVersion": version})
        return Response(200, json.dumps({"package": self._package(request)}).encode(), _DESCRIBED)

    def _package(self, request: Request) -> dict[str, object]:
        # Addresses of files are led through the cluster, under the name that it was asked by.
        host = request.headers.get("Host", "")
        artifact = {
            "kind": "zip",
            "url": f"{request.scheme}://{host}{PREFIX}resource?url={quote(_ARCHIVE_URL, safe=':/')}",
            "contentHash": [{"algo": "sha256", "value": hashlib.sha256(self._archive).hexdigest()}],
        }
        return {
            "packagingVersion": "4.0",
            "name": _PLUGIN,
            "version": self._version,
            "releaseVersion": 0,
            "maintainer": "dcos-emulator",
            "description": "A plugin without commands.",
            "resource": {"cli": {"binaries": {platform: {"x86-64": artifact} for platform in _PLATFORMS}}},
        }


def _plugin_archive() -> bytes:
    """Always the same bytes, so that every start has the same hash."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("plugin.toml"), f'schema_version = 1\nname = "{_PLUGIN}"\n')
    return content.getvalue()


def _refused(kind: str, message: str, data: dict[str, object]) -> Response:
    return Response(400, json.dumps({"type": kind, "message": message, "data": data}).encode(), _ERROR)


def _not_allowed(methods: str) -> Response:
    return html_page(405, "Not Allowed", "This address has no such method.", (("Allow", methods),))
