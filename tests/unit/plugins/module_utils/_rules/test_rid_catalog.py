# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of documented resource ids: what is in it, what belongs to it, and what is said of a typo."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._presets import reading as presets
from ansible_collections.dcos.security.plugins.module_utils._rules import rid_catalog as catalog
from ansible_collections.dcos.security.plugins.module_utils._rules import security_modes as modes
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import ACTIONS, check_rid

# Every documented template: actions of its own page, "+" those that other pages grant; where it is documented if not in
# a permissions reference of DC/OS 1.8 to 2.2; "?" for what another document contradicts or none confirms.
DOCUMENTED = """
dcos:superuser all
dcos:adminrouter:acs full
dcos:adminrouter:licensing full
dcos:adminrouter:ops:ca:ro full
dcos:adminrouter:ops:ca:rw full
dcos:adminrouter:ops:cockroachdb full
dcos:adminrouter:ops:exhibitor full
dcos:adminrouter:ops:historyservice full
dcos:adminrouter:ops:mesos-dns full
dcos:adminrouter:ops:mesos full
dcos:adminrouter:ops:metadata full
dcos:adminrouter:ops:networking full
dcos:adminrouter:ops:slave full
dcos:adminrouter:ops:system-health full
dcos:adminrouter:ops:system-logs full
dcos:adminrouter:ops:system-metrics full
dcos:adminrouter:package full
dcos:adminrouter:service:<service-endpoint> full
dcos:adminrouter:service:marathon full
dcos:adminrouter:service:metronome full
dcos:adminrouter:secrets full elsewhere ?
dcos:adminrouter:ops:system-backup full elsewhere
dcos:adminrouter:ops:cluster-link full elsewhere
dcos:adminrouter:capabilities full elsewhere ?
dcos:adminrouter:system:agent full elsewhere ?
dcos:adminrouter:service:edgelb full product
dcos:adminrouter:service:edgelb:/ping full product
dcos:adminrouter:service:edgelb:/config full product
dcos:adminrouter:service:edgelb:/pools/<pool-name> full product
dcos:adminrouter:service:edgelb:/v1/loadbalancers full product
dcos:adminrouter:service:edgelb:/v1/loadbalancers/<pool-name> full product
dcos:adminrouter:service:edgelb:/v2/pools full product
dcos:adminrouter:service:edgelb:/v2/pools/<pool-name> full product
dcos:adminrouter:service:dcos-edgelb/pools/<pool-name> full product
dcos:mesos:agent:container:app_id[:service-or-job-group] update+read
dcos:mesos:agent:container:role[:role-name] update
dcos:mesos:agent:endpoint:path[:endpoint] read+full
dcos:mesos:agent:executor:app_id[:service-or-job-group] read
dcos:mesos:agent:flags read
dcos:mesos:agent:framework:role[:role-name] read
dcos:mesos:agent:log read
dcos:mesos:agent:nested_container_session:app_id[:service-or-job-group] create
dcos:mesos:agent:nested_container_session:role[:role-name] create
dcos:mesos:agent:nested_container_session:user[:linux-user-name] create
dcos:mesos:agent:resource_provider read
dcos:mesos:agent:resource_provider_config create,update,delete+full
dcos:mesos:agent:sandbox:app_id[:service-or-job-group] read
dcos:mesos:agent:task:app_id[:service-or-job-group] read
dcos:mesos:agent:task:user[:linux-user-name] create product ?
dcos:mesos:master:agent update,delete
dcos:mesos:master:block_disk create,delete
dcos:mesos:master:endpoint:path[:endpoint] read+full
dcos:mesos:master:executor:app_id[:service-or-job-group] read
dcos:mesos:master:flags read
dcos:mesos:master:framework:principal[:service-account-id] delete+full
dcos:mesos:master:framework:role[:role-name] create+read,full
dcos:mesos:master:log read
dcos:mesos:master:mount_disk create,delete
dcos:mesos:master:quota:role[:role-name] read,update
dcos:mesos:master:reservation:principal[:service-account-id] delete+create,full
dcos:mesos:master:reservation:role[:role-name] create+read,full
dcos:mesos:master:task:app_id[:service-or-job-group] create+read,full
dcos:mesos:master:task:user[:linux-user-name] create+full
dcos:mesos:master:volume:principal[:service-account-id] delete+create,full
dcos:mesos:master:volume:role[:role-name] create+read,full
dcos:mesos:master:weight:role[:role-name] read,update
dcos:mesos:master:reservation delete product ?
dcos:mesos:master:block_disk:role full product ?
dcos:mesos:master:mount_disk:role full product ?
dcos:mesos:master:raw_disk:role full product ?
dcos:mesos:master:task:role[:role-name] create product ?
dcos:mesos:master:task:principal[:service-account-id] create product ?
dcos:service:marathon:marathon:admin:config read
dcos:service:marathon:marathon:admin:events read,full
dcos:service:marathon:marathon:admin:leader read,update,full
dcos:service:marathon:marathon:services:/[service-group] all
dcos:service:marathon:<marathon-instance>:services:/[service-group] all elsewhere
dcos:service:metronome:metronome:jobs[:job-group] all
dcos:secrets:default:[/path-name/]<secret-name> all
dcos:secrets:default:/<path>/* full+create,update product
dcos:secrets:list:default:/[path] read+full
dcos:cluster:linker:<cluster-id> read
dcos:cluster:linker:* create,read,update,delete
"""


