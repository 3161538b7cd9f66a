# SPDX-License-Identifier: Apache-2.0
"""The processes of one cloud, their commands, and their order."""

import sys
from pathlib import Path

from openstackoid.haproxy.libraries import LAB
from openstackoid.lab import swift
from openstackoid.lab.catalog import Api, apis
from openstackoid.lab.configs import Site
from openstackoid.lab.processes import Daemon
from openstackoid.lab.state import private_dir, write_private

GATEWAY = "gateway"
_GUEST = Path(__file__).with_name("guest") / "openstackoid_lab"
_METADATA = "Metadata-Version: 2.1\nName: openstackoid-lab\nVersion: 1\n"
_ENTRY_POINTS = "[neutron.ml2.mechanism_drivers]\nopenstackoid_lab = openstackoid_lab.mechanism:LabMechanismDriver\n"


def process_name(api: Api) -> str:
    """Return the name of the process of an API."""
    if api.name == "swift":
        return "swift-proxy"
    return f"{api.name}-api" if api.name in ("nova", "cinder") else api.name


def api_names(site: Site) -> tuple[str, ...]:
    """Return the names of the processes of the cloud's APIs."""
    return tuple(process_name(api) for api in apis(site.cloud))


def worker_names(site: Site) -> tuple[str, ...]:
    """Return the names of the processes behind the APIs; nova-compute is apart."""
    names = ["nova-conductor", "nova-scheduler"]
    names += ["cinder-scheduler", "cinder-volume"] if site.cloud.cinder else []
    names += swift.STORAGE_SERVERS if site.cloud.swift else []
    return tuple(names)


def write_guest(directory: Path) -> Path:
    """Write the lab's drivers as a distribution for ``PYTHONPATH``; return its path."""
    package = private_dir(directory / "openstackoid_lab")
    for source in _GUEST.glob("*.py"):
        write_private(package / source.name, source.read_bytes())
    write_private(directory / "openstackoid_lab-1.dist-info" / "METADATA", _METADATA)
    write_private(directory / "openstackoid_lab-1.dist-info" / "entry_points.txt", _ENTRY_POINTS)
    return directory


def environment(site: Site, guest: Path) -> dict[str, str]:
    """Return the environment of every OpenStack process of the cloud, without the user's shell."""
    conf = site.conf
    return {
        "PATH": f"{site.venv / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(site.data),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(guest),
        # The environment keeps the files of its wheels.
        "PYTHONDONTWRITEBYTECODE": "1",
        "OS_KEYSTONE_CONFIG_DIR": str(conf / "keystone"),
        "OS_GLANCE_CONFIG_DIR": str(conf / "glance"),
        "OS_PLACEMENT_CONFIG_DIR": str(conf / "placement"),
        "OS_NEUTRON_CONFIG_DIR": str(conf / "neutron"),
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf;ml2.ini",
        "OS_NOVA_CONFIG_DIR": str(conf / "nova"),
        # The first one is Nova's paste configuration; absolute, so the folder above does not matter to it.
        "OS_NOVA_CONFIG_FILES": f"{site.venv / 'etc/nova/api-paste.ini'};nova.conf",
    }


def daemons(site: Site, guest: Path, logs: Path) -> dict[str, Daemon]:
    """Return the cloud's OpenStack processes by name."""
    env = environment(site, guest)
    result = {}

    def add(name: str, argv: list[str], project: str) -> None:
        # The files that a service reads at its start: a change is a reason to restart it.
        reads = [path for path in sorted((site.conf / project).rglob("*")) if path.is_file() and path.suffix != swift.RING]
        if name in ("nova-compute", "neutron", "cinder-volume"):
            reads += sorted((guest / "openstackoid_lab").glob("*.py"))
        cwd = private_dir(site.data / project)
        result[name] = Daemon(site.cloud.name, name, argv, env, logs / site.cloud.name / f"{name}.log", cwd, reads, patience=4)

    for api in apis(site.cloud):
        if api.wsgi:
            argv = [str(site.venv / "bin/pyuwsgi"), "--ini", str(site.conf / api.name / "uwsgi.ini")]
            add(process_name(api), argv, api.name)
    for name in worker_names(site):
        project = name.partition("-")[0]
        if project != "swift":
            add(name, [str(site.venv / "bin" / name), "--config-file", str(site.conf / project / f"{project}.conf")], project)
    if site.cloud.swift:
        for name in swift.SERVERS:
            add(name, swift.command(site, name), "swift")
    compute = [str(site.venv / "bin/python"), "-m", "openstackoid_lab.compute"]
    add("nova-compute", [*compute, "--config-file", str(site.conf / "nova/nova-compute.conf")], "nova")
    return result


def gateway(site: Site, mesh: Path, directory: Path, logs: Path) -> Daemon:
    """Return the process of a cloud's gateway: the public command."""
    argv = [sys.executable, "-m", "openstackoid", "gateway", "run", "--cloud", site.cloud.name]
    argv += ["--config", str(mesh), "--state-dir", str(directory)]
    env = {
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        LAB: "1",
    }
    # The gateway watches the mesh description itself, so a change of it needs no restart. A new authority
    # means that the running gateway is that of a lab from before TLS.
    log = logs / site.cloud.name / "gateway.log"
    return Daemon(site.cloud.name, GATEWAY, argv, env, log, directory, [site.authority], patience=10)
