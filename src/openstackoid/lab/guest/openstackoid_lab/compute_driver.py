# SPDX-License-Identifier: Apache-2.0
"""A Nova compute driver without a hypervisor that fetches images as libvirt's does.

Nova's own fake driver never asks Glance for anything. This one streams the server's image through Nova's image API,
with the user's token, and refuses to start a server whose image does not have the hash that Glance states.
"""

import hashlib

from nova import exception
from nova.image import glance
from nova.virt import fake, node
from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class _Hashes:
    """A file to write to that keeps hashes and a length instead of bytes."""

    def __init__(self, algorithms):
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self.length = 0

    def write(self, chunk):
        self.length += len(chunk)
        for one in self._hashes.values():
            one.update(chunk)

    def digest(self, algorithm):
        return self._hashes[algorithm].hexdigest()


class LabDriver(fake.FakeDriver):
    """Nova's fake driver, with one node that survives a restart and images that are really fetched."""

    vcpus = 64
    memory_mb = 262144
    local_gb = 10240

    def spawn(self, context, instance, image_meta, *args, **kwargs):
        """Fetch the server's image, then do as the fake driver does."""
        # A server that boots from a volume has no image; its block device is cinder's business.
        if instance.image_ref:
            self._fetch(context, instance)
        super().spawn(context, instance, image_meta, *args, **kwargs)

    def _fetch(self, context, instance):
        api = glance.API()
        image = api.get(context, instance.image_ref)
        expected = {}
        if image.get("checksum"):
            expected["md5"] = image["checksum"]
        properties = image.get("properties", {})
        if properties.get("os_hash_algo") and properties.get("os_hash_value"):
            expected[properties["os_hash_algo"]] = properties["os_hash_value"]
        if not expected:
            raise exception.ImageUnacceptable(image_id=instance.image_ref, reason="Glance states no hash of it")
        received = _Hashes(expected)
        api.download(context, instance.image_ref, data=received)
        for algorithm, value in expected.items():
            if received.digest(algorithm) != value:
                reason = f"its {algorithm} is {received.digest(algorithm)}, Glance states {value}"
                raise exception.ImageUnacceptable(image_id=instance.image_ref, reason=reason)
        LOG.info("Fetched image %s: %d bytes, %s", instance.image_ref, received.length, expected, instance=instance)

    def get_available_resource(self, nodename):
        """Return the node's resources, under the id that Nova wrote down for it.

        The parent draws a new id in each process, and Nova then refuses to start a second time.
        """
        return {**super().get_available_resource(nodename), "uuid": node.get_local_node_uuid()}

    def get_nodenames_by_uuid(self, refresh=False):  # noqa: ARG002  # Nova passes it by name
        """Return the node's name by that same id."""
        return {node.get_local_node_uuid(): name for name in self.get_available_nodes()}
