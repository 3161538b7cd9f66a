# SPDX-License-Identifier: Apache-2.0
"""Images that clients have made: in which cloud they are."""

from examples.session import User


def in_the_other_cloud_alone(image_id: str) -> None:
    """Assert that an image is active in CloudTwo and unknown to CloudOne, and delete it."""
    user = User("CloudOne")
    scope = '{"image": "CloudTwo"}'
    shown = user.openstack("image", "show", image_id, "-f", "value", "-c", "status", scope=scope)
    assert shown.stdout.strip() == "active", shown.stderr
    assert user.openstack("image", "show", image_id).code == 1
    assert user.openstack("image", "delete", image_id, scope=scope).code == 0
