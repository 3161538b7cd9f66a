# SPDX-License-Identifier: Apache-2.0
"""A Nova compute driver without a hypervisor that fetches and uploads images as libvirt's does.

Nova's fake driver never asks Glance. This one streams the server's image through Nova's image API, with the user's token, and
refuses an image without the hash in Glance. It keeps the bytes as the server's disk, and uploads them when the server is
snapshotted or shelved.
"""

from pathlib import Path

import nova.conf
from nova import exception
from nova.compute import task_states
from nova.image import glance
from nova.virt import fake, node
from oslo_log import log as logging

from openstackoid_lab import content

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


class LabDriver(fake.FakeDriver):
    """Nova's fake driver, with one node that survives a restart and disks of an image's bytes."""

    vcpus = 64
    memory_mb = 262144
    local_gb = 10240

    def spawn(self, context, instance, image_meta, *args, **kwargs):
        """Fetch the server's image, then call the fake driver."""
        self._ensure_disk(context, instance)
        super().spawn(context, instance, image_meta, *args, **kwargs)

    def destroy(self, context, instance, network_info, block_device_info=None, destroy_disks=True, **kwargs):
        """Call the fake driver, and remove the server's disk."""
        super().destroy(context, instance, network_info, block_device_info, destroy_disks, **kwargs)
        if destroy_disks:
            self._disk(instance).unlink(missing_ok=True)

    def snapshot(self, context, instance, image_id, update_task_state):
        """Upload the server's disk as the image that nova-api has made for it."""
        api = glance.API()
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        disk = self._ensure_disk(context, instance)
        metadata = {
            "name": api.get(context, image_id)["name"],
            "status": "active",
            "disk_format": "raw",
            "container_format": "bare",
            "properties": {"image_location": "snapshot", "image_state": "available", "owner_id": instance.project_id},
        }
        update_task_state(task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)
        with disk.open("rb") as data:
            api.update(context, image_id, metadata, data)
        LOG.info("Uploaded image %s", image_id, instance=instance)

    def _disk(self, instance):
        return Path(CONF.instances_path) / f"{instance.uuid}.disk"

    def _ensure_disk(self, context, instance):
        """Return the server's disk; fetch its image first, unless it is there."""
        disk = self._disk(instance)
        # A server that boots from a volume has no image; its block device is Cinder's.
        if instance.image_ref and not disk.exists():
            api = glance.API()
            image = api.get(context, instance.image_ref)
            try:
                what = content.fetch(disk, image, lambda file: api.download(context, instance.image_ref, data=file))
            except content.ImageError as error:
                raise exception.ImageUnacceptable(image_id=instance.image_ref, reason=str(error)) from error
            LOG.info("Fetched image %s: %s", instance.image_ref, what, instance=instance)
        return disk

    def get_available_resource(self, nodename):
        """Return the node's resources, under the id that Nova has stored for it.

        The parent draws a new id in each process, and Nova then refuses to start a second time.
        """
        return {**super().get_available_resource(nodename), "uuid": node.get_local_node_uuid()}

    def get_nodenames_by_uuid(self, refresh=False):  # noqa: ARG002  # Nova passes it by name
        """Return the node's name by that same id."""
        return {node.get_local_node_uuid(): name for name in self.get_available_nodes()}
