# SPDX-License-Identifier: Apache-2.0
"""``around`` in a request: the decision asks for times, and takes the clouds that are near by then everywhere."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clouds import three_clouds
from openstackoid.mesh import parse_mesh
from openstackoid.routing import (
    All,
    Decision,
    Otherwise,
    ReadTimes,
    Refuse,
    Relay,
    Request,
    Single,
    decide,
    explain,
    read_times,
    times_from,
)
from openstackoid.routing.near import LONGEST, MOST_TIMES
from openstackoid.routing.route_cache import cached_route, guest_mark
from openstackoid.scope import join_token, split_token

MESH = three_clouds()
FRESH = "req-5c09edff-0000-4000-8000-000000000000"
TIMES = {"CloudOne": {"Cloud-3.b": 2.0, "CloudTwo": 7.0}, "CloudTwo": {}}
AROUND, NEAR = '{"image":"around(CloudOne, 10ms)"}', "CloudOne | Cloud-3.b | CloudTwo"


def request(to: str, path: str, *headers: tuple[str, str], method: str = "GET", **more: Any) -> Request:
    listener = next(endpoint.listener for endpoint in MESH.clouds["CloudOne"].endpoints if endpoint.key == to)
    return Request(method, listener, path, headers, fresh_id=FRESH, announced=tuple(MESH.clouds), **{"times": TIMES, **more})


ONE = "/image/v2/images/x/file"
"""A path of bytes: HAProxy forwards a peer's."""


def images(*headers: tuple[str, str], path: str = "/image/v2/images", **more: Any) -> Request:
    return request("image.public", path, *headers, **more)


def decided(asked: Request) -> Decision:
    found = decide(MESH, "CloudOne", asked)
    assert isinstance(found, Decision)
    return found


def refused(asked: Request) -> str:
    plan = decided(asked).plan
    assert isinstance(plan, Refuse)
    assert plan.status == 400
    return plan.message


@pytest.mark.parametrize(
    "asked",
    [
        images(("X-Auth-Token", "tok"), ("X-Scope", AROUND)),
        images(("X-Auth-Token", "tok"), ("X-Scope", "image=around(CloudOne,10ms)")),
        images(("X-Auth-Token", join_token("tok", AROUND))),
        images(("X-Auth-Token", join_token("tok", AROUND, 1))),
        images(("X-Auth-Token", "tok"), path="/image/scope/image=around(CloudOne,10ms)/v2/images"),
    ],
    ids=["header", "short", "token", "older token", "url"],
)
def test_every_carrier_has_it_and_each_cloud_gets_the_resolved_scope(asked: Request) -> None:
    assert decide(MESH, "CloudOne", Request(asked.method, asked.listener, asked.path, asked.headers)) == ReadTimes(("CloudOne",))
    found = decided(asked)
    assert isinstance(found.plan, Otherwise)
    assert (found.plan.expression, [turn.cloud for turn in found.plan.turns]) == (NEAR, NEAR.split(" | "))
    for turn in found.plan.turns:
        assert isinstance(turn.plan, Single)
        sent = {name.lower(): value for name, value in turn.plan.headers}
        assert json.loads(split_token(sent["x-auth-token"])[1] or "") == {"*": "CloudOne", "image": NEAR}
        assert "x-scope" not in sent


def test_all_of_them_are_asked_at_once() -> None:
    plan = decided(images(("X-Auth-Token", "tok"), ("X-Scope", "image=all(around(CloudOne,5ms))"))).plan
    assert isinstance(plan, All)
    assert plan.expression == "CloudOne & Cloud-3.b"


def test_a_scope_without_a_service_has_the_clouds_with_the_service() -> None:
    plan = decided(
        request("compute.public", "/compute/v2.1/flavors", ("X-Auth-Token", "tok"), ("X-Scope", "nearest(CloudOne)"))
    ).plan
    assert isinstance(plan, Otherwise)
    assert plan.expression == "CloudOne | CloudTwo", "Cloud-3.b has no compute"


def test_a_workflow_is_remembered_with_its_clouds() -> None:
    scope = ("X-Scope", "network=around(CloudOne,5ms)")
    plan = decided(
        request("network.public", "/networking/v2.0/ports", ("X-Auth-Token", "tok"), scope, method="POST", body={})
    ).plan
    assert isinstance(plan, Otherwise)
    remembered = [turn.plan.remember for turn in plan.turns if isinstance(turn.plan, Single)]
    assert [workflow and dict(workflow.scope)["network"] for workflow in remembered] == ["CloudOne", "Cloud-3.b"]


def test_a_token_that_is_given_out_has_the_clouds() -> None:
    path = "/identity/scope/image=around(CloudOne,10ms)/v3/auth/tokens"
    plan = decided(request("identity.public", path, method="POST")).plan
    assert isinstance(plan, Relay)
    assert json.loads(plan.scope or "") == {"*": "CloudOne", "image": NEAR}


def test_a_token_that_was_given_out_is_good_at_the_same_url_when_times_have_changed() -> None:
    older = '{"*":"CloudOne","image":"CloudOne | CloudTwo"}'
    path = "/image/scope/image=around(CloudOne,10ms)/v2/images"
    found = decided(images(("X-Auth-Token", join_token("tok", older)), path=path))
    assert found.scope is not None
    assert found.scope.to_header() == older
    other = '{"*":"CloudOne","image":"CloudTwo","compute":"CloudTwo"}'
    assert "differ" in refused(images(("X-Auth-Token", join_token("tok", other)), path=path))


