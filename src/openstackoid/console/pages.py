# SPDX-License-Identifier: Apache-2.0
"""The six views and the log-in, as handlers of aiohttp."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from openstackoid import __version__
from openstackoid.console.checks import MOST_CLOUDS, Checks
from openstackoid.console.choice import LISTED, choice
from openstackoid.console.clouds import ORDERS, STATES, Query, clouds_view
from openstackoid.console.errors import ConsoleError
from openstackoid.console.keystone import LogIn, Person
from openstackoid.console.now import groups
from openstackoid.console.peers import peers_view
from openstackoid.console.rendering import STATIC, rendered, static
from openstackoid.console.security import guarded
from openstackoid.console.sessions import Sessions
from openstackoid.console.uses import DIRECTIONS, OUTCOMES, Asked, uses_view
from openstackoid.console.watch import Look, Watch
from openstackoid.console.waterfall import waterfall
from openstackoid.errors import OpenstackoidError
from openstackoid.redaction import redacted
from openstackoid.routing.workflows import is_traced
from openstackoid.scope import EVERY_OTHER
from openstackoid.telemetry import remedies

COOKIE = "openstackoid_console"
VIEWS = {
    "/": "Now",
    "/clouds": "Clouds and services",
    "/peers": "Peers",
    "/uses": "Uses and refusals",
    "/choose": "Choose a scope",
    "/trace": "Trace",
}
"""The paths of the views, with their titles."""

LONGEST_FORM = 16 << 10
_CHECK_PATIENCE = 0.1
_ABSENT = (
    "No gateway runs for {cloud} in {place}.",
    f"Do: {remedies.NO_GATEWAY}; or does it run in another --state-dir than that of this console?",
)


@dataclass(frozen=True, slots=True)
class Pages:
    """The views. ``secure``: they are served by https."""

    watch: Watch
    checks: Checks
    sessions: Sessions
    secure: bool = False

    async def now(self, request: web.Request) -> web.StreamResponse:
        """Answer: is it us, a service or a peer?"""
        look = await self.watch.look()
        parts = [] if look.status is None else groups(look.status)
        return self._page(request, "now.html", look, groups=parts, changes=list(look.since.changes)[:10])

    async def clouds(self, request: web.Request) -> web.StreamResponse:
        """Answer: what is down, since when, how far is it?"""
        query = Query.of(request.query)
        look, times = await asyncio.gather(self.watch.look(), self.watch.times())
        longest = max(times.values(), default=0.0)
        view = clouds_view(look, times, query)
        return self._page(request, "clouds.html", look, view=view, query=query, orders=ORDERS, states=STATES, longest=longest)

    async def peers(self, request: web.Request) -> web.StreamResponse:
        """Answer: is a peer reachable, why not, has it the same description?"""
        look, query = await self.watch.look(), Query.of(request.query)
        view = peers_view(look, query, self.checks.of, self.checks.running)
        checked = len(look.clouds) <= MOST_CLOUDS
        if look.mesh is not None and checked:
            self.checks.begin(look.mesh, [row.cloud.name for row in view.page.rows if row.cloud.state != "blocked"])
            view = peers_view(look, query, self.checks.of, self.checks.running)
        return self._page(request, "peers.html", look, view=view, query=query, states=STATES, checked=checked)

    async def peer(self, request: web.Request) -> web.StreamResponse:
        """Answer: what works on the way to one peer and back?"""
        look, name = await self.watch.look(), request.match_info["name"]
        if look.mesh is None or name not in look.mesh.clouds or name == self.watch.cloud:
            raise web.HTTPNotFound(text="the description has no such peer")
        self.checks.begin(look.mesh, [name])
        await self.checks.wait(name, _CHECK_PATIENCE)
        running = self.checks.running(name)
        return self._page(request, "peer.html", look, name=name, checked=self.checks.of(name), running=running)

    async def uses(self, request: web.Request) -> web.StreamResponse:
        """Answer: who came in, by which rule?"""
        await self._person(request)
        asked = Asked.of(request.query)
        view = uses_view(self.watch.audit.read(), asked)
        look = await self.watch.look()
        return self._page(request, "uses.html", look, view=view, asked=asked, outcomes=OUTCOMES, directions=DIRECTIONS)

    async def choose(self, request: web.Request) -> web.StreamResponse:
        """Answer: what would work, and how do I say it?"""
        look, times = await asyncio.gather(self.watch.look(), self.watch.times())
        if look.mesh is None:
            return self._page(request, "choose.html", look, choice=None, names=(), other=EVERY_OTHER)
        found = choice(look.mesh, self.watch.cloud, request.query, times)
        names = sorted(look.mesh.clouds) if len(look.mesh.clouds) <= LISTED else ()
        return self._page(request, "choose.html", look, choice=found, names=names, other=EVERY_OTHER)

    async def trace(self, request: web.Request) -> web.StreamResponse:
        """Answer: where did a request go, and how long did each step take?"""
        await self._person(request)
        asked, fault, drawing, asking = request.query.get("id", "").strip()[:64], None, None, False
        if asked and not is_traced(asked):
            fault = ConsoleError("this is not the id of a traced request", "it begins with req-7472ace0-, as --trace shows it")
        elif asked:
            try:
                told = await self.watch.kept_traces.get(asked)
                asking = told is None
                drawing = None if told is None else waterfall(told)
            except ConsoleError as error:
                fault = error
        look = await self.watch.look()
        return self._page(request, "trace.html", look, asked=asked, fault=fault, drawing=drawing, asking=asking)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """Show the log-in form, or take it."""
        to, fault = _own_path(request.query.get("to", "")), None
        if request.method == "POST":
            form = await request.post()
            text = {name: str(value) for name, value in form.items()}
            to = _own_path(text.get("to", ""))
            try:
                return self._logged_in(await self._begin(text), to)
            except OpenstackoidError as error:
                fault = error
        look = await self.watch.look()
        roles = sorted(self.sessions.roles)
        return self._page(request, "log-in.html", look, to=to, fault=fault, roles=roles, status=403 if fault else 200)

    async def log_out(self, request: web.Request) -> web.StreamResponse:
        """End the session."""
        answer = _see_other("/")
        answer.del_cookie(COOKIE, path="/")
        await self.sessions.log_out(request.cookies.get(COOKIE, ""))
        return answer

    async def fault(self, request: web.Request, status: int, text: str, hint: str = "") -> web.StreamResponse:
        """Return the page of a failure: one line, and what to do."""
        look = await self.watch.look()
        return self._page(request, "fault.html", look, text=redacted(text), hint=redacted(hint), status=status)

    async def _begin(self, text: dict[str, str]) -> str:
        if text.get("token"):
            return await self.sessions.by_token(text["token"].strip())
        form = LogIn(
            user=text.get("user", "").strip(),
            password=text.get("password", ""),
            user_domain=text.get("user_domain", "").strip() or "Default",
            project=text.get("project", "").strip(),
            project_domain=text.get("project_domain", "").strip() or "Default",
        )
        if not (form.user and form.password and form.project):
            raise ConsoleError("user, password and project are needed, or a token")
        return await self.sessions.log_in(form)

    def _logged_in(self, cookie: str, to: str) -> web.StreamResponse:
        answer = _see_other(to)
        answer.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="Strict", secure=self.secure)
        return answer

    async def _person(self, request: web.Request) -> Person:
        person = await self.sessions.person(request.cookies.get(COOKIE, ""))
        if person is None:
            raise web.HTTPSeeOther(f"/log-in?to={quote(request.path_qs, safe='')}")
        return person

    def _page(self, request: web.Request, template: str, look: Look, *, status: int = 200, **values: Any) -> web.Response:
        path = f"/{request.path.split('/')[1]}"
        person = self.sessions.known(request.cookies.get(COOKIE, ""))
        common = {"views": VIEWS, "path": path, "title": VIEWS.get(path, "Log in"), "cloud": self.watch.cloud, "look": look}
        absent = None
        if look.facts is not None and not look.facts.running:
            absent = [line.format(cloud=self.watch.cloud, place=look.facts.place) for line in _ABSENT]
        more = {"person": person, "now": time.time(), "version": __version__, "absent": absent, "request": request}
        return web.Response(text=rendered(template, **common, **more, **values), status=status, content_type="text/html")


def _see_other(path: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: path})


def _own_path(text: str) -> str:
    """Return the path of a view, with its query; that of the first view for any other text."""
    parts = urlsplit(text) if text.isascii() and text.isprintable() and "\\" not in text else urlsplit("/")
    known = not parts.scheme and not parts.netloc and parts.path in VIEWS
    return parts.path + (f"?{parts.query}" if parts.query else "") if known else "/"


def application(pages: Pages, hosts: frozenset[str]) -> web.Application:
    """Return the application that serves the pages at these hosts."""

    @web.middleware
    async def faults(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPSeeOther as error:
            return _see_other(str(error.location))
        except web.HTTPException as error:
            text = {404: "There is no such page.", 405: "This page does not take this method."}.get(error.status, error.reason)
            return await pages.fault(request, error.status, text)
        except OpenstackoidError as error:
            return await pages.fault(request, 503, str(error), error.hint or "")

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        headers = {hdrs.CACHE_CONTROL: "max-age=86400"}
        return web.Response(body=static(name), content_type=STATIC[name], charset="utf-8", headers=headers)

    app = web.Application(middlewares=[guarded(hosts), faults], client_max_size=LONGEST_FORM)
    app.router.add_get("/", pages.now)
    app.router.add_get("/clouds", pages.clouds)
    app.router.add_get("/peers", pages.peers)
    app.router.add_get("/peers/{name}", pages.peer)
    app.router.add_get("/uses", pages.uses)
    app.router.add_get("/choose", pages.choose)
    app.router.add_get("/trace", pages.trace)
    app.router.add_get("/log-in", pages.log_in)
    app.router.add_post("/log-in", pages.log_in)
    app.router.add_post("/log-out", pages.log_out)
    app.router.add_get("/static/{name}", file)
    return app
