# SPDX-License-Identifier: Apache-2.0
"""Answers of a real cloud with other path prefixes stay inside the gateway that the client spoke to, link by link."""

import json
from typing import Any

import pytest

from examples.session import User
from lab.links import ask, links_in
from lab.plain_http import frontend

ELSEWHERE = ("http://docs.openstack.org/",)
NOTHING_THERE = ("/image/v2/",)
"""Glance's own version document names this, and Glance answers 404 there, in any cloud."""
PAGES = {
    "image": ["/image/v2/images?limit=1", "/image/v2/schemas/image"],
    "network": ["/networking/v2.0/networks?limit=1", "/networking/v2.0/subnets?limit=1", "/networking/v2.0/"],
    "compute": ["/compute/v2.1/flavors?limit=1", "/compute/v2.1/servers?limit=1", "/compute/v2.1/flavors/detail"],
    "identity": ["/identity/v3/auth/projects", "/identity/v3/auth/domains"],
}
DOCUMENTS = {
    "image": ["/image", "/image/versions"],
    "network": ["/networking/"],
    "compute": ["/compute/", "/compute/v2.1/", "/compute/v2.1"],
    "identity": ["/identity", "/identity/v3", "/identity/v3/"],
}


@pytest.fixture
def headers(service: str, one: User, two: User) -> dict[str, str]:
    """Return the headers that send ``service`` to CloudTwo: of a token of CloudOne, but to the Keystone that knows it."""
    user = two if service == "identity" else one
    token = user.openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()
    return {"X-Auth-Token": token, "X-Scope": json.dumps({service: "CloudTwo"})}


@pytest.mark.parametrize("service", PAGES)
def test_every_link_of_a_foreign_answer_names_the_gateway_and_works(service: str, headers: dict[str, str], lab: Any) -> None:
    gateway = frontend(lab, "CloudOne")
    waiting = [gateway + path for path in PAGES[service] + DOCUMENTS[service]]
    seen: set[str] = set()
    while waiting and len(seen) < 60:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        got = ask(url, headers)
        assert got.status < 400, (url, got)
        for relation, link in links_in(got.document):
            if link.startswith(ELSEWHERE) or not link.startswith("http"):
                continue
            assert link.startswith(f"{gateway}/"), (url, relation, link)
            if relation != "bookmark" and not link.endswith(NOTHING_THERE):
                waiting.append(link)
        if service == "image" and got.document and "next" in got.document:
            # A path below the endpoint, as Glance's clients take it.
            assert got.document["next"].startswith("/v2/images?")
            waiting.append(f"{gateway}/image{got.document['next']}")
        if "location" in got.headers:
            assert got.headers["location"].startswith(f"{gateway}/"), (url, got.headers["location"])
    assert len(seen) > len(PAGES[service])


@pytest.mark.parametrize("service", ["image"])
@pytest.mark.parametrize("scoped", [True, False])
def test_the_location_of_a_new_image_works(scoped: bool, headers: dict[str, str], lab: Any) -> None:
    gateway = frontend(lab, "CloudOne")
    if not scoped:
        headers = {"X-Auth-Token": headers["X-Auth-Token"]}
    body = b'{"name": "answers", "container_format": "bare", "disk_format": "raw"}'
    made = ask(f"{gateway}/image/v2/images", {**headers, "Content-Type": "application/json"}, "POST", body)
    location = made.headers["location"]
    try:
        assert location == f"{gateway}/image/v2/images/{made.document['id']}"
        assert ask(location, headers).document["id"] == made.document["id"]
    finally:
        assert ask(f"{gateway}/image/v2/images/{made.document['id']}", headers, "DELETE").status == 204


@pytest.mark.parametrize("path", ["/image/v2/images", "/compute/v2.1/servers", "/networking/v2.0/networks"])
def test_the_keystone_of_a_refusal_is_that_of_the_gateway(path: str, lab: Any) -> None:
    gateway = frontend(lab, "CloudOne")
    got = ask(gateway + path, {"X-Auth-Token": "gAAAAABforged", "X-Scope": '{"*": "CloudTwo", "identity": "CloudOne"}'})
    assert (got.status, got.headers["www-authenticate"]) == (401, f'Keystone uri="{gateway}/identity"')
