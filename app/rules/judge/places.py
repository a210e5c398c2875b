"""Tell whether two places are two homes: Lisbon and Porto are, Lisbon and Portugal are not."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.rules.judge.lists import lines, names, spaced, table

APART_KM = 80.0
"""Two cities nearer than this may be one home: a suburb, a quarter, the city that one names to
strangers."""

_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Place:
    """A city with its latitude and longitude in degrees, or a country, which has none."""

    country: str
    at: tuple[float, float] | None = None


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[Place, ...]]:
    found: dict[str, tuple[Place, ...]] = {}
    for line in lines("places.tsv"):
        name, country, *where = line.split("\t")
        place = Place(country, (float(where[0]), float(where[1])) if where else None)
        for key in {_key(name), _plain_key(name)}:
            found[key] = (*found.get(key, ()), place)
    for group in table("aliases")["place"]:
        keys = [_key(name.strip()) for name in group.split("|")]
        places = tuple(place for key in keys for place in found.get(key, ()))
        found |= {key: places for key in keys if places and key not in found}
    return found


@lru_cache(maxsize=1)
def _regions() -> frozenset[str]:
    return frozenset(map(_key, names("regions.txt")))


@lru_cache(maxsize=1)
def _things() -> frozenset[str]:
    return spaced(table("attributes")["things"])


def is_place(name: str) -> bool:
    """Tell whether the name is a city's or a country's, and nothing else's."""
    key = _key(name)
    return key in _known() and key not in _things()


def are_two_homes(one: str, other: str) -> bool:
    """Tell whether nobody lives in both: two cities far apart, or two countries. Of a region, or of
    a city and a country, that is not known. A name that is on no list counts as a town of its
    own, as long as the other is no country."""
    a, b = _key(one), _key(other)
    if a == b or a in _regions() or b in _regions():
        return False
    here, there = _known().get(a), _known().get(b)
    if here is None or there is None:
        return not any(place.at is None for place in here or there or ())
    return all(_apart(x, y) for x in here for y in there)


def _apart(one: Place, other: Place) -> bool:
    if one.at is None or other.at is None:
        return one.at is other.at and one.country != other.country
    return _distance_km(one.at, other.at) > APART_KM


def _distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Compute the great-circle distance, by the haversine formula."""
    lat_1, lat_2 = math.radians(one[0]), math.radians(other[0])
    d_lat, d_lon = lat_2 - lat_1, math.radians(other[1] - one[1])
    half = math.sin(d_lat / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(d_lon / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(half, 1.0)))


def _key(name: str) -> str:
    """Give the name without case, article and what follows a comma ("Lisbon, Portugal")."""
    return name.split(",")[0].casefold().removeprefix("the ").strip()


def _plain_key(name: str) -> str:
    marks = unicodedata.normalize("NFD", _key(name))
    return "".join(letter for letter in marks if not unicodedata.combining(letter))
