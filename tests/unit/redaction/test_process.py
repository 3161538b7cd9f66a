# SPDX-License-Identifier: Apache-2.0
"""A sealed process, and the environment of its children."""

import json
import subprocess
import sys

import pytest

from openstackoid.redaction import process

PROGRAM = """
import ctypes, json, resource, subprocess, sys
from openstackoid.redaction.process import seal
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, {hard}))
seal()
child = "import json, resource; print(json.dumps(resource.getrlimit(resource.RLIMIT_CORE)))"
inherited = json.loads(subprocess.run([sys.executable, "-c", child], capture_output=True, check=True).stdout)
print(json.dumps([resource.getrlimit(resource.RLIMIT_CORE), inherited, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize("hard", ["hard", "0"])
def test_no_core_is_written(hard: str) -> None:
    program = PROGRAM.format(hard=hard).replace("(hard, 0)", "(0, 0)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    own, inherited, dumpable = json.loads(done.stdout)
    # A limit that is none already cannot be made one byte.
    assert own == inherited
    assert own[0] == own[1]
    assert own[0] in ((0,) if hard == "0" else (0, 1))
    assert dumpable == 0


def test_a_childs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {
        "OS_PASSWORD": "x",
        "OS_CLOUD": "x",
        "MY_Api_Key": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "GITHUB_TOKEN": "x",
        "http_proxy": "http://me:pw@host:3128",
        "SOMETHING": "token=abc",
    }
    harmless = {"PATH": "/bin", "LANG": "C.UTF-8", "https_proxy": "http://host:3128", "LD_LIBRARY_PATH": "/lib", "TZ": "UTC"}
    for name, value in {**secret, **harmless}.items():
        monkeypatch.setenv(name, value)
    environment = process.environment()
    assert [name for name in secret if name in environment] == []
    assert {name: environment[name] for name in harmless} == harmless
