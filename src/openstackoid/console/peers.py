# SPDX-License-Identifier: Apache-2.0
"""The view *Peers*: is each one reachable, why not, and has it the same description. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from openstackoid.console.checks import Checked
from openstackoid.console.clouds import CloudRow, Query, clouds_view
from openstackoid.console.paging import Paged
from openstackoid.console.watch import Look


@dataclass(frozen=True, slots=True)
class PeerRow:
    """A peer: its state, and its last check. ``why``: the reason for which it is not reached; ``todo``: the remedy."""

    cloud: CloudRow
    checked: Checked | None
    running: bool

    @property
    def why(self) -> str:
        """Return the first fault of the last check, or the reason of the view *Now*."""
        if self.cloud.state == "blocked":
            return "its operator here has blocked it"
        if self.checked is not None and self.checked.faults:
            return self.checked.faults[0].text
        return self.cloud.item.detail if self.cloud.item is not None else ""

    @property
    def todo(self) -> str:
        """Return the remedy of that fault."""
        if self.cloud.state != "blocked" and self.checked is not None and self.checked.faults:
            return self.checked.faults[0].todo
        return self.cloud.item.todo if self.cloud.item is not None else ""


@dataclass(frozen=True, slots=True)
class Peers:
    """The asked page of peers, and how many peers there are in each state."""

    page: Paged[PeerRow]
    counts: tuple[tuple[str, int], ...]


def peers_view(look: Look, query: Query, checked: Callable[[str], Checked | None], running: Callable[[str], bool]) -> Peers:
    """Return a page of the peers of a look."""
    view = clouds_view(look, {}, query, home=False)
    rows = [PeerRow(row, checked(row.name), running(row.name)) for row in view.page.rows]
    return Peers(Paged(rows, view.page.number, view.page.pages, view.page.total), view.counts)
