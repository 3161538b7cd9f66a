# SPDX-License-Identifier: Apache-2.0
"""OpenStackoïd: independent OpenStack clouds that work together, request by request.

Programs use :func:`connect` and :func:`scoped`. They need openstacksdk, so they are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openstackoid.client.block import scoped
    from openstackoid.client.errors import ScopeRefusedError
    from openstackoid.client.sdk import connect

__all__ = ["ScopeRefusedError", "__version__", "connect", "scoped"]
__version__ = "0.1.0"

_FOUND_IN = {"ScopeRefusedError": "client.errors", "connect": "client.sdk", "scoped": "client.block"}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in _FOUND_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOUND_IN[name]}"), name)
