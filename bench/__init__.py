# SPDX-License-Identifier: Apache-2.0
"""Measurements, each a ratio of ways that are compared side by side in one run."""
