# SPDX-License-Identifier: Apache-2.0
"""What is asked of the gateways in front of real services, and how surely a run answers it."""

from collections.abc import Iterable

from bench.goals import Goal, Verdict
from bench.results import Part
from bench.spread import Spread

THROUGH, ACROSS, CHAIN = "through", "across", "chain"
JUDGED = ("images", "servers", "download", "boot")
"""The parts that goals are about."""

LAB_GOALS = (
    *(
        goal
        for part in JUDGED
        for goal in (
            Goal(part, THROUGH, "time_ratio", at_most=1.02),
            Goal(part, ACROSS, "time_ratio", at_most=1.10),
        )
    ),
    Goal("images", ACROSS, "time_ratio", at_most=1.12),
    # A download's bytes are encrypted twice on their way across, by gateways and by a chain alike.
    Goal("download", f"{ACROSS}_by_{CHAIN}", "time_ratio", at_most=1.15),
    # What a bound token costs a guest, and an image that is read in the name of a user of the own cloud.
    Goal("images", "guest_by_entrance", "time_ratio", at_most=1.05),
    Goal("delegated", "delegated", "time_ratio", at_most=1.15),
    # In relation to a client that asks both clouds side by side, and to the slowest cloud of the same requests; besides 2 ms,
    # which the part leaves out.
    Goal("composition", "both", "time_ratio", at_most=1.15),
    Goal("composition", "traced", "time_ratio", at_most=1.15),
    # In relation to CloudTwo alone, from the second request on.
    Goal("otherwise", "otherwise_dead", "time_ratio", at_most=1.2),
)


def sureness(verdict: Verdict, spread: Spread | None) -> str:
    """Return how sure a verdict is: whether eight in ten rounds lie on the same side of the limit as the median."""
    limit = verdict.goal.at_most
    if spread is None or limit is None:
        return "not measured"
    if spread.count == 1:
        return "a single round"
    if spread.p10 <= limit < spread.p90:
        return "the limit lies within the spread"
    return "the limit lies outside the spread"


def table(verdicts: Iterable[Verdict], parts: Iterable[Part]) -> list[list[str]]:
    """Return the goals as a table: each with what was found, p10 to p90, and how sure that is. The first line has headings."""
    spreads = {
        (part.key, row.key, figure): spread for part in parts for row in part.rows for figure, spread in row.figures.items()
    }
    lines = [["", "limit", "median", "p10 to p90", "", "how sure"]]
    for verdict in verdicts:
        spread = spreads.get((verdict.part, verdict.row, verdict.goal.figure))
        median, between = ("-", "-") if spread is None else (f"{spread.median:.3f}", f"{spread.p10:.3f} to {spread.p90:.3f}")
        met = "met" if verdict.met else "missed"
        lines.append([f"{verdict.part}: {verdict.row}", verdict.goal.limit, median, between, met, sureness(verdict, spread)])
    return lines
