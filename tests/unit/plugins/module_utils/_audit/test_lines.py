# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of journals. REAL ones were seen on clusters (names shortened); the others follow their forms."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._audit.line import (
    AMBIGUOUS,
    BAD_UID,
    CUT,
    NO_RESULT,
    TOO_LONG,
    Decision,
    RefusedLogin,
    moment,
    parse,
)
from ansible_collections.dcos.security.plugins.module_utils._audit.masking import masked
from ansible_collections.dcos.security.plugins.module_utils._audit.permission import needs_no_grant, permission_of
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant

REAL_ADMIN_ROUTER = (
    "Dec 17 07:53:40 m1 adminrouter.sh[21300]: 2020/12/17 07:53:40 [notice] 21300#0: *113742601 [lua] ee.lua:57: "
    "auditlog(): type=audit timestamp=2020-12-17T07:53:40Z authorizer=adminrouter "
    'object=dcos:adminrouter:service:marathon action=full result=allow reason="IAM PQ response" srcip=16.209.41.173 '
    "srcport=42626 request_uri=/service/marathon/v2/apps//test-audit?force=true&partialUpdate=false uid=deployer "
    "while sending to client, client: 16.209.41.173, server: master.mesos, "
    'request: "PUT /service/marathon/v2/apps//test-audit?force=true&partialUpdate=false HTTP/1.1", host: "m1"'
)
DENIED_ADMIN_ROUTER = (
    "Jun 14 09:12:03 m1 adminrouter.sh[4711]: 2017/06/14 09:12:03 [notice] 4711#0: *881 [lua] ee.lua:57: auditlog(): "
    "type=audit timestamp=2017-06-14T09:12:03Z authorizer=adminrouter object=dcos:adminrouter:ops:mesos action=full "
    'result=deny reason="IAM PQ response" srcip=10.0.6.4 srcport=51812 request_uri=/mesos/state uid=svc-a, '
    'client: 10.0.6.4, server: master.mesos, request: "GET /mesos/state HTTP/1.1", host: "m1"'
)
WITHOUT_UID = (
    "type=audit timestamp=2017-06-14T09:12:04Z authorizer=adminrouter object=dcos:adminrouter:acs action=full "
    'result=deny reason="no valid authentication token" srcip=10.0.6.4 srcport=51813 request_uri=/acs/api/v1/users, '
    'client: 10.0.6.4, server: master.mesos, request: "GET /acs/api/v1/users HTTP/1.1", host: "m1"'
)
REAL_LOGIN = (
    "[261122-03:38:44.992] [14506:MainThread] [bouncer.app.auth.Login] INFO: type=audit "
    "timestamp=2026-11-22T03:38:44.992060Z srcip=127.0.0.1 component=bouncer action=password-login result=deny "
    'reason="invalid password provided" uid=joe'
)
IAM_AUTHORIZER = (
    "[170614-09:12:05.101] [1501:MainThread] [bouncer.app.x] INFO: type=audit timestamp=2017-06-14T09:12:05.101000Z "
    "srcip=10.0.6.4 authorizer=bouncer uid=svc-a action=full object=dcos:superuser result=deny "
    'reason="policy evaluation"'
)
REAL_MESOS_AGENT = (
    "I0410 02:38:24.752534  3708 logfmt.cpp:178] dstip=10.0.3.81 type=audit "
    'timestamp=2018-04-10 02:38:24.752481024+00:00 reason="Valid authorization token" uid="dcos_net_agent" '
    'object="/slave(1)/state" agent="navstar@10.0.3.81 (pid 3168)" authorizer="mesos-agent" action="GET" result=allow '
    "srcip=10.0.3.81 dstport=5051 srcport=56595"
)
MESOS_MASTER = (
    "W0614 09:12:06.000001  2001 logfmt.cpp:178] type=audit timestamp=2017-06-14 09:12:06.000001024+00:00 "
    'authorizer="mesos-master" uid="svc-a" action="register_framework" '
    'object="dcos:mesos:master:framework:role:svc-role" result=deny reason="Permission denied"'
)
REAL_MARATHON = (
    "Dec 16 18:19:06 c1mas2 marathon.sh[5635]: [2016-12-16 18:19:06,199] INFO timestamp=2016-12-16T23:19:06.199Z "
    "type=audit uid=adminuser srcip=10.0.0.201 srcport=38846 dstip=10.0.0.202 dstport=8443 authorizer=marathon "
    "action=CreateRunSpec path=/gregsapp2 result=allow (dcos.marathon.auditlog:qtp706960270-1267)"
)


def decision(line: str) -> Decision:
    found = parse(line)
    assert isinstance(found, Decision)
    return found


