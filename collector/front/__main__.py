"""The front process: `python -P -m collector.front`."""

from __future__ import annotations

import logging
import sys

import structlog

from collector.front.process import run_front
from collector.front.start import parse_start
from store.errors import ConfigError, SpanledgerError
from store.logs import configure_logs


def main() -> int:
    """Serve until told to stop; exit code 2 says that starting it again cannot help."""
    try:
        start = parse_start()
        configure_logs(level=start.log_level, form=start.log_format)
        # It reports every malformed request, which anybody can send.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        run_front(start)
    except ConfigError as error:
        sys.stderr.write(f"spanledger: {error}\n")
        return 2
    except SpanledgerError as error:
        sys.stderr.write(f"spanledger: {error}\n")
        return 1
    except OSError as error:
        structlog.stdlib.get_logger("collector.front").error("front_failed", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