def as_line(entry: catalog.Entry) -> str:
    actions = "all" if entry.actions == ACTIONS else ",".join(entry.actions)
    also = "+" + ",".join(entry.also_granted) if entry.also_granted else ""
    words = [entry.template, actions + also]
    words += [] if entry.status == "reference" else [entry.status]
    words += ["?"] if entry.uncertain else []
    return " ".join(words)


def test_the_catalogue_matches_the_documents() -> None:
    assert sorted(as_line(entry) for entry in catalog.CATALOG) == sorted(DOCUMENTED.split("\n")[1:-1])


def test_every_entry_says_what_it_is_for() -> None:
    assert len({entry.template for entry in catalog.CATALOG}) == len(catalog.CATALOG)
    for entry in catalog.CATALOG:
        assert entry.description.endswith(".")
        assert entry.component
        assert set(entry.actions) | set(entry.also_granted) <= set(ACTIONS)
        assert not set(entry.actions) & set(entry.also_granted)
        assert entry.category == modes.category(entry.template)


@pytest.mark.parametrize(
    ("rid", "component"),
    [
        ("dcos:superuser", "every component"),
        ("dcos:adminrouter:acs", "Admin Router"),
        ("dcos:mesos:master:flags", "Mesos master"),
        ("dcos:mesos:agent:flags", "Mesos agent"),
        ("dcos:service:marathon:marathon:admin:events", "Marathon"),
        ("dcos:service:marathon:mine:services:/", "Marathon on Marathon"),
        ("dcos:service:metronome:metronome:jobs", "Metronome"),
        ("dcos:secrets:list:default:/", "secret store"),
        ("dcos:cluster:linker:*", "cluster linker"),
    ],
)
def test_components(rid: str, component: str) -> None:
    assert [entry.component for entry in catalog.find(rid)] == [component]


# --- what belongs to a template --------------------------------------------------------------------------------------

NAME = st.from_regex(r"[a-z0-9_.@-]{1,12}", fullmatch=True)
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)
FREE = st.sampled_from(["prod/**", "*", "prod/*", "a b"]) | PATH
VALUES: dict[str, st.SearchStrategy[str]] = {
    "service-or-job-group": FREE.map("/{}".format) | st.just("/"),
    "role-name": PATH | st.sampled_from(["*", "slave_public", "slave_public/x-role"]),
    "endpoint": PATH.map("/{}".format),
    "linux-user-name": NAME,
    "service-account-id": NAME,
    "job-group": st.lists(NAME, min_size=1, max_size=3).map(".".join),
    "service-group": FREE | st.just(""),
    "path": FREE | st.just(""),
    "service-endpoint": PATH,
    "marathon-instance": NAME,
    "cluster-id": NAME,
    "pool-name": NAME,
    "<path>": PATH,
    "/path-name/": PATH.map("/{}/".format) | st.just(""),
    "secret-name": NAME,
}


