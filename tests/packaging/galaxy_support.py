# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Galaxy that has one collection."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def galaxy_with(artifact: Path) -> Iterator[str]:
    """The URL of its API. Every request for a document gets the same one, which has what each of them is asked for."""
    content = artifact.read_bytes()
    namespace, name, version = artifact.name.removesuffix(".tar.gz").split("-")

    class Galaxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content if self.path.endswith(artifact.name) else json.dumps(document).encode())

        def log_message(self, *_arguments: object) -> None:
            """The terminal belongs to the test."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Galaxy) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        document = {
            "available_versions": {"v3": "v3/"},
            "data": [{"version": version}],
            "meta": {"count": 1},
            "links": {"next": None},
            "namespace": {"name": namespace},
            "collection": {"name": name},
            "version": version,
            "href": f"{url}/api/{version}",
            "download_url": f"{url}/{artifact.name}",
            "artifact": {"sha256": hashlib.sha256(content).hexdigest()},
            "metadata": {"dependencies": {}},
            "signatures": [],
        }
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{url}/api/"
        finally:
            server.shutdown()
