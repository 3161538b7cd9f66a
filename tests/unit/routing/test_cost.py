# SPDX-License-Identifier: Apache-2.0
"""The CPU time of a decision in a mesh of 10,000 clouds, for requests that were made to cost much."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from bench.meshes import many_clouds
from cpu_time import least_cpu_time
from fuzz.scope_text import texts
from openstackoid.bridge.errors import AnswerError
from openstackoid.mesh import Listener, Mesh, parse_mesh
from openstackoid.routing import Decision, Refuse, Request, decide, times_from, with_plain_clouds
from openstackoid.scope import Times, parse

MOST = 0.001
"""Seconds of CPU that one input of 16 KiB may cost."""
SIZE = 16 * 1024
NEAR = "Cloud100000" * 6


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return parse_mesh(many_clouds(10_000, (1001, 1002, 1003), (2001, 2002, 2003), 3000))


def seconds(mesh: Mesh, request: Request) -> float:
    """Return the CPU time of the decision and of the error that a refusal becomes."""

    def answer() -> None:
        decision = decide(mesh, "CloudOne", request)
        if isinstance(decision, Decision) and isinstance(decision.plan, Refuse):
            AnswerError(decision.plan.status, decision.plan.message)

    return least_cpu_time(answer, MOST)


def scopes() -> Iterator[str]:
    yield f'{{"image":"{NEAR}"}}'
    yield f'{{"{"im-age" * 10}":"CloudOne"}}'
    yield '{"' + "a" * 2000 + '":"CloudOne"}'
    yield '{"' + "password=x;" * 180 + '":"CloudOne"}'
    yield '{"' + "\\u0061" * 330 + '":"CloudOne"}'
    yield "{" + ",".join(['"image":"CloudOne"'] * 100) + "}"
    yield "{" + ",".join(f'"service-{number}":"CloudOne"' for number in range(60)) + "}"
    yield '{"image"' + " " * 1900 + ':"CloudOne"}'
    for text in ("[", "{", '"', "a", "\\", " ", '{"image":"CloudTwo"}', "image=CloudTwo,", "!SCOPE!", "~", "%21SCOPE%21"):
        yield text * (2000 // len(text))
        yield text * (SIZE // len(text))


def requests(mesh: Mesh, text: str) -> Iterator[Request]:
    one = mesh.clouds["CloudOne"]
    for service in ("image", "identity"):
        endpoint = one.endpoint(service, "public")
        assert endpoint is not None
        path = f"{endpoint.frontend.prefix}/v3/auth/tokens"

        def to(path: str, *headers: tuple[str, str], listener: Listener = endpoint.listener) -> Request:
            return Request("GET", listener, path, headers)

        yield to(path, ("X-Auth-Token", "t"), ("X-Scope", text))
        yield to(path, ("X-Auth-Token", f"t!SCOPE!{text}"))
        yield to(path, ("X-Auth-Token", "t"), ("X-Subject-Token", f"t!SCOPE!{text}"))
        yield to(path, ("X-Auth-Token", "t"), ("X-Service-Token", f"t!SCOPE!{text}"))
        yield to(f"{endpoint.frontend.prefix}/scope/{text}/v3/auth/tokens", ("X-Auth-Token", "t"))


@pytest.mark.parametrize("text", [*scopes()], ids=lambda text: f"{len(text)} of {text[:12]}")
def test_no_scope_costs_a_gateway_of_many_clouds_more_than_a_millisecond(mesh: Mesh, text: str) -> None:
    costs = {str(request.headers)[:80]: seconds(mesh, request) for request in requests(mesh, text)}
    assert max(costs.values()) < MOST, costs


@settings(max_examples=60, deadline=None)
@given(text=texts)
def test_no_fuzzed_scope_does(mesh: Mesh, text: str) -> None:
    for request in requests(mesh, text[:SIZE]):
        assert seconds(mesh, request) < MOST


SERVICES = ("*", "block-storage", "compute", "image", "network", "object-store", "orchestration", "placement")


def filled(member: str, together: str, entries: int) -> str:
    """Return a scope with eight members in each of some entries, all of other clouds."""
    of = [together.join(member.format(f"Cloud{100 + 8 * entry + number}") for number in range(8)) for entry in range(entries)]
    return "{" + ",".join(f'"{service}":"{text}"' for service, text in zip(SERVICES, of, strict=False)) + "}"


@pytest.fixture(scope="module")
def times(mesh: Mesh) -> Times:
    """Around each cloud that a scope here names, 256 others."""
    around = {name: 1 + number / 100 for number, name in enumerate(mesh.clouds)}
    return {
        center: times_from(mesh, center, around) for center in ("CloudOne", *(f"Cloud{number}" for number in range(100, 164)))
    }


@pytest.mark.parametrize(
    "text",
    [
        "nearest(CloudOne)",
        "image=" + "|".join(f"around(CloudOne,{n}s)" for n in range(1, 9)),
        filled("nearest({})", "|", 1),
    ],
)
def test_the_clouds_near_others_cost_no_more_than_a_millisecond(mesh: Mesh, times: Times, text: str) -> None:
    known = [replace(request, times=times) for request in requests(mesh, text)]
    assert max(seconds(mesh, request) for request in known) < MOST


@pytest.mark.parametrize("text", [filled("nearest({})", "&", 1), filled("around({},1s)", "|", 2)])
def test_as_many_as_a_scope_may_have_are_found_in_a_millisecond(mesh: Mesh, times: Times, text: str) -> None:
    names: dict[str, Any] = {"services": mesh.known_services, "clouds": mesh.known_clouds, "offers": mesh.offers}
    assert least_cpu_time(lambda: with_plain_clouds(mesh, "CloudOne", parse(text, **names), times), MOST) < MOST


@pytest.mark.parametrize(
    "text", [filled("{}", "|", 8), filled("{}", "&", 8), filled("(({}))", "|", 8), filled("around({},1s)", "&", 2)]
)
def test_eight_clouds_in_every_entry_cost_a_few_milliseconds(mesh: Mesh, times: Times, text: str) -> None:
    """Such a request goes to eight clouds: each has a scope of its own."""
    known = [replace(request, times=times) for request in requests(mesh, text)]
    assert max(seconds(mesh, request) for request in known) < 3 * MOST