@pytest.mark.parametrize(
    ("line", "uid", "at", "allowed", "grant"),
    [
        (
            REAL_ADMIN_ROUTER,
            "deployer",
            "2020-12-17T07:53:40.000000Z",
            True,
            Grant("dcos:adminrouter:service:marathon", "full"),
        ),
        (
            DENIED_ADMIN_ROUTER,
            "svc-a",
            "2017-06-14T09:12:03.000000Z",
            False,
            Grant("dcos:adminrouter:ops:mesos", "full"),
        ),
        (WITHOUT_UID, None, "2017-06-14T09:12:04.000000Z", False, Grant("dcos:adminrouter:acs", "full")),
        (REAL_LOGIN, "joe", "2026-11-22T03:38:44.992060Z", False, None),
        (IAM_AUTHORIZER, "svc-a", "2017-06-14T09:12:05.101000Z", False, Grant("dcos:superuser", "full")),
        (REAL_MESOS_AGENT, "dcos_net_agent", "2018-04-10T02:38:24.752481Z", True, None),
        (
            MESOS_MASTER,
            "svc-a",
            "2017-06-14T09:12:06.000001Z",
            False,
            Grant("dcos:mesos:master:framework:role:svc-role", "create"),
        ),
        (
            REAL_MARATHON,
            "adminuser",
            "2016-12-16T23:19:06.199000Z",
            True,
            Grant("dcos:service:marathon:marathon:services:/gregsapp2", "create"),
        ),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_known_forms(line: str, uid: str | None, at: str, allowed: bool, grant: Grant | None) -> None:
    found = decision(line)
    assert (found.uid, found.at, found.allowed, found.doubt) == (uid, at, allowed, None)
    assert permission_of(found) == grant
    prefixed = f"Jun 14 09:12:07 m1 unit[1]: {line}"
    assert decision(prefixed) == found._replace(text=prefixed)


@pytest.mark.parametrize(
    ("authorizer", "action", "where", "grant"),
    [
        ("mesos-master", "register_framework", "object=kafka-role", ("master:framework:role:kafka-role", "create")),
        ("mesos-master", "RUN_TASK", 'object="nobody"', ("master:task:user:nobody", "create")),
        ("mesos-agent", "run_task", "object=nobody", ("agent:task:user:nobody", "create")),
        ("mesos-master", "reserve_resources", "object=kafka-role", ("master:reservation:role:kafka-role", "create")),
        ("mesos-master", "unreserve", "object=svc-a", ("master:reservation:principal:svc-a", "delete")),
        ("mesos-master", "create_volume", "object=kafka-role", ("master:volume:role:kafka-role", "create")),
        ("mesos-master", "destroy_volume", "object=svc-a", ("master:volume:principal:svc-a", "delete")),
        ("mesos-master", "teardown", "object=svc-a", ("master:framework:principal:svc-a", "delete")),
        ("mesos-master", "get_endpoint_with_path", "object=/metrics", ("master:endpoint:path:/metrics", "read")),
        ("mesos-agent", "access_sandbox", "object=/prod/app", ("agent:sandbox:app_id:/prod/app", "read")),
        ("mesos-master", "view_flags", "object=", ("master:flags", "read")),
    ],
)
def test_mesos_operations(authorizer: str, action: str, where: str, grant: tuple[str, str]) -> None:
    line = f"type=audit authorizer={authorizer} uid=svc-a action={action} {where} result=deny"
    assert permission_of(decision(line)) == Grant(f"dcos:mesos:{grant[0]}", grant[1])


@pytest.mark.parametrize(
    ("authorizer", "action", "path", "rid", "granted"),
    [
        ("marathon", "CreateRunSpec", "/dev/app", "dcos:service:marathon:marathon:services:/dev/app", "create"),
        ("marathon", "ViewGroup", "/dev", "dcos:service:marathon:marathon:services:/dev", "read"),
        ("marathon", "UpdateGroup", "/", "dcos:service:marathon:marathon:services:/", "update"),
        ("marathon", "DeleteRunSpec", "/dev/app", "dcos:service:marathon:marathon:services:/dev/app", "delete"),
        ("marathon", "ViewResource", "leader", "dcos:service:marathon:marathon:admin:leader", "read"),
        ("marathon", "UpdateResource", "/leader", "dcos:service:marathon:marathon:admin:leader", "update"),
        ("metronome", "CreateRunSpec", "/team.nightly", "dcos:service:metronome:metronome:jobs:team.nightly", "create"),
        ("metronome", "ViewJobRun", "team.nightly", "dcos:service:metronome:metronome:jobs:team.nightly", "read"),
    ],
)
def test_operations_on_services_and_jobs(authorizer: str, action: str, path: str, rid: str, granted: str) -> None:
    line = f"type=audit uid=svc-a authorizer={authorizer} action={action} path={path} result=deny"
    assert permission_of(decision(line)) == Grant(rid, granted)


@pytest.mark.parametrize(
    "pairs",
    [
        "authorizer=marathon-user action=CreateRunSpec path=/a",  # a Marathon on Marathon, whose rid nobody knows
        "authorizer=marathon action=CreateRunSpec path=a",
        "authorizer=marathon action=KillRunSpec path=/a",
        "authorizer=marathon action=ViewResource path=/metrics",
        "authorizer=metronome action=CreateRunSpec path=/team/nightly",
        "authorizer=mesos-master action=register_framework object=/a",
        "authorizer=mesos-master action=mount_moon object=role",
        "authorizer=mesos-agent action=GET object=/state",
        "authorizer=mesos-master action=run_task",
        "authorizer=somebody action=create object=/a",
        "authorizer=mesos-master action=GET object=dcos:mesos:master:quota:role:r",  # documented with two actions
        "authorizer=adminrouter action=full object=dcos:adminrouter:service:a%20b",  # the IAM would take something else
    ],
)
def test_undocumented_operations_are_never_guessed(pairs: str) -> None:
    assert permission_of(decision(f"type=audit uid=svc-a {pairs} result=deny")) is None


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ('type=audit authorizer=marathon uid=a action=X result=deny reason="no end', CUT),
        ("type=audit authorizer=marathon uid=a action=X result=de", CUT),
        ("type=audit authorizer=marathon uid=a action=Cre", CUT),
        ("type=audit authorizer=a uid=a uid=b action=full object=dcos:x result=deny", AMBIGUOUS.format("uid")),
        (
            "type=audit authorizer=a uid=a action=full object=dcos:x result=deny result=allow",
            AMBIGUOUS.format("result"),
        ),
        (
            "[lua] type=audit authorizer=adminrouter object=dcos:adminrouter:acs action=full result=deny "
            "request_uri=/a object=dcos:superuser uid=a, client: 10.0.6.4",
            AMBIGUOUS.format("object"),
        ),
        # What nginx adds is missing, and so perhaps the uid, or a part of it.
        (DENIED_ADMIN_ROUTER.partition(" uid=")[0], CUT),
        (DENIED_ADMIN_ROUTER.partition(", client")[0], CUT),
        ("type=audit authorizer=a uid=a action=full object=dcos:x result=perhaps", NO_RESULT),
        ("type=audit authorizer=a uid=a/b action=full object=dcos:x result=deny", BAD_UID),
        ("type=audit authorizer=a uid=a timestamp=2026-06-14T09:12:03Z timestamp=2026-06-15T09:12:03Z result=deny",
         AMBIGUOUS.format("timestamp")),
        (f"type=audit authorizer=a uid=a action=full object=dcos:{'x' * 2000} result=deny", TOO_LONG),
    ],
)  # fmt: skip
def test_cut_and_ambiguous_lines_are_not_trusted(line: str, doubt: str) -> None:
    assert decision(line).doubt == doubt


