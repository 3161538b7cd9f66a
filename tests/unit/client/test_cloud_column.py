# SPDX-License-Identifier: Apache-2.0
"""The column ``Cloud`` of ``openstack ... list``, and the warning about clouds that an answer lacks."""

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from openstackoid.client.cloud_column import COMMANDS, PARTS, CloudColumn
from openstackoid.composition import builtin_kinds

from .conftest import Answer, FakeCloud, OpenStack

BOTH = "image=CloudOne&CloudTwo"
LIST = ("image", "list", "--os-scope", BOTH)
_WITHOUT_COMMAND = {("block-storage", "availabilityZoneInfo"), ("network", "availability_zones"), ("dns", "pools")}
"""Lists that a command shows beside those of other services, or that no command shows."""
_WITHOUT_HOOK = {
    *(("compute", name) for name in ("hosts", "tenant_usages")),
    *(("network", name) for name in ("quotas", "logs", "loggable_resources", "floatingip_pools", "flow_classifiers")),
    *(("network", name) for name in ("port_chains", "port_pair_groups", "port_pairs", "service_graphs")),
    ("network", "security_groups_default_statefulness"),
    *(("block-storage", name) for name in ("consistencygroups", "cgsnapshots", "clusters", "default_types", "hosts")),
    *(("orchestration", name) for name in ("services", "software_configs", "software_deployments")),
    *(("baremetal", name) for name in ("inspection_rules", "shards")),
    *(("container-infrastructure-management", name) for name in ("federations", "quotas")),
    *(("key-manager", name) for name in ("project_quotas", "secret_stores")),
    ("load-balancer", "quotas"),
    *(("shared-file-system", name) for name in ("pools", "qos_types", "share_group_types", "share_types")),
}
_SERVICES_WITHOUT_HOOKS = {
    *("placement", "database", "workflow", "instance-ha", "reservation", "alarm", "accelerator", "application-container"),
    *("rating", "message", "backup", "resource-optimization", "nfv-orchestration", "admin-logic", "baremetal-introspection"),
}
_OF_PLUGINS = (
    "stack_",
    "loadbalancer_",
    "zone_",
    "recordset_",
    "tld_",
    "tsigkey_",
    "ptr_",
    "dns_",
    "baremetal_",
    "coe_",
    "secret_",
)
"""The commands of plugins that are not installed here: of Heat, Octavia, Designate, Ironic, Magnum, Barbican."""


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


MEMBERS = ("image", "member", "list", "--os-scope", BOTH, "-f", "json")


def test_what_is_below_one_resource_is_in_its_cloud(openstack: OpenStack, merged: FakeCloud) -> None:
    """The command asks for the image first: by its id, or by its name in a list."""
    id_ = "7472ace0-0000-4000-8000-000000000000"
    image = {"id": id_, "name": "a", "os_scope_cloud": "CloudTwo"}
    merged.routes["GET", f"/image/v2/images/{id_}"] = Answer(200, image)
    members = [{"image_id": id_, "member_id": name, "status": "pending"} for name in ("p", "q")]
    merged.routes["GET", f"/image/v2/images/{id_}/members"] = Answer(200, {"members": members})
    done = openstack(*MEMBERS, id_)
    assert done.code == 0, done.stderr
    assert [(row["Member ID"], row["Cloud"]) for row in done.json()] == [("p", "CloudTwo"), ("q", "CloudTwo")]
    merged.routes["GET", "/image/v2/images"] = Answer(200, {"images": [image]})
    assert [row["Cloud"] for row in openstack(*MEMBERS, "a").json()] == ["CloudTwo", "CloudTwo"]
    merged.routes["GET", f"/image/v2/images/{id_}"] = Answer(200, {"id": id_, "name": "a"})
    assert [row["Cloud"] for row in openstack(*MEMBERS, id_).json()] == ["", ""]


@pytest.mark.parametrize("scope", ["image=CloudTwo", "image=CloudOne|CloudTwo", "compute=CloudOne&CloudTwo", "none"])
def test_without_several_clouds_at_once_there_is_no_column(openstack: OpenStack, merged: FakeCloud, scope: str) -> None:
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


def test_each_command_has_its_entry_point() -> None:
    groups = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["entry-points"]
    hooked = {group.removeprefix("openstack.cli.") for group in groups if group.startswith("openstack.cli.")} - {"extension"}
    assert hooked == {*COMMANDS, *PARTS}
    assert not COMMANDS.keys() & PARTS.keys()
    known = {
        entry.name for group in entry_points().groups if group.startswith("openstack.") for entry in entry_points(group=group)
    }
    assert {command for command in hooked if not command.startswith(_OF_PLUGINS)} <= known
    for command in hooked:
        (entry,) = entry_points(group=f"openstack.cli.{command}")
        assert entry.load() is CloudColumn


def test_each_merged_list_has_its_command() -> None:
    every = {(kind.service, kind.collection) for kind in builtin_kinds().lists()}
    lists = {(service, collection) for service, collection in every if service not in _SERVICES_WITHOUT_HOOKS}
    assert lists == set(COMMANDS.values()) | _WITHOUT_COMMAND | _WITHOUT_HOOK
