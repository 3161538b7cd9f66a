# SPDX-License-Identifier: Apache-2.0
"""What cannot be run here: 10,000 sites all over the world, their round trips and their failures, from measured costs."""
