# SPDX-License-Identifier: Apache-2.0
"""Which paths are refused; that HAProxy refuses the same is tested in tests/conformance (``cases_paths.py``)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.mesh import Listener, parse_mesh
from openstackoid.routing import Decision, Refuse, Request, Single, decide
from openstackoid.routing.normal_path import decoded

MESH = parse_mesh("""
mesh: 1
clouds:
  One:
    services:
      image: {frontend: "http://one:80/image", backend: "http://127.0.0.1:1"}
      compute: {frontend: "http://one:80/image/compute", backend: "http://127.0.0.1:2"}
      object-store: {frontend: "http://one:80", backend: "http://127.0.0.1:3"}
""")
PIECES = [
    "/",
    "//",
    "image",
    "compute",
    "x",
    ".",
    "..",
    "%2e",
    "%2E",
    "%2f",
    "%5C",
    "\\",
    ";",
    "%00",
    "%0a",
    "%",
    "%zz",
    "%252e",
    "é",
]


def plan_for(path: str) -> Single | Refuse:
    found = decide(MESH, "One", Request("GET", Listener("one", 80), path))
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Single | Refuse)
    return found.plan


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/image/..", "a segment '.' or '..'"),
        ("/image/%2E./x", "a segment '.' or '..'"),
        ("/c/o%2f..%2fx", "a segment '.' or '..'"),
        ("/./image", "a segment '.' or '..'"),
        ("/image/..;a=b", "a segment '.' or '..'"),
        ("/c/a\\b", "a backslash"),
        ("/image/%1f", "a control character (%1F)"),
        ("/c/%00", "a control character (%00)"),
        ("//image/v2", "to object-store as written, and to image when decoded"),
        ("/%69mage/v2", "to object-store as written, and to image"),
        ("/image//compute", "to image as written, and to compute"),
        ("/image%5Ccompute", "to object-store as written, and to compute"),
    ],
)
def test_an_ambiguous_path_is_refused(path: str, words: str) -> None:
    found = plan_for(path)
    assert isinstance(found, Refuse)
    assert (found.status, found.title) == (400, "Bad Request")
    assert words in found.message


@pytest.mark.parametrize(
    "path", ["/c/a%2Fb//c;d", "/c/...", "/c/.x/x.", "/c/%252e%252e", "/c/a%5Cb", "/c/Icon%0D", "/c/%", "/image/v2//x"]
)
def test_names_that_users_may_give_pass_as_they_are(path: str) -> None:
    found = plan_for(path)
    assert isinstance(found, Single)
    assert found.path == path


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_an_accepted_path_decodes_to_the_same_service(path: str) -> None:
    """Also to a server that climbs."""
    path = f"/{path}"
    found = plan_for(path)
    if isinstance(found, Single):
        parts = [part.partition(";")[0] for part in decoded(path).split("/")]
        assert not {".", ".."} & set(parts)
        assert MESH.clouds["One"].locate(Listener("one", 80), decoded(path)) == found.endpoint
