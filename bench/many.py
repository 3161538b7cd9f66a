# SPDX-License-Identifier: Apache-2.0
"""The ground that the measurements of scale share: where clouds listen, what is asked, and what a step may take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.compare import Way
from bench.errors import BenchError
from bench.gateway import AT
from bench.headers import AUTH
from bench.load import Request
from bench.meshes import IMAGE_BYTES, many_clouds, one_of_many
from openstackoid.haproxy.maps import CLOUDS, ROUTES
from openstackoid.scope import MARK, join_token

PEERS = "Peers"
"""The name that the server gives itself which stands for all peers."""


@dataclass(frozen=True)
class Places:
    """The ports of CloudOne's gateway and of all peers, for public, internal and admin, and that of the backends."""

    own: Sequence[int]
    peers: Sequence[int]
    backend: int

    def mesh(self, clouds: int) -> str:
        """Return the description of a mesh of so many clouds."""
        return many_clouds(clouds, self.own, self.peers, self.backend)

    def describe(self, folder: Path, clouds: int) -> None:
        """Write the same description into a folder, a file for each cloud."""
        folder.mkdir(parents=True)
        for number in range(1, clouds + 1):
            self.add(folder, number)

    def add(self, folder: Path, number: int) -> None:
        """Write the description of one cloud into a folder; it is there as a whole at once."""
        draft = folder / f"cloud-{number}.new"
        draft.write_text(one_of_many(number, self.own, self.peers, self.backend), encoding="utf-8")
        draft.rename(draft.with_suffix(".yaml"))

    def leaving(self, cloud: int, haproxy: int) -> Way:
        """Return the way of a request whose scope leaves for the cloud of this number."""
        headers = (AUTH, f"X-Scope: {_scope(cloud)}")
        request = Request(f"http://127.0.0.1:{self.own[0]}{IMAGE_BYTES}", headers)
        return Way("leaves", "a scope that leaves", request, haproxy, served_by=PEERS)

    @staticmethod
    def taught(files: Mapping[str, str], cloud: int) -> dict[str, str]:
        """Return the files of HAProxy with the route of that request, which the Python service would teach it."""
        name, key = f"Cloud{cloud}", f"GET|image.public||{_scope(cloud)}|=|."
        place = next(row.split(" ", 1)[1] for row in files[CLOUDS].splitlines() if row.startswith(f"{name} "))
        # The mark of a route that leaves lacks its first character (openstackoid.haproxy.route_cache).
        mark = join_token("", f'{{"*":"{AT}","image":"{name}"}}').removeprefix(MARK)
        return {**files, ROUTES: f"{key} {place}{mark}|\n"}


def _scope(cloud: int) -> str:
    return f'{{"image":"Cloud{cloud}"}}'


@dataclass
class Budget:
    """What a step may take. That is foreseen from what it took before: what it took first of all, and growth in proportion."""

    seconds: float
    took: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def check(self, step: str, clouds: int, limit: float | None = None, unit: str = "s") -> None:
        """Raise :class:`BenchError` where a step is foreseen to take more than ``limit``, the run's patience by default."""
        limit = self.seconds if limit is None else limit
        foreseen = self.foreseen(step, clouds)
        if foreseen > limit:
            raise BenchError(f"{step}: not tried; {foreseen:,.0f} {unit} are to be expected, {limit:,.0f} {unit} are allowed")

    def foreseen(self, step: str, clouds: int) -> float:
        """Return what a step is to be expected to take: 0 where it was never taken."""
        took = self.took.get(step)
        if not took:
            return 0.0
        (_, base), (before, last) = took[0], took[-1]
        return base + (last - base) * clouds / before

    def note(self, step: str, clouds: int, amount: float) -> None:
        """Remember what a step took."""
        self.took.setdefault(step, []).append((clouds, amount))
