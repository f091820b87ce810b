# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook show_access as users run it: what was planted is found, the page works in a browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from browser_support import Browser, find_browser
from integration_support import (
    KEYS,
    PASSWORD,
    SUPERUSER,
    Emulator,
    Lab,
    document,
    fingerprint,
    found_secrets,
    new_key,
    private_pem,
    public_pem,
    task,
    values,
)

BIN = Path(sys.executable).parent

HOSTILE = (
    "<script>window.hacked = 1</script>\"><img src=http://127.0.0.1:PORT/x onerror='window.hacked=2'>\u202egnp.exe"
)
HOSTILE_RID = 'dcos:<svg/onload="window.hacked=3">:{{7*7}}\u202e'


@dataclass(frozen=True)
class Shown:
    """What a run of the playbook printed and wrote."""

    returncode: int
    output: str
    json_path: Path
    html_path: Path
    start: float
    end: float

    @property
    def access(self) -> dict[str, Any]:
        return dict(json.loads(self.json_path.read_text(encoding="utf-8")))

    @property
    def found(self) -> list[tuple[str, str]]:
        return sorted((finding["kind"], finding["subject"]) for finding in self.access["findings"])


def show(lab: Lab, emulator: Emulator, name: str = "access", **variables: Any) -> Shown:
    """Run it by its name, everything as extra variables, as AWX does."""
    folder = lab.place(name)
    if target := os.environ.get("DCOS_TEST_TARGET_PYTHON"):
        variables["ansible_python_interpreter"] = target
    paths = {"dcos_access_json": "access.json", "dcos_access_html": str(folder / "access.html")}
    (folder / "variables.json").write_text(json.dumps({**emulator.connection, **paths, **variables}))
    start = time.time()
    result = subprocess.run(
        [str(BIN / "ansible-playbook"), "dcos.security.show_access", "-e", f"@{folder / 'variables.json'}"],
        env={
            "HOME": str(lab.place("home")),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{BIN}:/usr/bin:/bin",
            "ANSIBLE_COLLECTIONS_PATH": str(Path(sys.prefix) / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    output = result.stdout + result.stderr
    assert "[WARNING]" not in output
    assert "[DEPRECATION" not in output
    return Shown(result.returncode, output, folder / "access.json", folder / "access.html", start, time.time())


# Planted faults


SERVICES = [
    {"name": "/in/time", "superuser": True, "superuser_until": "2999-12-31"},
    {"name": "/over/time", "superuser": True, "superuser_until": "2020-01-01"},
]


def in_order(emulator: Emulator, uid: str, number: int, path: str = "") -> str:
    """A service that has what it needs and nothing else."""
    emulator.make_account(uid, KEYS[number], f"Service account of {uid}")
    emulator.grant(uid, f"dcos:mesos:master:framework:role:{uid}-role", "create")
    emulator.make_secret(path or f"{uid}/{uid}-secret", document(uid, KEYS[number]))
    return uid


def plant(emulator: Emulator) -> list[tuple[str, str]]:
    """Faults of different kinds beside services and persons in order; the findings that must come of them."""
    in_order(emulator, "fine-principal", 0)
    person = emulator.make_person("maria")
    emulator.make_group("developers", person, "fine-principal")
    emulator.grant("developers", "dcos:service:marathon:marathon:services:/dev", "full", kind="groups")
    emulator.make_secret("fine-principal/password", "no document")

    emulator.grant(in_order(emulator, "root-principal", 1), "dcos:superuser", "read")

    in_order(emulator, "member-principal", 2)
    emulator.make_group("operators", "member-principal")
    emulator.grant("operators", "dcos:superuser", "full", kind="groups")

    emulator.grant(in_order(emulator, "over__time-principal", 3), "dcos:superuser", "full")

    bare = emulator.make_account("bare-principal", KEYS[4])
    emulator.make_secret("bare/bare-secret", document(bare, KEYS[4]))

    keyless = emulator.make_account("keyless-principal", KEYS[5])
    emulator.grant(keyless, "dcos:adminrouter:package", "full")

    stale = emulator.make_account("stale-principal", KEYS[6])
    emulator.grant(stale, "dcos:adminrouter:package", "full")
    emulator.make_secret("stale/stale-secret", document(stale, KEYS[7]))

    in_order(emulator, "halfway-principal", 8)
    emulator.make_account("halfway-principal.replacing", KEYS[9], "{}")

    in_order(emulator, "turning-principal", 10, "turning/turning-secret")
    emulator.make_secret("turning/turning-secret-next", document("turning-principal", KEYS[11]))

    emulator.grant(in_order(emulator, "wide-principal", 12), "dcos:mesos:master:reservation:role", "create")

    in_order(emulator, "twin-principal", 13)
    in_order(emulator, "twin-too-principal", 13)

    emulator.make_secret("lost/password", "nobody's")
    emulator.make_group("idle")
    emulator.grant(emulator.make_person("loner"), "dcos:adminrouter:package", "full")

    return [
        ("empty_group", "idle"),
        ("journal_left", "halfway-principal"),
        ("key_mismatch", "stale/stale-secret"),
        ("no_grants", "bare-principal"),
        ("no_secret", "keyless-principal"),
        ("over_wide", "wide-principal"),
        ("person_without_group", "loner"),
        ("rotation_unfinished", "turning/turning-secret-next"),
        ("secret_without_reader", "lost/password"),
        ("shared_key", fingerprint(KEYS[13])),
        ("superuser", "root-principal"),
        ("superuser_expired", "over__time-principal"),
        ("superuser_through_group", "member-principal"),
    ]


BEFORE = [("superuser_through_group", SUPERUSER)]
"""What is told of a new cluster: who set it up. It counts as low."""


@pytest.fixture(scope="module")
def planted(own: Emulator, shared_lab: Lab) -> tuple[Shown, Shown, list[tuple[str, str]]]:
    """The cluster as it was new, with its faults, and what they are."""
    before = show(shared_lab, own, "before")
    faults = plant(own)
    return before, show(shared_lab, own, "after", dcos_access_services=SERVICES), faults


def test_planted_faults_are_found(planted: tuple[Shown, Shown, list[tuple[str, str]]]) -> None:
    before, after, faults = planted
    assert before.returncode == after.returncode == 0, after.output
    assert before.found == BEFORE
    assert len({kind for kind, _subject in faults}) == len(faults)
    assert after.found == sorted([*faults, *BEFORE])
    assert after.access["unknown"] == []
    graver = {finding["kind"] for finding in after.access["findings"] if finding["severity"] != "low"}
    low = {"empty_group", "no_grants", "no_secret", "person_without_group", "secret_without_reader"}
    assert graver == {kind for kind, _subject in faults} - low


def test_tables_are_printed(planted: tuple[Shown, Shown, list[tuple[str, str]]]) -> None:
    _before, after, faults = planted
    for _kind, subject in faults:
        assert subject in after.output
    assert re.search(r"root-principal +service +direct +2 ", after.output)
    assert "full (through group operators)" in after.output
    assert "\x1b" not in after.output


def test_files_are_for_their_owner(planted: tuple[Shown, Shown, list[tuple[str, str]]]) -> None:
    for path in (planted[1].json_path, planted[1].html_path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_no_secret_is_shown(own: Emulator, planted: tuple[Shown, Shown, list[tuple[str, str]]]) -> None:
    after = planted[1]
    texts = {"output": after.output, "json": after.json_path.read_text(), "html": after.html_path.read_text()}
    secrets = {f"key {number}": private_pem(KEYS[number]) for number in range(14)}
    secrets |= {f"public key {number}": public_pem(KEYS[number]) for number in range(14)}
    assert found_secrets(texts, {**secrets, "password": PASSWORD, "value": "no document", "token": own.token}) == []


def test_nothing_is_written_and_few_requests_are_sent(
    own: Emulator, shared_lab: Lab, planted: tuple[Shown, Shown, list[tuple[str, str]]]
) -> None:
    for shown in planted[:2]:
        asked = own.requests(shown.start, shown.end)
        assert asked
        assert not any(request.is_write for request in asked)
    run = shared_lab.play([task("dcos_access_info", "read", check_mode=True)], own)
    asked = run.one("read").requests(own)
    found = values(run.one("read"))["access"]
    assert not any(request.is_write for request in asked)
    paths = own.secrets_below("")
    idle = [group for group in found["groups"] if not group["members"]]
    assert len(asked) == 1 + 1 + 4 + len(found["accounts"]) + len(paths) + 3 * len(idle)
    assert not run.one("read").changed


@pytest.mark.usefixtures("planted")
def test_more_faults(own: Emulator, shared_lab: Lab) -> None:
    """Those that are rarer, and what a text from AWX does to the options."""
    weak = own.make_account("weak-principal", new_key(1024))
    own.grant(weak, "dcos:mesos:agent:flags", "full")
    own.make_secret(
        "weak/broken", {"uid": weak, "private_key": "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----"}
    )
    own.make_secret("gone/gone-secret", document("gone-principal", KEYS[14]))
    own.make_secret("maria/secret", document("maria", KEYS[14]))
    shown = show(shared_lab, own, "more", dcos_access_services="", dcos_access_secrets="", dcos_access_show="findings")
    mine = [each for each in shown.found if any(name in each[1] for name in ("weak", "gone", "maria"))]
    assert mine == [
        ("over_wide", weak),
        ("secret_unusable", "weak/broken"),
        ("secret_without_account", "gone/gone-secret"),
        ("secret_without_account", "maria/secret"),
        ("weak_key", weak),
    ]
    assert ("superuser", "over__time-principal") in shown.found
    assert "ACCOUNTS" not in shown.output


def test_failing_on_severe_findings(own: Emulator, shared_lab: Lab, strict: Emulator, lab: Lab) -> None:
    grave = show(shared_lab, own, "grave", dcos_access_fail_on="high", dcos_access_secrets="false")
    assert grave.returncode == 2
    assert "or higher (dcos_access_fail_on)" in grave.output
    wrong = show(lab, strict, "wrong", dcos_access_fail_on="worst")
    assert wrong.returncode == 2
    assert not wrong.json_path.exists()


@pytest.mark.exhaustive
@pytest.mark.usefixtures("planted")
def test_unreadable_parts_are_reported(own: Emulator, shared_lab: Lab) -> None:
    """Whoever may read the IAM only is reported so about secrets; whoever may read nothing hears why."""
    reader = own.make_account("iam-reader", KEYS[15])
    own.grant(reader, "dcos:adminrouter:acs", "full")
    connection = {"dcos_username": reader, "dcos_password": "", "dcos_private_key": private_pem(KEYS[15])}
    shown = show(shared_lab, own, "reader", **connection)
    assert shown.returncode == 0, shown.output
    (unknown,) = shown.access["unknown"]
    assert (unknown["part"], unknown["subjects"]) == ("secrets", [])
    assert "403" in unknown["reason"]
    assert not [kind for kind, _subject in shown.found if kind in ("no_secret", "key_mismatch")]
    assert "NOT READ" in shown.output
    assert (shown.access["security_mode"], shown.access["secrets"]) == (None, [])

    own.grant(reader, "dcos:secrets:list:default:/", "read")
    (unknown,) = show(shared_lab, own, "lister", **connection).access["unknown"]
    assert unknown["subjects"] == own.secrets_below("")

    nobody = own.make_account("nobody-special", KEYS[15])
    refused = show(shared_lab, own, "nobody", **{**connection, "dcos_username": nobody})
    assert refused.returncode == 2
    assert "lacks the permission" in refused.output


# The page in a browser


class Listener(BaseHTTPRequestHandler):
    """Whoever comes here was lured."""

    visits: list[str] = []  # noqa: RUF012 (shared on purpose)

    def do_GET(self) -> None:
        self.visits.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of a server that no page may speak to."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def page(own: Emulator, shared_lab: Lab, elsewhere: int) -> Shown:
    """A cluster on which somebody with bad intentions may choose texts."""
    text = HOSTILE.replace("PORT", str(elsewhere))
    uid = own.make_account("hostile-principal", KEYS[16], text)
    own.grant(uid, HOSTILE_RID, "read")
    own.make_secret("hostile/secret", document(uid, KEYS[16]))
    # Written as escapes inside the document: half a character, which no file takes.
    own.make_secret("hostile/half", document("half\ud800\u202e", KEYS[16]))
    own.make_secret("hostile/deep", "[" * 100_000)
    for number in range(6):  # so many of a kind that they are folded
        own.make_group(f"idle-{number}")
    shown = show(shared_lab, own, "page")
    assert shown.returncode == 0, shown.output
    assert "\u202e" not in shown.output
    return shown


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    executable = find_browser()
    if executable is None:
        # No registry that make test installs from has a browser; what the page holds is tested without one too.
        pytest.skip("no Chromium or Chrome in PATH: the page is not looked at in a browser")
    browser = Browser(executable, tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def opened(browser: Browser, page: Shown) -> Browser:
    browser.media()
    browser.width(1280)
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    browser.open(page.html_path.as_uri())
    return browser


ENTRIES = "Array.from(document.querySelectorAll('tbody tr:not(:has(.entries)), .entries li'))"
VISIBLE = f"{ENTRIES}.filter(entry => entry.checkVisibility())"
LISTS = ("findings", "accounts", "groups", "secrets")


def test_page_shows_every_finding_and_account(opened: Browser, page: Shown) -> None:
    text = opened.evaluate("document.querySelector('main').textContent")
    for finding in page.access["findings"]:
        assert finding["subject"] in text
        assert finding["detail"].replace("\u202e", "\\u202e") in text
    for account in page.access["accounts"]:
        assert account["uid"] in text
    assert opened.evaluate(f"{ENTRIES}.length") == sum(len(page.access[name]) for name in LISTS)


def test_page_folds_repeated_findings(opened: Browser, page: Shown) -> None:
    kinds = {(finding["severity"], finding["kind"]) for finding in page.access["findings"]}
    assert opened.evaluate("document.querySelectorAll('.findings tbody tr').length") == len(kinds)
    idle = sorted(finding["subject"] for finding in page.access["findings"] if finding["kind"] == "empty_group")
    fold = "Array.from(document.querySelectorAll('details')).find(each => each.textContent.startsWith('7 groups'))"
    names = f"Array.from({fold}.querySelectorAll('.name'), name => name.textContent)"
    assert opened.evaluate(names) == idle
    assert opened.evaluate(f"{fold}.open") is False
    opened.evaluate(f"{fold}.querySelector('summary').focus()")
    opened.press("Enter")
    assert opened.evaluate(f"{fold}.querySelector('li').checkVisibility()") is True


def test_own_accounts_come_before_those_of_the_cluster(opened: Browser, page: Shown) -> None:
    uids = opened.evaluate("Array.from(document.querySelectorAll('.accounts th[scope=row] .name'), e => e.textContent)")
    native = [account["uid"] for account in page.access["accounts"] if account["kind"] == "native"]
    assert native
    assert uids[-len(native) :] == native
    assert len(uids) == len(page.access["accounts"])


def after(frames: int, value: str) -> str:
    """The expression, when the browser has painted so many times."""
    wait = "await new Promise(done => requestAnimationFrame(() => setTimeout(done)));"
    return f"(async () => {{for (let frame = 0; frame < {frames}; frame++) {wait} return {value}}})()"


@pytest.mark.parametrize("pixels", [1280, 360])
def test_links_jump_to_their_tables(pixels: int, opened: Browser) -> None:
    """And the filter, which stays in sight, does not cover the heading."""
    opened.width(pixels)
    targets = opened.evaluate("Array.from(document.querySelectorAll('nav a'), link => link.hash.slice(1))")
    assert opened.evaluate("Array.from(document.querySelectorAll('h2'), each => each.id)") == targets
    for target in (targets[-1], targets[1]):  # down over many rows that were not painted yet, and back
        opened.evaluate(f"document.querySelector('nav a[href=\"#{target}\"]').click()")
        edges = f"['filter', '{target}'].map(id => document.getElementById(id).getBoundingClientRect())"
        filter_bottom, heading_top = opened.evaluate(after(14, f"{edges}.map((box, at) => at ? box.top : box.bottom)"))
        assert filter_bottom <= heading_top < 900


def test_rows_out_of_sight_cost_nothing_and_are_found(opened: Browser) -> None:
    """What lets a page with thousands of rows open and filter at once."""
    last = "document.querySelector('#native').closest('section').querySelector('tbody tr:last-child')"
    name = f"{last}.querySelector('.name')"
    rendered = after(3, f"{name}.checkVisibility({{contentVisibilityAuto: true}})")
    assert opened.evaluate(rendered) is False
    opened.evaluate("document.getElementById('words').focus()")
    opened.type(opened.evaluate(f"{name}.textContent"))
    assert opened.evaluate(rendered) is True


def test_long_ids_are_copied_as_they_are(opened: Browser) -> None:
    name = "document.querySelector('#secrets').closest('section').querySelector('.name')"
    assert opened.evaluate(f"{name}.querySelectorAll('wbr').length") > 0
    copied = opened.evaluate(f"getSelection().selectAllChildren({name}), getSelection().toString()")
    assert copied == opened.evaluate(f"{name}.textContent")
    assert copied.isascii()


def test_page_loads_nothing_and_runs_only_its_own_script(opened: Browser, page: Shown, elsewhere: int) -> None:
    assert opened.requests == [page.html_path.as_uri()]
    assert opened.complaints == []
    assert opened.dialogs == []
    assert opened.evaluate("typeof window.hacked") == "undefined"
    assert opened.evaluate("document.querySelectorAll('img, svg, iframe, link, object').length") == 0
    assert opened.evaluate("document.scripts.length") == 1
    text = opened.evaluate("document.querySelector('main').textContent")
    assert HOSTILE.replace("PORT", str(elsewhere)).replace("\u202e", "\\u202e") in text
    assert HOSTILE_RID.replace("\u202e", "\\u202e") in text
    assert "\u202e" not in text


def test_policy_of_the_page_holds(opened: Browser, elsewhere: int) -> None:
    """Were something to get in, it would not run, and would not get out."""
    opened.evaluate(
        """(() => {
          const script = document.createElement('script');
          script.textContent = 'window.hacked = 4';
          document.body.append(script);
          const hurt = '<b id=hurt style="color: rgb(1, 2, 3)" onclick="window.hacked=5"></b>';
          document.body.insertAdjacentHTML('beforeend', hurt);
          document.getElementById('hurt').click();
        })()"""
    )
    opened.evaluate(f"document.body.append(Object.assign(new Image(), {{src: 'http://127.0.0.1:{elsewhere}/image'}}))")
    sent = f"fetch('http://127.0.0.1:{elsewhere}/fetch').then(() => 'sent', () => 'blocked')"
    assert opened.evaluate(sent) == "blocked"
    assert opened.evaluate("typeof window.hacked") == "undefined"
    assert opened.evaluate("getComputedStyle(document.getElementById('hurt')).color") != "rgb(1, 2, 3)"
    assert Listener.visits == []
    assert any("Content Security Policy" in text for text in opened.complaints)


def choose(opened: Browser, words: str, severity: str) -> None:
    opened.evaluate(
        f"(() => {{const [words, severity] = ['words', 'severity'].map(id => document.getElementById(id));"
        f"words.value = '{words}'; severity.value = '{severity}'; severity.dispatchEvent(new Event('change'))}})()"
    )


def test_filter(opened: Browser, page: Shown) -> None:
    everything = sum(len(page.access[name]) for name in LISTS)
    assert opened.evaluate("document.getElementById('shown').textContent") == ""
    opened.evaluate("document.getElementById('words').focus()")
    opened.type("TWIN-too secret")
    entries = opened.evaluate(f"{VISIBLE}.map(entry => entry.textContent)")
    assert entries
    assert all("twin-too" in entry for entry in entries)
    assert opened.evaluate("document.getElementById('shown').textContent") == f"{len(entries)} of {everything} entries"
    opened.type(" no such thing")
    assert opened.evaluate(f"{VISIBLE}.length") == 0

    choose(opened, "", "high")
    high = [finding for finding in page.access["findings"] if finding["severity"] == "high"]
    assert opened.evaluate(f"{VISIBLE}.filter(entry => entry.closest('.findings')).length") == len(high)
    accounts = {uid for finding in high for uid in finding["accounts"]} & {a["uid"] for a in page.access["accounts"]}
    assert opened.evaluate(f"{VISIBLE}.filter(entry => entry.closest('.accounts')).length") == len(accounts)

    # One of many that are folded: the fold opens for it, and closes again.
    choose(opened, "members idle-4", "")
    found = opened.evaluate(f"{VISIBLE}.filter(entry => entry.closest('.findings')).map(entry => entry.textContent)")
    assert [text.split() for text in found] == [["group", "idle-4"]]
    choose(opened, "", "")
    assert opened.evaluate(f"{VISIBLE}.length") == everything - 7


def test_page_without_scripts(opened: Browser, page: Shown) -> None:
    opened.ask("Emulation.setScriptExecutionDisabled", value=True)
    opened.open(page.html_path.as_uri())
    assert opened.evaluate(f"{VISIBLE}.length") == opened.evaluate(f"{ENTRIES}.length") - 7  # folded
    assert opened.evaluate("document.getElementById('filter').offsetParent") is None


CONTRASTS = """(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const color = parse(getComputedStyle(element).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.offsetParent === null) continue;
    const [one, other] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) poor.add(`${element.tagName}.${element.className}: ${contrast.toFixed(2)}`);
  }
  return [getComputedStyle(document.body).backgroundColor, ...poor];
})()"""


def test_page_is_readable_in_light_and_dark(opened: Browser) -> None:
    opened.media(prefers_color_scheme="light")
    light, *poor = opened.evaluate(CONTRASTS)
    assert poor == []
    opened.media(prefers_color_scheme="dark")
    dark, *poor = opened.evaluate(CONTRASTS)
    assert poor == []
    assert light != dark


@pytest.mark.parametrize("pixels", [1280, 800, 360])
def test_page_fits(pixels: int, opened: Browser) -> None:
    opened.width(pixels)
    assert opened.evaluate("document.documentElement.scrollWidth") <= pixels
    beside = """Array.from(document.querySelectorAll('#filter label'), label => {
      const [one, other] = [label, document.getElementById(label.htmlFor)].map(each => each.getBoundingClientRect());
      return one.right <= other.left && one.bottom > other.top && one.top < other.bottom;
    })"""
    assert opened.evaluate(beside) == [True, True]


def test_page_in_print(opened: Browser) -> None:
    """Everything, whatever is folded or filtered on the screen."""
    choose(opened, "no such thing", "")
    opened.media("print", prefers_color_scheme="dark")
    ground, *poor = opened.evaluate(CONTRASTS)
    assert (ground, poor) == ("rgb(255, 255, 255)", [])
    assert opened.evaluate("document.getElementById('filter').offsetParent") is None
    assert opened.evaluate("document.querySelector('nav').offsetParent") is None
    assert opened.evaluate(f"{VISIBLE}.length") == opened.evaluate(f"{ENTRIES}.length") > 0


@pytest.mark.parametrize("pixels", [1280, 360])
def test_page_for_assistive_technology(pixels: int, opened: Browser, page: Shown) -> None:
    opened.width(pixels)
    nodes = [node for node in opened.ask("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    by_role: dict[str, list[str]] = {}
    for node in nodes:
        by_role.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert by_role["table"] == ["Findings", "Accounts", "Groups", "Stored keys", "DC/OS itself"]
    assert by_role["heading"][0] == "Who may do what"
    assert by_role["heading"][1:] == by_role["table"]
    assert by_role["link"] == by_role["table"]
    assert by_role["searchbox"] == ["Filter"]
    assert by_role["combobox"] == ["Show"]
    assert len(by_role["main"]) == len(by_role["search"]) == 1
    assert len(by_role["row"]) >= sum(len(page.access[name]) for name in LISTS if name != "findings")
    assert set(by_role["columnheader"]) >= {"Severity", "Account", "Permissions"}
