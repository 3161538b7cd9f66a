# SPDX-License-Identifier: Apache-2.0
"""A node of Kolla-Ansible: its commands as an operator gives them, and HAProxy as Kolla's container runs it.

The page has Debian's HAProxy installed, and Kolla's image for Debian has the same one.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kolla.environment import environment
from kolla.machine import EXTERNAL, INTERFACE, INTERNAL, NAMES

CONFIG = Path("/etc/kolla")
AUTHORITY = CONFIG / "certificates/ca/root.crt"
"""The certificate of Kolla's own authority."""
BACKEND = CONFIG / "certificates/backend.pem"
"""The certificate of the services, with its key."""
CHECKS = CONFIG / "keepalived/checks"
DESK = Path("/mnt")
"""The folder in which the operator types."""
_SHARE = "share/kolla-ansible"
_INVENTORY = CONFIG / "inventory"
_COLLECTIONS = Path("/mnt/collections")
_IN_CONTAINER = "/var/lib/kolla/config_files/"

_GLOBALS = {
    "kolla_base_distro": "debian",
    "kolla_internal_vip_address": INTERNAL,
    "kolla_external_vip_address": EXTERNAL,
    "kolla_internal_fqdn": NAMES[INTERNAL],
    "kolla_external_fqdn": NAMES[EXTERNAL],
    "network_interface": INTERFACE,
    "kolla_external_vip_interface": INTERFACE,
    "neutron_external_interface": f"{INTERFACE}peer",
    "kolla_enable_tls_internal": True,
    "kolla_enable_tls_external": True,
    "kolla_enable_tls_backend": True,
    "kolla_copy_ca_into_containers": True,
    "openstack_cacert": "/etc/ssl/certs/ca-certificates.crt",
    "enable_cinder": True,
    # Kolla's containers may have a million open files; this machine need not.
    "haproxy_max_connections": 4000,
    # Less work for each run, and nothing that is looked at here.
    "kolla_ansible_setup_gather_subset": "!all,network,hardware",
    "enable_fluentd": False,
    "enable_heat": False,
    "enable_horizon": False,
    "enable_proxysql": False,
}


