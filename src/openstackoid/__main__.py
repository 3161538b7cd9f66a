# SPDX-License-Identifier: Apache-2.0
"""``python -m openstackoid`` is the ``openstackoid`` command."""

import sys

from openstackoid.cli import main

sys.exit(main())
