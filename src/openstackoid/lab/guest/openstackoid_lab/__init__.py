# SPDX-License-Identifier: Apache-2.0
"""The lab's substitutes for hardware: a hypervisor, storage, and the binding of ports.

This package runs inside the lab's OpenStack environment, without ``openstackoid``. The lab copies it to a folder
of its own in ``PYTHONPATH``: the installed OpenStack packages are unchanged.
"""
