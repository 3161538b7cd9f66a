# SPDX-License-Identifier: Apache-2.0
"""``make bench-lab``: what the gateways add to real OpenStack services, and what a workflow across clouds costs in calls."""
