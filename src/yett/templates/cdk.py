"""What `cdk synth` writes: where the code is that a stack's template names by bucket and key.

Beside ``Stack.template.json`` lies ``Stack.assets.json``: each file asset with its path in the folder, and the bucket
and key under which the template knows it.
Source: https://docs.aws.amazon.com/cdk/v2/guide/assets.html
"""

import json
from pathlib import Path
from typing import Any, Final

from yett.templates.errors import TemplateRefused
from yett.templates.loading import Loaded

TEMPLATE: Final = ".template.json"
MANIFEST: Final = ".assets.json"
BOOTSTRAP: Final = "BootstrapVersion"  # a parameter that asks Systems Manager whether the CDK's bucket is there
BOOTSTRAP_RULE: Final = "CheckBootstrapVersion"  # a rule about that parameter


def is_synthesized(loaded: Loaded) -> bool:
    """Whether the template is the CDK's."""
    return loaded.path.name.endswith(TEMPLATE)


def find_assets(loaded: Loaded) -> dict[str, Path]:
    """Keys of assets, as templates name them, with the directories and files that they stand for.

    Raises:
        TemplateRefused: The manifest is none, or misses something.
    """
    if not is_synthesized(loaded):
        return {}
    path = loaded.path.with_name(loaded.path.name.removesuffix(TEMPLATE) + MANIFEST)
    if not path.exists():
        return {}
    try:
        return assets_of(json.loads(path.read_bytes()), path.parent.resolve())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TemplateRefused(f"no manifest of assets: {error}", path=path) from error


def assets_of(manifest: Any, folder: Path) -> dict[str, Path]:
    """See `find_assets`."""
    found: dict[str, Path] = {}
    for asset in (manifest.get("files") or {}).values():
        if "path" not in asset.get("source", {}):
            continue  # made by a command
        source = (folder / str(asset["source"]["path"])).resolve()
        for destination in asset["destinations"].values():
            found[str(destination["objectKey"])] = source
    return found


def asset_key(code: Any) -> str | None:
    """The key of a ``Code`` that lies in a bucket."""
    key = code.get("S3Key") if isinstance(code, dict) else None
    return key if isinstance(key, str) and "S3Bucket" in code else None
