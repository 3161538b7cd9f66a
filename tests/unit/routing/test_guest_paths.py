# SPDX-License-Identifier: Apache-2.0
"""The expressions of a policy's paths: they match no request that the policy would not allow, or in which a project is named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clouds import three_clouds
from openstackoid.haproxy.guests import paths_map
from openstackoid.policy import RequestPattern, Services, Use
from openstackoid.routing import OwnProject, called_path
from openstackoid.routing.dispatched_method import method_override
from openstackoid.routing.guest_paths import guest_path, learnt_methods, name_of
from openstackoid.routing.project_fields import PROJECT_FIELDS

HERE = three_clouds().clouds["CloudOne"]
ID = "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"
WORDS = ["v2", "v3", "v1", "images", "x", "file", "members", ID, f"AUTH_{ID}", f"KEY_{ID}", "os-quota-sets", "volumes", ""]
QUERIES = [
    "",
    "?",
    "?a=b",
    f"?owner={ID}",
    f"?project_id={ID}",
    "?own%65r=x",
    "?_method=PUT",
    "?a=1;_metho%64=PUT",
    f"?x={ID}",
    "?a|b",
]
PATTERNS = [
    "GET /v2/images",
    "GET /v2/images/*",
    "GET /v2/images/**",
    "* /**",
    "GET /",
    "POST /v2/*",
    "HEAD /v2/*/x",
    "PUT /v1/**",
]


def matches(endpoint_key: str, services: Services, method: str, pathq: str) -> bool:
    endpoint = next(endpoint for endpoint in HERE.endpoints if endpoint.key == endpoint_key)
    path = guest_path(endpoint, services, method)
    return path is not None and re.search(rf"{path}\|[0-9]*:{name_of(path)}$", f"{pathq}|7:{name_of(path)}") is not None


@given(
    st.sampled_from(["image.public", "volumev3.public", "object-store.public", "compute.public"]),
    st.sampled_from(["GET", "HEAD", "PUT"]),
    st.lists(st.sampled_from(WORDS), max_size=5),
    st.sampled_from(QUERIES),
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3),
)
def test_whatever_matches_the_policy_allows_as_it_is(
    key: str, method: str, words: list[str], query: str, patterns: list[str]
) -> None:
    endpoint = next(endpoint for endpoint in HERE.endpoints if endpoint.key == key)
    services = Services(((endpoint.service, tuple(map(RequestPattern.parse, patterns))),))
    path = "".join([endpoint.frontend.prefix, *(f"/{word}" for word in words)])
    if "//" in path or not matches(key, services, method, path + query):
        return
    below = path[len(endpoint.frontend.prefix) :] if endpoint.service == "object-store" else called_path(endpoint, path)
    assert services.allows(Use(endpoint.service, method, below))
    assert method_override(query[1:], ()) is None
    own = OwnProject(endpoint, ID, "f" * 32)
    assert own.query(query[1:]) == query[1:]
    replaced = path.replace(f"/volume/v3/{ID}", "/volume/v3/" + "f" * 32)
    if endpoint.service == "object-store":
        replaced = replaced.replace(f"/v1/AUTH_{ID}", "/v1/AUTH_" + "f" * 32)
    assert own.path(path) == replaced


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("GET /v2/images", "/image/v2/images", True),
        ("GET /v2/images", "/image/v2/images/", True),
        ("GET /v2/images", "/image/v2/images?limit=2", True),
        ("GET /v2/images", "/image/v2/imagesx", False),
        ("GET /v2/images", "/image/v2/images/x", False),
        ("GET /v2/images/*", "/image/v2/images/x", True),
        ("GET /v2/images/*", "/image/v2/images", False),
        ("GET /v2/images/**", "/image/v2/images", True),
        ("GET /v2/images/**", "/image/v2/images/x/file", True),
        ("GET /", "/image", True),
        ("GET /", "/image/", True),
        ("GET /**", "/imagex", False),
        ("POST /v2/images", "/image/v2/images", False),
        ("* /v2.0/images", "/image/v2x0/images", False),
    ],
)
def test_what_a_pattern_comes_to(pattern: str, path: str, matched: bool) -> None:
    assert matches("image.public", Services((("image", (RequestPattern.parse(pattern),)),)), "GET", path) is matched


def test_no_request_chooses_its_rule() -> None:
    one, other = (Services((("image", (RequestPattern.parse(text),)),)) for text in ("GET /v2/tasks", "GET /v2/images"))
    image = next(endpoint for endpoint in HERE.endpoints if endpoint.key == "image.public")
    names = [name_of(guest_path(image, services, "GET") or "") for services in (one, other)]
    path = guest_path(image, one, "GET")
    assert re.search(rf"{path}\|[0-9]*:{names[0]}$", f"/image/v2/tasks?|7:{names[0]}|7:{names[1]}") is None
    assert names[0] != names[1]


def test_every_expression_stands_in_the_map_once_and_has_no_space() -> None:
    lines = paths_map(HERE).splitlines()
    assert len(lines) == len(set(lines)) > 0
    assert all(line.count(" ") == 1 and line.startswith("^") for line in lines)


def test_no_uploads_of_services_that_have_none() -> None:
    every = Services((("*", (RequestPattern.parse("* /**"),)),))
    uploads = {endpoint.service for endpoint in HERE.endpoints if guest_path(endpoint, every, "PUT") is not None}
    assert uploads == {"image", "object-store"}
    assert set(PROJECT_FIELDS) >= uploads
    assert (learnt_methods("strict"), learnt_methods("reads")) == ((), ("GET", "HEAD"))
