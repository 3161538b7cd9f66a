# SPDX-License-Identifier: Apache-2.0
"""The Python decision against the table."""

import pytest

from conformance.asking import decision_of, path_of, routed
from conformance.case import Case, Refused, Sent
from conformance.cases import CASES, IN_NEWER_FORM
from conformance.clouds import three_clouds
from openstackoid.routing import Forward, Refuse, Relay
from openstackoid.scope import parse

MESH = three_clouds()


def test_no_two_cases_have_one_name() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("announced", [(), tuple(MESH.clouds)], ids=["to older gateways", "to newer gateways"])
@pytest.mark.parametrize("case", [*CASES, *IN_NEWER_FORM], ids=lambda case: case.name)
def test_decision(case: Case, announced: tuple[str, ...]) -> None:
    recalled = None if case.remembered is None else parse(case.remembered).workflow()
    decision = decision_of(MESH, case, recalled, announced)
    if isinstance(case.expect, Refused):
        assert isinstance(decision, Refuse)
        assert decision.status == case.expect.status
        assert decision.message.startswith(f"gateway of {case.at}: ")
        for word in case.expect.words:
            assert word in decision.message
        return
    assert isinstance(decision, Forward | Relay), decision
    sent = Sent(decision.endpoint.cloud, path_of(decision, case), routed(decision.headers), isinstance(decision, Relay))
    assert sent == (case.sent_newer if announced else case.sent)
