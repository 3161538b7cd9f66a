# SPDX-License-Identifier: Apache-2.0
"""Each answer forbids foreign content; people log in with Keystone for the views that name people."""

import re
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from openstackoid.console.errors import NoAnswerError
from openstackoid.console.keystone import Person, person_of
from openstackoid.console.pages import COOKIE, VIEWS
from openstackoid.console.rendering import HTMX, STATIC, static
from openstackoid.console.security import hosts_of
from unit.bridge.stage import played
from unit.console.seen import LOG_IN, MARKUP, Played, console, people

HTMX_DIGEST = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
"""SHA-256 of the vendored script, as in the package of npm."""

OPEN, CLOSED = ("/", "/clouds", "/peers", "/choose", "/log-in"), ("/uses", "/trace")


@played
async def test_no_page_has_an_inline_script_or_style_or_loads_from_elsewhere() -> None:
    async with console() as client:
        await client.post("/log-in", data=LOG_IN)
        for path in (*OPEN, *CLOSED, "/nothing", *(f"/static/{name}" for name in STATIC)):
            answer = await client.get(path)
            policy, page = answer.headers["Content-Security-Policy"], await answer.text()
            assert (answer.headers["X-Content-Type-Options"], answer.headers["X-Frame-Options"]) == ("nosniff", "DENY")
            assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
            assert "unsafe" not in policy
            if not path.startswith("/static"):
                assert re.findall(r"<script(?! src=\"/static/)|<style|\sstyle=|\son[a-z]+=|https?://", page) == [], path
                assert answer.headers["Cache-Control"] == "no-store"


@played
async def test_views_that_name_people_lead_to_the_log_in_and_back() -> None:
    async with console() as client:
        for path in CLOSED:
            answer = await client.get(f"{path}?page=2", allow_redirects=False)
            assert (answer.status, answer.headers["Location"]) == (303, f"/log-in?to=%2F{path[1:]}%3Fpage%3D2")
        assert 'name="to" value="/uses?page=2"' in await (await client.get("/log-in?to=%2Fuses%3Fpage%3D2")).text()
        answer = await client.post("/log-in", data={**LOG_IN, "to": "/uses?page=2"}, allow_redirects=False)
        cookie = answer.headers["Set-Cookie"]
        assert (answer.status, answer.headers["Location"]) == (303, "/uses?page=2")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        for path in CLOSED:
            page = await (await client.get(path)).text()
            assert MARKUP not in page
            assert "&lt;script&gt;" in page, "the name of the user"


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/uses", "/\\evil", "/uses\n", "javascript:1", "/log-out", ""]
)
@played
async def test_a_log_in_leads_to_a_view_alone(to: str) -> None:
    async with console() as client:
        answer = await client.post("/log-in", data={**LOG_IN, "to": to}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({**LOG_IN, "password": "wrong"}, "Keystone does not accept user, password and project"),
        ({**LOG_IN, "user": "ada"}, "a role is missing"),
        ({"user": "ops"}, "user, password and project are needed, or a token"),
        ({"token": "token-of-ada"}, "a role is missing"),
        ({"token": "unknown"}, "Keystone does not accept the token"),
    ],
)
@played
async def test_a_log_in_that_fails_says_why_and_shows_no_secret(form: dict[str, str], said: str) -> None:
    async with console() as client:
        answer = await client.post("/log-in", data=form)
        page = await answer.text()
        assert (answer.status, said in page) == (403, True)
        assert "wrong" not in page
        assert "unknown</" not in page
        assert (await client.get("/uses", allow_redirects=False)).status == 303


@played
async def test_a_token_that_the_user_has_is_taken_and_not_ended() -> None:
    keystone = Played("http://keystone", people=people())
    async with console(keystone=keystone) as client:
        await client.post("/log-in", data={"token": "token-of-ops"})
        assert (await client.get("/uses", allow_redirects=False)).status == 200
        await client.post("/log-out")
        assert (await client.get("/uses", allow_redirects=False)).status == 303
        assert keystone.ended == []
        await client.post("/log-in", data=LOG_IN)
        await client.post("/log-out")
        assert keystone.ended == ["token-of-ops"]


@played
async def test_a_cookie_of_no_session_is_nobody() -> None:
    async with console() as client:
        answer = await client.get("/uses", headers={"Cookie": f"{COOKIE}=guessed"}, allow_redirects=False)
        assert answer.status == 303


@played
async def test_a_foreign_host_or_site_is_refused() -> None:
    async with console() as client:
        assert (await client.get("/", headers={"Host": "evil.example"})).status == 421
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            answer = await client.post("/log-in", data=LOG_IN, headers=headers)
            assert (answer.status, "Set-Cookie" in answer.headers) == (403, False)


@played
async def test_a_connection_ends_after_a_body_in_chunks() -> None:
    """Its trailers would be headers of the next request, a cookie among them."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"token=x"

    async with console() as client:
        assert "Connection" not in (await client.post("/log-in", data=b"token=x")).headers
        assert (await client.post("/log-in", data=chunks())).headers["Connection"] == "close"


def test_the_hosts_are_the_address_loopback_and_named_ones() -> None:
    found = hosts_of("::1", 9180, ["Console.example"])
    assert found == {"[::1]:9180", "127.0.0.1:9180", "localhost:9180", "console.example"}


@played
async def test_a_silent_keystone_is_one_line_and_what_to_do() -> None:
    class Silent(Played):
        async def person(self, token: str) -> Person:
            raise NoAnswerError("the Keystone at http://keystone does not answer", "see Now")

    async with console(keystone=Silent("http://keystone")) as client:
        answer = await client.post("/log-in", data={"token": "x"})
        assert (answer.status, "does not answer</strong> see Now" in await answer.text()) == (403, True)


@played
async def test_only_views_and_forms_are_served() -> None:
    async with console() as client:
        for path in VIEWS:
            assert (await client.post(path)).status == 405
        assert (await client.get("/static/../errors.py")).status == 404
        assert (await client.get("/static/console.html")).status == 404
        assert (await client.post("/log-in", data={"user": "x" * 20_000})).status in (403, 413)


def test_a_document_that_is_not_keystones_is_refused() -> None:
    others: list[object] = [None, {}, {"token": []}, {"token": {"user": {"name": "a"}}}]
    for told in others:
        with pytest.raises(Exception, match="is not Keystone's"):
            person_of(told)


def test_the_vendored_script_is_the_one_that_was_read() -> None:
    assert sha256(static(HTMX)).hexdigest() == HTMX_DIGEST
