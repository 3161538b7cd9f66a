# SPDX-License-Identifier: Apache-2.0
"""Where the files of a gateway are, if no option says it: the commands find the same folder as the gateway does."""

from pathlib import Path

from platformdirs import user_state_path

UNITS = Path("/var/lib/openstackoid")
"""Where the units in ``deploy/systemd`` have the folders of their gateways."""


def default_folder(cloud: str) -> Path:
    """Return the default folder of the gateway of ``cloud``: that of its systemd unit where it exists, else the user's own."""
    of_unit = UNITS / cloud
    return of_unit if of_unit.exists() else user_state_path("openstackoid") / "gateway" / cloud
