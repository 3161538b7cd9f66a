# SPDX-License-Identifier: Apache-2.0
"""Which addresses are the cloud's own."""

from typing import Any

import pytest
from keystoneauth1.access import AccessInfo, create
from keystoneauth1.identity import V3Token
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token

from openstackoid.client.origins import CloudOrigins, origin, origins_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://cloud/identity", ("http", "cloud", 80)),
        ("HTTPS://Cloud.Example.:443/x?y#z", ("https", "cloud.example", 443)),
        ("https://user:word@cloud", ("https", "cloud", 443)),
        ("http://[::1]:8774/v2.1", ("http", "::1", 8774)),
        ("http://cloud:0", ("http", "cloud", 0)),
        ("http://cloud:port", None),
        ("http://[::1", None),
        ("http://", None),
        ("file:///etc/hosts", None),
        ("/identity", None),
        ("", None),
        (None, None),
        (8774, None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: object, expected: object) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    "config",
    [
        {"auth": {"auth_url": "http://cloud:5000/v3"}},
        {"auth": {"endpoint": "http://cloud:5000/v3"}},
        {"auth": None, "endpoint": "http://cloud:5000"},
        {"compute_endpoint": "http://cloud:5000"},
        {"block_storage_endpoint_override": "http://cloud:5000"},
    ],
)
def test_configured_endpoints_belong_to_the_cloud(config: dict[str, Any]) -> None:
    own = CloudOrigins(config, lambda: None)
    assert "http://CLOUD:5000/anything" in own
    for stranger in (
        "https://cloud:5000",
        "http://cloud:5001",
        "http://cloud",
        "http://cloud:5000.evil",
        "http://cloud@evil:5000",
    ):
        assert stranger not in own


def test_an_identity_providers_endpoints_are_not() -> None:
    config = {"discovery_endpoint": "http://provider", "access_token_endpoint": "http://provider", "note": "http://provider"}
    assert "http://provider/token" not in CloudOrigins(config, lambda: None)


def access(*urls: str, v2: bool = False) -> AccessInfo:
    """Return a token whose catalog has an endpoint for each URL."""
    if v2:
        services = [{"type": "image", "name": "glance", "endpoints": [{"publicURL": url} for url in urls]}]
        return create(body={"access": {"token": {"id": "t"}, "serviceCatalog": services}})
    catalog = [{"type": "image", "name": "glance", "endpoints": [{"interface": "public", "url": url} for url in urls]}]
    return create(body={"token": {"methods": ["password"], "catalog": catalog}})


@pytest.mark.parametrize("v2", [False, True])
def test_the_catalog_counts_once_there_is_a_token_and_changes_with_it(v2: bool) -> None:
    current: list[AccessInfo | None] = [None]
    own = CloudOrigins({}, lambda: current[0])
    assert "http://image" not in own
    current[0] = access("http://image/v2", v2=v2)
    assert "http://image/other" in own
    current[0] = access("http://moved", v2=v2)
    assert ("http://image" in own, "http://moved" in own) == (False, True)
    current[0] = None
    assert "http://moved" not in own


def test_of_a_session_the_plugins_url_and_catalog_count() -> None:
    plugin = V3Token("http://identity/v3", "t")
    session = Session(auth=plugin)
    own = origins_of(session, {})
    assert ("http://identity/x" in own, "http://image/x" in own) == (True, False)
    plugin.auth_ref = access("http://image")
    assert "http://image/x" in own


def test_of_an_adapter_its_own_plugin_counts() -> None:
    session = Session(auth=V3Token("http://identity/v3", "t"))
    own = origins_of(session, {"endpoint_override": "http://overriding"}, Token("http://fixed", "t"))
    assert [url in own for url in ("http://fixed/x", "http://overriding/x", "http://identity/v3")] == [True, True, False]
