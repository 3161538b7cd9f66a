# SPDX-License-Identifier: Apache-2.0
"""An experiment: Python decides where a scope leads and HAProxy remembers it. docs/understand/route-cache.md has the figures."""
