# SPDX-License-Identifier: Apache-2.0
"""Fuzzing: inputs that nobody thought of, and what must hold for each of them. See docs/understand/fuzzing.md."""
