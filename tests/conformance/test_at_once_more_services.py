# SPDX-License-Identifier: Apache-2.0
"""``A & B`` for the services that few clouds have: answers of the form of their API references, paged as their sources page."""

import json
from typing import Any
from uuid import UUID

import pytest

from conformance.lists import CLOUDS, MORE, Clouds
from openstackoid.composition import ListKind, builtin_kinds
from unit.composition.clouds import FakeCloud

SCOPE = "One & Two & Three"
COUNT = 12
PROJECT = "752d8bd43d654e7a840bbfda77ce41af"
ADDRESS = "http://203.0.113.7:9311"


def uuid(number: int) -> str:
    return str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))


def at(number: int) -> str:
    return f"2026-01-01T00:00:{number:02}"


def links(number: int) -> dict[str, Any]:
    return {"links": [{"href": f"{ADDRESS}/v1/things/{uuid(number)}", "rel": "self"}]}


Made = dict[str, Any]
LISTS: dict[str, tuple[str, Any]] = {
    "placement": (
        "/resource_providers",
        lambda n: {"generation": n, "uuid": uuid(n), "name": f"rp{n}", "parent_provider_uuid": None, **links(n)},
    ),
    "orchestration": (
        f"/v1/{PROJECT}/software_configs",
        lambda n: {"id": uuid(n), "creation_time": f"{at(n)}Z", "group": "script", "name": f"config{n}"},
    ),
    "database": (
        f"/v1.0/{PROJECT}/instances",
        lambda n: {"id": uuid(n), "name": f"db{n}", "status": "HEALTHY", "datastore": {"type": "mysql", "version": "8"}},
    ),
    "workflow": (
        "/v2/workflows",
        lambda n: {"id": uuid(n), "name": f"flow{n}", "created_at": at(n), "scope": "private", "tags": [], "input": "a"},
    ),
    "instance-ha": (
        "/v1/segments",
        lambda n: {"uuid": uuid(n), "id": n, "name": f"segment{n}", "created_at": f"{at(n)}.000000", "service_type": "Compute"},
    ),
    "reservation": (
        "/v1/leases",
        lambda n: {"id": uuid(n), "name": f"lease{n}", "start_date": at(n), "status": "PENDING", "reservations": [{"id": "r"}]},
    ),
    "alarm": (
        "/v2/alarms",
        lambda n: {"alarm_id": uuid(n), "name": f"alarm{n}", "timestamp": at(n), "type": "event", "event_rule": {"query": []}},
    ),
    "accelerator": (
        "/v2/accelerator_requests",
        lambda n: {"uuid": uuid(n), "state": "Initial", "attach_handle_info": {}, "created_at": at(n), **links(n)},
    ),
    "application-container": (
        "/v1/capsules",
        lambda n: {"uuid": uuid(n), "name": f"capsule{n}", "status": "Running", "addresses": {}, **links(n)},
    ),
    "rating": (
        "/v1/rating/module_config/hashmap/groups",
        lambda n: {"group_id": uuid(n), "name": f"group{n}"},
    ),
    "message": ("/v2/queues", lambda n: {"href": f"/v2/queues/queue{n:02}", "name": f"queue{n:02}"}),
    "backup": (
        f"/v2/{PROJECT}/jobs",
        lambda n: {"job_id": uuid(n), "project_id": PROJECT, "job_schedule": {"status": "scheduled"}, "job_actions": []},
    ),
    "resource-optimization": (
        "/v1/audits",
        lambda n: {"uuid": uuid(n), "name": f"audit{n}", "state": "SUCCEEDED", "scope": [], "audit_type": "ONESHOT", **links(n)},
    ),
    "nfv-orchestration": (
        "/v1.0/vims",
        lambda n: {"id": uuid(n), "name": f"vim{n}", "auth_cred": {"password": "***"}, "type": "openstack", "extra": {}},
    ),
    "admin-logic": ("/v1/tasks", lambda n: {"uuid": uuid(n), "task_type": "invite_user", "created_on": at(n), "actions": []}),
    "baremetal-introspection": (
        "/v1/introspection",
        lambda n: {"uuid": uuid(n), "started_at": at(n), "finished": True, "error": None, "state": "finished", **links(n)},
    ),
}
WITHOUT_LINKS = ("alarm", "instance-ha", "orchestration", "backup", "baremetal-introspection")
"""Services whose answers have no links to a next page."""


