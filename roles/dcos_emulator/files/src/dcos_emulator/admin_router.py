# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admin Router: checks tokens and permissions, then hands on to the service behind a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from .audit import AuditLog
from .authorization import Authorization
from .cosmos import PREFIX as COSMOS_PREFIX
from .cosmos import Cosmos
from .http import Request, Response, html_page, uncached
from .iam import Iam
from .iam.views import PREFIX as IAM_PREFIX
from .marathon import Marathon
from .mesos import Mesos
from .platform import Platform
from .secret_store import PREFIX as SECRETS_PREFIX
from .secret_store import SecretStore
from .tokens import Caller, TokenAuthority, token_in

_COOKIE = "dcos-acs-auth-cookie"

# Matched to the end of the path: `/auth/login/` is behind the guard, although the IAM itself forgives the slash.
_PUBLIC_IAM = re.compile(
    IAM_PREFIX + r"/auth/(?:login|logout|jwks|providers|oidc/callback|oidc/providers/?|saml/providers/?"
    r"|saml/providers/[0-9a-zA-Z-]+/acs-callback)"
)
_OWN_PERMISSIONS = re.compile(IAM_PREFIX + r"/users/(.*)/permissions", re.DOTALL)
# Besides Marathon no service runs, so a nested name cannot be told from a path below a name: the first part counts.
_SERVICE = re.compile(r"/service/([^/]+)(?:/.*)?", re.DOTALL)

_TO_MARATHON = re.compile(r"(?:/service)?/marathon(/.*)", re.DOTALL)
_TO_MESOS = re.compile(r"/mesos(/.*)", re.DOTALL)

_IAM_GUARD = "dcos:adminrouter:acs"
_METADATA_GUARD = "dcos:adminrouter:ops:metadata"

# What needs a permission (`full` on the resource) before anything else is looked at. Longest prefix first.
_GUARDS: tuple[tuple[str, str], ...] = (
    ("/acs/acl-schema.json", _IAM_GUARD),
    (IAM_PREFIX, _IAM_GUARD),
    ("/dcos-metadata/bootstrap-config.json", _METADATA_GUARD),
    ("/pkgpanda/active.buildinfo.full.json", _METADATA_GUARD),
    ("/pkgpanda/", "dcos:adminrouter:ops:pkgpanda"),
    ("/ca/api/v2/certificates", "dcos:adminrouter:ops:ca:ro"),
    ("/ca/api/v2/bundle", "dcos:adminrouter:ops:ca:ro"),
    ("/ca/api/v2/", "dcos:adminrouter:ops:ca:rw"),
    ("/mesos/", "dcos:adminrouter:ops:mesos"),
    ("/mesos_dns/", "dcos:adminrouter:ops:mesos-dns"),
    ("/agent/", "dcos:adminrouter:ops:slave"),
    ("/slave/", "dcos:adminrouter:ops:slave"),
    ("/exhibitor/", "dcos:adminrouter:ops:exhibitor"),
    ("/networking/api/v1/", "dcos:adminrouter:ops:networking"),
    ("/net/", "dcos:adminrouter:ops:networking"),
    ("/system/health/v1", "dcos:adminrouter:ops:system-health"),
    ("/system/v1/logs/", "dcos:adminrouter:ops:system-logs"),
    ("/system/v1/metrics/", "dcos:adminrouter:ops:system-metrics"),
    ("/cockroachdb/", "dcos:adminrouter:ops:cockroachdb"),
    ("/licensing/", "dcos:adminrouter:licensing"),
    (COSMOS_PREFIX, "dcos:adminrouter:package"),
    ("/cosmos/service/", "dcos:adminrouter:package"),
    ("/marathon/", "dcos:adminrouter:service:marathon"),
)
# What needs no more than a valid token.
_AUTHENTICATED: tuple[tuple[str, str], ...] = (
    ("/metadata", _METADATA_GUARD),
    (SECRETS_PREFIX, "dcos:adminrouter:secrets"),
    ("/capabilities", "dcos:adminrouter:capabilities"),
)


# A browser is led to the page of the web interface that belongs to an error.
_TO_LOGIN = (
    '<noscript><meta http-equiv="refresh" content="5; url=/#/login"></noscript>'
    '<script>window.location.href = "/#/login?redirect=" + encodeURIComponent(window.location.href);</script>'
)
_TO_ACCESS_DENIED = (
    '<noscript><meta http-equiv="refresh" content="5; url=/#/access-denied"></noscript>'
    '<script>window.location.href = "/#/access-denied";</script>'
)


