# SPDX-License-Identifier: Apache-2.0
"""The routing decision compiled to HAProxy: configuration and maps, the binary, the process and its reload."""

from openstackoid.haproxy.compile import LOG_VARIABLE, UPSTREAM_SOCKET, CompileError, Runtime, compile_gateway, listener_variable

__all__ = ["LOG_VARIABLE", "UPSTREAM_SOCKET", "CompileError", "Runtime", "compile_gateway", "listener_variable"]