@st.composite
def instances(draw: st.DrawFn) -> tuple[catalog.Entry, str]:
    entry = draw(st.sampled_from(catalog.CATALOG))

    def value(found: re.Match[str]) -> str:
        text = found.group()
        if text.startswith("[:"):
            return draw(st.just("") | VALUES[text[2:-1]].map(":{}".format))
        return draw(VALUES[text if text in VALUES else text[1:-1]])

    return entry, re.sub(r"\[.*?\]|<.*?>", value, entry.template)


@given(instances())
def test_every_instance_of_a_template_is_known(instance: tuple[catalog.Entry, str]) -> None:
    entry, rid = instance
    assert entry in catalog.find(rid)
    assert catalog.unknown(rid, (*entry.actions, *entry.also_granted)) is None
    assert catalog.unknown(rid, ()) is None


@given(instances(), st.sampled_from(ACTIONS))
def test_unknown_actions_are_answered_with_the_known_ones(instance: tuple[catalog.Entry, str], action: str) -> None:
    _entry, rid = instance
    known = {action for entry in catalog.find(rid) for action in (*entry.actions, *entry.also_granted)}
    message = catalog.unknown(rid, [action])
    if action in known:
        assert message is None
    else:
        assert message is not None
        assert message.startswith(f"{rid} is not documented with the action {action}, only with ")
        assert all(re.search(rf"\b{word}\b", message) for word in known)


NEAREST = re.compile(r"The nearest documented one is (.+)\.$", re.DOTALL)


def nearest(rid: str, *actions: str) -> str:
    message = catalog.unknown(rid, actions)
    assert message is not None
    assert message.startswith(f"{rid} is not a documented resource id: ")
    found = NEAREST.search(message)
    assert found is not None
    return found.group(1)


def is_known(rid: str) -> bool:
    return bool(catalog.find(rid)) or rid in {entry.template for entry in catalog.CATALOG}


@given(instances(), st.data())
def test_a_misspelt_rid_is_answered_with_a_known_one(instance: tuple[catalog.Entry, str], data: st.DataObject) -> None:
    rid = instance[1]
    at = data.draw(st.integers(len("dcos:"), len(rid)))
    wrong = data.draw(st.text("abcxyz:/*_-", max_size=3))
    mutated = rid[:at] + wrong + rid[at + data.draw(st.integers(0, 3)) :]
    assume(not catalog.find(mutated))
    assert is_known(nearest(mutated, "read"))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_answered(text: str) -> None:
    rid = f"dcos:{text}"
    assert catalog.unknown(rid, ["read"]) is None or is_known(nearest(rid, "read")) or catalog.find(rid)


RID = "dcos:mesos:master:framework:role:prod__x-role"


@pytest.mark.parametrize("at", [at for at, letter in enumerate(RID) if letter != ":" and at < RID.index(":prod")])
def test_a_missing_letter_is_corrected(at: int) -> None:
    assert nearest(RID[:at] + RID[at + 1 :], "create") == RID


