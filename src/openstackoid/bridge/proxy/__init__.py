# SPDX-License-Identifier: Apache-2.0
"""Requests sent on: to a backend or a peer, bodies streamed, links rewritten."""
