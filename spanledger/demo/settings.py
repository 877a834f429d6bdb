"""The configuration that a demo starts with, where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from spanledger.config import FILE_NAME
from spanledger.layout import make_data_dir

_TEXT: Final = """\
# Written by `spanledger demo`, which never changes a file that is there; what it says is yours to edit.

[[budget]]
name = "each user's 30 days"
limit = 100.0
unit = "usd"
period = "30d"
group_by = ["user_id"]
warn_at = 0.8
"""


def write_demo_settings(data_dir: Path) -> None:
    """Write a configuration with a budget for every user; an existing one stays as it is."""
    file = make_data_dir(data_dir) / FILE_NAME
    if not file.exists():
        file.write_text(_TEXT, encoding="utf-8")
