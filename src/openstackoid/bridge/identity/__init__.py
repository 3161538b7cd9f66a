# SPDX-License-Identifier: Apache-2.0
"""Identity across clouds: tokens validated, requests of other clouds' users authorized, claims recorded."""
