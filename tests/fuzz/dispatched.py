# SPDX-License-Identifier: Apache-2.0
"""Requests that real WSGI frameworks may dispatch by another method than the one that the gateway judges."""

import io
import logging
import warnings
from typing import Any

from hypothesis import strategies as st

from fuzz.mutations import mutated
from fuzz.target import Target, pure
from openstackoid.routing.dispatched_method import form_body, method_override

with warnings.catch_warnings():
    # WebOb imports cgi, which Python 3.13 no longer has; there the package legacy-cgi stands in.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pecan
    import pecan.rest
    import routes
    import routes.middleware

Literal = tuple[str, str, tuple[tuple[str, str], ...], bytes]
"""Method, query, headers and body."""

_PAIRS = st.sampled_from(
    [
        "_method=PUT",
        "_method=delete",
        "_method=",
        "%5fmethod=PUT",
        "_Method=PUT",
        " _method=PUT",
        "+_method=PUT",
        "a=1",
        "x=&",
        "_method",
    ]
)
_TYPES = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-URLencoded",
        "multipart/form-data; boundary=b",
        "",
        ";",
        " ; charset=utf-8",
        "text/plain",
    ]
)
_FORM = b'--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nPUT\r\n--b--\r\n'


# Pecan logs each query that is not UTF-8, with a traceback, and answers 400.
logging.getLogger("pecan").setLevel(logging.CRITICAL)


class _Root(pecan.rest.RestController):  # type: ignore[misc]
    """Answer each method that Pecan dispatches with its name."""

    @pecan.expose()  # type: ignore[untyped-decorator]
    def get_all(self, **_: Any) -> str:
        return "GET"

    @pecan.expose()  # type: ignore[untyped-decorator]
    def post(self, **_: Any) -> str:
        return "POST"

    @pecan.expose()  # type: ignore[untyped-decorator]
    def put(self, **_: Any) -> str:
        return "PUT"

    @pecan.expose()  # type: ignore[untyped-decorator]
    def delete(self, **_: Any) -> str:
        return "DELETE"


def _routed(environ: dict[str, Any], _start: Any) -> list[bytes]:
    return [environ["REQUEST_METHOD"].encode()]


_PECAN = pecan.make_app(_Root(), debug=False)
_MAPPER = routes.Mapper()
_MAPPER.connect(None, "/{path:.*}")
_ROUTES = routes.middleware.RoutesMiddleware(_routed, _MAPPER, singleton=False)


def environ(given: Literal) -> dict[str, Any]:
    """Return what a WSGI server hands to an application: it folds the names of headers (PEP 3333)."""
    method, query, headers, body = given
    made = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": query, "SERVER_NAME": "s",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in headers:
        folded = name.upper().replace("-", "_")
        made[folded if folded in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{folded}"] = value
    return made


def dispatched(given: Literal) -> set[str]:
    """Return the methods that Routes and Pecan take the request for."""
    found = {b"".join(_ROUTES(environ(given), lambda *_: None)).decode()}
    said: list[str] = []
    body = b"".join(_PECAN(environ(given), lambda status, *_: said.append(status)))
    if said[0].startswith("200"):
        found.add(body.decode())
    return found


def check(given: Literal) -> None:
    """A request that the authorization lets pass has one method."""
    method, query, headers, _ = given
    if method_override(query, headers) is None and form_body("network", method, headers) is None:
        assert dispatched(given) == {method}, "a service dispatches the method that was judged"


@st.composite
def inputs(draw: st.DrawFn) -> Literal:
    """Requests with a method in the query, in a form, or nearly."""
    method = draw(st.sampled_from(["GET", "POST", "POST", "PUT", "DELETE"]))
    query = draw(st.lists(_PAIRS, max_size=2).map("&".join).flatmap(lambda text: mutated(text, "&;=%_5f+ \t")))
    body = draw(st.one_of(st.just(_FORM), st.lists(_PAIRS, max_size=3).map(lambda pairs: "&".join(pairs).encode())))
    headers = [("Content-Length", str(len(body)))]
    for name in draw(st.lists(st.sampled_from(["Content-Type", "Content_Type", "content-type"]), max_size=2)):
        headers.append((name, draw(_TYPES)))
    return method, query, tuple(headers), body


TARGET = Target("dispatch", "Routes and Pecan dispatch the method that the gateway judged", inputs(), pure(check), short=400)
