# SPDX-License-Identifier: Apache-2.0
"""The libraries that an HAProxy runs on, and which of them get no fixes any more."""

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime

from openstackoid.haproxy.binary import Haproxy

LAB = "OPENSTACKOID_LAB"
"""The environment variable of the lab's gateways, which run the bundled HAProxy without a warning."""

_RUNS_ON = re.compile(r"^Running on (OpenSSL|PCRE2?) version : (?:OpenSSL )?([0-9]+\.[0-9]+[0-9a-z.]*)", re.MULTILINE)
_ENDS = {
    ("OpenSSL", "1.0"): date(2019, 12, 31),
    ("OpenSSL", "1.1"): date(2023, 9, 11),
    ("OpenSSL", "3.0"): date(2026, 9, 7),
    ("OpenSSL", "3.1"): date(2025, 3, 14),
    ("OpenSSL", "3.2"): date(2025, 11, 23),
    ("OpenSSL", "3.3"): date(2026, 4, 9),
    ("OpenSSL", "3.4"): date(2026, 10, 22),
    ("OpenSSL", "3.5"): date(2030, 4, 8),
    ("PCRE", "8."): date(2021, 6, 22),
}
"""The last day on which the project fixes faults of a branch; of PCRE, its last release."""
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Library:
    """A library, its version, and the day when fixes end, None where that is not known."""

    name: str
    version: str
    ends: date | None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def libraries_of(haproxy: Haproxy) -> list[Library]:
    """Return the libraries with a history of vulnerabilities that an HAProxy runs on, as ``haproxy -vv`` says."""
    try:
        done = subprocess.run(
            [haproxy.path, "-vv"],
            env=haproxy.environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [Library(name, version, _ends(name, version)) for name, version in _RUNS_ON.findall(done.stdout)]


def warning_about(haproxy: Haproxy, today: date | None = None) -> str | None:
    """Return the warning for a gateway outside the lab that runs the bundled HAProxy; None for any other HAProxy."""
    if haproxy.libraries is None:
        return None
    today = today or datetime.now(UTC).date()
    found = libraries_of(haproxy)
    old = [f"{library} has had no fixes since {library.ends}" for library in found if library.ends and library.ends < today]
    what = f" It runs on {' and '.join(map(str, found))}" if found else ""
    return (
        f"{haproxy} came with the package and is for the lab.{what}{': ' if old else ''}{'; '.join(old)}."
        " Run a gateway with your distribution's: --haproxy system"
    )


def _ends(name: str, version: str) -> date | None:
    return next((ends for (of, branch), ends in _ENDS.items() if of == name and version.startswith(branch)), None)
