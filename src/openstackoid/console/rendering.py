# SPDX-License-Identifier: Apache-2.0
"""Pages from templates. Every value is escaped: names and texts come from other clouds and their users."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from openstackoid.console import marks

HTMX = "htmx-2.0.11.min.js"
"""The vendored script, from the npm package htmx.org; its licence is beside it."""

STATIC = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml", HTMX: "text/javascript"}
"""The files for browsers, with their types."""


@cache
def static(name: str) -> bytes:
    """Return the content of a file for browsers."""
    return files("openstackoid.console").joinpath("static", name).read_bytes()


@cache
def static_url(name: str) -> str:
    """Return the address of a file for browsers, which changes with its content."""
    return f"/static/{name}?{sha256(static(name)).hexdigest()[:12]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("openstackoid.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(marks, name) for name in ("sign", "clock", "machine_time", "age", "distance", "plain")}
    environment.globals |= {"static_url": static_url, "htmx": HTMX}
    return environment


def rendered(template: str, **values: Any) -> str:
    """Return the page of a template with these values."""
    return _environment().get_template(template).render(values)
