# SPDX-License-Identifier: Apache-2.0
"""The console: read-only pages about one gateway, for people with a browser. A process of its own; requests never wait for it."""

from openstackoid.console.errors import ConsoleError
from openstackoid.console.server import Options, serve

__all__ = ["ConsoleError", "Options", "serve"]
