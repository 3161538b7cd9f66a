# SPDX-License-Identifier: Apache-2.0
"""OpenStackoïd: independent OpenStack clouds that work together, request by request.

Programs use :func:`connect` and :func:`scoped`. They need openstacksdk, so they are imported on first use.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openstackoid.client.block import scoped
    from openstackoid.client.errors import ScopeRefusedError
    from openstackoid.client.sdk import connect

__all__ = ["ScopeRefusedError", "__version__", "connect", "scoped"]
__version__ = "0.1.0"


def on_first_use(package: str, found_in: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` (PEP 562) of a package whose public names are imported on their first use.

    ``found_in``: by name, the module in the package that has it. A command imports only what it needs then.
    """

    def found(name: str) -> Any:
        if name not in found_in:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{found_in[name]}"), name)

    return found


__getattr__ = on_first_use(__name__, {"ScopeRefusedError": "client.errors", "connect": "client.sdk", "scoped": "client.block"})
