# SPDX-License-Identifier: Apache-2.0
"""TLS on the lab: certificates, links of services behind it, and certificates that change at run time."""

import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from examples.session import User, authority, lab_status, openstackoid
from examples.wire import accepts, answers_plain_http, shown_certificate, shown_name
from lab.links import ask, links_in
from lab.meaning import World
from lab.plain_http import frontend
from lab.tokens import token_of
from openstackoid.certs import issue, make_authority

CLOUDS = ("CloudOne", "CloudTwo")
PATHS = {
    "identity": ["", "/v3", "/v3/auth/projects"],
    "image": ["", "/versions"],
    "network": ["/", "/v2.0/", "/v2.0/networks?limit=1"],
    "compute": ["/", "/v2.1/", "/v2.1/flavors?limit=1", "/v2.1/servers?limit=1"],
    "placement": ["/"],
    "block-storage": ["/", "/v3/", "/v3/volumes?limit=1"],
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_gateway_is_known_by_its_certificate_and_by_nothing_else(lab: Any, cloud: str, tmp_path: Path) -> None:
    url, other = frontend(lab, cloud), next(name for name in CLOUDS if name != cloud)
    assert shown_name(url, authority()) == cloud
    assert not answers_plain_http(url)
    with pytest.raises(ssl.SSLError):
        shown_name(url, str(make_authority(tmp_path)))
    certificates = Path(authority()).parent
    assert accepts(url, authority(), certificates / f"{other}.pem")
    assert not accepts(url, authority(), issue(tmp_path, other))


@pytest.mark.parametrize("service", PATHS)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_links_of_a_service_at_home_are_https(lab: Any, cloud: str, service: str) -> None:
    world = World(Path(lab["state_dir"]))
    headers = {"X-Auth-Token": token_of(User(cloud))}
    frontends = tuple(endpoint.frontend.root() for endpoint in world.mesh.clouds[cloud].endpoints)
    for path in PATHS[service]:
        got = ask(world.url(cloud, service, path), headers)
        assert got.status < 400, (path, got)
        links = [link for _, link in links_in(got.document) if link.startswith("http") and "docs.openstack.org" not in link]
        assert [link for link in links if not link.startswith(frontends)] == [], path
        assert got.headers.get("location", frontends[0]).startswith(frontends), path


def pids(cloud: str) -> dict[str, int]:
    (services,) = (row["services"] for row in lab_status()["clouds"] if row["name"] == cloud)
    return {service["name"]: service["pid"] for service in services}


def test_a_new_certificate_is_taken_up_while_all_runs(lab: Any, one: User) -> None:
    url, before = frontend(lab, "CloudTwo"), pids("CloudTwo")
    old = shown_certificate(url, authority())["serialNumber"]
    words = ("certs", "issue", "--directory", str(Path(authority()).parent), "--cloud", "CloudTwo", "--host", "127.0.0.1")
    assert openstackoid(*words, "--host", "localhost", "--renew").code == 0
    deadline = time.monotonic() + 30
    while (new := shown_certificate(url, authority())["serialNumber"]) == old and time.monotonic() < deadline:
        time.sleep(0.5)
    assert new != old
    assert pids("CloudTwo") == before
    assert one.openstack("image", "list", scope='{"image": "CloudTwo"}').code == 0
