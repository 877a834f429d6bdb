"""Runs commands as the script does, in this process: a process a command would cost the start of Python each time."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from spanledger.cli import main


def run_bytes(*arguments: str | Path, code: int = 0, stdin: str | None = None) -> bytes:
    """Run a command; return its output, or its errors where it should fail."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["spanledger", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        try:
            main()
            returned = 0
        except SystemExit as ended:
            returned = ended.code
    written = [stream.buffer.getvalue() for stream in (out, err)]
    assert returned == code, (returned, *(text[-2000:] for text in written))
    return written[0 if code == 0 else 1]


def run(*arguments: str | Path, code: int = 0, stdin: str | None = None) -> str:
    """Run a command; return what it wrote as text."""
    return run_bytes(*arguments, code=code, stdin=stdin).decode()
