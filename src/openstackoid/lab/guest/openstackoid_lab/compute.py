# SPDX-License-Identifier: Apache-2.0
"""Start ``nova-compute`` with the lab's driver: ``python -m openstackoid_lab.compute --config-file ...``.

Nova loads drivers from below ``nova.virt`` only. The driver gets such a name in this process; no file changes.
"""

import sys

# nova.cmd prepares Nova's threading model, so it comes before the driver, which imports the rest of Nova.
# isort: off
from nova.cmd.compute import main
from openstackoid_lab import compute_driver

sys.modules["nova.virt.openstackoid_lab"] = compute_driver

if __name__ == "__main__":
    sys.argv[0] = "nova-compute"
    sys.exit(main())
