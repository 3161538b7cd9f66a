# SPDX-License-Identifier: Apache-2.0
"""What must come of an example: read from what the command printed, and from the clouds afterwards."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from examples.people import RESOURCES, People, resource_id
from examples.session import Outcome, User

_DELETION_TIMEOUT = 60.0

After = Callable[[People], str | None]
"""Looks at the clouds when the command is done, and returns what is wrong with them, or None."""


@dataclass(frozen=True)
class Expected:
    """An outcome: ``text`` tells a reader, ``problem`` returns why it is another, ``options`` make the command say enough."""

    text: str
    check: Callable[[Outcome], str | None]
    options: tuple[str, ...] = ()
    after: After | None = None

    def problem(self, done: Outcome, cast: People) -> str | None:
        """Return what is wrong with what was done, or None."""
        return self.check(done) or (self.after(cast) if self.after is not None else None)


def sees(kind: str, cloud: str = "", *, present: str = "", absent: str = "", note: str = "") -> Expected:
    """Expect a list of exactly one cloud's images, networks or endpoints, or of servers with or without a name."""

    def check(done: Outcome) -> str | None:
        if done.code != 0:
            return f"exit code {done.code}"
        found: set[str]
        match kind:
            case "image" | "network":
                # What else there is in a lab that somebody uses is not asked.
                found = {row["ID"] for row in done.json() if row["Name"] == RESOURCES[kind]}
                wanted = {resource_id(kind, cloud)}
            case "region":
                found, wanted = {row["Region"] for row in done.json()}, {cloud}
            case "catalog":
                found, wanted = {row["region"] for row in done.json()["endpoints"]}, {cloud}
            case _:
                found = {row["Name"] for row in done.json()}
                wanted = (found | {present} if present else found) - {absent}
        if found != wanted:
            return f"{sorted(found)} is there, {sorted(wanted)} should be"
        return None if note in done.stderr else f"'{note}' is not said"

    if cloud:
        text = {
            "image": f"{cloud}'s `cirros`, and no other",
            "network": f"{cloud}'s network `lab`, and no other",
            "region": f"{cloud}'s endpoints",
            "catalog": f"{cloud}'s endpoints",
        }[kind]
    else:
        text = f"`{present}` is there" if present else f"`{absent}` is not there"
    return Expected(text + (f", and a note: {note}" if note else ""), check, ("-f", "json"))


def merges(name: str, *clouds: str, absent: str = "") -> Expected:
    """Expect a list of several clouds with the resources of this name, one of each of these clouds, and none of another name."""

    def check(done: Outcome) -> str | None:
        if done.code != 0:
            return f"exit code {done.code}"
        rows = done.json()
        found = sorted(row["Cloud"] for row in rows if row["Name"] == name)
        if found != sorted(clouds):
            return f"'{name}' of {found} is there, of {sorted(clouds)} should be"
        return f"'{absent}' is there" if absent in {row["Name"] for row in rows} else None

    without = f", and no `{absent}`" if absent else ""
    return Expected(f"`{name}` of {', '.join(clouds)}{without}", check, ("-f", "json"))


def fails(*words: str, after: After | None = None) -> Expected:
    """Expect the command to end with 1 and to say each of the words."""

    def check(done: Outcome) -> str | None:
        said = done.stdout + done.stderr
        missing = [word for word in words if word not in said]
        return f"exit code {done.code}" if done.code != 1 else f"not said: {missing}" if missing else None

    left = ", and nothing is left behind" if after else ""
    return Expected(f"refused: {', '.join(words)}{left}", check, after=after)


def works(text: str, *, status: str = "", image_of: str = "", after: After | None = None) -> Expected:
    """Expect the command to end with 0 and, of a server, its status and whose image it has."""

    def check(done: Outcome) -> str | None:
        if done.code != 0:
            return f"exit code {done.code}"
        if status and done.json()["status"] != status:
            return f"the status is {done.json()['status']}"
        if image_of and resource_id("image", image_of) not in str(done.json()["image"]):
            return f"the image is {done.json()['image']}"
        return None

    return Expected(text, check, ("-f", "json") if status else (), after)


def nothing_left(*clouds: str) -> After:
    """Expect that the clouds have no server of an example and no port without its server, as their administrators see it.

    A server is off the list a moment after its status is ``DELETED``, which is what ``server delete --wait`` waits for.
    """

    def after(_: People) -> str | None:
        deadline = time.monotonic() + _DELETION_TIMEOUT
        while True:
            found = [text for cloud in clouds for text in _left(cloud)]
            if not found or time.monotonic() > deadline:
                return "; ".join(found) or None
            time.sleep(1)

    return after


def _left(cloud: str) -> Iterator[str]:
    """Yield what is left of examples in a cloud."""
    admin = User(f"{cloud}-admin")
    servers = admin.openstack("server", "list", "--all-projects", "-f", "json").json()
    for server in servers:
        if server["Name"].startswith("ex-"):
            shown = admin.openstack("server", "show", server["ID"], "-f", "json", "-c", "fault", "-c", "OS-EXT-STS:task_state")
            yield f"{cloud} has the server {server['Name']}, {server['Status']}: {shown.stdout or shown.stderr}"
    ports = admin.openstack("port", "list", "--device-owner", "compute:nova", "-f", "json").json()
    devices = {admin.openstack("port", "show", port["ID"], "-f", "value", "-c", "device_id").stdout.strip() for port in ports}
    if orphans := devices - {server["ID"] for server in servers}:
        yield f"{cloud} has ports of servers that are no more: {sorted(orphans)}"
