# SPDX-License-Identifier: Apache-2.0
"""The table of cases, one line each, that the Python decision and the compiled HAProxy must both fulfil.

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
from conformance.cases_tokens import TOKEN_FORMS
from conformance.cases_unscoped import UNSCOPED
from conformance.cases_url import URL
from conformance.cases_url_services import URL_OF_SERVICES
from conformance.cases_workflows import WORKFLOWS

CASES = [
    *UNSCOPED,
    *SCOPED,
    *SERVICE_TOKENS,
    *TOKEN_FORMS,
    *SERVICES,
    *WORKFLOWS,
    *LEAVING,
    *HOPS,
    *COLLABORATIONS,
    *IDENTITY,
    *MEANINGS,
    *URL,
    *URL_OF_SERVICES,
    *PATHS,
    *LOOPS,
    *BAD,
    *BAD_ELSEWHERE,
]

IN_NEWER_FORM = [
    case.in_newer_form
    for case in CASES
    if case not in TOKEN_FORMS and ("!SCOPE!" in (case.body or "") or any("!SCOPE!" in value for _, value in case.headers))
]
"""The cases whose tokens carry scopes, with the newer form in them."""
