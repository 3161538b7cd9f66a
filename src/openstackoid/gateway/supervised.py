# SPDX-License-Identifier: Apache-2.0
"""The state of the parts, in a file for the metrics of the Python service and for ``openstackoid status``."""

import contextlib
import json
import time

from openstackoid.gateway.decisions import Part
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder, write_private
from openstackoid.redaction import redacted

FILE = "supervised.json"
"""The name of the file in the folder of a gateway."""

_LABELS = {Part.HAPROXY: "haproxy", Part.BRIDGE: "python"}


class SupervisedState:
    """How often each part was started again, and the outcome of the last reload, in the file of ``folder``."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._restarts = dict.fromkeys(_LABELS.values(), 0)
        self._reload: dict[str, object] = {}
        self.reloaded(None)

    def restarted(self, part: Part) -> None:
        """Note that a part has died and is started again."""
        self._restarts[_LABELS[part]] += 1
        self._write()

    def reloaded(self, fault: str | None) -> None:
        """Note that the description was read; ``fault``: the reason for which the gateway goes on with the earlier one."""
        self._reload = {"successful": fault is None, "time": time.time(), "fault": fault and redacted(fault)}
        self._write()

    def _write(self) -> None:
        # A full disk does not stop the gateway.
        with contextlib.suppress(GatewayError):
            write_private(self._folder.path / FILE, json.dumps({"restarts": self._restarts, "reload": self._reload}))
