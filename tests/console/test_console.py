# SPDX-License-Identifier: Apache-2.0
"""The six views in a real browser: accessible in light and dark, by keyboard, without a script, and true."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from console.conftest import Browsing, browsing
from console.pictures import CHOICE, FILES, SEEN, take, views
from console.world import START, World
from waiting import until

_FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here);
    const said = (here.textContent || here.name || "").trim().slice(0, 40);
    return [here.tagName, said, here.matches(":focus-visible"), style.outlineStyle];
}"""
_FOCUSABLE = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, [tabindex='0']")]
    .filter(each => each.getClientRects().length).length"""


def status(world: World) -> Any:
    command = [sys.executable, "-m", "openstackoid", "status", "--json", "--cloud", "CloudOne"]
    command += ["--config", str(world.one.config), "--state-dir", str(world.one.state)]
    return json.loads(subprocess.run(command, capture_output=True, check=False, timeout=120).stdout)


def test_no_view_has_a_barrier_in_light_and_dark(user: Browsing, traced: str) -> None:
    more = {
        "peer": "/peers/CloudTwo",
        "empty": "/choose",
        "fault": "/choose?image=CloudTow",
        "no": "/trace?id=x",
        "log in": "/log-in",
    }
    found = {}
    for name, path in (views(traced) | more).items():
        user.page.set_viewport_size({"width": 1280, "height": 860})
        user.open(path)
        if name in SEEN:
            user.page.locator(SEEN[name]).first.wait_for()
        for scheme in ("light", "dark"):
            user.page.emulate_media(color_scheme=scheme)
            found[name, scheme] = user.violations()
        user.page.set_viewport_size({"width": 360, "height": 740})
        wide = user.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found[name, "narrow"] = user.violations() + ([f"{wide} pixels too wide"] if wide else [])
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_each_part_of_a_page_is_reached_by_keyboard_and_seen(user: Browsing) -> None:
    page = user.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate(_FOCUS)[1] == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "view"
    user.open(CHOICE)
    number = page.evaluate(_FOCUSABLE)
    met = []
    for _ in range(number):
        page.keyboard.press("Tab")
        met.append(page.evaluate(_FOCUS))
    assert len({tuple(each[:2]) for each in met}) > number / 2
    assert [each for each in met if each[0] != "BODY" and (not each[2] or each[3] == "none")] == []
    assert "BODY" not in [each[0] for each in met]


def test_the_verdict_follows_each_key_without_a_new_page(user: Browsing) -> None:
    page = user.open("/choose")
    page.evaluate("window.same = true")
    page.get_by_label("image", exact=True).type("CloudTwo")
    page.locator("#verdict", has_text="--os-scope image=CloudTwo").wait_for()
    page.get_by_label("network", exact=True).type("CloudNine")
    page.locator("#verdict", has_text="unknown cloud").wait_for()
    page.locator("[role=status]", has_text="network: unknown cloud").wait_for()
    assert page.evaluate("window.same") is True
    assert "network=CloudNine" in page.url
    page.get_by_label("network", exact=True).fill("")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: The openstack command").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "--os-scope image=CloudTwo"


def test_everything_works_without_a_script(browser: Any, world: World, traced: str) -> None:
    plain = browsing(browser, world, java_script_enabled=False)
    page = plain.open("/uses")
    assert "/log-in?to=%2Fuses" in page.url
    page.fill("#user", "ops")
    page.fill("#password", "played-password")
    page.fill("#project", "demo")
    page.click("form[aria-label='Log in with a password'] button")
    assert page.locator("h1").text_content() == "Uses and refusals"
    page.select_option("select[name=outcome]", "refused")
    page.click("form.filter button")
    assert page.locator(".s-refused").count() > 0
    for name in ("Now", "Clouds and services", "Peers", "Choose a scope", "Trace"):
        page.get_by_role("link", name=name, exact=True).first.click()
        assert page.locator("nav a[aria-current]").text_content() == name
    page.fill("input[name=id]", traced)
    page.click("form.filter button")
    until(lambda: drawn(page) >= 3)
    page.get_by_role("link", name="Choose a scope").click()
    page.get_by_label("image", exact=True).fill("CloudTwo")
    page.get_by_role("button", name="Try").click()
    assert page.locator("#c-option").text_content() == "--os-scope image=CloudTwo"
    assert page.get_by_role("button", name="Copy").count() == 0
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{world.url}/uses")
    assert "/log-in" in page.url
    page.context.close()


def drawn(page: Any) -> int:
    """Return the number of hops on the page of a trace, after a further look if gateways are still being asked."""
    again = page.get_by_role("link", name="Look again")
    if again.count():
        again.click()
    return int(page.locator("svg.waterfall rect.hop").count())


def test_a_user_without_the_role_sees_no_people(browser: Any, world: World, traced: str) -> None:
    other = browsing(browser, world)
    other.log_in("ada")
    assert "a role is missing" in other.page.locator("main").text_content()
    for path in ("/uses", f"/trace?id={traced}"):
        other.open(path)
        assert "/log-in" in other.page.url
    other.page.context.close()


def test_uses_name_users_and_rules_and_no_name_is_markup(user: Browsing, traced: str) -> None:
    page = user.open("/uses")
    assert page.locator("td", has_text="<b>eve</b> (Default)").count() > 0
    assert page.locator("td b").count() == 0
    assert page.locator("code", has_text="CloudTwo/staff").count() > 0
    user.open(f"/trace?id={traced}")
    assert "CloudTwo" in page.locator("svg.waterfall").text_content()


def test_a_peer_that_is_down_has_the_reason(user: Browsing, traced: str) -> None:
    page = user.open("/peers")
    page.locator("tr", has_text="CloudTwo").get_by_text("the same").wait_for()
    assert "it cannot be reached: connection refused" in page.locator("tr", has_text="CloudThree").text_content()


def test_a_picture_of_each_view_is_taken(user: Browsing, traced: str, tmp_path: Path) -> None:
    """As by `make screenshots`, which takes those of the documents on the lab."""
    take(user.page, user.world.url, views(traced), tmp_path)
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(found) == set(FILES)
    assert len(set(found.values())) == len(FILES)


def test_now_names_the_culprit_of_status_by_itself_within_15_seconds(user: Browsing, traced: str) -> None:
    """The last two faults: the Python service hangs, and there is no gateway."""
    page = user.open("/")
    page.evaluate("window.region = document.querySelector('[role=status]')")
    part = user.world.one.parts()["bridge"].pid
    os.kill(part, signal.SIGSTOP)
    try:
        page.locator(".verdict", has_text="down: this gateway (Python service)").wait_for(timeout=15_000)
        assert "down: this gateway (Python service)" in page.evaluate("window.region.isConnected && window.region.textContent")
        assert status(user.world)["down"][0] == "gateway"
    finally:
        os.kill(part, signal.SIGCONT)
    page.locator(".verdict", has_text="down: peer (CloudThree)").wait_for(timeout=15_000)
    assert page.locator("table", has_text="Python service").locator("tbody tr").count() >= 2
    user.world.one.stop()
    try:
        page.locator("main").get_by_text("No gateway runs for CloudOne").wait_for(timeout=15_000)
        until(lambda: status(user.world)["down"] == ["gateway"])
        assert user.violations() == []
    finally:
        # The tests of other files use it as well.
        user.world.one.begin()
    page.locator(".verdict", has_text="down: peer (CloudThree)").wait_for(timeout=START * 1000)
