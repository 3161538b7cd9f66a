# SPDX-License-Identifier: Apache-2.0
"""The audit log: a line for each use of one cloud by a user of another, written and read."""
