"""The torture harness: everything is killed, frozen, filled up and lied to, and nothing may be lost
or doubled."""

from pathlib import Path

REPORTS = Path(__file__).parents[1] / "docs" / "reports"
"""Where the reports of the last whole runs are kept."""
