# SPDX-License-Identifier: Apache-2.0
"""The gateway's own pages about the mesh, its health, and a user."""
