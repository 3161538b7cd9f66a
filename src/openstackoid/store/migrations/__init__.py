# SPDX-License-Identifier: Apache-2.0
"""Alembic's folder: its environment, and a file for each revision of the schema."""