class AdminRouter:
    """The only way in from outside."""

    def __init__(
        self,
        iam: Iam,
        secrets: SecretStore,
        cosmos: Cosmos,
        marathon: Marathon,
        mesos: Mesos,
        platform: Platform,
        authorization: Authorization,
        tokens: TokenAuthority,
        audit: AuditLog,
    ) -> None:
        self._iam = iam
        self._secrets = secrets
        self._cosmos = cosmos
        self._marathon = marathon
        self._mesos = mesos
        self._platform = platform
        self._authorization = authorization
        self._tokens = tokens
        self._audit = audit

    def handle(self, request: Request) -> Response:
        path = request.path
        if _PUBLIC_IAM.fullmatch(path):
            return self._iam.handle(request)
        public = self._platform.public(request)
        if public is not None:
            return public
        own = _OWN_PERMISSIONS.fullmatch(path)
        if own is not None:
            return self._own_permissions(request, own.group(1))
        service = _SERVICE.fullmatch(path)
        if service is not None:
            return self._guarded(request, f"dcos:adminrouter:service:{service.group(1)}", self._forward)
        for prefix, rid in _GUARDS:
            if path.startswith(prefix):
                return self._guarded(request, rid, self._forward)
        for prefix, rid in _AUTHENTICATED:
            if path.startswith(prefix):
                return self._authenticated(request, rid)
        return html_page(404, "Not Found", "There is nothing at this address.")

    def _forward(self, request: Request, uid: str) -> Response:
        if request.path.startswith(IAM_PREFIX):
            return uncached(self._iam.handle(request))
        if request.path.startswith(COSMOS_PREFIX):
            return self._cosmos.handle(request)
        marathon = _TO_MARATHON.fullmatch(request.path)
        if marathon is not None:
            return self._marathon.handle(request, marathon.group(1), Caller(uid))
        mesos = _TO_MESOS.fullmatch(request.path)
        if mesos is not None and self._mesos.serves(mesos.group(1)):
            return self._mesos.handle(request, mesos.group(1), Caller(uid))
        return self._platform.guarded(request)

    def _guarded(self, request: Request, rid: str, forward: Callable[[Request, str], Response]) -> Response:
        uid = self._uid(request)
        if uid is None:
            return self._unauthorized(request, rid)
        allowed = self._authorization.allows(uid, rid, "full")
        self._audit.admin_router(request, rid, allowed, "IAM PQ response", uid)
        if not allowed:
            return replace(_forbidden(), uid=uid)
        return replace(forward(request, uid), uid=uid)

    def _authenticated(self, request: Request, rid: str) -> Response:
        uid = self._uid(request)
        if uid is None:
            return self._unauthorized(request, rid)
        self._audit.admin_router(request, rid, True, "any authenticated user may access", uid)
        if request.path.startswith(SECRETS_PREFIX):
            return replace(self._secrets.handle(request, uid), uid=uid)
        return replace(self._platform.guarded(request), uid=uid)

    def _own_permissions(self, request: Request, uid: str) -> Response:
        """Everyone may read what they may do; other people's permissions are part of the guarded IAM."""
        if self._uid(request) != uid:
            return self._guarded(request, _IAM_GUARD, self._forward)
        rid = f"dcos:iam:users:{uid}:permissions"
        self._audit.admin_router(request, rid, True, "own permissions", uid, action="read")
        return replace(self._forward(request, uid), uid=uid)

    def _uid(self, request: Request) -> str | None:
        """The account a request's token was issued to."""
        token = given_token(request)
        return self._tokens.uid_of(token) if token else None

    def _unauthorized(self, request: Request, rid: str) -> Response:
        self._audit.admin_router(request, rid, False, "no valid authentication token", None)
        return login_page("acsjwt")


def given_token(request: Request, takes_bearer: bool = True) -> str | None:
    """The token of a request. A header, even a useless one, hides the cookie."""
    header = request.headers.get("Authorization")
    if header is None:
        return _cookie(request.headers.get("Cookie", ""))
    return token_in(header, takes_bearer)


def login_page(challenge: str) -> Response:
    """The answer to who has no valid token."""
    text = "This address needs a valid authentication token."
    return html_page(401, "Unauthorized", text, (("WWW-Authenticate", challenge),), head=_TO_LOGIN)


def _forbidden() -> Response:
    return html_page(403, "Access Denied", "A permission for this address is missing.", head=_TO_ACCESS_DENIED)


def _cookie(header: str) -> str | None:
    """The token among the cookies, which are told apart just as Admin Router does it; the last of several counts."""
    return dict(re.findall(r"[ \t]*([^=]*)=([^; \t]*)[; \t]?", header)).get(_COOKIE)
