# SPDX-License-Identifier: Apache-2.0
"""The workflows whose hops are looked at: what is prepared, the commands that are followed, and when all of it is over."""

from dataclasses import dataclass

IMAGE_THERE = '{"image": "CloudTwo"}'
THERE = '{"identity": "CloudOne", "*": "CloudTwo"}'
NETWORK_THERE = '{"network": "CloudTwo"}'
VOLUMES_THERE = '{"block-storage": "CloudTwo"}'
OBJECTS_THERE = '{"object-store": "CloudTwo"}'
BOOT = "server create --flavor m1.tiny --image cirros --wait"


@dataclass(frozen=True)
class Workflow:
    """A workflow under a scope. ``commands`` are followed, those of ``before`` are not.

    ``until`` is a command and what it must print once what was begun is over. ``needs`` are service types that both clouds must
    have, and ``shared`` the service whose data plane the two clouds must share for it.
    """

    name: str
    scope: str
    commands: tuple[str, ...]
    before: tuple[str, ...] = ()
    until: tuple[str, str] | None = None
    needs: tuple[str, ...] = ()
    shared: str = ""


LEFTOVERS = (
    ("server", "cov-here", IMAGE_THERE),
    ("server", "cov-net", IMAGE_THERE),
    ("server", "cov-there", THERE),
    ("server", "cov-disk", IMAGE_THERE),
    ("volume", "cov-disk-there", VOLUMES_THERE),
    ("volume", "cov-from-image", IMAGE_THERE),
    ("volume", "cov-volume", THERE),
    ("port", "cov-port", THERE),
    ("image", "cov-snapshot", IMAGE_THERE),
    ("image", "cov-import", IMAGE_THERE),
)
"""What a run that was broken off may leave behind: kind, name, and the scope under which it is found."""

WORKFLOWS = (
    Workflow("boot, the image there", IMAGE_THERE, (f"{BOOT} cov-here",)),
    Workflow(
        "rebuild, the image there",
        IMAGE_THERE,
        ("server rebuild cov-here --image cirros --wait",),
    ),
    Workflow("snapshot to the image service there", IMAGE_THERE, ("server image create cov-here --name cov-snapshot --wait",)),
    Workflow("delete the snapshot there", IMAGE_THERE, ("image delete cov-snapshot",)),
    Workflow(
        "resize, the image there",
        IMAGE_THERE,
        ("server resize cov-here --flavor m1.small --wait", "server resize confirm cov-here"),
        until=("server show cov-here -f value -c status", "ACTIVE"),
    ),
    Workflow("delete, the image there", IMAGE_THERE, ("server delete cov-here --wait",)),
    Workflow(
        "image import there",
        IMAGE_THERE,
        ("image create cov-import --file {file} --import --container-format bare --disk-format raw",),
        until=("image show cov-import -f value -c status", "active"),
    ),
    Workflow("delete the image there", IMAGE_THERE, ("image delete cov-import",)),
    Workflow("boot, everything there", THERE, (f"{BOOT} cov-there",)),
    Workflow(
        "attach a volume, everything there",
        THERE,
        ("server add volume cov-there cov-volume",),
        before=("volume create --size 1 cov-volume",),
        until=("volume show cov-volume -f value -c status", "in-use"),
        needs=("block-storage",),
    ),
    Workflow(
        "detach a volume, everything there",
        THERE,
        ("server remove volume cov-there cov-volume",),
        until=("volume show cov-volume -f value -c status", "available"),
        needs=("block-storage",),
    ),
    Workflow("delete a volume there", THERE, ("volume delete cov-volume",), needs=("block-storage",)),
    Workflow(
        "attach an interface, everything there",
        THERE,
        ("server add port cov-there cov-port",),
        before=("port create --network lab cov-port",),
        until=("port show cov-port -f value -c status", "ACTIVE"),
    ),
    Workflow("update a port there", THERE, ("port set cov-port --description x",)),
    Workflow("delete, everything there", THERE, ("server delete cov-there --wait",)),
    Workflow("delete a port there", THERE, ("port delete cov-port",)),
    Workflow("boot, the network there", NETWORK_THERE, (f"{BOOT} cov-net",), shared="network"),
    Workflow("delete, the network there", NETWORK_THERE, ("server delete cov-net --wait",), shared="network"),
    Workflow(
        "attach a volume of the other cloud",
        VOLUMES_THERE,
        ("server add volume cov-disk cov-disk-there",),
        before=("volume create --size 1 cov-disk-there", f"{BOOT} cov-disk"),
        until=("volume show cov-disk-there -f value -c status", "in-use"),
        needs=("block-storage",),
        shared="block-storage",
    ),
    Workflow(
        "detach it",
        VOLUMES_THERE,
        ("server remove volume cov-disk cov-disk-there",),
        until=("volume show cov-disk-there -f value -c status", "available"),
        needs=("block-storage",),
        shared="block-storage",
    ),
    Workflow(
        "delete both",
        VOLUMES_THERE,
        ("server delete cov-disk --wait", "volume delete cov-disk-there"),
        needs=("block-storage",),
        shared="block-storage",
    ),
    Workflow(
        "volume from an image, the image there",
        IMAGE_THERE,
        ("volume create --size 1 --image cirros cov-from-image",),
        until=("volume show cov-from-image -f value -c status", "available"),
        needs=("block-storage",),
    ),
    Workflow("delete that volume", IMAGE_THERE, ("volume delete cov-from-image",), needs=("block-storage",)),
    Workflow(
        "upload an object there",
        OBJECTS_THERE,
        (
            "container create cov-box",
            "object create cov-box {file} --name cov-object",
            "object delete cov-box cov-object",
            "container delete cov-box",
        ),
        needs=("object-store",),
    ),
)
