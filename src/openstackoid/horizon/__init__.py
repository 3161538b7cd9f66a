# SPDX-License-Identifier: Apache-2.0
"""Horizon's settings: one region of the log-in form for each scope, and downloads with the scope in them."""

from openstackoid.horizon.errors import HorizonError
from openstackoid.horizon.regions import Region, chosen_regions, default_regions, homes_of, scoped_url
from openstackoid.horizon.settings import settings_text

__all__ = ["HorizonError", "Region", "chosen_regions", "default_regions", "homes_of", "scoped_url", "settings_text"]
