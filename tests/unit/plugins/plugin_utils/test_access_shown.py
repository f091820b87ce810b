# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of dcos_access_info as the terminal and the page get it."""

from __future__ import annotations

import copy
import html.parser
import re
import unicodedata
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dcos.security.plugins.filter.access_page import FilterModule as PageFilter
from ansible_collections.dcos.security.plugins.filter.access_page import access_page
from ansible_collections.dcos.security.plugins.filter.access_tables import FilterModule as TablesFilter
from ansible_collections.dcos.security.plugins.filter.access_tables import access_tables
from ansible_collections.dcos.security.plugins.module_utils._visible import visible

HOSTILE = "<script>alert(1)</script>\"'&amp;{{ 7*7 }}\u202e\x1b[31m\n\ud800"
SHOWN = "<script>alert(1)</script>\"'&amp;{{ 7*7 }}\\u202e\\x1b[31m\\n\\ud800"

ACCESS: dict[str, Any] = {
    "url": "https://dcos.example.com",
    "security_mode": "strict",
    "read_at": "2026-11-22T10:00:00Z",
    "accounts": [
        {
            "uid": "admin",
            "kind": "person",
            "description": "Admin",
            "provider_type": "ldap",
            "fingerprint": None,
            "key_size": None,
            "superuser": "group",
            "direct": [],
            "through_groups": [{"gid": "superusers", "rid": "dcos:superuser", "actions": ["full"]}],
            "secrets": [],
            "findings": ["superuser_through_group"],
        },
        {
            "uid": "web",
            "kind": "service",
            "description": "Web",
            "provider_type": "internal",
            "fingerprint": "SHA256:abc/def",
            "key_size": 2048,
            "superuser": "no",
            "direct": [{"rid": "dcos:mesos:master:framework:role", "actions": ["create", "read"]}],
            "through_groups": [],
            "secrets": ["web/web-secret"],
            "findings": ["over_wide"],
        },
    ],
    "groups": [
        {"gid": "superusers", "direct": [{"rid": "dcos:superuser", "actions": ["full"]}], "members": ["admin"]},
        {"gid": "idle", "direct": [], "members": None},
    ],
    "secrets": [{"path": "web/web-secret", "uid": "web", "fingerprint": "SHA256:abc/def", "matches_account": True}],
    "findings": [
        {
            "kind": "over_wide",
            "severity": "medium",
            "title": "Grant wider than needed",
            "subject_type": "account",
            "subject": "web",
            "rid": "dcos:mesos:master:framework:role",
            "accounts": ["web"],
            "detail": "Every Mesos role.",
            "remedy": "Name it.",
        },
        {
            "kind": "superuser_through_group",
            "severity": "low",
            "title": "Superuser through a group",
            "subject_type": "account",
            "subject": "admin",
            "rid": "dcos:superuser",
            "accounts": ["admin"],
            "detail": "Through superusers.",
            "remedy": "Look.",
        },
    ],
    "counts": {"high": 0, "medium": 1, "low": 1},
    "unknown": [],
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ACCESS), **changes}


def all_hostile(value: Any) -> Any:
    """Each text that a cluster could choose is hostile; what this collection chose stays."""
    ours = {"kind", "severity", "subject_type", "superuser", "security_mode", "read_at"}
    if isinstance(value, dict):
        return {k: v if k in ours else all_hostile(v) for k, v in value.items()}
    if isinstance(value, list):
        return [all_hostile(each) for each in value]
    return HOSTILE if isinstance(value, str) else value


UNKNOWN = [
    {"part": "secrets", "subjects": [f"s{number}" for number in range(7)], "reason": "403 Forbidden."},
    {"part": "permissions", "subjects": [], "reason": "404 Not Found."},
]
NOTHING_KNOWN = {"superuser": None, "direct": None, "through_groups": None, "secrets": None, "findings": []}


# Text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain - Zürich 東京 עברית", "plain - Zürich 東京 עברית"),
        ("a\u202eb\u2066\u200b", "a\\u202eb\\u2066\\u200b"),
        ("\x1b[31m\x9b1m\x00\t\r\n", "\\x1b[31m\\x9b1m\\x00\\t\\r\\n"),
        ("\ud800\U000e0041", "\\ud800\\U000e0041"),
    ],
)
def test_invisible_characters_are_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    shown.encode("utf-8")


# Tables


