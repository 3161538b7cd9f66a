# SPDX-License-Identifier: Apache-2.0
"""``CloudOne & CloudTwo`` on real clouds: lists, pages, queries, sums and changes of an item. Three: ``test_third_cloud``."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

import openstackoid
from examples.session import User
from lab.items import IMAGE, NETWORK, SERVER, VOLUME, Clouds, Kind, Made, alone, at_once, per_kind
from lab.not_given import NOT_LOADED, OF_ADMINISTRATORS

CLOUDS = ("CloudOne", "CloudTwo")
BOTH = "CloudOne & CloudTwo"
OF_BOTH = at_once(CLOUDS)
EACH = 4
PREFIX = "at-once"
# openstacksdk warns of its own code.
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.OpenStackDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


@pytest.fixture(scope="module")
def clouds(lab: Any) -> Clouds:
    return Clouds(Path(lab["state_dir"]))


@pytest.fixture(scope="module")
def made(clouds: Clouds) -> Iterator[Made]:
    """Some of each kind in each cloud."""
    with clouds.filled(CLOUDS, PREFIX, EACH) as made:
        yield made


@pytest.mark.parametrize("command", ["security group", "volume type", "availability zone"])
def test_other_lists_have_the_column(command: str, one: User) -> None:
    listed = one.openstack(*command.split(), "list", "-f", "json", scope=BOTH)
    assert listed.code == 0, listed.stderr
    assert listed.json()
    assert all(row["Cloud"] in CLOUDS for row in listed.json()), listed.stdout


def test_flavors_of_the_same_name_and_size_are_one(clouds: Clouds, one: User) -> None:
    """So that a name is enough."""
    both, here = (
        sorted(flavor["name"] for flavor in clouds.call(SERVER, "GET", "/v2.1/flavors/detail", scope).json()["flavors"])
        for scope in (OF_BOTH, alone("CloudOne"))
    )
    assert both == here
    assert one.openstack("flavor", "show", "m1.tiny", scope=BOTH).code == 0


def test_a_name_of_several_clouds_is_ambiguous(one: User) -> None:
    refused = one.openstack("network", "show", "lab", scope=BOTH)
    assert refused.code == 1
    assert "More than one Network exists with the name 'lab'" in refused.stderr


@pytest.fixture
def sdk(lab: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[openstack.connection.Connection]:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(Path(lab["state_dir"], "clouds.yaml")))
    with openstackoid.connect(cloud="CloudOne", scope=BOTH) as connection:
        yield connection


@per_kind
def test_openstacksdk_pages_while_the_last_item_is_deleted(
    kind: Kind, clouds: Clouds, made: Made, sdk: openstack.connection.Connection
) -> None:
    gone = {made[kind.command, cloud].pop(): cloud for cloud in CLOUDS}
    before = {id for cloud in CLOUDS for id in clouds.ids(kind, cloud)}
    proxy, method = kind.sdk.split(".")
    seen = []
    for item in getattr(getattr(sdk, proxy), method)(limit=2):
        seen.append(item.id)
        if item.id in gone:
            clouds.delete(kind, gone.pop(item.id), [item.id])
    assert len(seen) == len(set(seen))
    assert set(seen) == before
    assert not gone


@pytest.mark.parametrize("kind", [SERVER, IMAGE, VOLUME], ids=lambda kind: kind.command)
def test_openstack_pages_by_the_last_id(kind: Kind, clouds: Clouds, made: Made, one: User) -> None:
    whole = [row["ID"] for row in one.openstack(kind.command, "list", "-f", "json", scope=BOTH).json()]
    seen: list[str] = []
    while len(seen) < len(whole):
        marker = ("--marker", seen[-1]) if seen else ()
        # The command itself sorts the rows of a page of images, by their names if it is not told otherwise.
        order = ("--sort", "created_at:desc") if kind is IMAGE else ()
        page = one.openstack(kind.command, "list", "-f", "json", "--limit", "5", *order, *marker, scope=BOTH)
        assert page.code == 0, page.stderr
        assert page.json(), seen
        seen += [row["ID"] for row in page.json()]
    assert sorted(seen) == sorted(whole)


@per_kind
def test_an_item_of_the_other_cloud_is_shown_changed_and_deleted(kind: Kind, clouds: Clouds, made: Made, one: User) -> None:
    id = made[kind.command, "CloudTwo"].pop()
    (name,) = (item["name"] for item in clouds.items(kind, "CloudTwo") if item["id"] == id)
    by_name = one.openstack(kind.command, "show", name, "-f", "value", "-c", "id", scope=BOTH)
    assert (by_name.code, by_name.stdout.strip()) == (0, id), by_name.stderr
    changed = one.openstack(kind.command, "set", "--name", f"{PREFIX}-renamed", id, scope=BOTH)
    assert changed.code == 0, changed.stderr
    theirs = clouds.call(kind, "GET", f"{kind.path}/{id}", alone("CloudTwo")).json()
    theirs = theirs if kind is IMAGE else theirs[kind.command]
    assert theirs["name"] == f"{PREFIX}-renamed"
    assert not [key for key in theirs if key.startswith("os_scope")]
    deleted = one.openstack(kind.command, "delete", id, scope=BOTH)
    assert deleted.code == 0, deleted.stderr
    clouds.wait(lambda: id not in clouds.ids(kind, "CloudTwo"))


@per_kind
def test_nothing_is_made_in_several_clouds(kind: Kind, clouds: Clouds, made: Made) -> None:
    before = {cloud: clouds.ids(kind, cloud) for cloud in CLOUDS}
    refused = clouds.call(kind, "POST", kind.path, OF_BOTH, kind.named(f"{PREFIX}-never"))
    assert refused.status_code == 400, refused.text
    assert "one cloud" in refused.text
    assert before == {cloud: clouds.ids(kind, cloud) for cloud in CLOUDS}


def test_server_create_is_refused_in_one_line(made: Made, one: User) -> None:
    boot = ("server", "create", f"{PREFIX}-never", "--flavor", "m1.tiny", "--image", "cirros", "--network", "lab")
    done = one.openstack(*boot, scope="compute=CloudOne&CloudTwo")
    assert done.code != 0
    assert "one cloud" in done.stderr


def test_limits_are_the_sum(clouds: Clouds, one: User) -> None:
    cores = {}
    for scope in (OF_BOTH, *map(alone, CLOUDS)):
        limits = clouds.call(SERVER, "GET", "/v2.1/limits", scope).json()["limits"]["absolute"]
        cores[scope] = limits["maxTotalCores"]
    assert cores[OF_BOTH] == sum(cores[alone(cloud)] for cloud in CLOUDS)
    shown = one.openstack("limits", "show", "--absolute", "-f", "json", scope=BOTH)
    assert shown.code == 0, shown.stderr


ROOTS = {"compute": "/v2.1", "image": "/v2", "network": "/v2.0", "block-storage": "/v3"}
ROWS = [
    (service, f"{ROOTS[service]}{row['path']}{detail}", row)
    for service, rows in yaml.safe_load(files("openstackoid.composition").joinpath("kinds.yaml").read_text())["lists"].items()
    if service in ROOTS
    for row in rows
    for detail in ("", *(["/detail"] if row.get("detail") else []))
]


@pytest.mark.parametrize(("service", "path", "row"), ROWS, ids=[f"{service}-{path}" for service, path, _ in ROWS])
def test_each_list_is_as_it_is_described(service: str, path: str, row: dict[str, Any], clouds: Clouds, made: Made) -> None:
    """Items of each cloud come with all their attributes, and one of CloudTwo is found by its id."""
    alone_answers = {cloud: clouds.get_as_admin(service, path, alone(cloud)) for cloud in CLOUDS}
    merged = clouds.get_as_admin(service, path, OF_BOTH)
    statuses = {answer.status_code for answer in alone_answers.values()}
    assert statuses == ({404} if path in NOT_LOADED else {200, 403} if path in OF_ADMINISTRATORS else {200})
    if path in NOT_LOADED:
        assert merged.status_code == 404, merged.text
        return
    if path in OF_ADMINISTRATORS:
        assert (merged.status_code, merged.headers["X-Scope-Partial"]) == (200, "CloudTwo=403"), merged.text
        return
    assert merged.status_code == 200, merged.text
    assert "X-Scope-Partial" not in merged.headers, merged.headers
    name, within, id = row["collection"], row.get("within"), row.get("id", "id")
    found: dict[str, list[str]] = {cloud: [] for cloud in CLOUDS}
    for item in merged.json()[name]:
        found[item["os_scope_cloud"]].append((item[within] if within else item)[id])
    for cloud, answer in alone_answers.items():
        assert set(answer.json()) - {f"{name}_links", "first", "schema"} == {name}, "the document has other members"
        theirs = [(item[within] if within else item)[id] for item in answer.json()[name]]
        assert set(found[cloud]) <= set(theirs)
        if "equal" not in row:
            assert sorted(map(str, found[cloud])) == sorted(map(str, theirs))
    if "equal" in row:
        # Of equal ones, the first in the order of the list stands for all.
        answers = (merged, *alone_answers.values())
        all_names, *names = (
            {(item[within] if within else item).get("name") for item in answer.json()[name]} for answer in answers
        )
        assert all_names == set().union(*names)
    # Volume types of both clouds have the ids of the databases that the lab begins with.
    theirs_alone = [id for id in found["CloudTwo"] if id not in found["CloudOne"]]
    if "item" in row and theirs_alone and not path.endswith("/detail"):
        shown = clouds.get_as_admin(service, f"{path}/{theirs_alone[0]}", OF_BOTH)
        assert shown.status_code == 200, shown.text
        document = shown.json()[row["item"]] if row["item"] else shown.json()
        assert document["os_scope_cloud"] == "CloudTwo"


UNKNOWN = "00000000-0000-0000-0000-00000000000f"
QUERIES = (
    "limit=0",
    "limit=-1",
    "limit=abc",
    "limit=2000",
    f"marker={UNKNOWN}",
    "marker=no%20such",
    "sort_key=name&sort_dir=asc",
    "sort_key=no-such&sort_dir=asc",
    "sort_key=name&sort_dir=up",
    f"name={PREFIX}-cloudone-1",
)


@per_kind
@pytest.mark.parametrize("query", QUERIES)
def test_queries_are_answered_as_by_one_cloud(kind: Kind, query: str, clouds: Clouds, made: Made) -> None:
    path = f"{kind.path}{kind.listed}?{query}"
    one, merged = (clouds.call(kind, "GET", path, scope) for scope in (alone("CloudOne"), OF_BOTH))
    # Of an unknown marker, Cinder says 404, and Neutron lists all without a limit.
    assert merged.status_code == (400 if query.startswith("marker=") else one.status_code), (one.text, merged.text)
    if merged.status_code != 200:
        return
    theirs, items = (answer.json()[kind.collection] for answer in (one, merged))
    assert bool(items) == bool(theirs)
    if query.startswith("sort_key=name&"):
        names = [item["name"].casefold() for item in items]
        assert names == sorted(names, reverse="desc" in query)
    if query.startswith("name="):
        assert [(item["name"], item["os_scope_cloud"]) for item in items] == [(query.removeprefix("name="), "CloudOne")]


@per_kind
def test_the_order_is_the_services_own(kind: Kind, clouds: Clouds, made: Made) -> None:
    items = [item for page in clouds.pages(kind, 7, OF_BOTH) for item in page]
    key = {"server": "created", "network": "id"}.get(kind.command, "created_at")
    values = [item[key] for item in items]
    assert values == sorted(values, reverse=kind is not NETWORK)
    for cloud in CLOUDS:
        path = f"{kind.path}{kind.listed}" + ("?limit=500" if kind is IMAGE else "")
        theirs = [item["id"] for item in clouds.call(kind, "GET", path, alone(cloud)).json()[kind.collection]]
        assert kind is NETWORK or [item["id"] for item in items if item["os_scope_cloud"] == cloud] == theirs


def test_the_page_before_is_linked_where_the_service_does(clouds: Clouds, made: Made) -> None:
    first = clouds.call(NETWORK, "GET", "/v2.0/networks?limit=2", OF_BOTH).json()
    links = {link["rel"]: link["href"] for link in first["networks_links"]}
    root = clouds.url("CloudOne", "network", "")
    second = clouds.call(NETWORK, "GET", links["next"].removeprefix(root), OF_BOTH).json()
    back = {link["rel"]: link["href"] for link in second["networks_links"]}["previous"]
    again = clouds.call(NETWORK, "GET", back.removeprefix(root), OF_BOTH).json()
    assert again["networks"] == first["networks"]
