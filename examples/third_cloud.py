# SPDX-License-Identifier: Apache-2.0
"""The examples of three clouds: ``python -m examples.scopes --third``."""

from examples.example import BOOT, Example, user
from examples.outcomes import fails, merges, nothing_left, sees, works

THREE = '{"compute": "CloudTwo", "network": "CloudTwo", "image": "CloudThree"}'
ALL_THREE = ("CloudOne", "CloudTwo", "CloudThree")
AT_ONCE = " & ".join(ALL_THREE)
IN_TURN = '{"image": "CloudOne | CloudTwo | CloudThree"}'
NEAR = "around(CloudOne, 1s)"
THIRD = (
    Example("three-images", user, "image list", '{"image": "CloudThree"}', sees("image", "CloudThree")),
    Example("three-networks", user, "network list", '{"network": "CloudThree"}', sees("network", "CloudThree")),
    Example(
        "three-boot",
        user,
        " ".join((*BOOT, "ex-three")),
        THREE,
        works(
            "a server in CloudTwo, ACTIVE, with CloudThree's image, of CloudOne's user", status="ACTIVE", image_of="CloudThree"
        ),
    ),
    Example("three-list", user, "server list", '{"compute": "CloudTwo"}', sees("server", present="ex-three")),
    Example("three-elsewhere", user, "server list", '{"compute": "CloudThree"}', sees("server", absent="ex-three")),
    Example("all-images", user, "image list", AT_ONCE, merges("cirros", *ALL_THREE)),
    Example("all-networks", user, "network list", AT_ONCE, merges("lab", *ALL_THREE)),
    Example("all-servers", user, "server list", AT_ONCE, merges("ex-three", "CloudTwo")),
    Example(
        "volume-there", user, "volume create --size 1 ex-disk", '{"block-storage": "CloudThree"}', works("a volume in CloudThree")
    ),
    Example(
        "volume-here",
        user,
        "volume create --size 1 ex-later-disk",
        '{"block-storage": "CloudOne"}',
        works("a volume in CloudOne"),
    ),
    Example("all-volumes", user, "volume list", AT_ONCE, merges("ex-disk", "CloudThree")),
    Example("volumes-by-1", user, "volume list --limit 1", AT_ONCE, merges("ex-disk", "CloudThree")),
    Example("volumes-by-7", user, "volume list --limit 7", AT_ONCE, merges("ex-later-disk", "CloudOne")),
    Example("delete-volume", user, "volume delete ex-disk", AT_ONCE, works("CloudThree's volume is deleted")),
    Example("networks-by-1", user, "network list --limit 1", AT_ONCE, merges("lab", *ALL_THREE)),
    Example("network-in-two", user, "network create ex-net", '{"network": "CloudTwo"}', works("a network in CloudTwo")),
    Example("networks-by-7", user, "network list --limit 7", AT_ONCE, merges("ex-net", "CloudTwo")),
    Example("delete-network", user, "network delete ex-net", AT_ONCE, works("CloudTwo's network is deleted")),
    Example("networks-by-25", user, "network list --limit 25", AT_ONCE, merges("lab", *ALL_THREE, absent="ex-net")),
    Example(
        "image-in-three",
        user,
        "image create --container-format bare --disk-format raw --file README.md ex-image",
        '{"image": "CloudThree"}',
        works("an image that only CloudThree has"),
    ),
    Example(
        "boot-otherwise",
        user,
        " ".join(BOOT).replace("cirros", "ex-image") + " ex-otherwise",
        IN_TURN,
        works("a server in CloudOne, ACTIVE, with CloudThree's image", status="ACTIVE"),
    ),
    Example("near-images", user, "image list", f"image=all({NEAR})", merges("cirros", *ALL_THREE)),
    Example(
        "boot-around",
        user,
        " ".join(BOOT).replace("cirros", "ex-image") + " ex-around",
        f'{{"image": "{NEAR}"}}',
        works("a server in CloudOne, ACTIVE, with CloudThree's image", status="ACTIVE"),
    ),
    Example("page-of-1", user, "server list --limit 1", AT_ONCE, merges("ex-around", "CloudOne", absent="ex-otherwise")),
    Example("delete-otherwise", user, "server delete --wait ex-otherwise", None, works("the server is gone")),
    Example(
        "page-of-7",
        user,
        "server list --limit 7 --marker ex-around",
        AT_ONCE,
        merges("ex-three", "CloudTwo", absent="ex-otherwise"),
    ),
    Example("page-of-25", user, "server list --limit 25", AT_ONCE, merges("ex-three", "CloudTwo", absent="ex-otherwise")),
    Example("delete-around", user, "server delete --wait ex-around", None, works("the server is gone")),
    Example("images-by-1", user, "image list --limit 1", AT_ONCE, merges("ex-image", "CloudThree")),
    Example(
        "image-in-two",
        user,
        "image create --container-format bare --disk-format raw --file README.md ex-later",
        '{"image": "CloudTwo"}',
        works("an image that only CloudTwo has"),
    ),
    Example("delete-image", user, "image delete ex-image", AT_ONCE, works("CloudThree's image is deleted")),
    Example(
        "images-by-7", user, "image list --limit 7 --marker ex-later", AT_ONCE, merges("cirros", *ALL_THREE, absent="ex-image")
    ),
    Example("images-by-25", user, "image list --limit 25", AT_ONCE, merges("ex-later", "CloudTwo", absent="ex-image")),
    Example("delete-later", user, "image delete ex-later", AT_ONCE, works("CloudTwo's image is deleted")),
    Example("volumes-by-25", user, "volume list --limit 25", AT_ONCE, merges("ex-later-disk", "CloudOne", absent="ex-disk")),
    Example("delete-volume-here", user, "volume delete ex-later-disk", AT_ONCE, works("CloudOne's volume is deleted")),
    Example(
        "three-delete", user, "server delete --wait ex-three", THREE, works("the server is gone", after=nothing_left("CloudTwo"))
    ),
    Example(
        "three-ill",
        user,
        " ".join((*BOOT, "ex-ill")),
        '{"compute": "CloudTwo", "image": "CloudTwo", "network": "CloudThree"}',
        fails("409", "rule network-of-a-server", "compute of CloudTwo", "network of CloudThree"),
    ),
)
