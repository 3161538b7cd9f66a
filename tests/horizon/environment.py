# SPDX-License-Identifier: Apache-2.0
"""Horizon from PyPI in an environment of its own, and its static files, collected once beside it."""

import os
import subprocess
from functools import cache
from pathlib import Path

from lab.raised import HORIZON
from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import Environment
from openstackoid.lab.state import Instance, private_dir, write_private

ROOT = Path(__file__).parents[2]
SETTINGS = """\
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = "of one run of the tests, {secret}"
CACHES = {{"default": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}}
STATIC_ROOT = "{static}"
COMPRESS_OFFLINE = True
LOGGING = {{
    "version": 1,
    "handlers": {{"console": {{"class": "logging.StreamHandler"}}}},
    "root": {{"handlers": ["console"], "level": "WARNING"}},
    "loggers": {{"oslo_policy": {{"level": "CRITICAL"}}}},
}}
"""
"""What an operator sets for any Horizon: nothing of scopes."""
_DROPPED = ("OS_", "OPENSTACKOID_SCOPE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that mislead Horizon's clients. The library requests prefers the bundle to ``OPENSTACK_SSL_CACERT``."""


@cache
def environment() -> Environment:
    """Return the environment of Horizon; it need not be installed."""
    pins = ROOT / "constraints/horizon.txt"
    requirements = tuple((ROOT / "constraints/horizon.in").read_text(encoding="utf-8").split())
    return Environment.of(Instance(HORIZON).shared, "horizon", requirements, pins, pins.with_suffix(".lock"))


def static_files() -> Path:
    """Return the folder of Horizon's style sheets and scripts, which need not be there; they are kept from run to run."""
    return environment().directory.with_name(f"{environment().directory.name}-static")


def is_ready() -> bool:
    """Return whether Horizon and its static files are complete."""
    return environment().is_ready() and (static_files() / "dashboard/manifest.json").exists()


def write_settings(folder: Path, secret: str, more: str = "") -> None:
    """Write Horizon's settings below ``folder``: the module ``local.local_settings``, which Horizon looks for."""
    write_private(folder / "local/__init__.py", "")
    write_private(folder / "local/local_settings.py", SETTINGS.format(secret=secret, static=static_files()) + more)


def django(*words: str) -> list[str]:
    """Return a command of Horizon's Django; its variables are those of :func:`variables`."""
    return [str(environment().script("python")), "-m", "django", *words]


def variables(folder: Path) -> dict[str, str]:
    """Return the environment of Horizon's processes: ``folder`` has the settings, before those of the installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return kept | {"PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "openstack_dashboard.settings"}


def collect_static_files(log: Path) -> None:
    """Collect and compress the static files. Raises :class:`OpenstackoidError` with the name of the log."""
    folder = private_dir(log.parent) / "horizon-settings"
    write_settings(folder, "none")
    with log.open("ab") as output:
        for words in (("collectstatic", "--noinput"), ("compress", "--force")):
            done = subprocess.run(
                django(*words), env=variables(folder), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
            )
            if done.returncode:
                raise OpenstackoidError(f"Horizon's {words[0]} failed with exit code {done.returncode}", hint=f"read {log}")