def test_no_decision_about_it_is_kept() -> None:
    for scope in ("image=around(CloudOne, 1ms)", "image=nearest(CloudTwo)"):
        asked = images(("X-Auth-Token", "tok"), ("X-Scope", scope), path=ONE)
        found = decided(asked)
        assert isinstance(found.plan, Single)
        assert cached_route(MESH, "CloudOne", asked, found) is None
        assert guest_mark(MESH, asked, found) is None
        plain = images(("X-Auth-Token", "tok"), ("X-Scope", found.scope.to_header() if found.scope else ""), path=ONE)
        assert cached_route(MESH, "CloudOne", plain, decided(plain)) is not None


def test_an_unknown_time_leaves_the_cloud_out() -> None:
    found = decided(images(("X-Auth-Token", "tok"), ("X-Scope", AROUND), times={"CloudOne": {"CloudTwo": 7.0}}))
    assert isinstance(found.plan, Otherwise)
    assert found.plan.expression == "CloudOne | CloudTwo"


def test_a_scope_that_is_too_large_with_its_clouds_is_refused() -> None:
    names = [f"{'n' * 60}-{number}" for number in range(8)]
    services = ("image", "network", "compute", "dns")
    text = "mesh: 1\nclouds:\n"
    for name in names:
        own = ", ".join(f"{service}: {{frontend: 'http://{name}:1/{service}'}}" for service in services)
        text += f"  {name}: {{services: {{{own}}}}}\n"
    mesh = parse_mesh(text)
    scope = ",".join(f"{service}=nearest({names[0]})" for service in services)
    listener = mesh.clouds[names[0]].listeners[0]
    asked = Request("GET", listener, "/image/v2", (("X-Scope", scope),), times={names[0]: dict.fromkeys(names[1:], 1.0)})
    found = decide(mesh, names[0], asked)
    assert isinstance(found, Decision)
    assert isinstance(found.plan, Refuse)
    assert found.plan.message.endswith("characters with the clouds that are near, at most 2048 are accepted")


def test_written_times_count_before_measured_ones() -> None:
    text = "mesh: 1\nround_trips: [{clouds: [One, Two], milliseconds: 3}]\nclouds:\n"
    text += "".join(f"  {name}: {{services: {{image: {{frontend: 'http://{name}:1'}}}}}}\n" for name in ("One", "Two", "Six"))
    mesh = parse_mesh(text)
    assert times_from(mesh, "One", {"Two": 99.0, "Six": 1.0, "One": 5.0, "Unknown": 0.1}) == {"Six": 1.0, "Two": 3.0}
    assert list(times_from(mesh, "Two", {"Six": 4.0})) == ["One", "Six"]


NO_TIMES: tuple[Any, ...] = (-1, 0, float("nan"), float("inf"), -float("inf"), LONGEST + 1, 10**400, True, None, "1", [1], {})


@pytest.mark.parametrize(
    "row",
    [{"name": "CloudTwo", "milliseconds": time} for time in NO_TIMES]
    + [{"name": 1, "milliseconds": 1}, {"milliseconds": 1}, {"name": "CloudTwo"}, None, [], "CloudTwo", 1],
)
def test_a_row_that_cannot_be_true_counts_for_nothing(row: Any) -> None:
    assert read_times([row, {"name": "Cloud-3.b", "milliseconds": 2}]) == {"Cloud-3.b": 2.0}


def test_of_many_rows_the_first_count() -> None:
    rows = [{"name": f"C{number}", "milliseconds": 1} for number in range(10_000)]
    assert len(read_times(rows)) == MOST_TIMES
    assert read_times([{"name": "C", "milliseconds": 1}, {"name": "C", "milliseconds": 2}]) == {"C": 1.0}
    assert read_times({}) == read_times(None) == read_times("rows") == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*MESH.clouds, "x" * 100]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "milliseconds", "clouds"]), inner),
)


@given(st.lists(json_values) | json_values)
def test_no_page_of_a_peer_brings_another_cloud_or_a_time_that_cannot_be(rows: Any) -> None:
    times = times_from(MESH, "CloudOne", read_times(rows))
    assert times.keys() <= MESH.clouds.keys() - {"CloudOne"}
    assert all(0 < time <= LONGEST for time in times.values())
    found = decided(images(("X-Auth-Token", "tok"), ("X-Scope", "image=nearest(CloudOne)"), times={"CloudOne": times}))
    assert found.scope is not None
    assert found.scope.clouds_for("image", "")[0] == "CloudOne"


def test_an_explanation_has_the_times() -> None:
    asked = images(("X-Auth-Token", "tok"), ("X-Scope", AROUND), times={})
    told = explain(MESH, "CloudOne", asked, measured={"CloudOne": {"Cloud-3.b": 2.0}})
    assert (told.route, told.clouds) == ("otherwise", ("CloudOne", "Cloud-3.b"))
    assert [line for near in told.near for line in near.lines()] == [
        "around(CloudOne, 10ms): CloudOne 0 ms, Cloud-3.b 2 ms",
        "left out: CloudTwo (no time is known)",
    ]
    assert told.document()["near"] == [near.document() for near in told.near]
    assert "near" not in explain(MESH, "CloudOne", images(("X-Scope", "image=CloudTwo"))).document()
