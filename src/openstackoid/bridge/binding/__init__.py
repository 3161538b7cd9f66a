# SPDX-License-Identifier: Apache-2.0
"""Tokens on their way between clouds: bound to a peer's gateway when they leave, opened when they come back."""
