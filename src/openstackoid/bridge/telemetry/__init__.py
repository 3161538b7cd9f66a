# SPDX-License-Identifier: Apache-2.0
"""Metrics of the Python service: HAProxy's lines counted, and the page that Prometheus reads."""
