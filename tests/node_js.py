"""Tests that need Node.js: left out, loudly, where it is not installed; with ``CI`` set they are tried and fail."""

import os
import shutil

import pytest

needs_node = pytest.mark.skipif(
    shutil.which("node") is None and not os.environ.get("CI"),
    reason="NOT TESTED WITH NODE.JS: `node` is not installed",
)