class Node:
    """The deployment host, which is the controller too. ``log``: the output of Ansible."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._haproxy: subprocess.Popen[bytes] | None = None

    def configure(self) -> None:
        """Write what an operator of Kolla-Ansible writes, and make passwords and certificates by its own commands."""
        share = environment().directory / _SHARE
        CONFIG.mkdir()
        CONFIG.joinpath("globals.yml").write_text(json.dumps(_GLOBALS, indent=1))  # JSON is YAML.
        shutil.copy(share / "etc_examples/kolla/passwords.yml", CONFIG)
        python = environment().script("python")
        local = f"controller ansible_connection=local ansible_become=false ansible_python_interpreter={python}"
        all_in_one = (share / "ansible/inventory/all-in-one").read_text(encoding="utf-8")
        lines = [local if line.startswith("localhost ") else line for line in all_in_one.splitlines()]
        _INVENTORY.write_text("\n".join(lines) + "\n")
        self._run("kolla-genpwd")
        self.kolla("certificates")
        # As each container adds it to its own at its start.
        with Path("/etc/ssl/certs/ca-certificates.crt").open("a", encoding="utf-8") as authorities:
            authorities.write(AUTHORITY.read_text(encoding="utf-8"))
        # The services have certificate and key in one file here.
        parts = [CONFIG / f"certificates/backend-{part}.pem" for part in ("cert", "key")]
        BACKEND.write_text("".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")

    def have_one_external_frontend(self, hosts: Mapping[str, str]) -> None:
        """Change the settings: all public services, and Horizon, are on one port.

        ``hosts``: that of each, by Kolla-Ansible's names.
        """
        named = {f"{name}_external_fqdn": host for name, host in hosts.items()}
        settings = {**_GLOBALS, **named, "haproxy_single_external_frontend": True, "enable_horizon": True}
        CONFIG.joinpath("globals.yml").write_text(json.dumps(settings, indent=1))
        # The operator of Kolla-Ansible brings a certificate for all hosts; its own command makes one for a single host.
        names = ",".join(f"DNS:{host}" for host in (NAMES[EXTERNAL], *hosts.values()))
        folder, own = CONFIG / "certificates", CONFIG / "certificates/haproxy.pem"
        authority = ["-CA", str(folder / "private/root/root.crt"), "-CAkey", str(folder / "private/root/root.key")]
        words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={NAMES[EXTERNAL]}"]
        parts = [DESK / "hosts.crt", DESK / "hosts.key"]
        made = ["-addext", f"subjectAltName={names}", "-out", str(parts[0]), "-keyout", str(parts[1])]
        self._run("openssl", *words, *authority, *made)
        own.write_text("".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")

    def kolla(self, *words: str) -> None:
        """Give a command of Kolla-Ansible."""
        self._run("kolla-ansible", words[0], "--inventory", str(_INVENTORY), *words[1:])

    def type(self, line: str, folder: Path, env: Mapping[str, str], network: Path | None = None) -> str:
        """Give a command as an operator types it in a folder, and return its output. ``network``: the file of another one."""
        entered = () if network is None else ("nsenter", f"--net={network}")
        return self._run(*entered, "sh", "-c", line.replace("INVENTORY", str(_INVENTORY)), folder=folder, **env)

    def rendered(self) -> dict[str, bytes]:
        """Return the files that Kolla-Ansible has written for HAProxy and keepalived, by path."""
        folders = (CONFIG / "haproxy", CONFIG / "keepalived")
        files = (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
        return {str(file.relative_to(CONFIG)): file.read_bytes() for file in files}

    def start_haproxy(self) -> None:
        """Start HAProxy as its container does: copy the files that config.json names, and run its command."""
        config = json.loads((CONFIG / "haproxy/config.json").read_text())
        for entry in config["config_files"]:
            source, dest = CONFIG / "haproxy" / entry["source"].removeprefix(_IN_CONTAINER), Path(entry["dest"])
            if source.is_dir():
                shutil.rmtree(dest, ignore_errors=True)
                shutil.copytree(source, dest)
            elif source.exists() or not entry.get("optional"):
                dest.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, dest)
                shutil.chown(dest, entry["owner"])
                dest.chmod(int(entry["perm"], 8))
        for folder in ("/var/lib/haproxy", "/var/lib/kolla/haproxy"):
            Path(folder).mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._haproxy = subprocess.Popen([config["command"]], stdout=log, stderr=log)
        until(lambda: Path("/var/lib/kolla/haproxy/haproxy.sock").is_socket(), "Kolla's HAProxy", self._haproxy)

    def stop_haproxy(self) -> None:
        """Stop HAProxy."""
        if self._haproxy is not None:
            self._haproxy.terminate()
            self._haproxy.wait(15)
            Path("/var/lib/kolla/haproxy/haproxy.sock").unlink(missing_ok=True)
            self._haproxy = None

    def _run(self, program: str, *words: str, folder: Path = DESK, **more: str) -> str:
        env = {
            "PATH": f"{environment().directory / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/mnt",
            # Ansible takes root's home from /etc/passwd there.
            "ANSIBLE_REMOTE_TMP": "/mnt/.ansible/tmp",
            "LANG": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(_COLLECTIONS),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_NOCOLOR": "true",
            **more,
        }
        begun = time.monotonic()
        done = subprocess.run([program, *words], env=env, cwd=folder, text=True, capture_output=True, check=False)
        print(f"   {time.monotonic() - begun:4.0f} s  {program} {' '.join(words)}", file=sys.__stdout__, flush=True)
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ {program} {' '.join(words)}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0, f"{program} {' '.join(words)}:\n{(done.stdout + done.stderr)[-3000:]}"
        return done.stdout


def until(condition: Callable[[], bool], what: str, process: "subprocess.Popen[bytes]", seconds: float = 90) -> None:
    """Wait until the condition holds; fail when the process ends, or after some time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"{what} has ended with {process.returncode}"
        assert time.monotonic() < deadline, f"{what} is not ready after {seconds:.0f} s"
        time.sleep(0.1)
