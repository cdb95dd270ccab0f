"""Which runtimes of Lambda's can be served: Python's and Node.js's.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from typing import Final

PYTHON: Final = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
NODE: Final = ("nodejs18.x", "nodejs20.x", "nodejs22.x")


def is_served(runtime: str) -> bool:
    """Whether functions of this runtime can run here, if the machine has what they need."""
    return runtime in PYTHON or is_node(runtime)


def is_node(runtime: str) -> bool:
    """Whether it is one of Node.js's."""
    return runtime in NODE


def node_major(runtime: str) -> str:
    """``20`` of ``nodejs20.x``."""
    return runtime.removeprefix("nodejs").removesuffix(".x")
