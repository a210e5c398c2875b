"""``python -m smara.cli``."""

from __future__ import annotations

import sys

from smara.cli import main

sys.exit(main())
