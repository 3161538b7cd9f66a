# SPDX-License-Identifier: Apache-2.0
"""The column ``Cloud`` of ``openstack ... list``, and the warning about clouds that an answer lacks."""

import json
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import requests
from scripts.column_hooks import FILE, HOOK, with_sections

from openstackoid.client.cloud_column import CloudColumn
from openstackoid.client.list_commands import COMMANDS
from openstackoid.client.merged_items import MergedItems
from openstackoid.composition import builtin_kinds

from .conftest import Answer, FakeCloud, OpenStack

BOTH = "image=CloudOne&CloudTwo"
LIST = ("image", "list", "--os-scope", BOTH)


@pytest.fixture
def merged(cloud: FakeCloud) -> FakeCloud:
    images = [
        {"id": f"id-{name}", "name": name, "status": "active", "os_scope_cloud": owner}
        for name, owner in (("a", "CloudTwo"), ("b", "CloudOne"), ("c", "CloudTwo"))
    ]
    cloud.routes["GET", "/image/v2/images"] = Answer(200, {"images": images})
    return cloud


def test_each_row_says_its_cloud(openstack: OpenStack, merged: FakeCloud) -> None:
    done = openstack(*LIST, "-f", "json")
    assert (done.code, done.stderr) == (0, "")
    assert [(row["Name"], row["Cloud"]) for row in done.json()] == [("a", "CloudTwo"), ("b", "CloudOne"), ("c", "CloudTwo")]


def test_the_column_is_chosen_and_sorted_as_others(openstack: OpenStack, merged: FakeCloud) -> None:
    done = openstack(*LIST, "-f", "value", "-c", "Cloud", "-c", "Name", "--sort-column", "Cloud")
    assert done.stdout.splitlines() == ["b CloudOne", "a CloudTwo", "c CloudTwo"]
    assert openstack(*LIST, "-f", "value", "-c", "Cloud").stdout.split() == ["CloudTwo", "CloudOne", "CloudTwo"]


def test_an_empty_list_has_the_column(openstack: OpenStack, cloud: FakeCloud) -> None:
    cloud.routes["GET", "/image/v2/images"] = Answer(200, {"images": []})
    done = openstack(*LIST, "-f", "value", "-c", "Cloud")
    assert (done.code, done.stdout, done.stderr) == (0, "", "")


def test_an_item_without_a_cloud_leaves_its_cell_empty(openstack: OpenStack, cloud: FakeCloud) -> None:
    done = openstack(*LIST, "-f", "json")
    assert [(row["Name"], row["Cloud"]) for row in done.json()] == [("cirros", "")]


@pytest.mark.parametrize("scope", ["image=CloudOne|CloudTwo", "image=around(CloudOne,10ms)", "CloudOne|CloudTwo"])
def test_a_list_of_one_cloud_of_several_says_the_one_that_has_answered(
    scope: str, openstack: OpenStack, cloud: FakeCloud
) -> None:
    images = [{"id": f"id-{name}", "name": name, "status": "active"} for name in ("a", "b")]
    cloud.routes["GET", "/image/v2/images"] = Answer(200, {"images": images}, (("X-Scope-Cloud", "CloudTwo"),))
    done = openstack("image", "list", "--os-scope", scope, "-f", "json")
    assert (done.code, done.stderr) == (0, "")
    assert [(row["Name"], row["Cloud"]) for row in done.json()] == [("a", "CloudTwo"), ("b", "CloudTwo")]


MEMBERS = ("image", "member", "list", "--os-scope", BOTH, "-f", "json")
ID = "7472ace0-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("of_image", "of_members", "cell"),
    [
        ({}, {"X-Scope-Cloud": "CloudTwo"}, "CloudTwo"),
        ({"os_scope_cloud": "CloudOne"}, {"X-Scope-Cloud": "CloudTwo"}, "CloudTwo"),
        ({"os_scope_cloud": "CloudOne"}, {}, "CloudOne"),
        ({}, {}, ""),
    ],
    ids=["the answer", "the answer before the resource", "the resource", "nothing"],
)
def test_what_is_below_one_resource_is_in_its_cloud(
    openstack: OpenStack, merged: FakeCloud, of_image: dict[str, str], of_members: dict[str, str], cell: str
) -> None:
    """The header of the answer names it, else the resource that the command has asked for before."""
    merged.routes["GET", f"/image/v2/images/{ID}"] = Answer(200, {"id": ID, "name": "a", **of_image})
    members = {"members": [{"image_id": ID, "member_id": name, "status": "pending"} for name in ("p", "q")]}
    merged.routes["GET", f"/image/v2/images/{ID}/members"] = Answer(200, members, tuple(of_members.items()))
    done = openstack(*MEMBERS, ID)
    assert done.code == 0, done.stderr
    assert [(row["Member ID"], row["Cloud"]) for row in done.json()] == [("p", cell), ("q", cell)]


def test_a_command_that_asks_for_a_part_alone_has_the_column(openstack: OpenStack, merged: FakeCloud) -> None:
    objects = Answer(200, {"objects": [{"name": "o", "description": "d"}]}, (("X-Scope-Cloud", "CloudTwo"),))
    merged.routes["GET", "/image/v2/metadefs/namespaces/n/objects"] = objects
    done = openstack("image", "metadef", "object", "list", "n", "--os-scope", BOTH, "-f", "json")
    assert done.code == 0, done.stderr
    assert done.json() == [{"name": "o", "description": "d", "Cloud": "CloudTwo"}]


