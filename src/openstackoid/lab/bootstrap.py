# SPDX-License-Identifier: Apache-2.0
"""Fill a fresh cloud: accounts, catalog, flavors, image, network. Every step skips existing parts."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import services
from openstackoid.lab.catalog import SERVICE_USERS, apis
from openstackoid.lab.configs import Site
from openstackoid.lab.packages import tail
from openstackoid.lab.rest import Json, Rest
from openstackoid.lab.state import private_dir

IMAGE_BYTES = 1024 * 1024


def image_content(cloud: str) -> bytes:
    """Return the bytes of a cloud's image ``cirros``: 1 MiB derived from the cloud's name.

    No guest runs in the lab, so the image need not boot; it shows the cloud that it came from.
    """
    return hashlib.shake_256(f"OpenStackoïd lab image of {cloud}".encode()).digest(IMAGE_BYTES)


def admin(site: Site) -> Rest:
    """Return a client with the rights of the cloud's administrator."""
    return Rest(site.addresses, site.authority, "admin", site.secrets["admin"], "admin")


def identity_is_bootstrapped(site: Site) -> bool:
    """Return whether Keystone's own bootstrap ran to its end for this cloud."""
    return _marker(site).exists()


def _marker(site: Site) -> Path:
    return site.directory / "bootstrapped"


def bootstrap_identity(site: Site, guest: Path, log: Path) -> None:
    """Make Keystone's first account and its endpoints, by Keystone's own command.

    Raises :class:`OpenstackoidError` with the end of its log.
    """
    url = site.addresses.in_catalog("identity")
    command = [str(site.venv / "bin/keystone-manage"), "--config-file", str(site.conf / "keystone/keystone.conf")]
    command += ["bootstrap", "--bootstrap-region-id", site.cloud.name, "--bootstrap-service-name", "keystone"]
    for interface in ("public", "internal", "admin"):
        command += [f"--bootstrap-{interface}-url", url]
    env = {**services.environment(site, guest), "OS_BOOTSTRAP_PASSWORD": site.secrets["admin"]}
    private_dir(log.parent)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        done = subprocess.run(
            command, env=env, cwd=site.directory, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False
        )
    if done.returncode:
        raise OpenstackoidError(
            f"{site.cloud.name}: Keystone's bootstrap failed (exit code {done.returncode}); the end of {log}:\n{tail(log)}"
        )
    _marker(site).touch(mode=0o600)


def fill_identity(site: Site) -> None:
    """Make the service accounts, the ordinary member ``demo``, the peers' ``reader``, and the catalog of frontends."""
    rest = admin(site)
    wanted = {name: ("service", ("service", "admin")) for name in SERVICE_USERS if site.cloud.runs(name)}
    _fill_accounts(site, rest, {**wanted, "demo": ("demo", ("member",))})
    _fill_reader(site, rest)
    _fill_catalog(site, rest)


def _by_name(rest: Rest, collection: str) -> dict[str, str]:
    return {member["name"]: member["id"] for member in rest.call("GET", "identity", f"/v3/{collection}")[collection]}


def _fill_accounts(site: Site, rest: Rest, wanted: Mapping[str, tuple[str, Iterable[str]]]) -> None:
    """Make users, each with a project and its roles in it. Lists first: they show all existing ones at once."""
    roles, projects, users = (_by_name(rest, collection) for collection in ("roles", "projects", "users"))
    answer = rest.call("GET", "identity", "/v3/role_assignments")["role_assignments"]
    granted = {
        (one["user"]["id"], one["scope"]["project"]["id"], one["role"]["id"])
        for one in answer
        if "user" in one and "project" in one["scope"]
    }

    def make(kind: str, body: Json) -> str:
        return str(rest.call("POST", "identity", f"/v3/{kind}s", {kind: body})[kind]["id"])

    for name, (project, names) in wanted.items():
        if project not in projects:
            projects[project] = make("project", {"name": project, "domain_id": "default"})
        if name not in users:
            users[name] = make(
                "user",
                {
                    "name": name,
                    "domain_id": "default",
                    "password": site.secrets[name],
                    "default_project_id": projects[project],
                },
            )
        for role in names:
            if (users[name], projects[project], roles[role]) not in granted:
                path = f"/v3/projects/{projects[project]}/users/{users[name]}/roles/{roles[role]}"
                rest.call("PUT", "identity", path)


