# SPDX-License-Identifier: Apache-2.0
"""Look for known vulnerabilities of the pinned packages, by pip-audit: `make audit-dependencies`.

Exit codes: 0, none is known; 1, some are; 3, no database of vulnerabilities could be reached, so nothing is known.
"""

import json
import subprocess
import sys

NO_DATABASE = 3


def main(argv: list[str]) -> int:
    """Audit the lock files of the command line, which follow the path of pip-audit."""
    pip_audit, *locks = argv
    found = 0
    for lock in locks:
        command = [pip_audit, "--disable-pip", "--format", "json", "--progress-spinner", "off", "--requirement", lock]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
            print(
                f"{lock}: no database of vulnerabilities can be reached, so nothing is known of them: {reason}", file=sys.stderr
            )
            return NO_DATABASE
        for package in packages:
            for fault in package.get("vulns", ()):
                fixed = ", ".join(fault.get("fix_versions", ())) or "no version"
                print(f"{lock}: {package['name']} {package['version']}: {fault['id']}, fixed in {fixed}")
                found += 1
        print(f"{lock}: {len(packages)} packages, {found} known vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
