# SPDX-License-Identifier: Apache-2.0
"""A view that renews itself leaves the focus where it is, and a screen reader speaks each change once."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from console.conftest import Browsing, browsing
from console.world import World
from waiting import until

_MARK = """() => {
    const told = {childList: true, characterData: true, subtree: true};
    window.region = document.querySelector("[role=status]");
    window.renewed = 0;
    window.spoken = [];
    document.addEventListener("htmx:afterSettle", () => { window.renewed += 1; });
    new MutationObserver(() => window.spoken.push(region.textContent)).observe(region, told);
}"""
_SAME = "window.region === document.querySelector('[role=status]')"


def renewing(page: Any, change: Callable[[str], str] = str) -> None:
    """Have the views renew themselves each second, and with this change of their text."""

    def hurry(route: Any) -> None:
        answer = route.fetch()
        text = re.sub(r"every \d+s", "every 1s", answer.text())
        route.fulfill(response=answer, body=change(text) if "hx-request" in route.request.headers else text)

    page.route("**/*", lambda route: hurry(route) if "static" not in route.request.url else route.continue_())


def renewed(page: Any, times: int) -> None:
    # The pages let no text be run as a script, which Playwright's own wait would do.
    until(lambda: page.evaluate("window.renewed") >= times)


@pytest.mark.parametrize(
    ("path", "part", "age"), [("/", "#check-CloudThree", ".items time"), ("/peers", "#peer-CloudThree", "td time")]
)
def test_focus_stays_on_the_same_link(user: Browsing, path: str, part: str, age: str) -> None:
    renewing(user.page)
    page = user.open(path)
    page.locator(part).wait_for()
    page.evaluate(_MARK)
    before = page.locator(age).first.text_content()
    page.focus(part)
    page.evaluate("window.link = document.activeElement")
    renewed(page, 3)
    assert page.evaluate("window.link.isConnected && window.link === document.activeElement") is True
    assert page.evaluate("window.link.id") == part[1:]
    assert page.locator(age).first.text_content() != before
    assert page.evaluate(_SAME) is True


def test_a_changed_verdict_is_spoken_once_and_the_rest_of_the_view_stays(user: Browsing) -> None:
    def change(text: str) -> str:
        return text.replace("CloudOne: down", "CloudOne: worse").replace('id="check-CloudThree"', "")

    renewing(user.page, change)
    page = user.open("/")
    page.evaluate(_MARK)
    assert page.locator("[role=status]").text_content() == ""
    page.evaluate("window.heading = document.querySelector('h1')")
    page.focus("#check-CloudThree")
    renewed(page, 3)
    assert page.evaluate("window.spoken") == ["CloudOne: worse: peer (CloudThree)"]
    assert page.evaluate(f"{_SAME} && window.heading.isConnected") is True
    # The link is another one now. The next Tab leads into the view, not to the beginning of the page.
    assert page.evaluate("document.activeElement.id") == "view"
    assert user.violations() == []


def test_a_console_that_is_gone_is_said_on_the_page(browser: Any, world: World) -> None:
    other = browsing(browser, world)
    renewing(other.page)
    page = other.open("/")
    page.evaluate(_MARK)
    other.page.unroute_all(behavior="wait")
    page.route("**/", lambda route: route.abort())
    page.locator("[role=status]", has_text="the console does not answer").wait_for(state="visible")
    assert other.violations() == []
    page.unroute_all(behavior="wait")
    page.locator("[role=status].unseen").wait_for()
    page.context.close()
