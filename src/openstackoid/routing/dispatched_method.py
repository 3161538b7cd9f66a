# SPDX-License-Identifier: Apache-2.0
"""Find requests that a service may dispatch by another method than that of the request line.

A policy judges the request line. Pecan and Routes, used by Neutron, Glance, Nova and Cinder, take a method from the parameter
``_method`` of the query or of a form in the body (``pecan/rest.py``, ``routes/middleware.py``). WebOb reads a form by
Content-Type, and in a POST without one (``webob/request.py``, ``POST``). Other frameworks read headers. A WSGI server folds
``Content_Type`` into ``Content-Type``.
"""

import re
from urllib.parse import unquote_plus

from openstackoid.routing.request import Headers
from openstackoid.routing.scoped_url import OBJECT_STORE

_PARAMETER = re.compile(r"(?:^|[&;])\s*_method(?:[=&;]|$)")
_OVERRIDES = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_READS_NO_FORM = frozenset({OBJECT_STORE})
"""Services whose bodies are the user's bytes under any Content-Type. Swift uses the request line alone."""


def method_override(query: str | None, headers: Headers) -> str | None:
    """Return the part of the head that may name another method (``_method``, or a header), or None."""
    if query and _PARAMETER.search(unquote_plus(query)):
        return "_method"
    return next((name for name, _ in headers if _folded(name) in _OVERRIDES), None)


def form_body(service: str, method: str, headers: Headers) -> str | None:
    """Return the Content-Type for which ``service`` may read the body as a form, or None.

    Empty: a body without a Content-Type, which a POST reads as a form.
    """
    if service in _READS_NO_FORM:
        return None
    types = [value for name, value in headers if _folded(name) == "content-type"]
    form = next((value for value in types if any(known in value.lower() for known in _FORMS)), None)
    if form is None and method == "POST" and _has_body(headers):
        form = next((value for value in types or [""] if not value.partition(";")[0].strip()), None)
    return form


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


def _has_body(headers: Headers) -> bool:
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
    return chunked or any(value.strip() != "0" for value in lengths)
