# SPDX-License-Identifier: Apache-2.0
"""HTTP messages: heads and bodies read without loss, and bounds on their time."""