@pytest.mark.parametrize(("scope", "cell"), [("compute=CloudOne&CloudTwo", "CloudOne, CloudTwo"), (BOTH, None)])
def test_what_all_clouds_have_is_of_all(openstack: OpenStack, cloud: FakeCloud, scope: str, cell: str | None) -> None:
    extensions = [{"name": f"Extension {alias}", "alias": alias, "description": "d"} for alias in ("x", "y")]
    every = {"os_scope_clouds": ["CloudOne", "CloudTwo"]} if cell else {}
    cloud.routes["GET", "/compute/v2.1/extensions"] = Answer(200, {"extensions": extensions, **every})
    done = openstack("extension", "list", "--compute", "--os-scope", scope, "-f", "json")
    assert done.code == 0, done.stderr
    assert [row.get("Cloud") for row in done.json()] == [cell, cell]


@pytest.mark.parametrize("scope", ["image=CloudTwo", "compute=CloudOne|CloudTwo", "compute=CloudOne&CloudTwo", "none"])
def test_without_several_clouds_there_is_no_column(openstack: OpenStack, merged: FakeCloud, scope: str) -> None:
    done = openstack("image", "list", "--os-scope", scope, "-f", "json")
    assert [sorted(row) for row in done.json()] == [["ID", "Name", "Status"]] * 3


def test_a_scope_in_the_url_has_the_column_too(openstack: OpenStack, merged: FakeCloud) -> None:
    merged.routes["POST", "/identity/scope/image=CloudOne+CloudTwo/v3/auth/tokens"] = merged.routes[
        "POST", "/identity/v3/auth/tokens"
    ]
    merged.routes["GET", "/identity/scope/image=CloudOne+CloudTwo/v3"] = merged.routes["GET", "/identity/v3"]
    openstack.add("CloudOne", merged)
    openstack.clouds["CloudOne"]["auth"]["auth_url"] = f"{merged.url}/identity/scope/image=CloudOne+CloudTwo/v3"
    openstack.add("other", merged)
    done = openstack("--os-cloud", "CloudOne", "image", "list", "-f", "json")
    assert done.code == 0, done.stderr
    assert [row["Cloud"] for row in done.json()] == ["CloudTwo", "CloudOne", "CloudTwo"]


def test_a_partial_answer_is_warned_of(openstack: OpenStack, merged: FakeCloud) -> None:
    status, body, _ = merged.routes["GET", "/image/v2/images"]
    merged.routes["GET", "/image/v2/images"] = Answer(status, body, (("X-Scope-Partial", "CloudThree=503"),))
    done = openstack(*LIST, "-f", "value", "-c", "Name")
    assert (done.code, done.stdout.split()) == (0, ["a", "b", "c"])
    assert done.stderr.strip() == f"not every cloud is in the answer of {merged.url}/image/v2/images: CloudThree=503"


_OF_NO_CLOUD = {"command_list", "module_list", "scope_list"}
"""They ask the services of no cloud; ``scope list`` shows the clouds themselves."""
_OF_IDENTITY = ("openstack.identity.v2", "openstack.identity.v3")
"""Commands of Keystone, which is of one cloud under every scope."""


def test_each_list_command_has_its_hook() -> None:
    """Also those of plugins, which need not be installed."""
    groups = [group for group in entry_points().groups if group.startswith("openstack.") and group not in _OF_IDENTITY]
    found = {entry.name for group in groups if not group.startswith("openstack.cli.") for entry in entry_points(group=group)}
    installed = {name for name in found if name.endswith("_list")} - _OF_NO_CLOUD
    assert len(installed) > 130, "openstack is not installed"
    lines = Path(__file__).with_name("plugin_list_commands.txt").read_text().splitlines()
    # setuptools takes no entry point with a hyphen in its group: so five commands of Gnocchi and CloudKitty have no column.
    of_plugins = {line for line in lines if line and not line.startswith("#") and "-" not in line}
    assert len(of_plugins) > 150
    assert installed | of_plugins == set(COMMANDS)
    for command in COMMANDS:
        (entry,) = entry_points(group=f"openstack.cli.{command}")
        assert entry.load() is CloudColumn, command


def test_the_entry_points_are_those_of_the_tables() -> None:
    written = FILE.read_text()
    assert with_sections(written) == written, "run scripts/column_hooks.py"
    groups = tomllib.loads(written)["project"]["entry-points"]
    hooked = {group for group, found in groups.items() if HOOK in found.values()}
    assert hooked == {f"openstack.cli.{command}" for command in COMMANDS}
    with pytest.raises(SystemExit, match="are not there once"):
        with_sections(written + written)


def test_the_lists_of_commands_are_merged_ones() -> None:
    lists = {(kind.service, kind.collection) for kind in builtin_kinds().lists()}
    shown = {(command.services[0], command.collection) for command in COMMANDS.values() if command.collection is not None}
    assert len(shown) > 120
    assert shown <= lists


def test_the_items_of_each_list_are_found_by_their_ids() -> None:
    for kind in builtin_kinds().lists():
        if "." not in kind.id:
            items = MergedItems()
            answer = requests.Response()
            answer._content = json.dumps({"c": [{kind.id: "x", "os_scope_cloud": "One"}]}).encode()
            items.read(answer)
            assert items.clouds("c", [("x",)]) == ["One"], kind
