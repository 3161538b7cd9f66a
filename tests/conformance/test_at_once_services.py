# SPDX-License-Identifier: Apache-2.0
"""``A & B`` for Octavia, Designate, Ironic, Magnum, Barbican and Manila: answers of the form of their API references."""

import json
from typing import Any
from uuid import UUID

import pytest

from conformance.lists import CLOUDS, Clouds
from unit.composition.clouds import FakeCloud, list_kind

SCOPE = "One & Two & Three"
COUNT = 12
_ADDRESS = "http://203.0.113.7:9311"
PATHS = {
    "load-balancers": "/load-balancer/v2.0/lbaas/loadbalancers",
    "zones": "/dns/v2/zones",
    "nodes": "/baremetal/v1/nodes",
    "clusters": "/container-infrastructure-management/v1/clusters",
    "secrets": "/key-manager/v1/secrets",
    "shares": "/shared-file-system/v2/shares/detail",
}


def uuid(number: int) -> str:
    return str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))


def made(name: str, number: int) -> dict[str, Any]:
    """Return an item as the API reference of its service shows it."""
    id_, at = uuid(number), f"2026-01-01T00:00:{number:02}"
    links = [{"href": f"{_ADDRESS}/{id_}", "rel": "self"}, {"href": f"{_ADDRESS}/b/{id_}", "rel": "bookmark"}]
    match name:
        case "load-balancers":
            listeners = [{"id": uuid(1000 + number)}]
            state = {"provisioning_status": "ACTIVE", "operating_status": "ONLINE", "admin_state_up": True, "flavor_id": ""}
            return {"id": id_, "name": f"lb{number}", "created_at": at, "listeners": listeners, "tags": [], **state}
        case "zones":
            zone = {"name": f"z{number}.example.org.", "email": "joe@example.org", "ttl": 7200, "masters": [], "type": "PRIMARY"}
            return {"id": id_, **zone, "created_at": f"{at}.275934", "updated_at": None, "links": {"self": f"{_ADDRESS}/{id_}"}}
        case "nodes":
            state = {"instance_uuid": None, "maintenance": False, "power_state": None, "provision_state": "enroll"}
            return {"uuid": id_, "name": f"node{number}", "links": links, **state}
        case "clusters":
            return {"uuid": id_, "name": f"k8s{number}", "status": "CREATE_COMPLETE", "links": links, "node_count": 1}
        case "secrets":
            secret = {"algorithm": None, "content_types": {"default": "text/plain"}, "secret_type": "opaque", "status": "ACTIVE"}
            return {"secret_ref": f"{_ADDRESS}/v1/secrets/{id_}", "name": f"s{number}", "created": f"{at}.805835", **secret}
    return {"id": id_, "name": f"share{number}", "created_at": f"{at}.000000", "links": links, "size": 1, "share_proto": "NFS"}


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    listed_clouds.mend()
    for name, path in PATHS.items():
        for number, cloud in enumerate(CLOUDS):
            items = [made(name, each) for each in range(1 + number, 1 + COUNT, len(CLOUDS))]
            listed_clouds.lists[cloud, path.split("/")[1]] = FakeCloud(list_kind(name), items)
    return listed_clouds


def listed(clouds: Clouds, name: str, query: str) -> list[dict[str, Any]]:
    kind, path = list_kind(name), PATHS[name]
    scope = f"{path.split('/')[1]}={SCOPE}"
    return [item for got in clouds.pages(f"{path}?{query}", scope) for item in json.loads(got.body)[kind.collection]]


def owners(clouds: Clouds, name: str) -> dict[str, str]:
    kind, service = list_kind(name), PATHS[name].split("/")[1]
    return {item[kind.id]: cloud for cloud in CLOUDS for item in clouds.lists[cloud, service].items}


@pytest.mark.parametrize("limit", [5, 100])
@pytest.mark.parametrize("name", [name for name in PATHS if name != "shares"])
def test_a_list_of_three_clouds_comes_whole_by_its_links(name: str, limit: int, clouds: Clouds) -> None:
    found = listed(clouds, name, f"limit={limit}")
    assert len(found) == COUNT
    assert {item[list_kind(name).id]: item["os_scope_cloud"] for item in found} == owners(clouds, name)


def test_shares_come_whole_by_offsets(clouds: Clouds) -> None:
    found = [item for offset in range(0, COUNT, 5) for item in listed(clouds, "shares", f"limit=5&offset={offset}")]
    assert [item["created_at"] for item in found] == sorted((item["created_at"] for item in found), reverse=True)
    assert {item["id"]: item["os_scope_cloud"] for item in found} == owners(clouds, "shares")


def test_the_links_of_zones_are_an_object_and_their_number_is_a_sum(clouds: Clouds) -> None:
    got = clouds.ask("GET", f"{PATHS['zones']}?limit=5", f"dns={SCOPE}")
    document = json.loads(got.body)
    here = f"http://127.0.0.1:{clouds.port}{PATHS['zones']}"
    assert document["metadata"] == {"total_count": COUNT}
    assert document["links"]["self"] == f"{here}?limit=5"
    assert document["links"]["next"].startswith(f"{here}?limit=5&marker=scope1.")


@pytest.mark.parametrize("name", ["zones", "secrets", "nodes"])
def test_a_cloud_that_fails_is_named(name: str, clouds: Clouds) -> None:
    clouds.fails["Two"] = 503
    got = clouds.ask("GET", PATHS[name] + "?limit=100", f"{PATHS[name].split('/')[1]}={SCOPE}")
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Two=503")
    assert len(json.loads(got.body)[list_kind(name).collection]) == COUNT * 2 // 3


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/shared-file-system/v2/share-access-rules?share_id=a", "shared-file-system"),
        ("/message/v2/queues/letters", "message"),
        ("/compute/v2.1/os-networks", "compute"),
    ],
)
def test_a_list_that_is_not_merged_is_refused(path: str, service: str, clouds: Clouds) -> None:
    got = clouds.ask("GET", path, f"{service}={SCOPE}")
    assert (got.status, clouds.asked()) == (400, [])
    assert got.message.startswith(f"gateway of One: {service} of {SCOPE}: of several clouds at once, lists, limits")
    assert got.message.endswith("name one cloud for this GET")


def test_the_link_to_the_previous_page_of_octavia_leads_there(clouds: Clouds) -> None:
    path, scope = f"{PATHS['load-balancers']}?limit=5", f"load-balancer={SCOPE}"
    pages = [json.loads(got.body) for got in clouds.pages(path, scope)]
    (previous,) = (link["href"] for link in pages[1]["loadbalancers_links"] if link["rel"] == "previous")
    back = json.loads(clouds.ask("GET", previous.removeprefix(f"http://127.0.0.1:{clouds.port}"), scope).body)
    assert back["loadbalancers"] == pages[0]["loadbalancers"]
    assert [link["rel"] for link in pages[0]["loadbalancers_links"]] == ["next"]
