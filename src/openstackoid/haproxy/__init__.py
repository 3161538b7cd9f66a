# SPDX-License-Identifier: Apache-2.0
"""The routing decision compiled to HAProxy: configuration and maps, the binary, the process and its reload."""

from openstackoid.haproxy.compile import LOG_VARIABLE, CompileError, compile_gateway, listener_variable
from openstackoid.haproxy.draining import SOCKET as DRAIN_SOCKET
from openstackoid.haproxy.runtime import UPSTREAM_SOCKET, Runtime

__all__ = ["DRAIN_SOCKET", "LOG_VARIABLE", "UPSTREAM_SOCKET", "CompileError", "Runtime", "compile_gateway", "listener_variable"]
