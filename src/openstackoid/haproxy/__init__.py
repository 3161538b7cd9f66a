# SPDX-License-Identifier: Apache-2.0
"""The routing decision compiled to HAProxy: configuration and maps, the binary, the process and its reload."""

from openstackoid.haproxy.compile import CompileError, Runtime, compile_gateway, listener_variable

__all__ = ["CompileError", "Runtime", "compile_gateway", "listener_variable"]
