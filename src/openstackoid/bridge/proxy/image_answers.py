# SPDX-License-Identifier: Apache-2.0
"""Remove places from a JSON document of a peer's image service that services here would follow. Pure.

:mod:`openstackoid.routing.images` lists the followed documents.
"""

import json
import re
from typing import Any

from openstackoid.bridge.proxy.links import Links
from openstackoid.routing.normal_path import decoded

PLACES = ("direct_url", "locations")
"""The members of an image with the places of its bytes."""

REFERENCES = (
    "id",
    "kernel_id",
    "ramdisk_id",
    "base_image_ref",
    "cinder_encryption_key_id",
    "img_signature_certificate_uuid",
)
"""Fields of an image with the id of another resource.

Nova and Cinder read an image id with a slash as a URL, and request it with the user's token and their own (nova/image/glance.py,
get_remote_image_service; the same in cinder/image/glance.py).
"""

DISKS = "block_device_mapping"
"""The property with images, snapshots and volumes as JSON in a string (nova/compute/api.py, _validate_bdm)."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
_IDS_OF_DISK = ("image_id", "snapshot_id", "volume_id")

UNREADABLE = "its answer is not JSON that can be read, and might name a place that clients or services would follow"
"""The error for an answer that is not passed on."""


def without_places(body: bytes, path: str, links: Links) -> bytes:
    """Return the document in ``body`` in one serialization, its links rewritten; ``path``: of the request.

    A client may read the same bytes otherwise: by another encoding, or with the first of two keys. Raises ``ValueError`` or
    ``RecursionError`` unless it is JSON in UTF-8 with finite numbers.
    """
    document = _without(json.loads(body.decode("utf-8")), links)
    if "/schemas/" in decoded(path):
        document = _of_its_own(document)
    return json.dumps(links.followed(document, whole=False), allow_nan=False).encode("ascii")


def _without(document: Any, links: Links) -> Any:
    if isinstance(document, list):
        # The only list of this API that is a whole document: an image's locations.
        return []
    if not isinstance(document, dict):
        return document
    kept = _image(document)
    if not _is_id(kept.get("id")):
        raise ValueError("the id of an image is not an id")
    if not _stays(kept.get("next"), links):
        del kept["next"]
    if isinstance(kept.get("images"), list):
        images = [_image(image) for image in kept["images"] if isinstance(image, dict)]
        kept["images"] = [image for image in images if _is_id(image.get("id"))]
    return kept


def _image(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image without the places of its bytes, and without references that are not ids, but for its own id."""
    kept = {key: value for key, value in image.items() if key not in PLACES}
    for key in REFERENCES[1:]:
        if not _is_id(kept.get(key)):
            del kept[key]
    if DISKS in kept:
        disks = _disks(kept.pop(DISKS))
        kept |= {} if disks is None else {DISKS: disks}
    return kept


def _disks(text: Any) -> str | None:
    """Return the disks of an image in one serialization, or None if one is not named by an id."""
    try:
        disks = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    sound = isinstance(disks, list) and all(
        isinstance(disk, dict) and all(_is_id(disk.get(key)) for key in _IDS_OF_DISK) for disk in disks
    )
    return json.dumps(disks) if sound else None


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, str) and _ID.fullmatch(value) is not None)


def _stays(following: Any, links: Links) -> bool:
    """Return whether the next page, which Glance names by a path below its root, is a list of the same service."""
    return following is None or (isinstance(following, str) and links.leads_to_page(following))


def _of_its_own(schema: Any) -> Any:
    """Return a JSON schema without references to other documents: a validator fetches them, from any host."""
    match schema:
        case dict():
            return {key: _of_its_own(value) for key, value in schema.items() if not _refers(key, value)}
        case list():
            return [_of_its_own(item) for item in schema]
    return schema


def _refers(key: str, value: Any) -> bool:
    return key.startswith("$") and isinstance(value, str) and not value.startswith("#")
