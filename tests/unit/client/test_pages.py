# SPDX-License-Identifier: Apache-2.0
"""A gateway's own pages, and the errors without a gateway."""

from collections.abc import Callable

import pytest
import requests

from openstackoid.client.pages import CloudPage, PageError, base_of, mesh_page, trace_page

from .conftest import Answer, FakeCloud

MESH = ("GET", "/.openstackoid/mesh")


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=10, allow_redirects=False)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://gateway/identity/scope/image=CloudTwo/v3", "http://gateway"),
        ("https://user:word@gateway:5000/v3?x", "https://gateway:5000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_the_pages_are_below_the_origin(url: str, base: str) -> None:
    assert base_of(url) == base


def test_the_mesh_is_read(cloud: FakeCloud) -> None:
    cloud.add_mesh(CloudOne={"image": "up", "compute": "down"}, CloudTwo={"image": "unknown"})
    mesh = mesh_page(cloud.url, get)
    assert mesh.gateway == "CloudOne"
    assert mesh.clouds[1] == CloudPage("CloudTwo", False, "up", {"image": "unknown"})
    assert mesh.services() == ["compute", "image"]
    assert [mesh.health(*asked) for asked in (("CloudOne", "compute"), ("CloudTwo", "compute"), ("CloudTen", "image"))] == [
        "down",
        "missing",
        "missing",
    ]


def test_the_records_of_a_request_are_read(cloud: FakeCloud) -> None:
    cloud.routes["GET", "/.openstackoid/trace/req-x"] = Answer(200, {"id": "req-x", "hops": [], "missing": []})
    assert trace_page(cloud.url, "req-x", get)["hops"] == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404), "no gateway of OpenStackoid answers at {}: /.openstackoid/mesh is not found there"),
        (Answer(302, {}, (("Location", "http://elsewhere"),)), "{}/.openstackoid/mesh answers 302"),
        (Answer(200, []), "{}/.openstackoid/mesh does not answer as a gateway of OpenStackoid does"),
        (Answer(200, {"gateway": "CloudOne"}), "{}/.openstackoid/mesh does not answer as a gateway of OpenStackoid does"),
        (
            Answer(200, {"gateway": "\x1b", "clouds": []}),
            "{}/.openstackoid/mesh does not answer as a gateway of OpenStackoid does",
        ),
        (Answer(200, {"gateway": "A", "clouds": [{"name": "A"}]}), "does not answer as a gateway of OpenStackoid does"),
    ],
)
def test_an_answer_that_is_not_a_gateways_is_an_error_of_one_line(cloud: FakeCloud, answer: Answer, said: str) -> None:
    cloud.routes[MESH] = answer
    with pytest.raises(PageError) as raised:
        mesh_page(cloud.url, get)
    assert said.format(cloud.url) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError("a long story"), "no gateway can be asked at http://gateway: it cannot be reached"),
        (requests.Timeout(), "no answer in time"),
        (requests.exceptions.SSLError(), "its certificate is not accepted"),
    ],
)
def test_a_gateway_that_cannot_be_reached(error: Exception, said: str) -> None:
    def failing(_: str) -> requests.Response:
        raise error

    with pytest.raises(PageError, match=said):
        mesh_page("http://gateway", failing)


def test_an_answer_that_is_not_json(new_cloud: Callable[[], FakeCloud]) -> None:
    def page(_: str) -> requests.Response:
        response = requests.Response()
        response.status_code, response._content = 200, b"<html>"
        return response

    with pytest.raises(PageError, match="does not answer in JSON"):
        mesh_page("http://gateway", page)
