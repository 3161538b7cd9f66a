# SPDX-License-Identifier: Apache-2.0
"""The condition of ``A | B`` at HAProxy."""

from openstackoid.mesh import Cloud


def may_turn(cloud: Cloud) -> bool:
    """Return whether HAProxy may ask the first cloud of ``A | B``: where each socket has one listener."""
    return not cloud.shared_sockets
