# SPDX-License-Identifier: Apache-2.0
"""Fuzzing: generated inputs, and promises for each of them. See docs/understand/fuzzing.md."""
