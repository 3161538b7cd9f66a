# SPDX-License-Identifier: Apache-2.0
"""Where the sites are, and how long packets travel between them."""

import math
from dataclasses import dataclass
from random import Random

from bench.simulation.assumptions import Assumptions

EARTH_KM = 6371.0
CITIES = (
    # name, latitude and longitude in degrees, its share of the sites in relation to the others
    ("New York", 40.7, -74.0, 5),
    ("Ashburn", 39.0, -77.5, 5),
    ("Chicago", 41.9, -87.6, 4),
    ("Dallas", 32.8, -96.8, 3),
    ("San Jose", 37.3, -121.9, 5),
    ("Toronto", 43.7, -79.4, 2),
    ("Mexico City", 19.4, -99.1, 2),
    ("Bogota", 4.7, -74.1, 1),
    ("Santiago", -33.4, -70.7, 1),
    ("Sao Paulo", -23.6, -46.6, 3),
    ("London", 51.5, -0.1, 5),
    ("Paris", 48.9, 2.4, 5),
    ("Frankfurt", 50.1, 8.7, 5),
    ("Amsterdam", 52.4, 4.9, 4),
    ("Madrid", 40.4, -3.7, 2),
    ("Milan", 45.5, 9.2, 2),
    ("Warsaw", 52.2, 21.0, 2),
    ("Stockholm", 59.3, 18.1, 2),
    ("Istanbul", 41.0, 29.0, 2),
    ("Cairo", 30.0, 31.2, 1),
    ("Lagos", 6.5, 3.4, 1),
    ("Nairobi", -1.3, 36.8, 1),
    ("Johannesburg", -26.2, 28.0, 2),
    ("Dubai", 25.2, 55.3, 2),
    ("Mumbai", 19.1, 72.9, 4),
    ("Chennai", 13.1, 80.3, 2),
    ("Singapore", 1.35, 103.8, 4),
    ("Jakarta", -6.2, 106.8, 2),
    ("Hong Kong", 22.3, 114.2, 4),
    ("Shanghai", 31.2, 121.5, 4),
    ("Beijing", 39.9, 116.4, 4),
    ("Seoul", 37.6, 127.0, 3),
    ("Tokyo", 35.7, 139.7, 5),
    ("Sydney", -33.9, 151.2, 2),
    ("Auckland", -36.8, 174.8, 1),
)


@dataclass(frozen=True, slots=True)
class Site:
    """One cloud with its gateway: the city that it is near, and its place in degrees."""

    city: str
    latitude: float
    longitude: float


def city(name: str) -> Site:
    """Return a site in the middle of a city. Raises ``KeyError``."""
    places = {known: Site(known, latitude, longitude) for known, latitude, longitude, _ in CITIES}
    return places[name]


def scatter(world: Assumptions, rng: Random) -> list[Site]:
    """Return the sites, scattered around their cities."""
    sites = []
    degree = math.radians(1) * EARTH_KM
    for name, latitude, longitude, _ in rng.choices(CITIES, [weight for *_, weight in CITIES], k=world.sites):
        north = latitude + rng.gauss(0, world.scatter_km) / degree
        east = longitude + rng.gauss(0, world.scatter_km) / degree / math.cos(math.radians(latitude))
        sites.append(Site(name, north, (east + 180) % 360 - 180))
    return sites


def distance_km(one: Site, other: Site) -> float:
    """Return the length of the great circle between two sites (the haversine formula)."""
    here, there = math.radians(one.latitude), math.radians(other.latitude)
    north = math.sin((there - here) / 2) ** 2
    east = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, north + math.cos(here) * math.cos(there) * east)))


def round_trip(one: Site, other: Site, world: Assumptions) -> float:
    """Return how long a packet and its answer travel, in seconds, without jitter."""
    return world.last_mile_ms / 1e3 + 2 * world.stretch * distance_km(one, other) / world.fibre_km_s


def transfer(size: float, trip: float, mbit_s: float, world: Assumptions) -> float:
    """Return how long ``size`` bytes take beyond the round trip in which they were asked for, in seconds.

    The window doubles with each round trip until the line is full, or all is sent.
    """
    seconds, window, line = 0.0, float(world.first_window), mbit_s * 1e6 / 8
    while size > window and window < line * trip:
        size -= window
        window *= 2
        seconds += trip
    return seconds + size / line