def kind_of(service: str) -> ListKind:
    found = builtin_kinds().of(service, LISTS[service][0])
    assert isinstance(found, ListKind)
    return found


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    listed_clouds.mend()
    for service, (_, made) in LISTS.items():
        for number, cloud in enumerate(CLOUDS):
            items = [made(each) for each in range(1 + number, 1 + COUNT, len(CLOUDS))]
            listed_clouds.lists[cloud, service] = FakeCloud(kind_of(service), items, refuses=service == "message")
    return listed_clouds


def items(document: Any, kind: ListKind) -> list[Made]:
    found: list[Made] = document[kind.collection] if kind.collection else document
    return found


def owners(clouds: Clouds, service: str) -> dict[str, str]:
    kind = kind_of(service)
    return {str(item[kind.id]): cloud for cloud in CLOUDS for item in clouds.lists[cloud, service].items}


def test_each_service_has_its_list() -> None:
    assert set(LISTS) == set(MORE)


@pytest.mark.parametrize("limit", [5, 20])
@pytest.mark.parametrize("service", LISTS)
def test_a_list_of_three_clouds_comes_whole_by_pages(service: str, limit: int, clouds: Clouds) -> None:
    path, kind = f"/{service}{LISTS[service][0]}", kind_of(service)
    found: list[Made] = []
    if service in WITHOUT_LINKS:
        while page := items(json.loads(clouds.ask("GET", query(path, limit, found, kind), f"{service}={SCOPE}").body), kind):
            found += page
    else:
        found = [item for got in clouds.pages(f"{path}?limit={limit}", f"{service}={SCOPE}") for item in items_of(got.body, kind)]
    assert len(found) == COUNT
    assert {str(item[kind.id]): item["os_scope_cloud"] for item in found} == owners(clouds, service)


def items_of(body: bytes, kind: ListKind) -> list[Made]:
    return items(json.loads(body), kind)


def query(path: str, limit: int, found: list[Made], kind: ListKind) -> str:
    """Return the path of the page after the items by now, as a client without links asks for it."""
    return f"{path}?limit={limit}" + (f"&marker={found[-1][kind.id]}" if found else "")


@pytest.mark.parametrize("service", LISTS)
def test_a_cloud_that_fails_is_named(service: str, clouds: Clouds) -> None:
    clouds.fails["Two"] = 503
    got = clouds.ask("GET", f"/{service}{LISTS[service][0]}?limit=20", f"{service}={SCOPE}")
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Two=503")
    assert len(items_of(got.body, kind_of(service))) == COUNT * 2 // 3


@pytest.mark.parametrize("service", ["placement", "accelerator", "application-container", "admin-logic"])
def test_a_resource_of_a_merged_list_is_deleted_in_its_cloud(service: str, clouds: Clouds) -> None:
    id_ = clouds.lists["Three", service].items[1]["uuid"]
    clouds.seen.clear()
    got = clouds.ask("DELETE", f"/{service}{LISTS[service][0]}/{id_}", f"{service}={SCOPE}")
    assert got.status == 204
    assert [seen.server for seen in clouds.seen if seen.method == "DELETE"] == ["Three"]


@pytest.mark.parametrize("path", ["/message/v2/queues/letters", "/rating/v2/summary", "/placement/allocation_candidates"])
def test_what_is_not_composed_is_refused(path: str, clouds: Clouds) -> None:
    service = path.split("/")[1]
    got = clouds.ask("GET", path, f"{service}={SCOPE}")
    assert (got.status, clouds.asked()) == (400, [])
    assert got.message.endswith("name one cloud for this GET")
