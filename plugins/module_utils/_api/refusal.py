# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Why a cluster refused a login, as far as its answer and the credentials tell.

Sentences of the server are recognised, not shown: they could quote what was sent.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Callable

from .._crypto.jwt import claims, expires_at
from .._errors import DcosError
from .connection import IdTokenCredentials, KeyCredentials, LoginCredentials
from .http import Answer
from .id_token import user_of

_NOTABLE_SKEW = 30
"""Seconds: the Date header has whole seconds and the answer takes time; below this a clock is not to blame."""

_AGAIN = "A person must log in again and give the new ID token."

# What the IAM of open clusters, and dcos-oauth before it, say about an ID token. The first one that fits counts.
_ID_TOKEN_CAUSES = (
    ("token expired", f"the ID token has expired. {_AGAIN}"),
    ("user unknown", "{user} is unknown there. A user of the cluster must add them first"),
    ("user unauthorized", "{user} is unknown there. A user of the cluster must add them first"),
    ("email_verified", "the e-mail address of {user} is not verified at the identity provider. Verify it there"),
    ("email not verified", "the e-mail address of {user} is not verified at the identity provider. Verify it there"),
    ("claim: email", "the ID token names no e-mail address. Ask the identity provider for the scope email"),
    ("invalid email claim", "the ID token names no e-mail address. Ask the identity provider for the scope email"),
    ("mismatch", "{user} exists there, but as a user of another identity provider or with a password"),
    ("jwt parsing failed", "what was given is no ID token"),
)
_UNTRUSTED = (
    "the ID token is not one for this cluster: its issuer, its client id (aud) or its signature is another, or this is "
    "DC/OS Enterprise, which takes no ID tokens"
)

# Of dcos-oauth, which takes whatever comes for an ID token.
_DCOS_OAUTH = frozenset(("jwt parsing failed", "jwt verification failed"))


def is_of_dcos_oauth(answer: Answer) -> bool:
    """Whether the logins of an open cluster of 1.12 or before refused something that was to be an ID token."""
    return _sentence(answer) in _DCOS_OAUTH


def refusal(url: str, credentials: LoginCredentials, answer: Answer, lifetime: int) -> str:
    """The message for refused credentials.

    lifetime: of the login token that a service was logged in with.
    """
    text = f"{login_words(credentials)}: {url} refused the credentials ({answer.status}): "
    skew = clock_skew(answer)
    if isinstance(credentials, IdTokenCredentials):
        text += f"{_id_token_cause(credentials, answer, skew or 0)}."
    elif is_of_dcos_oauth(answer):
        return (
            f"{text}this is an open cluster of DC/OS 1.12 or before, which knows neither passwords nor service "
            "accounts. Give an ID token (dcos_id_token)."
        )
    elif isinstance(credentials, KeyCredentials):
        text += "the account is unknown, or its public key does not belong to this private key."
    else:
        text += "the user is unknown or the password is wrong."
    if skew is not None and abs(skew) >= _NOTABLE_SKEW:
        side = "behind" if skew > 0 else "ahead of"
        text += f" The clock of this machine is {abs(skew)} seconds {side} the cluster's."
        if isinstance(credentials, KeyCredentials) and skew >= lifetime:
            text += f" The login token, valid for {lifetime} seconds, had expired on arrival: set the clock."
    return text


def login_words(credentials: LoginCredentials) -> str:
    """What is tried, in words."""
    if not isinstance(credentials, IdTokenCredentials):
        return f"logging in as {credentials.uid}"
    user = user_of(credentials)
    return "logging in with an ID token" + ("" if user is None else f" as {user}")


def _id_token_cause(credentials: IdTokenCredentials, answer: Answer, skew: int) -> str:
    sentence = _sentence(answer)
    cause = next((words for part, words in _ID_TOKEN_CAUSES if part in sentence), _UNTRUSTED)
    if cause is _UNTRUSTED and _has_expired(credentials, skew):
        cause = _ID_TOKEN_CAUSES[0][1]  # dcos-oauth does not tell
    return cause.format(user=user_of(credentials) or "the user").rstrip(".")


def _has_expired(credentials: IdTokenCredentials, skew: int) -> bool:
    try:
        end = expires_at(claims(credentials.id_token))
    except DcosError:
        return False
    return end is not None and end <= time.time() + skew


def _sentence(answer: Answer) -> str:
    return (answer.error_field("description") or "").lower()


def clock_skew(answer: Answer, now: Callable[[], float] = time.time) -> int | None:
    """Seconds by which the server's clock (its Date header) is ahead of ours; None when it does not tell."""
    try:
        server = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return round(server.timestamp() - now())
