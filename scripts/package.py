# SPDX-License-Identifier: Apache-2.0
"""Build sdist, wheel, manual page, completion and list of software of the last commit into a folder: `make package`.

The same commit gives the same bytes on another day and in another folder, by the same Python. Until there is a release, the
time of the commit is a part of the version, so that pip and apt upgrade from one commit to the next.
"""

import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
_VERSIONED = {"pyproject.toml": "version = ", "src/openstackoid/__init__.py": "__version__ = "}
"""The files that say the version, and how."""


def main(argv: list[str]) -> int:
    """Write the files into the folder of the command line."""
    dist = Path(argv[0]).absolute()
    dist.mkdir(parents=True, exist_ok=True)
    for old in (*dist.glob("openstackoid*"), *dist.glob("sbom.json")):
        old.unlink()
    epoch = os.environ.setdefault("SOURCE_DATE_EPOCH", _git("log", "-1", "--format=%ct").decode().strip())
    if _git("status", "--porcelain", "--untracked-files=no"):
        print("changes that are not committed are not in the packages", file=sys.stderr)
    os.umask(0o022)
    with TemporaryDirectory(prefix="openstackoid-") as folder:
        with tarfile.open(fileobj=io.BytesIO(_git("archive", "HEAD"))) as tree:
            tree.extractall(folder, filter="data")
        # PEP 440: before 0.1.0, and after each earlier commit.
        time = _git("log", "-1", "--format=%cd", "--date=format-local:%Y%m%d%H%M%S").decode().strip()
        for name, words in _VERSIONED.items():
            say_version(Path(folder, name), words, f".dev{time}")
        _run("-m", "build", "--no-isolation", "--outdir", str(dist), folder)
    (sdist,) = dist.glob("*.tar.gz")
    normalize(sdist, int(epoch))
    _run(str(ROOT / "scripts" / "sbom.py"), str(dist / "sbom.json"))
    _run(str(ROOT / "scripts" / "manual.py"), str(dist))
    for path in sorted(dist.glob("*.*")):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
    return 0


def say_version(file: Path, words: str, suffix: str) -> None:
    """Add to the version that follows these words in a file."""
    text = file.read_text(encoding="utf-8")
    said, number = re.subn(rf'^({re.escape(words)}"[0-9.]+)"$', rf'\1{suffix}"', text, flags=re.MULTILINE)
    if number != 1:
        sys.exit(f"{file.name} does not say the version")
    file.write_text(said, encoding="utf-8")


def normalize(archive: Path, epoch: int) -> None:
    """Write an archive anew with one time and owner for all files: setuptools takes those of the build."""
    with tarfile.open(archive) as old:
        members = [(member, old.extractfile(member)) for member in sorted(old.getmembers(), key=lambda one: one.name)]
        new = io.BytesIO()
        with tarfile.open(fileobj=new, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for member, content in members:
                member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
                member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
                member.pax_headers = {}
                tar.addfile(member, content)
    archive.write_bytes(gzip.compress(new.getvalue(), mtime=epoch))


def _git(*arguments: str) -> bytes:
    # The time zone for dates of commits.
    environment = {**os.environ, "TZ": "UTC"}
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.PIPE, env=environment).stdout


def _run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(done.stdout.decode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
