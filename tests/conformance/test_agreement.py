# SPDX-License-Identifier: Apache-2.0
"""The Python decision and the whole gateway agree on generated requests."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings

from conformance.case import IMAGE_BYTES, Case, auth, plain, refused
from conformance.gateway import running_gateway
from conformance.remembering import Remembering
from conformance.requests import requests, scoped_requests

REQUESTS = 600
"""How many are generated in a run, others each time; `make fuzz` generates as many as there is time for."""
SCOPED_URLS = 300
"""How many with a scope in the URL."""


@pytest.fixture(scope="module")
def gateways() -> Iterator[dict[str, Remembering]]:
    with running_gateway("CloudOne", with_bridge=True) as one, running_gateway("CloudTwo", with_bridge=True) as two:
        yield {"CloudOne": Remembering(one), "CloudTwo": Remembering(two)}


@settings(max_examples=REQUESTS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=requests())
@example(case=Case("a mark in no token", refused(0), "/identity", (auth("to!k"),)))
@example(case=Case("a pattern's end", refused(0), "/image", (plain('{"image":"CloudTwo"}\t'),)))
@example(case=Case("white space before the object", refused(0), IMAGE_BYTES, (auth("t~IHsiaW1hZ2UiOiJDbG91ZFR3byJ9"),)))
def test_gateway_and_decision_agree(case: Case, gateways: dict[str, Remembering]) -> None:
    gateways[case.at].agrees(case)


@settings(max_examples=SCOPED_URLS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=scoped_requests())
@example(case=Case("behind a segment without a name", refused(0), "/swift/;/scope/*=CloudTwo", to="object-store.public"))
@example(case=Case("in absolute form", refused(0), "/image/Scope/image=CloudTwo/v2/images"))
def test_no_spelling_of_a_scope_in_a_url_leads_home(case: Case, gateways: dict[str, Remembering]) -> None:
    """Every scope here names another cloud for the service. It is sent there, or refused, also in an absolute URL."""
    mine = gateways[case.at]
    for origin in ("", f"http://{mine.gateway.listener(case.to)}"):
        mine.agrees(case, origin)
        assert case.at not in {seen.server for seen in mine.gateway.recorder.seen}
