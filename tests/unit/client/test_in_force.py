# SPDX-License-Identifier: Apache-2.0
"""The scope in force, its source, and the cloud of each service."""

from typing import Any

import pytest
from openstack.config.cloud_region import CloudRegion

from openstackoid.client.choice import LEFT_TO_THE_CLOUD, SCOPE_VARIABLE, Choice
from openstackoid.client.errors import ScopeRefusedError
from openstackoid.client.in_force import Served, scope_in_force, served
from openstackoid.scope import join_token, parse

TWO = '{"image": "CloudTwo"}'
IN_URL = "http://gateway/identity/scope/{}/v3"


def region(auth: dict[str, str] | None = None, **config: Any) -> CloudRegion:
    return CloudRegion(name="CloudOne", config={"auth": auth or {}, **config})


@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
@pytest.mark.parametrize(
    ("config", "auth", "scope", "source"),
    [
        ({}, {}, None, "none"),
        ({"scope": LEFT_TO_THE_CLOUD}, {"auth_url": "http://gateway/identity/v3", "token": "t"}, None, "none"),
        ({"scope": Choice(TWO)}, {}, TWO, "--os-scope"),
        ({"scope": Choice(TWO, SCOPE_VARIABLE)}, {}, TWO, "OPENSTACKOID_SCOPE"),
        ({"scope": {"image": "CloudTwo"}}, {}, TWO, "clouds.yaml, scope of CloudOne"),
        ({"scope": Choice("none")}, {}, None, "--os-scope none"),
        ({}, {"auth_url": IN_URL.format("glance=CloudTwo")}, TWO, "the authentication URL"),
        ({"scope": Choice("none")}, {"auth_url": IN_URL.format("image%3DCloudTwo")}, TWO, "the authentication URL"),
        ({}, {"auth_url": IN_URL.format("%2A=CloudTwo,identity=CloudOne")}, '{"*": "CloudTwo", "identity": "CloudOne"}', None),
        ({}, {"token": f"t!SCOPE!{TWO}"}, TWO, "the token"),
        ({}, {"token": join_token("t", TWO)}, TWO, "the token"),
        ({"scope": Choice(TWO)}, {"auth_url": IN_URL.format("image=CloudTwo")}, TWO, "--os-scope"),
    ],
)
def test_the_source_is_named(config: dict[str, Any], auth: dict[str, str], scope: str | None, source: str | None) -> None:
    found = scope_in_force(region(auth, **config))
    assert found.scope == (None if scope is None else parse(scope))
    assert found.source == (source or "the authentication URL")


@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
@pytest.mark.parametrize(
    ("config", "auth", "said"),
    [
        (
            {"scope": Choice(TWO)},
            {"auth_url": IN_URL.format("image=CloudOne")},
            'two scopes differ, which a gateway refuses: {"image":"CloudTwo"} from --os-scope, '
            '{"image":"CloudOne"} from the authentication URL',
        ),
        ({}, {"auth_url": IN_URL.format("image=CloudOne"), "token": f"t!SCOPE!{TWO}"}, "from the token"),
        ({}, {"auth_url": IN_URL.format("image")}, "the authentication URL, column 1: service=cloud is expected here"),
        ({}, {"auth_url": IN_URL.format("image=A,glance=B")}, "the service 'glance' is named twice"),
        ({}, {"auth_url": "http://gateway/identity/scope//v3"}, "the authentication URL, column 1: service=cloud is expected"),
        (
            {"scope_clouds": ["CloudOne"]},
            {"auth_url": IN_URL.format("image=CloudTen")},
            "the authentication URL, column 7: unknown cloud 'CloudTen'; known: CloudOne",
        ),
        ({"scope_clouds": ["CloudOne"]}, {"token": f"t!SCOPE!{TWO}"}, "the token, column 11: unknown cloud 'CloudTwo'"),
        ({}, {"token": "t~eyJ="}, "the token: not base64url without padding"),
        ({}, {"token": "t%21SCOPE%21%7B%7D"}, "the token: percent-encoded by a client"),
        ({"scope": Choice("{")}, {}, "--os-scope, column 2"),
    ],
)
def test_a_contradictory_scope_is_refused(config: dict[str, Any], auth: dict[str, str], said: str) -> None:
    with pytest.raises(ScopeRefusedError) as raised:
        scope_in_force(region(auth, **config))
    assert said in str(raised.value)
    assert "t!SCOPE" not in str(raised.value)


def test_each_service_has_its_cloud_and_the_reason() -> None:
    scope = parse('{"image": "CloudTwo", "*": "CloudThree"}')
    assert served(scope, "CloudOne", ["image", "network"]) == [
        Served("image", "CloudTwo", "own entry"),
        Served("network", "CloudThree", "*"),
    ]
    assert served(parse(TWO), "CloudOne", ["network"]) == [Served("network", "CloudOne", "home")]
    assert served(None, "CloudOne", ["image"]) == [Served("image", "CloudOne", "home")]


def test_a_service_that_follows_another_says_so() -> None:
    scope = parse('{"compute": "CloudTwo"}')
    assert served(scope, "CloudOne", ["placement"]) == [Served("placement", "CloudTwo", "follows compute")]
