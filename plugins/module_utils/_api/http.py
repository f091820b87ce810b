# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The one place that speaks HTTP: connections, TLS, authentication, retries, error mapping, path encoding."""

from __future__ import annotations

import ipaddress
import json
import os
import random
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Callable, Iterator, Mapping
from urllib.parse import quote, urlsplit

from .._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    TlsError,
    UnreachableError,
)

try:
    import requests
    import urllib3
    from requests import Session
    from requests.auth import AuthBase
except ImportError:  # _module/libraries.py tells the user; the sanity tests import this file without the library
    AuthBase = Session = object  # type: ignore[assignment,misc]

COLLECTION_VERSION = "0.1.0"
USER_AGENT = f"dcos.security/{COLLECTION_VERSION} (Ansible collection)"

FIRST_DELAY = 0.2
"""Seconds before the first retry; each further one waits twice as long."""

LONGEST_RETRY_AFTER = 10.0
"""Seconds: a server that asks for more is waited for no longer than this."""

# What a proxy or a starting service answers, and too many requests: a later try can succeed.
_RETRIED = frozenset((429, 502, 503, 504))
# Too many requests is refused before it is looked at; after any other of these the write may have happened.
_SURELY_REFUSED = 429
# To a repeat these can mean that the first attempt did its work.
_SAYS_NOTHING_AFTER_A_REPEAT = frozenset((400, 404, 409))

LOOPBACK_NAMES = frozenset(("localhost", "localhost.localdomain"))


def is_loopback(host: str | None) -> bool:
    """Whether requests to this host stay on this machine."""
    if host is None or host in LOOPBACK_NAMES:
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, such as 127.example.com, can lead anywhere
        return False


def encode_segment(text: str) -> str:
    """Encode a user or group id, a store or one part of a secret path as one segment of a URL's path."""
    return quote(text, safe=":@*")


def encode_rid(rid: str) -> str:
    """Encode a resource id as one path segment: slashes twice, since the IAM's web layer decodes once by itself."""
    return quote(rid.replace("/", "%2F"), safe=":@*")


@dataclass(frozen=True)
class Answer:
    """What came back. The content stays out of C(repr): it can hold tokens and secret values."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case."""
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    def json(self) -> object:
        """The decoded body, or None where it is not JSON (401, 403 and 5xx are often HTML pages)."""
        if self.media_type != "application/json":
            return None
        try:
            return json.loads(self.content.decode("utf-8"))
        except ValueError:
            return None

    def error_field(self, name: str) -> str | None:
        """A text field of an error document: C(code), C(title) or C(description)."""
        body = self.json()
        value = body.get(name) if isinstance(body, dict) else None
        return value if isinstance(value, str) else None

    @property
    def code(self) -> str | None:
        """The server's error code: together with the status the only thing that decisions may hang on."""
        return self.error_field("code")


class TokenSource:
    """Where the client gets its authentication token from (see _api/login.py)."""

    def token(self) -> str:
        """The token to send; may log in first."""
        raise CredentialsError("There are no credentials for this cluster.")

    def renew(self, refused: str) -> bool:
        """After a 401 for token C(refused): get another one; False when that is not possible."""
        return False

    def explain_refusal(self) -> str:
        """What the user can do when the cluster does not take the token."""
        return ""


