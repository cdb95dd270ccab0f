"""Compiled twins: what a few small functions are also there as, in C, where yett was installed beside a compiler.

A twin answers what is plain and frequent as its Python definition would, and None where anything is unusual, whereupon
the definition decides. So nothing needs it, and nothing but the cost of a call tells whether it is there.
``YETT_COMPILED=0`` in the environment leaves all of them aside.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

IS_WANTED: Final = os.environ.get("YETT_COMPILED") != "0"


def twin(module: str, name: str) -> Callable[..., Any]:
    """The function of this name in a compiled module; without it, one that leaves everything to the definition.

    A module that was built before the function was written has none.
    """
    if IS_WANTED:
        try:
            found: Callable[..., Any] = getattr(import_module(module), name, _nothing)
        except ImportError:
            return _nothing
        return found
    return _nothing


def is_there(module: str) -> bool:
    """Whether a compiled module was built, and is wanted."""
    try:
        return IS_WANTED and import_module(module) is not None
    except ImportError:
        return False


def _nothing(*_: object) -> None:
    """Leave it to the definition."""