def test_client_text_after_the_pairs_is_ignored() -> None:
    line = DENIED_ADMIN_ROUTER.replace("GET /mesos/state", "GET /a uid=root object=dcos:superuser result=allow")
    found = decision(line)
    assert (found.uid, found.object, found.allowed, found.doubt) == ("svc-a", "dcos:adminrouter:ops:mesos", False, None)


def test_refused_login_of_a_service_is_found_without_its_token() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJzdmMifQ.c2lnbmF0dXJl"
    line = f"[261122-03:38:44.992] [1:M] [bouncer] INFO: Service login for `svc-a`: invalid token `{token}`: expired"
    found = parse(line)
    assert isinstance(found, RefusedLogin)
    assert (found.uid, found.at) == ("svc-a", "2026-11-22T03:38:44.992000Z")
    assert "eyJ" not in masked(found.text)
    assert "c2lnbmF0dXJl" not in masked(found.text)


@pytest.mark.parametrize("path", ["/secrets/v1/secret/default/a", "/capabilities", "/metadata"])
def test_requests_that_need_only_a_token_need_no_grant(path: str) -> None:
    line = (
        f"type=audit authorizer=adminrouter object=dcos:adminrouter:x action=full result=allow request_uri={path} uid=a"
    )
    assert needs_no_grant(decision(line))
    assert not needs_no_grant(decision(line.replace("result=allow", "result=deny")))


