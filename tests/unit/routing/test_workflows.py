# SPDX-License-Identifier: Apache-2.0
"""The ids of workflows, and the requests that begin one."""

import re
from uuid import UUID

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import parse_mesh
from openstackoid.routing import MARK, TRACE, is_traced, marked_id, may_be_remembered, watched_services
from openstackoid.routing.workflows import is_marked

TAIL = "0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("request_id", "marked", "traced"),
    [
        (f"req-5c09ed00-{TAIL}", True, False),
        (f"req-7472ace0-{TAIL}", False, True),
        (f"req-0c09ed00-{TAIL}", False, False),
        (f"req-5c09ed00-{TAIL}0", False, False),
        (f"req-5c09ed00-{TAIL}\n", False, False),
        (f"REQ-5C09ED00-{TAIL}", False, False),
        (f" req-5c09ed00-{TAIL}", False, False),
        ("req-5c09ed", False, False),
        ("req-7472ace0-", False, False),
        ("", False, False),
    ],
)
def test_an_id_is_known_by_its_whole_form(request_id: str, marked: bool, traced: bool) -> None:
    assert (is_marked(request_id), is_traced(request_id)) == (marked, traced)
    assert may_be_remembered(request_id) == (marked or traced)


def test_a_new_id_is_one_that_oslo_middleware_takes() -> None:
    made = marked_id(UUID("01234567-89ab-4def-8123-456789abcdef"))
    assert made == "req-5c09ed67-89ab-4def-8123-456789abcdef"
    assert is_marked(made)
    # oslo.middleware, request_id.py: what else comes is thrown away.
    uuid = re.compile(r"^req-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$")
    assert all(uuid.match(known) for known in (made, f"{TRACE}{TAIL}", f"{MARK}00-{TAIL}"))


def test_services_without_hops_of_their_own_are_not_watched() -> None:
    assert watched_services(three_clouds()) == {
        "compute",
        "network",
        "block-storage",
        "placement",
        "shared-file-system",
        "my-billing",
    }


def test_services_of_a_collaboration_rule_are_watched() -> None:
    mesh = parse_mesh(
        "{mesh: 1, collaborations: [{name: r, service: image, partner: compute, requests: [POST /x], reason: y}],"
        " clouds: {One: {services: {image: {frontend: 'http://h:1'}}}}}"
    )
    assert watched_services(mesh) == {"image"}
