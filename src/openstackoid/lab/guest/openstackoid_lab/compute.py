# SPDX-License-Identifier: Apache-2.0
"""Start ``nova-compute`` with the lab's driver: ``python -m openstackoid_lab.compute --config-file ...``.

Nova loads drivers from below ``nova.virt`` only. The driver gets such a name in this process; no file changes.
"""

import sys

# Importing nova.cmd prepares Nova's threading model, which has to come before anything else of Nova.
import nova.cmd  # noqa: F401  isort: skip
from nova.cmd.compute import main
from openstackoid_lab import compute_driver

sys.modules["nova.virt.openstackoid_lab"] = compute_driver

if __name__ == "__main__":
    sys.argv[0] = "nova-compute"
    sys.exit(main())
