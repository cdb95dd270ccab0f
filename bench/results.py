"""Files of figures: one a run, never written over."""

import json
from itertools import count
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parent / "results"


def write(report: dict[str, Any], name: str) -> Path:
    """Write the file under a name that no other has."""
    RESULTS.mkdir(exist_ok=True)
    for number in count(1):
        path = RESULTS / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        try:
            with path.open("x") as file:
                file.write(json.dumps(report, indent=2) + "\n")
        except FileExistsError:
            continue
        return path
    raise AssertionError("numbers do not end")
