# SPDX-License-Identifier: Apache-2.0
"""What a gateway does, one line a case: the table that the Python decision and the compiled HAProxy must both fulfil.

It is written in the words of :mod:`conformance.case`, in the modules ``cases_...`` by what they are about.
"""

from conformance.cases_collaborations import COLLABORATIONS
from conformance.cases_hops import HOPS
from conformance.cases_identity import IDENTITY
from conformance.cases_leaving import LEAVING
from conformance.cases_meanings import MEANINGS
from conformance.cases_paths import LOOPS, PATHS
from conformance.cases_refused import BAD, BAD_ELSEWHERE
from conformance.cases_scoped import SCOPED, SERVICE_TOKENS
from conformance.cases_services import SERVICES
from conformance.cases_unscoped import UNSCOPED
from conformance.cases_url import URL
from conformance.cases_workflows import WORKFLOWS

CASES = [
    *UNSCOPED,
    *SCOPED,
    *SERVICE_TOKENS,
    *SERVICES,
    *WORKFLOWS,
    *LEAVING,
    *HOPS,
    *COLLABORATIONS,
    *IDENTITY,
    *MEANINGS,
    *URL,
    *PATHS,
    *LOOPS,
    *BAD,
    *BAD_ELSEWHERE,
]
