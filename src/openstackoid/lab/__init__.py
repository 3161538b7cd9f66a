# SPDX-License-Identifier: Apache-2.0
"""Real OpenStack clouds on one machine, to try a mesh on: `openstackoid lab`.

The lab is a user of the rest of the package like any other: it writes a mesh description, and runs
``openstackoid gateway run`` for each cloud. Code starts at ``openstackoid.lab.lab.Lab``.
"""
