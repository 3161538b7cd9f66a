# SPDX-License-Identifier: Apache-2.0
"""Further options for the services of a lab, which the user names in an environment variable: to try another configuration."""

import os
from configparser import Error, RawConfigParser
from pathlib import Path

from openstackoid.errors import OpenstackoidError

VARIABLE = "OPENSTACKOID_LAB_OPTIONS"
"""Names an INI file whose options all OpenStack services get; a service passes over options that it does not know."""


def chosen() -> str:
    """Return the content of the file that the environment variable names; nothing if it names none.

    Raises :class:`OpenstackoidError` for a file that cannot be read, or is not an INI file.
    """
    name = os.environ.get(VARIABLE, "")
    if not name:
        return ""
    try:
        content = Path(name).read_text(encoding="utf-8")
        RawConfigParser().read_string(content)
    except (OSError, UnicodeDecodeError, Error) as error:
        raise OpenstackoidError(f"{VARIABLE}: {name} is not a file of options: {' '.join(str(error).split())}") from None
    return content
