"""Our own log: one line an event on standard error. It holds no header value, token, body or secret, and no local
variables.
"""

import logging
import sys
from typing import TextIO

import structlog


def configure_logging(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Set structlog up for this process. A traceback is printed as Python prints it: values of variables may be
    secret.
    """
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns about features of AWS's own pipeline
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
