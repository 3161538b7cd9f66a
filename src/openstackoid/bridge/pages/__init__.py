# SPDX-License-Identifier: Apache-2.0
"""The gateway's own pages: what it knows of the mesh, of its health and of a user."""
