# SPDX-License-Identifier: Apache-2.0
"""Workflows across clouds that can be run on the lab as they stand."""
