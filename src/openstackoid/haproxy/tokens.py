# SPDX-License-Identifier: Apache-2.0
"""Texts by which HAProxy knows that a token may have a scope in it; :mod:`openstackoid.scope.token` reads it."""

MARKS = "!SCOPE! ~ %"
"""What a token with a scope holds; a percent sign is left of a mark that a client has quoted."""

ANYWHERE = "!SCOPE! 21SCOPE SCOPE% ~ey ~ew"
"""The same where a value need not be a token, without case: what :func:`openstackoid.scope.holds_scope` finds, and more."""

IN_BODY = r"!SCOPE ~ % \\u"
"""What the body of a log-in holds where a scope may stand in its token."""
