"""Bounds of OAuth requests; ours."""

from typing import Final

FORM_BYTES: Final = 65_536
FORM_FIELDS: Final = 50
