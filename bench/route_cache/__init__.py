# SPDX-License-Identifier: Apache-2.0
"""An experiment: Python decides where a scope leads and HAProxy remembers it. docs/route-cache.md has what was measured."""