def test_own_permissions_need_no_grant() -> None:
    line = "type=audit authorizer=adminrouter object=dcos:iam:users:a:permissions action=read result=allow uid=a"
    assert needs_no_grant(decision(line))
    assert not needs_no_grant(decision(line.replace("uid=a", "uid=b")))


def test_names_that_are_too_long_are_not_kept() -> None:
    found = decision(f"type=audit authorizer=a uid={'u' * 5000} action=full object=dcos:x result=deny")
    assert (found.doubt, found.uid) == (TOO_LONG, "u" * 100)


def test_a_refused_login_with_an_impossible_uid_belongs_to_no_account() -> None:
    found = parse("Service login for `a b`: invalid token `x`: why")
    assert isinstance(found, RefusedLogin)
    assert found.uid is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-06-14T09:12:03Z", "2017-06-14T09:12:03.000000Z"),
        ("2017-06-14T09:12:03.5Z", "2017-06-14T09:12:03.500000Z"),
        ("2017-06-14 09:12:06.000001024+00:00", "2017-06-14T09:12:06.000001Z"),
        ("2017-06-14T11:12:03+02:00", "2017-06-14T09:12:03.000000Z"),
        ("2017-06-13T23:12:03-1000", "2017-06-14T09:12:03.000000Z"),
        ("2017-13-14T09:12:03Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("yesterday", None),
    ],
)
def test_times(text: str, at: str | None) -> None:
    assert moment(text) == at


def test_the_journals_time_is_the_last_resort() -> None:
    assert decision_at("type=audit uid=a action=x result=deny") == "1970-01-01T00:00:01.000000Z"
    assert decision_at("type=audit timestamp=2017-06-14T09:12:03Z result=deny") == "2017-06-14T09:12:03.000000Z"


def decision_at(line: str) -> str | None:
    found = parse(line, 1_000_000)
    assert found is not None
    return found.at


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("request_uri=/a?token=abc&x=1", "abc"),
        ("request_uri=/a?key=s3cret", "s3cret"),
        ("Authorization: token=eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "eyJhbGciOiJSUzI1NiJ9"),
        ("Bearer eyJhbGciOi", "eyJhbGciOi"),
        ("Authorization: Bearer opaque", "opaque"),
        ("Proxy-Authorization: Basic dXNlcjpwYXNz", "dXNl"),
        ("authorization=token=opaque", "opaque"),
        ('{"password": "two words"}', "words"),
        ("acs_token=opaque", "opaque"),
        ("Cookie: theme=dark; session=opaque", "opaque"),
        ("proxy http://user:pass@host/", "user:pass"),
        ("proxy http://user:p@ss@host/", "ss@"),
        ("agent=\x1b[31m", "\x1b"),
        ("\u202euid", "\u202e"),
    ],
)
def test_samples_are_masked(shown: str, hidden: str) -> None:
    assert hidden not in masked(shown)


@pytest.mark.parametrize("line", [REAL_LOGIN, DENIED_ADMIN_ROUTER, WITHOUT_UID, IAM_AUTHORIZER])
def test_what_is_no_secret_stays(line: str) -> None:
    assert masked(line) == line


PAIRS = {
    "timestamp": st.just("2017-06-14 09:12:06.000001024+00:00"),
    "authorizer": st.just('"mesos-master"'),
    "uid": st.sampled_from(["svc-a", '"svc-b"']),
    "action": st.just("run_task"),
    "object": st.just('"nobody"'),
    "result": st.sampled_from(["deny", "allow"]),
    "reason": st.text(st.characters(blacklist_characters='"\n\r', blacklist_categories=("Cs",))).map('"{}"'.format),
    "srcip": st.just("10.0.0.1"),
}


@given(st.fixed_dictionaries(PAIRS).flatmap(lambda pairs: st.permutations([("type", "audit"), *pairs.items()])))
def test_order_of_keys_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    values = dict(pairs)
    found = decision("I0614 x] " + " ".join(f"{key}={value}" for key, value in pairs))
    assert (found.uid, found.allowed) == (values["uid"].strip('"'), values["result"] == "allow")
    assert permission_of(found) == Grant("dcos:mesos:master:task:user:nobody", "create")
    assert found.at == "2017-06-14T09:12:06.000001Z"


@given(st.text())
@example("type=audit")
@example("Service login for `")
@example('type=audit uid="')
def test_any_line_is_handled(text: str) -> None:
    for line in (text, f"type=audit {text}", f"{REAL_ADMIN_ROUTER}{text}", json.dumps(text)):
        found = parse(line, 5)
        if found is not None:
            masked(found.text)
        if isinstance(found, Decision):
            permission_of(found)
