"""Tests of compiled twins run where there are any; and where everything must run, there must be."""

import os

import pytest

from yett import compiled


def needs_twin(module: str) -> pytest.MarkDecorator:
    """Skip, loudly, where a compiled module was not built; where continuous integration lacks it the tests fail."""
    is_left_out = "CI" not in os.environ or not compiled.IS_WANTED
    return pytest.mark.skipif(
        not compiled.is_there(module) and is_left_out,
        reason="SKIPPED: no compiled twins here: not built (no compiler, or no headers of Python's), or not wanted",
    )
