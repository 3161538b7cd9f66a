# SPDX-License-Identifier: Apache-2.0
"""Resources that clients need and make, looked up by the stock `openstack` command."""

from functools import cache

from examples.session import User


@cache
def flavor_id(name: str, cloud: str) -> str:
    """Return the id of a flavor of a cloud, by its own member."""
    return User(cloud).openstack("flavor", "show", name, "-f", "value", "-c", "id").stdout.strip()


def in_the_other_cloud_alone(image_id: str) -> None:
    """Assert that an image is active in CloudTwo and unknown to CloudOne, and delete it."""
    user = User("CloudOne")
    scope = '{"image": "CloudTwo"}'
    shown = user.openstack("image", "show", image_id, "-f", "value", "-c", "status", scope=scope)
    assert shown.stdout.strip() == "active", shown.stderr
    assert user.openstack("image", "show", image_id).code == 1
    assert user.openstack("image", "delete", image_id, scope=scope).code == 0