def test_tables() -> None:
    assert access_tables(ACCESS) == [
        "Cluster   https://dcos.example.com, strict mode, read 2026-11-22T10:00:00Z",
        "Accounts  1 person, 1 service; superusers: 1",
        "Findings  0 high, 1 medium, 1 low",
        "",
        "FINDINGS",
        "severity  finding                    where          what",
        "medium    Grant wider than needed    account web    dcos:mesos:master:framework:role: Every Mesos role.",
        "low       Superuser through a group  account admin  Through superusers.",
        "",
        "WHAT TO DO",
        "Grant wider than needed    Name it.",
        "Superuser through a group  Look.",
        "",
        "ACCOUNTS",
        "account  kind     superuser  resources  power from groups  key        secrets         findings",
        "admin    person   group      -          superusers         -          -               superuser_through_group",
        "web      service  no         1          -                  2048 bits  web/web-secret  over_wide",
        "",
        "PERMISSIONS",
        "who               on                                may",
        "group superusers  dcos:superuser                    full",
        "account admin     dcos:superuser                    full (through group superusers)",
        "account web       dcos:mesos:master:framework:role  create, read",
    ]


def finding(kind: str, subject: str, **others: Any) -> dict[str, Any]:
    ours = next(each for each in ACCESS["findings"] if each["kind"] == "over_wide")
    return {**ours, "kind": kind, "title": kind.title(), "subject": subject, "rid": None, **others}


def test_tables_fold_repeated_findings() -> None:
    findings = [
        *(finding("no_grants", f"u{number}", detail="None.") for number in range(7)),
        finding("no_grants", "g", subject_type="group", detail="None."),
        *(finding("key_mismatch", f"s{number}", subject_type="secret", detail=f"K{number}.") for number in range(8)),
        finding("over_wide", "u1", rid="dcos:a"),
        finding("over_wide", "u2", rid="dcos:a"),
        finding("over_wide", "u1", rid="dcos:b"),
    ]
    lines = access_tables(changed(findings=findings), "findings")
    rows = [re.split(r"  +", line)[1:] for line in lines[lines.index("FINDINGS") + 2 : lines.index("WHAT TO DO") - 1]]
    assert rows == [
        ["No_Grants", "7 accounts and 1 group: u0, u1 and 6 more", "None."],
        *(["Key_Mismatch", f"secret s{number}", f"K{number}."] for number in range(5)),
        ["Key_Mismatch", "3 secrets more", "The page and the JSON file list all of them."],
        ["Over_Wide", "2 accounts: u1, u2", "dcos:a: Every Mesos role."],
        ["Over_Wide", "account u1", "dcos:b: Every Mesos role."],
    ]
    assert len(lines[lines.index("WHAT TO DO") :]) == 1 + 3


def test_tables_list_own_accounts_first() -> None:
    native = {**ACCESS["accounts"][1], "uid": "dcos_marathon", "kind": "native"}
    lines = access_tables(changed(accounts=[native, *ACCESS["accounts"]]))
    assert lines[1] == "Accounts  1 person, 1 service, 1 of DC/OS itself; superusers: 1"
    order = [line.split()[0] for line in lines[lines.index("ACCOUNTS") + 2 :][:3]]
    assert order == ["admin", "web", "dcos_marathon"]


def test_tables_of_a_cluster_without_findings_and_permissions() -> None:
    bare = [{**account, "direct": [], "through_groups": [], "superuser": "no"} for account in ACCESS["accounts"]]
    lines = access_tables(changed(findings=[], accounts=bare, groups=[]), "permissions, findings")
    assert lines[3:] == ["", "PERMISSIONS: none", "", "FINDINGS: none"]


def test_tables_name_unread_parts() -> None:
    accounts = [{**account, **NOTHING_KNOWN} for account in ACCESS["accounts"]]
    lines = access_tables(changed(unknown=UNKNOWN, accounts=accounts, security_mode=None), ["accounts"])
    assert "security mode not known" in lines[0]
    assert lines[1].endswith("superusers: not known")
    assert lines[4:7] == [
        "NOT READ: nothing is known about faults there",
        "secrets      s0, s1, s2, s3, s4 and 2 more  403 Forbidden.",
        "permissions  all                            404 Not Found.",
    ]
    assert lines[-2].split() == ["admin", "person", "?", "?", "?", "-", "?", "-"]


def test_tables_survive_any_text_of_the_cluster() -> None:
    lines = access_tables(all_hostile(ACCESS))
    assert all(line.isprintable() for line in lines)
    assert len(lines) == len(access_tables(ACCESS)) - 1  # one title, one remedy
    assert any(SHOWN in line for line in lines)


def test_tables_are_aligned_where_letters_are_wide_or_combine() -> None:
    accounts = [{**ACCESS["accounts"][0], "uid": uid} for uid in ("abcd", "東京", "e\u0301bcd")]
    rows = access_tables(changed(accounts=accounts), ["accounts"])[-3:]
    before = [row[: row.index("person")] for row in rows]
    widths = {
        sum(2 if unicodedata.east_asian_width(each) == "W" else not unicodedata.combining(each) for each in text)
        for text in before
    }
    assert len(widths) == 1


