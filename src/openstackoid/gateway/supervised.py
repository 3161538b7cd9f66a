# SPDX-License-Identifier: Apache-2.0
"""The state of the parts, in a file for the metrics of the Python service and for ``openstackoid status``."""

import contextlib
import json
import time

from openstackoid.gateway.decisions import Part
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder, write_private
from openstackoid.redaction import redacted

DEATHS = 10
"""The last deaths of a part of which the times are kept."""

_LABELS = {Part.HAPROXY: "haproxy", Part.BRIDGE: "python"}


class SupervisedState:
    """How often each part was started again, when it died, and the outcome of the last reload, in the file of ``folder``."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._restarts = dict.fromkeys(_LABELS.values(), 0)
        self._deaths: dict[str, list[float]] = {label: [] for label in _LABELS.values()}
        self._reload: dict[str, object] = {}
        self.reloaded(None)

    def restarted(self, part: Part) -> None:
        """Note that a part has died and is started again."""
        label = _LABELS[part]
        self._restarts[label] += 1
        self._deaths[label] = [*self._deaths[label], time.time()][-DEATHS:]
        self._write()

    def reloaded(self, fault: str | None) -> None:
        """Note that the description was read; ``fault``: the reason for which the gateway goes on with the earlier one."""
        self._reload = {"successful": fault is None, "time": time.time(), "fault": fault and redacted(fault)}
        self._write()

    def _write(self) -> None:
        # A full disk does not stop the gateway.
        with contextlib.suppress(GatewayError):
            told = {"restarts": self._restarts, "deaths": self._deaths, "reload": self._reload}
            write_private(self._folder.supervised, json.dumps(told))
