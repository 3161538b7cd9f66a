# SPDX-License-Identifier: Apache-2.0
"""The way out: the client that sends requests to backends and peers."""
