# SPDX-License-Identifier: Apache-2.0
"""Look for known vulnerabilities of the pinned packages, by pip-audit: `make audit-dependencies`.

Exit codes: 0, none is known; 1, some are; 3, no database of vulnerabilities could be reached, or it lacks some packages, so
nothing is known of them.
"""

import json
import subprocess
import sys

NO_DATABASE = 3


def main(argv: list[str]) -> int:
    """Audit the lock files of the command line, which follow the path of pip-audit."""
    pip_audit, *locks = argv
    vulnerable = unknown = False
    for lock in locks:
        found = 0
        command = [pip_audit, "--disable-pip", "--format", "json", "--progress-spinner", "off", "--requirement", lock]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
            print(
                f"{lock}: no database of vulnerabilities can be reached, so nothing is known of them: {reason}", file=sys.stderr
            )
            return 1 if vulnerable else NO_DATABASE
        for package in packages:
            for fault in package.get("vulns", ()):
                fixed = ", ".join(fault.get("fix_versions", ())) or "no version"
                print(f"{lock}: {package['name']} {package['version']}: {fault['id']}, fixed in {fixed}")
                found += 1
        audited = [package for package in packages if "skip_reason" not in package]
        print(f"{lock}: {len(audited)} packages, {found} known vulnerabilities")
        if len(audited) < len(packages):
            reason = next(package["skip_reason"] for package in packages if package not in audited)
            missing = (
                f"{len(packages) - len(audited)} of {len(packages)} packages were not looked up, so nothing is known of them"
            )
            print(f"{lock}: {missing}: {reason}", file=sys.stderr)
            unknown = True
        vulnerable = vulnerable or found > 0
    return 1 if vulnerable else NO_DATABASE if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
