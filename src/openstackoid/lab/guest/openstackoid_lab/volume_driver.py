# SPDX-License-Identifier: Apache-2.0
"""A Cinder volume driver without storage that fetches and uploads images.

Cinder's test driver keeps volumes in the database alone, and Cinder's generic copy from an image needs ``qemu-img`` and a block
device. This driver copies both ways itself, with the user's token: a volume from an image is that image's bytes, checked against
Glance's hash, and an image from a volume is those bytes again.
"""

import io
import shutil
from pathlib import Path

from cinder import exception
from cinder.tests import fake_driver
from oslo_config import cfg
from oslo_log import log as logging

from openstackoid_lab import content

CONF = cfg.CONF
LOG = logging.getLogger(__name__)


class LabVolumeDriver(fake_driver.FakeLoggingVolumeDriver):
    """Cinder's test driver, with volumes of an image's bytes."""

    def _file(self, owner):
        return Path(CONF.state_path) / "volumes" / owner.id

    def _copy(self, source, target):
        if self._file(source).exists():
            shutil.copyfile(self._file(source), self._file(target))

    def clone_image(self, context, volume, image_location, image_meta, image_service):  # noqa: ARG002  # Cinder's signature
        """Fill a volume with an image; Cinder then has nothing left to copy."""
        try:
            what = content.fetch(
                self._file(volume), image_meta, lambda file: image_service.download(context, image_meta["id"], file)
            )
        except content.ImageError as error:
            raise exception.ImageUnacceptable(image_id=image_meta["id"], reason=str(error)) from error
        LOG.info("Fetched image %s: %s", image_meta["id"], what, resource=volume)
        return {}, True

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        """Upload a volume as the image that Cinder has made for it."""
        file = self._file(volume)
        with file.open("rb") if file.exists() else io.BytesIO(content.BLANK) as data:
            image_service.update(context, image_meta["id"], {}, data)
        LOG.info("Uploaded image %s", image_meta["id"], resource=volume)

    def create_cloned_volume(self, volume, src_vref):
        """Copy a volume."""
        self._copy(src_vref, volume)

    def create_snapshot(self, snapshot):
        """Keep a copy of the snapshot's volume."""
        self._copy(snapshot.volume, snapshot)

    def create_volume_from_snapshot(self, volume, snapshot):
        """Copy a snapshot."""
        self._copy(snapshot, volume)

    def delete_volume(self, volume):
        """Remove a volume's bytes."""
        self._file(volume).unlink(missing_ok=True)

    def delete_snapshot(self, snapshot):
        """Remove a snapshot's bytes."""
        self._file(snapshot).unlink(missing_ok=True)
