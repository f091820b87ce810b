# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The one place that speaks HTTP: connections, TLS, authentication, repeats, error mapping, path encoding.

A request is tried, its answer is judged (C(Judgement)), and where that leaves a doubt, a policy (C(Repeats))
says how the truth is found out: by reading back, never by the answer to a repeat.
"""

from __future__ import annotations

import ipaddress
import json
import os
import random
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote, urlsplit

from .._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    OddAnswerError,
    TlsError,
    UnreachableError,
)
from .._visible import visible
from .bounds import LARGEST_BODY, BoundedAdapter, TooLargeError, TooSlowError, read_whole

try:
    import requests
    import urllib3
    from requests import Session
    from requests.auth import AuthBase
except ImportError:  # _module/libraries.py tells the user; the sanity tests import this file without the library
    AuthBase = Session = object  # type: ignore[assignment,misc]
else:
    _TIMEOUTS = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, socket.timeout)
    # The connection did not come about, so nothing of the request can have arrived.
    _BEFORE_SENDING = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        requests.exceptions.ConnectTimeout,
        requests.exceptions.ProxyError,
    )

BYTES = "application/octet-stream"
"""The content type of bytes that are no JSON."""

JSON_TYPES = ("application/json",)

COLLECTION_VERSION = "0.1.0"
USER_AGENT = f"dcos.security/{COLLECTION_VERSION} (Ansible collection)"

FIRST_DELAY = 0.2
"""Seconds before the first retry; each further one waits twice as long."""

LONGEST_RETRY_AFTER = 10.0
"""Seconds: a server that asks for more is waited for no longer than this."""

LONGEST_ANSWER = 10
"""Times the timeout: a whole answer may take so long."""

# What a proxy or a starting service answers, and too many requests: a later try can succeed.
_PASSING = frozenset((429, 502, 503, 504))
# Too many requests is refused before it is looked at; after any other of these the write may have happened.
_SURELY_REFUSED = 429
# Admin Router answers these itself, before the service behind it sees the request.
_NOT_FORWARDED = frozenset((401, 403))

# The users of open clusters up to 1.12 have no error codes, but one sentence for each error.
_SENTENCES = {
    (404, "user not found"): "ERR_UNKNOWN_USER_ID",
    (409, "already exists"): "ERR_USER_EXISTS",
    (500, "invalid email"): "ERR_UNKNOWN_USER_ID",
}
# That is all that they say of a path that they do not know; the IAM of later versions says nothing.
_NO_ROUTE = (b"", b"404 page not found")

_CODE = re.compile(r"ERR_[A-Z0-9_]{1,96}")

_LONGEST_TEXT = 1000
"""Characters of a server's text that are in a message."""

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
class Request:
    """One request.

    path: encoded, below the URL of the cluster.
    what: the action and its object in words, for messages ("reading service account svc-a").
    body: sent as JSON, or as they are where it is bytes.
    media_types: which forms of an answer are welcome.
    authenticated: whether the token goes along.
    token: the one that goes along, in place of that of the connection.
    """

    method: str
    path: str
    what: str
    body: Mapping[str, object] | bytes | None = field(default=None, repr=False)
    params: Mapping[str, str] | None = None
    media_types: str = "application/json"
    authenticated: bool = True
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back. The content stays out of C(repr): it can hold tokens and secret values.

    status, reason, headers, content: as the server sent them.
    """

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case."""
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    @property
    def is_redirect(self) -> bool:
        return 300 <= self.status < 400

    @property
    def is_page(self) -> bool:
        """Whether it is HTML, which neither the IAM nor the secret store writes: something in between answered."""
        return self.media_type == "text/html"

    def json(self, media_types: Sequence[str] = JSON_TYPES) -> object:
        """The decoded body, or None if it is not JSON (401, 403 and 5xx are often HTML pages)."""
        if self.media_type not in media_types:
            return None
        try:
            return json.loads(self.content.decode("utf-8"))
        except (ValueError, RecursionError):
            return None

    def error_field(self, name: str) -> str | None:
        """A text field of an error document, C(code), C(title) or C(description), safe to be shown."""
        body = self.json()
        value = body.get(name) if isinstance(body, dict) else None
        return visible(value[:_LONGEST_TEXT]) if isinstance(value, str) else None

    @property
    def code(self) -> str | None:
        """The IAM's error code: together with the status the only thing that decisions may hang on."""
        value = self.error_field("code")
        if value is None:
            return self._code_of_sentence
        return value if _CODE.fullmatch(value) is not None else None

    @property
    def is_of_dcos_oauth(self) -> bool:
        """Whether an open cluster of 1.12 or before answers for its users."""
        return self.error_field("code") is None and self._code_of_sentence is not None

    @property
    def _code_of_sentence(self) -> str | None:
        return _SENTENCES.get((self.status, (self.error_field("description") or "").lower()))


