# SPDX-License-Identifier: Apache-2.0
from openstackoid.mesh import Address, Endpoint, EndpointLayout, FrontendUrl, Listener

EVERY = ("public", "internal")
BACKENDS = (Address(1, 8776, "/v"),)
LAYOUT = EndpointLayout("volumev3", "block-storage", "cinder", EVERY, FrontendUrl(0, 80, "/v", ""), BACKENDS, True)


def test_only_hosts_replace_numbers() -> None:
    placed = LAYOUT.with_hosts(("gateway", "inside").__getitem__)
    assert (placed.frontend, placed.backends) == (FrontendUrl("gateway", 80, "/v", ""), (Address("inside", 8776, "/v"),))
    assert placed.backends[0].url() == "http://inside:8776/v"
    assert placed.with_hosts({"gateway": 0, "inside": 1}.__getitem__) == LAYOUT
    assert LAYOUT.key == placed.key == "volumev3.public"


def test_an_endpoint_of_a_cloud_has_a_socket() -> None:
    endpoint = Endpoint("image", "image", "glance", EVERY, FrontendUrl("gateway", 80, "/image", ""), cloud="One")
    assert (endpoint.cloud, endpoint.listener, str(endpoint.listener)) == ("One", Listener("gateway", 80), "gateway:80")
    assert endpoint.forwarded_prefix == "/image"


def test_a_backend_is_told_the_prefix_that_its_own_path_lacks() -> None:
    def told(prefix: str, path: str) -> str | None:
        backends = (Address("b", 1, path),)
        return Endpoint("image", "image", "g", EVERY, FrontendUrl("a", 80, prefix, ""), backends, cloud="One").forwarded_prefix

    assert [told("/x/image", "/image"), told("/image", "/image"), told("/image", "/glance"), told("/image", "")] == [
        "/x",
        None,
        None,
        "/image",
    ]
