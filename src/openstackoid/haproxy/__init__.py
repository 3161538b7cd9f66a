# SPDX-License-Identifier: Apache-2.0
"""The routing decision compiled to HAProxy: configuration and maps, the binary, the process and its reload."""

from openstackoid.haproxy.compile import LOG_VARIABLE, UPSTREAM_SOCKET, CompileError, Runtime, compile_gateway, listener_variable
from openstackoid.haproxy.draining import SOCKET as DRAIN_SOCKET

__all__ = ["DRAIN_SOCKET", "LOG_VARIABLE", "UPSTREAM_SOCKET", "CompileError", "Runtime", "compile_gateway", "listener_variable"]