class _TokenAuth(AuthBase):
    """Sets the header so that a C(.netrc) cannot replace it. All DC/OS versions take C(token=), only some C(Bearer)."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"token={self._token}"
        return request


class _Session(Session):
    """A session that does not even look where a redirect leads: an odd target would be an exception of the library."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class HttpClient:
    """Requests to one cluster, over one session for each thread that sends some: sessions are not made to be shared.

    url: base URL without a trailing slash, a path in it is a prefix.
    verify: path of a CA bundle or folder, or False for no verification; given on every call, since environment
    variables win over the session's own value.
    timeout: seconds for connecting, and between two parts of an answer.
    retries: how often a request is repeated after a lost connection or a passing refusal.
    """

    def __init__(self, url: str, verify: bool | str, timeout: float = 30.0, retries: int = 3) -> None:
        self.url = url
        self.tokens = TokenSource()
        self._verify = verify
        self._timeout = timeout
        self._retries = retries
        if verify is False:
            # Whoever switched it off was told by us, once; the library would say it again with every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        loopback = is_loopback(urlsplit(url).hostname)
        self._proxies = {} if loopback else dict(requests.utils.get_environ_proxies(url))
        self._threads = threading.local()

    @property
    def _session(self) -> Session:
        """The session of this thread."""
        session: Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = self._new_session()
        return session

    def _new_session(self) -> Session:
        session = _Session()
        # Nothing of the surroundings may change a request: no .netrc, no REQUESTS_CA_BUNDLE, no cookies of the cluster.
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.headers["User-Agent"] = USER_AGENT
        session.proxies.update(self._proxies)
        return session

    def request(
        self,
        method: str,
        path: str,
        what: str,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (200,),
        media_types: str = "application/json",
        authenticated: bool = True,
        happened: Callable[[], bool] | None = None,
        unavailable: Callable[[], None] | None = None,
        show_description: bool = True,
        patient: bool = True,
    ) -> Answer:
        """Send one request and return its answer, or raise a typed error.

        what: the action and its object in words, for messages ("reading service account svc-a").
        accept: the statuses that are answers to the caller; any other one raises ApiError.
        happened: for a write: reads back whether it took effect. Asked when the answer was lost, before any repeat,
        because the 409 or 400 of a repeat would say nothing about whose write it was.
        unavailable: asked on a 503, raises when waiting is of no use.
        show_description: whether the server's sentence may stand in messages; False where it could quote a secret.
        patient: whether to retry at all.
        """
        renewed = False
        uncertain = False  # an attempt before this one may have happened
        for delay in self._delays() if patient else (None,):
            answer: Answer | None = None
            lost: UnreachableError | None = None
            token = self.tokens.token() if authenticated else None
            try:
                answer = self._send(method, path, body, params, media_types, token, what)
            except UnreachableError as exc:
                lost = exc
            if answer is not None and answer.status == 401 and token is not None and not renewed:
                renewed = True
                if self.tokens.renew(token):
                    try:
                        answer = self._send(method, path, body, params, media_types, self.tokens.token(), what)
                    except UnreachableError as exc:
                        answer, lost = None, exc
            if answer is not None and answer.status not in _RETRIED:
                refused = answer.status in _SAYS_NOTHING_AFTER_A_REPEAT and uncertain and happened is not None
                if refused and happened is not None and _read_back(happened, what):
                    return Answer(accept[0])
                return self._judge(answer, accept, what, show_description)
            if answer is not None and answer.status == 503 and unavailable is not None:
                unavailable()
            if delay is not None:
                time.sleep(_wait(delay, answer))
            if answer is None or answer.status != _SURELY_REFUSED:
                uncertain = True
                if happened is not None and _read_back(happened, what):
                    return Answer(accept[0])
            if delay is None:
                if lost is not None:
                    raise lost
                if answer is not None:
                    return self._judge(answer, accept, what, show_description)
        raise AssertionError("the last round returns or raises")

    def _delays(self) -> Iterator[float | None]:
        """Seconds to wait after each failed attempt; None after the last one."""
        for attempt in range(self._retries):
            yield FIRST_DELAY * 2**attempt
        yield None

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        params: Mapping[str, str] | None,
        media_types: str,
        token: str | None,
        what: str,
    ) -> Answer:
        try:
            response = self._session.request(
                method,
                self.url + path,
                json=body,
                params=params,
                headers={"Accept": media_types},
                auth=_TokenAuth(token),
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as exc:
            raise _network_error(exc, self.url, what) from None
        except OSError as exc:
            # What the HTTP library does not wrap, above all its complaint about a CA bundle that has vanished.
            if isinstance(self._verify, str) and not os.access(self._verify, os.R_OK):
                raise TlsError(
                    f"{what}: the CA certificates in {self._verify} cannot be read any more. Check dcos_ca_path."
                ) from None
            raise _network_error(exc, self.url, what) from None
        except ValueError:
            # From below the HTTP library, about a header or path that cannot be sent; its text quotes the header.
            raise DcosError(
                f"{what}: the request cannot be sent; a token or name has characters that HTTP forbids."
            ) from None
        return Answer(response.status_code, response.reason or "", response.headers, response.content)

    def _judge(self, answer: Answer, accept: tuple[int, ...], what: str, show_description: bool) -> Answer:
        if answer.status in accept:
            return answer
        if 300 <= answer.status < 400:
            raise _redirect_error(answer, what, self.url)
        title = answer.error_field("title") or answer.reason or None
        description = answer.error_field("description") if show_description else None
        came_back = " ".join(part for part in (str(answer.status), answer.code or answer.reason, description) if part)
        message = f"{what}: {self.url} answered {came_back.rstrip('.')}."
        if answer.status == 401:
            raise CredentialsError(
                f"{message} {self.tokens.explain_refusal()}".rstrip(), answer.code or "credentials", 401, title
            )
        if answer.status == 403:
            message += (
                " The account of this connection lacks the permission: the IAM and the secret store want "
                "'dcos:superuser', or 'dcos:adminrouter:acs' full for the IAM and the secret's own resource id for "
                "a secret. A grant made just now can take some ten seconds to show."
            )
        elif answer.status in _RETRIED:
            message += f" It was tried {self._retries + 1} times."
        raise ApiError(message, answer.code, answer.status, title)


def _wait(delay: float, answer: Answer | None) -> float:
    """Seconds to wait: what the server asks for within bounds, else the delay with jitter (many runs start at once)."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_RETRY_AFTER)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 (nothing secret about it)


def _redirect_error(answer: Answer, what: str, url: str) -> ApiError:
    target = _without_query(answer.headers.get("Location", "")) or "nowhere"
    parts = urlsplit(target)
    remedy = "Check dcos_url."
    if parts.netloc:
        base = f"{parts.scheme}://{parts.netloc}{urlsplit(url).path}"
        remedy = f"If that is your cluster, set dcos_url to {base} (a cluster in strict mode redirects http to https)."
    return ApiError(
        f"{what}: {url} answered with a redirect to {target}, which is not followed: what is sent is meant for {url} "
        f"only. {remedy}",
        None,
        answer.status,
        answer.reason,
    )


def _without_query(url: str) -> str:
    """Scheme, host and path of a URL: the query of a login redirect can hold tickets, a host's userinfo passwords."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return "something that is no URL"
    return f"{parts.scheme}://{host}{parts.path}" if host else parts.path


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """The exception and everything wrapped inside it, outermost first."""
    todo, seen = [exc], set()
    while todo:
        current = todo.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        todo.extend(item for item in inner if isinstance(item, BaseException))


def _network_error(exc: Exception, url: str, what: str) -> DcosError:
    """Map an exception of the HTTP library; its own text is not used, it can quote proxies with their passwords."""
    causes = list(_causes(exc))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TlsError(
                f"{what}: the certificate of {url} does not verify: {cause.verify_message or cause.reason}. Give the "
                "cluster's CA bundle with dcos_ca_path; if this is not your cluster, stop."
            )
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return TlsError(
                f"{what}: no TLS connection with {url}: {cause.reason or type(cause).__name__}. Check that dcos_url "
                "names an https port."
            )
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        reason = "the proxy set in the environment does not answer"
    elif any(isinstance(cause, requests.exceptions.Timeout) for cause in causes):
        reason = "no answer in time (dcos_timeout)"
    else:
        spoken = [cause.strerror for cause in causes if isinstance(cause, OSError) and isinstance(cause.strerror, str)]
        reason = spoken[-1] if spoken else "the connection broke"
        if any(type(cause).__name__ in ("NameResolutionError", "gaierror") for cause in causes):
            reason = "the host name cannot be resolved"
    return UnreachableError(f"{what}: cannot reach {url}: {reason}. Check dcos_url, the network and the cluster.")


def _read_back(happened: Callable[[], bool], what: str) -> bool:
    """Ask whether a write took effect; when not even that can be read, the user must hear that it may have."""
    try:
        return happened()
    except DcosError as exc:
        raise UnreachableError(
            f"{what}: the answer was lost, and whether it happened cannot be read back ({exc.message}) Run again: the "
            "next run finds out."
        ) from None
