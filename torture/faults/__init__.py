"""The faults, a module for each part that suffers."""

from torture.faults import api, away, beat, clock, postgres, provider, redis, upgrade, worker
from torture.faults.fault import FAULTS, Fault

__all__ = [
    "FAULTS",
    "Fault",
    "api",
    "away",
    "beat",
    "clock",
    "postgres",
    "provider",
    "redis",
    "upgrade",
    "worker",
]
