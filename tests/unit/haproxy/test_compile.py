# SPDX-License-Identifier: Apache-2.0
"""Refusals of the compilation, and promises about its files; tests/conformance has the meaning of the rules."""

import subprocess
from pathlib import Path

import pytest

from conformance.clouds import three_clouds
from openstackoid.haproxy import CompileError, Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import parse_mesh

RUNTIME = Runtime(*(f"/run/{name}.sock" for name in ("bridge", "upstream", "stats", "records", "log", "handover")))


def test_an_unknown_cloud_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CompileError, match=r"no cloud 'CloudTen'; known: Cloud-3\.b, CloudOne, CloudTwo"):
        compile_gateway(three_clouds(), "CloudTen", RUNTIME)


def test_a_gateway_needs_the_backends_of_its_own_cloud() -> None:
    with pytest.raises(CompileError, match=r"clouds\.Cloud-3\.b\.services\.identity\.backend: .* for public"):
        compile_gateway(three_clouds(), "Cloud-3.b", RUNTIME)


def test_the_same_mesh_gives_the_same_files() -> None:
    assert compile_gateway(three_clouds(), "CloudOne", RUNTIME) == compile_gateway(three_clouds(), "CloudOne", RUNTIME)


def test_every_table_that_the_rules_read_is_among_the_files() -> None:
    files = compile_gateway(three_clouds(), "CloudOne", RUNTIME)
    for name in files.keys() - {"haproxy.cfg"}:
        assert f"({name})" in files["haproxy.cfg"]


def test_no_service_type_is_written_into_the_rules_that_the_mesh_does_not_name() -> None:
    assert "dns" not in compile_gateway(three_clouds(), "CloudOne", RUNTIME)["haproxy.cfg"]


def test_a_cloud_may_have_any_service_and_lack_any(tmp_path: Path) -> None:
    """Keystone too, whose rules are the longest: HAProxy must accept what is left."""
    text = """
mesh: 1
clouds:
  Edge: {services: {my-own-service: {frontend: "http://127.0.0.1:8080/own", backend: "http://127.0.0.1:9000"}}}
  Core: {services: {my-own-service: {frontend: "http://127.0.0.1:8081"}}}
"""
    assert check(compile_gateway(parse_mesh(text), "Edge", RUNTIME), tmp_path) == ""


def test_a_catalog_may_exceed_the_line_limit_of_haproxy(tmp_path: Path) -> None:
    """It takes 64 words."""
    interfaces = '{public: "http://127.0.0.1:81/s%d", internal: "http://127.0.0.1:82/s%d", admin: "http://127.0.0.1:83/s%d"}'
    services = [
        f'      svc-{number}: {{frontend: {interfaces % (number, number, number)}, backend: "http://127.0.0.1:90"}}'
        for number in range(40)
    ]
    text = "\n".join(["mesh: 1", "clouds:", "  Edge:", "    services:", *services])
    assert check(compile_gateway(parse_mesh(text), "Edge", RUNTIME), tmp_path) == ""


def test_a_time_that_is_too_short_for_haproxy_does_not_become_none(tmp_path: Path) -> None:
    """HAProxy counts milliseconds, and takes 0 of them for no limit, or for an error."""
    times = ", ".join(f"{name}: 1.0e-9" for name in ("connect", "client", "server", "check"))
    text = f"""
mesh: 1
clouds:
  Edge:
    services: {{image: {{frontend: "http://127.0.0.1:8080", backend: "http://127.0.0.1:9000"}}}}
    gateway: {{timeouts: {{{times}}}}}
"""
    files = compile_gateway(parse_mesh(text), "Edge", RUNTIME)
    assert check(files, tmp_path) == ""
    assert " 0ms" not in files["haproxy.cfg"]


def check(files: dict[str, str], folder: Path) -> str:
    """Return HAProxy's complaints about a configuration."""
    for name, content in files.items():
        (folder / name).write_text(content)
    haproxy = find_haproxy()
    command = [str(haproxy.path), "-c", "-f", str(folder / "haproxy.cfg")]
    done = subprocess.run(command, env=haproxy.environment(), capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr
