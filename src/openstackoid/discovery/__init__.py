# SPDX-License-Identifier: Apache-2.0
"""Describe a cloud for the mesh from its catalog and the configuration of its HAProxy."""
