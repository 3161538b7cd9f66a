# SPDX-License-Identifier: Apache-2.0
"""Real OpenStack clouds on one machine, to try a mesh on: `openstackoid lab`.

The lab uses the public parts of the package: it writes a mesh description, and runs ``openstackoid gateway run`` for each cloud.
Code starts at ``openstackoid.lab.lab.Lab``.
"""
