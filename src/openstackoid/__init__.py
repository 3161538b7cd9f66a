# SPDX-License-Identifier: Apache-2.0
"""OpenStackoïd: independent OpenStack clouds that work together, request by request.

Programs use :func:`connect` and :func:`scoped`. They need openstacksdk, so they are imported on first use.
"""

from typing import TYPE_CHECKING

from openstackoid.first_use import on_first_use

if TYPE_CHECKING:
    from openstackoid.client.block import scoped
    from openstackoid.client.errors import ScopeRefusedError
    from openstackoid.client.sdk import connect

__all__ = ["ScopeRefusedError", "__version__", "connect", "scoped"]
__version__ = "0.1.0"

__getattr__ = on_first_use(__name__, {"ScopeRefusedError": "client.errors", "connect": "client.sdk", "scoped": "client.block"})