@dataclass(frozen=True)
class Judgement:
    """Which statuses count as an answer, and what is said of others.

    accept: the statuses that are answers to the caller; any other one is an ApiError.
    refusals: the statuses with which a service refuses that has no error codes, unless a page comes along.
    show_description: whether the server's sentence may be in messages; False if it could quote a secret.
    """

    accept: tuple[int, ...] = (200,)
    refusals: tuple[int, ...] = ()
    show_description: bool = True

    def takes(self, answer: Answer) -> bool:
        return answer.status in self.accept

    def explains(self, answer: Answer) -> bool:
        """Whether the service itself says why it did not do it."""
        return answer.code is not None or (answer.status in self.refusals and not answer.is_page)


@dataclass(frozen=True)
class Repeats:
    """What to do where an answer was lost, or says nothing.

    happened: for a write: reads back whether what was wanted is there. Asked before any repeat, because the 409 or 400
    of a repeat would say nothing about whose write it was, and when what answered is neither a success nor an error of
    the service itself.
    unavailable: asked on a 503; raises when waiting is of no use.
    patient: whether to try again at all.
    """

    happened: Callable[[], bool] | None = None
    unavailable: Callable[[], None] | None = None
    patient: bool = True


A_SUCCESS = Judgement()
PATIENTLY = Repeats()


class TokenSource:
    """Where the client gets its authentication token from (see _api/login.py)."""

    def token(self) -> str | None:
        """The token to send, None where the cluster wants none; may log in first."""
        raise CredentialsError("There are no credentials for this cluster.")

    def renew(self, refused: str) -> bool:
        """After a 401 for token C(refused): get another one; False when that is not possible."""
        return False

    def explain_refusal(self) -> str:
        """What the user can do when the cluster does not take the token."""
        return ""


