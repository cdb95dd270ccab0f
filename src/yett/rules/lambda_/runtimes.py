"""Which runtimes of Lambda's can be served: Python's.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from typing import Final

PYTHON: Final = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")


def is_served(runtime: str) -> bool:
    """Whether functions of this runtime can run here."""
    return runtime in PYTHON