# --- typos -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rid", "why", "near"),
    [
        ("dcos:mesos:master:framwork:role:x", "the part 'framwork' is unknown", "dcos:mesos:master:framework:role:x"),
        ("dcos:mesos:framework:role:x", "the part master is missing", "dcos:mesos:master:framework:role:x"),
        ("dcos:mesos:master:x:framework:role:x", "the part 'x' is too much", "dcos:mesos:master:framework:role:x"),
        (
            "dcos:mesos:master:task:app_id:spark",
            "the part 'spark' is not a group of services or jobs, which begins with a slash",
            "dcos:mesos:master:task:app_id:/spark",
        ),
        (
            "dcos:adminrouter:service:/prod/x",
            "the part '/prod/x' is not the name of a service without leading slash",
            "dcos:adminrouter:service:prod/x",
        ),
        (
            "dcos:service:metronome:metronome:jobs:/a/b",
            "the part '/a/b' is not a group of jobs, its parts joined by dots",
            "dcos:service:metronome:metronome:jobs:a.b",
        ),
        ("dcos:secret:default:/a/b", "the part 'secret' is unknown", "dcos:secrets:default:/a/b"),
        ("dcos:secrets:default:a/*", "the part 'a/*' is not the path of a secret", "dcos:secrets:default:/a/*"),
        ("dcos:secrets:list:default:a", "the part 'a' is not a path", "dcos:secrets:list:default:/a"),
        (
            "dcos:adminrouter:ops:foo",
            "the part 'foo' is unknown, known there: ca, cluster-link, cockroachdb, exhibitor, historyservice, mesos,",
            "dcos:adminrouter:ops:cockroachdb",
        ),
        (
            "dcos:secrets:default",
            "it ends too early, known there: /<path>/*, [/path-name/]<secret-name>",
            "dcos:secrets:default:[/path-name/]<secret-name>",
        ),
        (
            "dcos:adminrouter:service:dgelb:/pools/x",
            "the part 'dgelb' is unknown",
            "dcos:adminrouter:service:edgelb:/pools/x",
        ),
        ("dcos:superusers", "the part 'superusers' is unknown", "dcos:superuser"),
        ("docs:superuser", "the part 'docs' is unknown", "dcos:superuser"),
        ("dcos:mesos:master:framework:role:", "the part '' is not a Mesos role", "dcos:mesos:master:framework:role"),
        (
            "dcos:service:marathon:marathon:service:/x",
            "the part 'service' is unknown",
            "dcos:service:marathon:marathon:services:/x",
        ),
        (
            "dcos:service:marathon:services:/x",
            "the part marathon is missing",
            "dcos:service:marathon:marathon:services:/x",
        ),
        # What documents have by mistake, and what ended with DC/OS 1.7.
        ("dcos:service:adminrouter:x", "its words are swapped", "dcos:adminrouter:service:x"),
        (
            "dcos:adminrouter:service:prod:x",
            "a service in a group is written with slashes",
            "dcos:adminrouter:service:prod/x",
        ),
        (
            "dcos:service:marathon:marathon:x",
            "services:/ is missing before the name of the service",
            "dcos:service:marathon:marathon:services:/x",
        ),
        (
            "dcos:service:marathon:marathon:services/x",
            "it ended with DC/OS 1.7, a colon is missing after services",
            "dcos:service:marathon:marathon:services:/x",
        ),
        ("dcos:secrets:default:/x/\\*", "it has a backslash", "dcos:secrets:default:/x/*"),
        ("dcos:mesos:master:framework:role:a\\_b", "it has a backslash", "dcos:mesos:master:framework:role:a_b"),
        ("dcos:sevice:marathon", "the part 'sevice' is unknown", "dcos:service:marathon:marathon:services:/"),
        ("dcos:service:maraton", "the part 'maraton' is unknown", "dcos:service:marathon:marathon:services:/"),
        ("dcos:service:marathon", "it ends too early", "dcos:service:marathon:marathon:services:/"),
        ("dcos:sevice:metronome", "the part 'sevice' is unknown", "dcos:service:metronome:metronome:jobs"),
        ("dcos:service:marathon:mine", "it ended with DC/OS 1.7", "dcos:service:marathon:mine:services:/"),
    ],
)
def test_misspelt_rids(rid: str, why: str, near: str) -> None:
    message = catalog.unknown(rid, ["create"])
    assert message is not None
    assert why in message
    assert nearest(rid, "create") == near


@pytest.mark.parametrize(
    ("action", "near"),
    [("create", "dcos:mesos:master:framework:role:x"), ("read", "dcos:mesos:agent:framework:role:x")],
)
def test_the_action_decides_between_equally_near_rids(action: str, near: str) -> None:
    assert nearest("dcos:mesos:framework:role:x", action) in (near, "dcos:mesos:master:framework:role:x")
    assert nearest("dcos:mesos:maagster:task:user:x", "create") == "dcos:mesos:master:task:user:x"


