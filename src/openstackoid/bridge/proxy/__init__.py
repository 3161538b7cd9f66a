# SPDX-License-Identifier: Apache-2.0
"""The executor of a plan and its legs: requests sent on, bodies streamed, documents adapted, links rewritten."""
