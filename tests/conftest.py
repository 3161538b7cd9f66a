# SPDX-License-Identifier: Apache-2.0
"""What holds for every test."""

import os

import environment

# Before any test is imported, or starts a program.
environment.clean(os.environ)