@pytest.mark.parametrize(
    ("rid", "action", "other"),
    [
        ("dcos:mesos:agent:framework:role:*", "create", "dcos:mesos:master:framework:role:*"),
        ("dcos:mesos:master:executor:app_id:/x", "create", None),
        ("dcos:mesos:master:reservation:role:x", "delete", "dcos:mesos:master:reservation:principal"),
        ("dcos:mesos:master:volume:principal:x", "read", "dcos:mesos:master:volume:role"),
        ("dcos:mesos:master:agent", "read", None),
        ("dcos:adminrouter:acs", "read", None),
    ],
)
def test_an_action_known_for_other_rids(rid: str, action: str, other: str | None) -> None:
    message = catalog.unknown(rid, ["full", action] if "acs" in rid else [action])
    assert message is not None
    assert f"with the action {action}, only with " in message
    if other is None:
        assert " is documented for " not in message
    else:
        assert message.endswith(f" {action} is documented for {other}.")


@pytest.mark.parametrize(
    ("rid", "wide"),
    [
        ("dcos:mesos:master:framework:role", True),
        ("dcos:mesos:master:framework:role:*", False),  # the role *, not any role
        ("dcos:mesos:master:framework:role:slave_public", False),
        ("dcos:mesos:agent:task:user", True),
        ("dcos:mesos:agent:task:user:nobody", False),
        ("dcos:mesos:master:task:app_id:/", True),
        ("dcos:mesos:master:task:app_id:/prod/**", False),
        ("dcos:service:marathon:marathon:services:/", True),
        ("dcos:service:marathon:marathon:services:/prod", False),
        ("dcos:service:metronome:metronome:jobs", True),
        ("dcos:service:metronome:metronome:jobs:prod", False),
        ("dcos:secrets:list:default:/", True),
        ("dcos:secrets:default:/prod/*", False),
        ("dcos:cluster:linker:*", True),
        ("dcos:cluster:linker:1-2", False),
        ("dcos:mesos:master:reservation", False),  # nothing narrower by this name
        ("dcos:adminrouter:acs", False),
        ("dcos:superuser", False),
        ("dcos:unknown", False),
    ],
)
def test_over_wide(rid: str, wide: bool) -> None:
    assert catalog.is_over_wide(rid) is wide


@pytest.mark.parametrize(
    "tail", ["a" * 10**5, "a/" * 10**5, ":" * 10**5, "a:/" * 10**5, "/*" * 10**5, "." * 10**5 + "*"]
)
@pytest.mark.parametrize("head", ["dcos:secrets:default:/", "dcos:mesos:master:tsk:"])
def test_time_grows_with_the_length_only(head: str, tail: str) -> None:
    started = time.process_time()
    catalog.unknown(head + tail, ["read"])
    catalog.is_over_wide(head + tail)
    assert time.process_time() - started < 5


LISTED = [
    ("one", "dcos:superuser", ["full"]),
    ("two", "dcos:adminrouter:asc", ["full"]),
    ("three", "dcos:adminrouter:acs", ["read"]),
]


@pytest.mark.parametrize(("wish", "told"), [("warn", ["two: dcos:", "three: dcos:"]), ("ignore", [])])
def test_check_known(wish: str, told: list[str]) -> None:
    found = catalog.check_known(LISTED, wish, "the_wish")
    assert [text.split("adminrouter")[0] for text in found] == told


def test_check_known_can_fail() -> None:
    assert catalog.check_known(LISTED[:1], "fail", "x") == []
    with pytest.raises(DcosError, match=r"^two: dcos:adminrouter:asc is not .* Nothing was changed") as caught:
        catalog.check_known(LISTED, "fail", "the_wish")
    assert caught.value.code == "invalid_rid"
    assert str(caught.value).endswith("set the_wish to warn or ignore.")


# --- presets and catalogue -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda preset: preset.name)
def test_every_grant_of_a_shipped_preset_is_in_the_catalogue(preset: presets.Preset) -> None:
    values = {
        "service_account": "prod__x-principal",
        "service_name": "prod/x",
        "folder": "prod/x",
        "role": "prod__x-role",
        "user": "nobody",
        "group": "prod",
        "pool_name": "web",
        "app_id": "/prod/web",
        "marathon_instance": "marathon-user",
    }
    for grant in (*preset.grants, *presets.TRANSPORT_ENCRYPTION, *presets.PUBLIC_AGENT_PODS):
        rid = check_rid(presets.expand(grant.rid, values, "x"), "x")
        assert catalog.unknown(rid, grant.actions) is None