def test_tables_refuse_unknown_input() -> None:
    with pytest.raises(AnsibleFilterError, match="no table 'x'"):
        access_tables(ACCESS, ["x"])
    with pytest.raises(AnsibleFilterError, match="dcos_access_info"):
        access_tables([])


# The page


class Parsed(html.parser.HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_page_is_self_contained() -> None:
    page = Parsed(access_page(ACCESS))
    for _tag, attributes in page.elements:
        assert not {"src", "srcset", "action", "style", "background"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert not page.all("link")
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 2
    assert "url(" not in access_page(ACCESS)


def test_page_shows_everything() -> None:
    text = "".join(Parsed(access_page(ACCESS)).texts)
    for shown in (
        "https://dcos.example.com",
        "strict mode",
        "2026-11-22 10:00:00 UTC",
        "2 accounts: 1 person, 1 service.",
        "Every Mesos role.",
        "Name it.",
        "dcos:superuser",
        "create, read",
        "SHA256:abc/def",
        "web/web-secret",
        "through superusers",
    ):
        assert shown in re.sub(r"\s+", " ", text)


def test_page_says_one_and_many() -> None:
    one = changed(accounts=ACCESS["accounts"][:1], groups=ACCESS["groups"][:1])
    text = re.sub(r"\s+", " ", "".join(Parsed(access_page(one)).texts))
    assert "1 account: 1 person. 1 superuser, 1 group, 1 stored key." in text


def test_page_folds_long_lists_and_keeps_short_ones_open() -> None:
    findings = [finding("no_grants", f"u{number}", detail="None.") for number in range(5)]
    assert Parsed(access_page(changed(findings=findings))).all("details") == [{"open": None}]
    findings.append(finding("no_grants", "u5", detail="None."))
    groups = [{"gid": "all", "direct": [], "members": [f"u{number}" for number in range(6)]}]
    page = Parsed(access_page(changed(findings=findings, groups=groups)))
    assert page.all("details") == [{}, {}]
    assert {"6 accounts", "6 members"} <= set(page.texts)
    assert "".join(page.texts).count("None.") == 1


@pytest.mark.parametrize("text", ["dcos:mesos:x/y_z@host.example", "::a//", "plain", ""])
def test_ids_break_at_separators_and_stay_whole(text: str) -> None:
    accounts = [{**ACCESS["accounts"][1], "uid": text}]
    page = access_page(changed(accounts=accounts, findings=[], groups=[], secrets=[]))
    (shown,) = re.findall(r'<bdi class="name">(.*?)</bdi>', page)
    assert shown.replace("<wbr>", "") == text
    assert re.split(r"[:/@._]+", text.rstrip(":/@._")) == [
        re.sub(r"[:/@._]", "", part) for part in shown.split("<wbr>")
    ]


def test_page_is_accessible() -> None:
    page = Parsed(access_page(ACCESS))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("table")) == len(page.all("caption")) == 4
    ids = {attributes["id"] for _tag, attributes in page.elements if "id" in attributes}
    assert {a["aria-labelledby"] for _tag, a in page.elements if "aria-labelledby" in a} <= ids
    assert {label["for"] for label in page.all("label")} <= ids
    assert all(cell["data-label"] for cell in page.all("td"))
    assert {header["scope"] for header in page.all("th")} == {"col", "row"}


def test_page_names_unread_parts() -> None:
    accounts = [{**account, **NOTHING_KNOWN} for account in ACCESS["accounts"]]
    page = access_page(changed(unknown=UNKNOWN, accounts=accounts, findings=[], groups=[], secrets=[]))
    text = re.sub(r"\s+", " ", "".join(Parsed(page).texts))
    assert "Nothing was found in what was read." in text
    assert "secrets (s0, s1, s2, s3, s4 and 2 more): 403 Forbidden." in text
    assert "Unknown number of superusers" in text
    assert text.count("not read") == 3
    assert "Not read" not in "".join(Parsed(access_page(ACCESS)).texts)


def test_page_escapes_any_text_of_the_cluster() -> None:
    clean, hostile = Parsed(access_page(ACCESS)), Parsed(access_page(all_hostile(ACCESS)))
    assert [tag for tag, _attributes in hostile.elements if tag not in ("wbr", "span")] == [
        tag for tag, _attributes in clean.elements if tag not in ("wbr", "span")
    ]
    text = "".join(hostile.texts)
    assert SHOWN in text
    assert "49" not in text
    assert all(each.isprintable() or each == "\n" for each in text)
    access_page(all_hostile(ACCESS)).encode("utf-8")


def test_page_refuses_unknown_input() -> None:
    with pytest.raises(AnsibleFilterError, match="dcos_access_info"):
        access_page({"access": ACCESS})


def test_names_of_filters() -> None:
    assert TablesFilter().filters() == {"access_tables": access_tables}
    assert PageFilter().filters() == {"access_page": access_page}