def _fill_reader(site: Site, rest: Rest) -> None:
    """Make the reader account of the peers' gateways: ``reader`` on the whole system."""
    users, roles = (_by_name(rest, collection) for collection in ("users", "roles"))
    body: Json = {"name": "reader", "domain_id": "default", "password": site.secrets["reader"]}
    user = users.get("reader") or rest.call("POST", "identity", "/v3/users", {"user": body})["user"]["id"]
    rest.call("PUT", "identity", f"/v3/system/users/{user}/roles/{roles['reader']}")


def _fill_catalog(site: Site, rest: Rest) -> None:
    known = {(one["type"], one["name"]): one["id"] for one in rest.call("GET", "identity", "/v3/services")["services"]}
    answer = rest.call("GET", "identity", "/v3/endpoints")["endpoints"]
    endpoints = {(one["service_id"], one["interface"]): one for one in answer}
    for api in apis(site.cloud):
        url = site.addresses.in_catalog(api.type)
        if (api.type, api.name) not in known:
            body: Json = {"type": api.type, "name": api.name}
            made = rest.call("POST", "identity", "/v3/services", {"service": body})
            known[api.type, api.name] = made["service"]["id"]
        service = known[api.type, api.name]
        for interface in ("public", "internal", "admin"):
            endpoint = endpoints.get((service, interface))
            if endpoint is None:
                body = {"service_id": service, "interface": interface, "url": url, "region_id": site.cloud.name}
                rest.call("POST", "identity", "/v3/endpoints", {"endpoint": body})
            elif endpoint["url"] != url:
                rest.call("PATCH", "identity", f"/v3/endpoints/{endpoint['id']}", {"endpoint": {"url": url}})


def fill_image(site: Site) -> None:
    """Upload the public image ``cirros``, unless Glance has it."""
    rest = admin(site)
    found = rest.find("image", "/v2/images", "images", name="cirros")
    if found and found["status"] == "active":
        return
    if not found:
        found = rest.call(
            "POST",
            "image",
            "/v2/images",
            {
                "name": "cirros",
                "visibility": "public",
                "disk_format": "raw",
                "container_format": "bare",
                "min_disk": 0,
            },
        )
    rest.call(
        "PUT",
        "image",
        f"/v2/images/{found['id']}/file",
        image_content(site.cloud.name),
        headers={"Content-Type": "application/octet-stream"},
    )


def fill_network(site: Site, number: int) -> None:
    """Make the one network, shared so that members of any project (also another cloud's) may put ports on it."""
    rest = admin(site)
    network = rest.ensure("network", "/v2.0/networks", "network", {"name": "lab"}, shared=True)
    rest.ensure(
        "network",
        "/v2.0/subnets",
        "subnet",
        {"name": "lab", "network_id": network["id"]},
        ip_version=4,
        cidr=f"10.{number}.0.0/16",
        enable_dhcp=False,
    )


def fill_compute(site: Site) -> None:
    """Make the flavors ``m1.tiny`` (1 vCPU, 512 MiB of memory, 1 GiB of disk) and ``m1.small`` (1 vCPU, 2 GiB, 20 GiB)."""
    rest = admin(site)
    rest.ensure("compute", "/v2.1/flavors", "flavor", {"name": "m1.tiny"}, vcpus=1, ram=512, disk=1)
    rest.ensure("compute", "/v2.1/flavors", "flavor", {"name": "m1.small"}, vcpus=1, ram=2048, disk=20)
