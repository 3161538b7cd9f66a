# SPDX-License-Identifier: Apache-2.0
"""Who acts in the examples: users of the lab's clouds, and visitors, who speak to another cloud's gateway than their own."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from examples.session import User, clouds_yaml

RESOURCES = {"image": "cirros", "network": "lab"}
"""What each cloud of the lab has under the same name, and of its own."""
ROLES = {"member": "", "admin": "-admin"}


@dataclass(frozen=True)
class People:
    """The users of one play. ``user`` and ``theirs`` have the same role in CloudOne and in CloudTwo."""

    user: User
    theirs: User
    visitor: User
    admin: User
    visiting_admin: User

    def clean_up(self, prefix: str, *scopes: str | None, kind: str = "server") -> None:
        """Delete the servers, or others, whose names begin so, which an interrupted run left behind under these scopes."""
        waiting = ("--wait",) if kind == "server" else ()
        for scope in scopes:
            listed = self.user.openstack(kind, "list", "-f", "json", scope=scope)
            for row in listed.json() if listed.code == 0 else []:
                if row["Name"].startswith(prefix):
                    self.user.openstack(kind, "delete", *waiting, row["ID"], scope=scope)


def people(role: str, folder: Path) -> People:
    """Return the people of a play as ``member`` or ``admin``; the visitors' clouds.yaml is written into ``folder``."""
    suffix = ROLES[role]
    config = folder / "clouds.yaml"
    if not config.exists():
        config.touch(0o600)
        config.write_text(yaml.safe_dump({"clouds": _visitors()}))
    return People(
        User(f"CloudOne{suffix}"),
        User(f"CloudTwo{suffix}"),
        User(f"CloudTwo{suffix}-at-CloudOne", config),
        User("CloudOne-admin"),
        User("CloudTwo-admin-at-CloudOne", config),
    )


def _visitors() -> dict[str, object]:
    """Return CloudTwo's users with CloudOne's gateway as their authentication URL."""
    known = yaml.safe_load(clouds_yaml().read_text())["clouds"]
    entries: dict[str, object] = {}
    for name in ("CloudTwo", "CloudTwo-admin"):
        entry = dict(known[name])
        entry["auth"] = entry["auth"] | {"auth_url": known["CloudOne"]["auth"]["auth_url"]}
        entry["region_name"] = "CloudOne"
        entries[f"{name}-at-CloudOne"] = entry
    return entries


@cache
def resource_id(kind: str, cloud: str) -> str:
    """Return the id of the image ``cirros`` or the network ``lab`` of a cloud, by its own member, without any scope."""
    return User(cloud).openstack(kind, "show", RESOURCES[kind], "-f", "value", "-c", "id").stdout.strip()
