# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What a security mode demands: accounts, enforced permissions, schemes of URLs.

The mode is a property of the cluster that only an upgrade changes; everything here adapts to it, nothing sets it.
Sources: the pages "About service authentication" (who needs an account), "Permissions reference" (what is enforced),
"Security modes" and "Service accounts" of the DC/OS Enterprise documentation, versions 1.8 to 2.2.
"""

from __future__ import annotations

import re

DISABLED = "disabled"
PERMISSIVE = "permissive"
STRICT = "strict"

MODES: tuple[str, ...] = (DISABLED, PERMISSIVE, STRICT)
"""From loose to tight: a cluster can only be moved to the right. C(disabled) ended with DC/OS 1.11."""

INSIDE = "inside"
OUTSIDE = "outside"

ORIGINS: tuple[str, ...] = (INSIDE, OUTSIDE)
"""Where the requests of the service come from: a task of the cluster, or a program somewhere else."""

LOGIN_HOST = "leader.mesos"
"""The leading master's name inside the cluster. Every known writer uses it; documents say master.mesos."""

LOGIN_PATH = "/acs/api/v1/auth/login"

LAST_HTTP_VERSION = "1.11"
"""The last DC/OS whose CLI wrote C(http) login endpoints in permissive mode."""

_ENFORCED_FROM = {"mesos": STRICT, "service": PERMISSIVE}
"""The loosest mode that enforces a category of resource ids; the other categories are enforced in every mode."""


def at_least(version: str | None, minimum: str | None) -> bool:
    """Tell whether a DC/OS version is C(minimum) or later, by major and minor; false where one cannot be read."""
    given, wanted = (re.match(r"(\d+)\.(\d+)", text or "") for text in (version, minimum))
    if given is None or wanted is None:
        return False
    return [int(number) for number in given.groups()] >= [int(number) for number in wanted.groups()]


def account_required(mode: str, origin: str) -> bool:
    """Tell whether a service must have an account to get its requests through.

    From outside the cluster Admin Router wants a token in every mode. Inside, requests without a token are taken
    (in permissive mode even as superuser) unless the mode is strict.
    """
    return origin == OUTSIDE or mode == STRICT


def category(rid: str) -> str:
    """The part of a resource id that decides who checks it: C(mesos), C(service), C(secrets), C(adminrouter) ..."""
    parts = rid.split(":", 2)
    return parts[1] if len(parts) > 1 else ""


def enforced(rid: str, mode: str) -> bool:
    """Tell whether anything in a cluster of this mode asks for this permission.

    Superuser, Admin Router and the secret store check in every mode, Marathon and Metronome (C(dcos:service)) from
    permissive on, Mesos in strict only. What no document names counts as enforced: a grant too few breaks a service.
    """
    return MODES.index(mode) >= MODES.index(_ENFORCED_FROM.get(category(rid), DISABLED))


def why_not_enforced(rid: str, mode: str) -> str:
    """One sentence for reports, why a grant would have no effect in this mode."""
    first = _ENFORCED_FROM.get(category(rid), DISABLED)
    where = " and ".join(MODES[MODES.index(first) :])
    return f"dcos:{category(rid)} permissions are enforced in {where} mode only; this cluster is in {mode} mode"


def not_logged(mode: str | None) -> str | None:
    """What audit lines of a cluster in this mode do not show, and what to do about it; None in strict mode."""
    if mode not in (DISABLED, PERMISSIVE):
        return None
    checked = {
        DISABLED: "Mesos, Marathon and Metronome check no permissions and log no denials",
        PERMISSIVE: "Mesos checks no permissions and logs no denials; Marathon and Metronome check only requests that "
        "carry a token",
    }
    return (
        f"The cluster is in {mode} mode. In this mode {checked[mode]}. So these lines do not show what a service needs "
        "from them in strict mode. Use a preset, or bring the service up on a cluster in strict mode."
    )


def base_scheme(mode: str) -> str:
    """The scheme under which a cluster of this mode is best reached: Admin Router has no HTTPS in disabled mode."""
    return "http" if mode == DISABLED else "https"


def login_scheme(mode: str, version: str | None = None) -> str:
    """The scheme of the login endpoint in a service account's secret.

    version: the DC/OS version where secrets are to look as the CLI of that version wrote them. Up to 1.11 it wrote
    C(http) in permissive mode; documents of that time demand it. Later writers use C(https) in both modes, and a
    permissive Admin Router answers both.
    """
    if mode == PERMISSIVE and at_least(LAST_HTTP_VERSION, version):
        return "http"
    return base_scheme(mode)


def login_endpoint(mode: str, version: str | None = None) -> str:
    """Where a service inside the cluster logs in."""
    return f"{login_scheme(mode, version)}://{LOGIN_HOST}{LOGIN_PATH}"
