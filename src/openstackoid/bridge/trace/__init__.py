# SPDX-License-Identifier: Apache-2.0
"""Records of traced workflows: of this gateway, from HAProxy's log, and of peers."""
