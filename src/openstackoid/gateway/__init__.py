# SPDX-License-Identifier: Apache-2.0
"""The gateway of a cloud as one unit: HAProxy and the Python service, started, watched, reloaded and stopped."""

from typing import TYPE_CHECKING

from openstackoid import on_first_use

if TYPE_CHECKING:
    from openstackoid.gateway.configuration import Configuration, load_configuration, render
    from openstackoid.gateway.folder import Folder
    from openstackoid.gateway.state_folder import default_folder
    from openstackoid.gateway.supervisor import Supervisor

__all__ = ["Configuration", "Folder", "Supervisor", "default_folder", "load_configuration", "render"]

__getattr__ = on_first_use(
    __name__,
    {
        "Configuration": "configuration",
        "Folder": "folder",
        "Supervisor": "supervisor",
        "default_folder": "state_folder",
        "load_configuration": "configuration",
        "render": "configuration",
    },
)
