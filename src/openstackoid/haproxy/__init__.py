# SPDX-License-Identifier: Apache-2.0
"""The routing decision compiled to HAProxy: configuration and maps, the binary, the process and its reload."""

from typing import TYPE_CHECKING

from openstackoid import on_first_use

if TYPE_CHECKING:
    from openstackoid.haproxy.compile import LOG_VARIABLE, CompileError, compile_gateway, listener_variable
    from openstackoid.haproxy.runtime import DRAIN_SOCKET, UPSTREAM_SOCKET, Runtime

__all__ = ["DRAIN_SOCKET", "LOG_VARIABLE", "UPSTREAM_SOCKET", "CompileError", "Runtime", "compile_gateway", "listener_variable"]

__getattr__ = on_first_use(
    __name__,
    {
        **dict.fromkeys(("LOG_VARIABLE", "CompileError", "compile_gateway", "listener_variable"), "compile"),
        **dict.fromkeys(("DRAIN_SOCKET", "UPSTREAM_SOCKET", "Runtime"), "runtime"),
    },
)
