# SPDX-License-Identifier: Apache-2.0
"""The warnings of a running gateway: at its start, after each change, and once a day, for a certificate ends while it runs."""

import contextlib
import logging
import time

from openstackoid.bridge.trace.otel_extra import unable_to_export
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.certificates import check_certificate, in_the_clear
from openstackoid.gateway.configuration import Configuration, deprecated_settings, keys_apart, tokens_that_leave
from openstackoid.gateway.held_connections import unable_to_hold

log = logging.getLogger("openstackoid.gateway")

DAY = 86400.0


class Warnings:
    """Warns of unprotected connections, of a certificate or a list of revoked ones that ends soon, and of tokens that leave.

    ``about_haproxy`` is a warning about the HAProxy that runs, or None.
    """

    def __init__(self, about_haproxy: str | None = None) -> None:
        self._about_haproxy = about_haproxy
        self._said = 0.0

    def say(self, running: Configuration) -> None:
        """Warn now."""
        self._said = time.monotonic()
        lines = [] if self._about_haproxy is None else [self._about_haproxy]
        lines += tokens_that_leave(running.mesh, running.cloud.name)
        lines += deprecated_settings(running.cloud) + keys_apart(running.cloud) + unable_to_hold(running.cloud)
        lines += unable_to_export(running.cloud)
        # A file that is broken again is reported when it is read again.
        with contextlib.suppress(OpenstackoidError):
            lines += check_certificate(running.cloud)[1]
        lines += in_the_clear(running.cloud)
        for line in lines:
            log.warning("%s", line)

    def remind(self, running: Configuration) -> None:
        """Warn again after a day."""
        if time.monotonic() >= self._said + DAY:
            self.say(running)
