# SPDX-License-Identifier: Apache-2.0
"""The Python decision against the table."""

import pytest

from conformance.asking import path_of, plan_of, routed
from conformance.case import Case, Refused, Sent
from conformance.cases import CASES, IN_NEWER_FORM
from conformance.clouds import three_clouds
from openstackoid.routing import Refuse, Relay, Single
from openstackoid.scope import parse

MESH = three_clouds()


def test_no_two_cases_have_one_name() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("announced", [(), tuple(MESH.clouds)], ids=["to older gateways", "to newer gateways"])
@pytest.mark.parametrize("case", [*CASES, *IN_NEWER_FORM], ids=lambda case: case.name)
def test_decision(case: Case, announced: tuple[str, ...]) -> None:
    recalled = None if case.remembered is None else parse(case.remembered).workflow()
    plan = plan_of(MESH, case, recalled, announced)
    if isinstance(case.expect, Refused):
        assert isinstance(plan, Refuse)
        assert plan.status == case.expect.status
        assert plan.message.startswith(f"gateway of {case.at}: ")
        for word in case.expect.words:
            assert word in plan.message
        return
    assert isinstance(plan, Single | Relay), plan
    sent = Sent(plan.endpoint.cloud, path_of(plan, case), routed(plan.headers), isinstance(plan, Relay))
    assert sent == (case.sent_newer if announced else case.sent)
