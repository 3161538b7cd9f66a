# SPDX-License-Identifier: Apache-2.0
"""The paths of downloads that HAProxy may serve alone: each is one that delegation judges as the read of an image's bytes."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clouds import three_clouds
from openstackoid.haproxy.guests import paths_map
from openstackoid.mesh import Cloud, Tls
from openstackoid.policy import Delegated, Delegation, Denial, Policy, RequestPattern, Services, Use, may_ask
from openstackoid.routing import called_path
from openstackoid.routing.delegated_downloads import delegates_downloads, download_path, download_paths, image_endpoints

HERE = replace(three_clouds().clouds["CloudOne"], tls=Tls("/x/CloudOne.pem", "/x/ca.pem"), policy=Policy())
(IMAGE,) = (endpoint for endpoint in image_endpoints(HERE) if endpoint.key == "image.public")
WORDS = ["v2", "v2.15", "v1", "images", "5a1e0f6f-4a0c-4c0c-9d3a-7d1b2c3d4e5f", "x", "file", "..", "a%2fb", "a;b", "stage", ""]


@given(st.lists(st.sampled_from(WORDS), max_size=6), st.sampled_from(["", "?", "?a=b", "?_method=PUT", "/"]))
def test_whatever_matches_is_the_read_of_an_image_as_delegation_knows_it(words: list[str], end: str) -> None:
    path = "".join([IMAGE.frontend.prefix, *(f"/{word}" for word in words)]) + end
    if re.search(f"{download_path(IMAGE)}$", path) is None:
        return
    assert re.fullmatch(r"/image/v2(\.15)?/images/[a-z0-9-]+/file", path) is not None
    judged = may_ask(Delegation("*"), Delegated(Use("image", "GET", called_path(IMAGE, path)), given=["compute"]))
    assert not isinstance(judged, Denial)


def test_each_endpoint_has_its_expression_in_the_map() -> None:
    lines = [line for line in paths_map(HERE).splitlines() if line]
    assert len(lines) == len(download_paths(HERE)) > 0
    for name, path in download_paths(HERE).items():
        assert rf"{path}\|[0-9]*:{name}$ 1" in lines


def _with(**changes: object) -> Cloud:
    return replace(HERE, policy=replace(HERE.policy, **changes))  # type: ignore[arg-type]  # of the fields of a policy


READS = Services((("image", (RequestPattern.parse("GET /v2/images/**"),)),))


@pytest.mark.parametrize(
    ("cloud", "expected"),
    [
        (HERE, True),
        (replace(HERE, tls=None), False),
        (_with(seconds=0.5), False),
        (_with(audit="strict"), False),
        (_with(delegation=(Delegation("*", images=False),)), False),
        (_with(delegation=(Delegation("CloudTwo", images=False),)), True),
        (_with(delegation=(Delegation("*", images=False), Delegation("CloudTwo"))), True),
        (_with(delegation=(Delegation("*", images=False, users=READS),)), True),
    ],
)
def test_where_haproxy_may_serve_downloads(cloud: Cloud, expected: bool) -> None:
    assert delegates_downloads(cloud) is expected
    assert bool(paths_map(cloud)) is expected