class _OneRenewal:
    """At most one other token for one request, however often it is tried."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens
        self._used = False

    def got(self, refused: str) -> bool:
        if self._used:
            return False
        self._used = True
        return self._tokens.renew(refused)


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
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter(LONGEST_ANSWER * self._timeout))
        return session

    def send(self, request: Request, judgement: Judgement = A_SUCCESS, repeats: Repeats = PATIENTLY) -> Answer:
        """Send one request and return its answer, or raise a typed error.

        A write is believed when the service itself says so: with the documented status, or with an error code of its
        own. Anything else is a doubt, which reading back resolves.
        """
        doubt = False  # an attempt before this one may have happened
        delays = self._delays(repeats)
        renewal = _OneRenewal(self.tokens)
        while True:
            came = self._attempt(request, renewal)
            if isinstance(came, Answer):
                if came.status == 503 and repeats.unavailable is not None:
                    repeats.unavailable()
                if came.status not in _PASSING:
                    return self._settled(request, judgement, repeats, came, doubt)
            delay = None if isinstance(came, OddAnswerError) else next(delays, None)
            if delay is not None:
                time.sleep(_wait(delay, came))
            if _may_have_happened(came):
                doubt = True
                if _read_back(request, repeats, "the answer was lost"):
                    return _done(judgement)
            if delay is None:
                raise self._error(request, judgement, came) if isinstance(came, Answer) else came

    def _settled(self, request: Request, judgement: Judgement, repeats: Repeats, answer: Answer, doubt: bool) -> Answer:
        """The answer, if it is one, or what reading back tells."""
        taken = judgement.takes(answer)
        odd = answer.is_page if taken else not judgement.explains(answer)
        if taken and not (odd and repeats.happened is not None):
            return answer
        came = f"the answer {answer.status} does not come from the service itself"
        doubtful = (doubt or odd) and answer.status not in _NOT_FORWARDED and not answer.is_redirect
        if doubtful and _read_back(request, repeats, came):
            return _done(judgement)
        if taken:
            raise OddAnswerError(request.what, self.url, "it is an HTML page", answer.status)
        raise self._error(request, judgement, answer)

    def _delays(self, repeats: Repeats) -> Iterator[float]:
        """Seconds to wait before each further attempt."""
        for attempt in range(self._retries if repeats.patient else 0):
            yield FIRST_DELAY * 2**attempt

    def _attempt(self, request: Request, renewal: _OneRenewal) -> Answer | UnreachableError | OddAnswerError:
        """What came back, after another login where the token was refused; an error if nothing did."""
        # A login that fails is nothing that the request itself could have caused: its error goes straight through.
        if request.token is not None or not request.authenticated:
            return self._came(request, request.token)
        token = self.tokens.token()
        came = self._came(request, token)
        if isinstance(came, Answer) and came.status == 401 and token is not None and renewal.got(token):
            came = self._came(request, self.tokens.token())
        return came

    def _came(self, request: Request, token: str | None) -> Answer | UnreachableError | OddAnswerError:
        try:
            return self._send(request, token)
        except (UnreachableError, OddAnswerError) as exc:
            return exc

    def _send(self, request: Request, token: str | None) -> Answer:
        headers = {"Accept": request.media_types}
        as_bytes = request.body if isinstance(request.body, bytes) else None
        if as_bytes is not None:
            headers["Content-Type"] = BYTES
        try:
            response = self._session.request(
                request.method,
                self.url + request.path,
                data=as_bytes,
                json=request.body if as_bytes is None else None,
                params=request.params,
                headers=headers,
                auth=_TokenAuth(token),
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            )
            content = read_whole(response)
        except TooLargeError:
            problem = f"it is larger than {LARGEST_BODY >> 20} MiB"
            raise OddAnswerError(request.what, self.url, problem) from None
        except requests.exceptions.RequestException as exc:
            raise self._network_error(exc, request.what) from None
        except OSError as exc:
            # What the HTTP library does not wrap, above all its complaint about a CA bundle that has vanished.
            if isinstance(self._verify, str) and not os.access(self._verify, os.R_OK):
                raise TlsError(
                    f"{request.what}: the CA certificates in {self._verify} cannot be read any more. Check "
                    "dcos_ca_path."
                ) from None
            raise self._network_error(exc, request.what) from None
        except ValueError:
            # From below the HTTP library, about a header or path that cannot be sent; its text quotes the header.
            raise DcosError(
                f"{request.what}: the request cannot be sent; a token or name has characters that HTTP forbids."
            ) from None
        return Answer(response.status_code, visible(response.reason or ""), response.headers, content)

    def _network_error(self, exc: Exception, what: str) -> DcosError:
        causes = list(_causes(exc))
        if any(isinstance(cause, TooSlowError) for cause in causes):
            seconds = LONGEST_ANSWER * self._timeout
            return OddAnswerError(what, self.url, f"it was not complete after {seconds:g} seconds (dcos_timeout)")
        return _network_error(causes, self.url, what)

    def _error(self, request: Request, judgement: Judgement, answer: Answer) -> DcosError:
        what = request.what
        if answer.is_redirect:
            return _redirect_error(answer, what, self.url)
        title = answer.error_field("title") or answer.reason or None
        description = answer.error_field("description") if judgement.show_description else None
        came_back = " ".join(part for part in (str(answer.status), answer.code or answer.reason, description) if part)
        message = f"{what}: {self.url} answered {came_back.rstrip('.')}."
        if answer.status == 401:
            message = f"{message} {self.tokens.explain_refusal()}".rstrip()
            return CredentialsError(message, answer.code or "credentials", 401, title)
        if answer.status == 403:
            message += (
                " The account of this connection lacks the permission: the IAM and the secret store want "
                "'dcos:superuser', or 'dcos:adminrouter:acs' full for the IAM and the secret's own resource id for "
                "a secret. A grant made just now can take some ten seconds to show."
            )
        elif answer.status in _PASSING:
            message += f" It was tried {self._retries + 1} times."
        elif answer.is_page:
            message += " It is an HTML page, so something in between answered: check dcos_url and proxies."
        return ApiError(
            message,
            answer.code,
            answer.status,
            title,
            is_page=answer.is_page,
            is_no_route=answer.status == 404 and answer.content.strip() in _NO_ROUTE,
            is_of_dcos_oauth=answer.is_of_dcos_oauth,
        )


def _done(judgement: Judgement) -> Answer:
    return Answer(judgement.accept[0])


def _may_have_happened(came: Answer | UnreachableError | OddAnswerError) -> bool:
    """Whether a write may have taken effect although no answer of the service tells so."""
    if isinstance(came, Answer):
        return came.status != _SURELY_REFUSED
    return came.sent if isinstance(came, UnreachableError) else True


def _wait(delay: float, came: Answer | DcosError) -> float:
    """Seconds to wait: what the server asks for within bounds, else the delay with jitter (many runs start at once)."""
    asked = came.headers.get("Retry-After", "") if isinstance(came, Answer) else ""
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_RETRY_AFTER)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 (nothing secret about it)


def _redirect_error(answer: Answer, what: str, url: str) -> ApiError:
    target = visible(_without_query(answer.headers.get("Location", ""))) or "nowhere"
    parts, own = urlsplit(target), urlsplit(url)
    remedy = "Check dcos_url."
    if parts.netloc:
        base = f"{parts.scheme or own.scheme}://{parts.netloc}{own.path}"
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
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "something that is not a URL"
    if not host:
        return parts.path
    host = f"[{host}]" if ":" in host else host
    scheme = f"{parts.scheme}:" if parts.scheme else ""
    return f"{scheme}//{host}{f':{port}' if port else ''}{parts.path}"


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


def _is_timeout(cause: BaseException) -> bool:
    # Older versions of urllib3 derive a refused connection from a timeout.
    return isinstance(cause, _TIMEOUTS) and not isinstance(cause, urllib3.exceptions.NewConnectionError)


def _network_error(causes: Sequence[BaseException], url: str, what: str) -> DcosError:
    """Map an exception of the HTTP library; its own text is not used, it can quote proxies with their passwords."""
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
    elif any(_is_timeout(cause) for cause in causes):
        reason = "no answer in time (dcos_timeout)"
    else:
        spoken = [cause.strerror for cause in causes if isinstance(cause, OSError) and isinstance(cause.strerror, str)]
        reason = spoken[-1] if spoken else "the connection broke"
        if any(type(cause).__name__ in ("NameResolutionError", "gaierror") for cause in causes):
            reason = "the host name cannot be resolved"
    sent = not any(isinstance(cause, _BEFORE_SENDING) for cause in causes)
    return UnreachableError(f"{what}: cannot reach {url}: {reason}. Check dcos_url, the network and the cluster.", sent)


def _read_back(request: Request, repeats: Repeats, came: str) -> bool:
    """Ask whether a write took effect; when not even that can be read, the user must hear that it may have."""
    if repeats.happened is None:
        return False
    try:
        return repeats.happened()
    except DcosError as exc:
        raise UnreachableError(
            f"{request.what}: {came}, and whether it happened cannot be read back ({exc.message}) Run again: the next "
            "run finds out."
        ) from None
