# SPDX-License-Identifier: Apache-2.0
"""What the lab adds to a cloud where this machine has no hardware: a hypervisor, and the binding of ports.

This package runs inside the lab's OpenStack environment and imports nothing of ``openstackoid``. The lab copies it to
a folder of its own and names that in ``PYTHONPATH``: nothing is added to the installed OpenStack packages.
"""
