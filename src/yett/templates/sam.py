"""SAM templates become CloudFormation by AWS's own translator; local code and definitions are set aside to be packed.

Source: https://github.com/aws/serverless-application-model
"""

import copy
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from yett.templates.cdk import asset_key, find_assets
from yett.templates.errors import TemplateRefused
from yett.templates.loading import Loaded, load_document

TRANSFORM: Final = "AWS::Serverless-2016-10-31"
LOCAL_BUCKET: Final = "yett-local"  # stands for this machine where the translator wants an S3 bucket
# Types that have code, and the property that says where it is.
CODED: Final = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::LayerVersion": "Content",
}
LAYERS: Final = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
DEFINED: Final = ("AWS::Serverless::Api",)


class Translated(Struct, frozen=True):
    """A CloudFormation template, and where the code is that it names."""

    template: dict[str, Any]
    code: Mapping[str, Path]  # S3 key in LOCAL_BUCKET -> directory
    is_sam: bool


class Session:
    """What the translator asks of boto3: the Region."""

    def __init__(self, region: str) -> None:
        self.region_name = region


def has_sam(template: Mapping[str, Any]) -> bool:
    """Whether the template asks for the SAM transform."""
    transform = template.get("Transform", [])
    return TRANSFORM in (transform if isinstance(transform, list) else [transform])


def translate(
    loaded: Loaded, *, parameters: Mapping[str, Any], managed_policies: Mapping[str, str], region: str
) -> Translated:
    """The template in CloudFormation's own terms.

    Args:
        parameters: Values, those of lists joined by commas.
        managed_policies: Names of AWS's managed policies with their ARNs.

    Raises:
        TemplateRefused: The translator refuses it; with the line of the resource that it names.
    """
    template = copy.deepcopy(loaded.content)
    code = set_code_aside(template, loaded) | set_assets_aside(template, loaded)
    if not has_sam(template):
        return Translated(template, code, is_sam=False)
    read_definitions(template, loaded)
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it warns of its own feature switches
    translator = Translator(dict(managed_policies), Parser(), boto_session=Session(region))
    try:
        translated: dict[str, Any] = translator.translate(template, parameter_values=dict(parameters))
    except InvalidDocumentException as error:
        raise refusal(loaded, error) from error
    translated.pop("Transform", None)
    return Translated(plain(translated), code, is_sam=True)


def plain(value: Any) -> Any:
    """The value without the translator's own kinds of text, which not every encoder takes."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def refusal(loaded: Loaded, error: InvalidDocumentException) -> TemplateRefused:
    """The translator's complaints, with the line of the first resource that they name."""
    causes: list[ExceptionWithMessage] = list(error.causes)
    logical_id = next((str(one._logical_id) for one in causes if getattr(one, "_logical_id", None)), None)
    line = None if logical_id is None else loaded.line_of_resource(logical_id)
    message = "; ".join(str(one.message) for one in causes) or str(error.message)
    return TemplateRefused(message, path=loaded.path, line=line)


def set_code_aside(template: dict[str, Any], loaded: Loaded) -> dict[str, Path]:
    """Put a mark in the place of every local path of code."""
    code: dict[str, Path] = {}

    def mark(place: str, holder: dict[str, Any], name: str) -> None:
        given = holder.get(name)
        if isinstance(given, str) and not given.startswith("s3://"):
            code[place] = loaded.path.parent / given
            local = {"S3Bucket": LOCAL_BUCKET, "S3Key": place}
            holder[name] = f"s3://{LOCAL_BUCKET}/{place}" if name.endswith("Uri") else local

    shared = template.get("Globals", {}).get("Function")
    if isinstance(shared, dict):
        mark("Globals", shared, "CodeUri")
    for logical_id, resource in template["Resources"].items():
        member = CODED.get(resource.get("Type", "")) if isinstance(resource, dict) else None
        if member is not None and resource["Type"] in LAYERS and "BuildMethod" in (resource.get("Metadata") or {}):
            text = f"`{logical_id}`: layers are not built here: name the directory as it shall lie below /opt"
            raise loaded.refuse(text, "Resources", logical_id, "Metadata", "BuildMethod")
        if member is not None and isinstance(resource.get("Properties"), dict):
            mark(logical_id, resource["Properties"], member)
    return code


def set_assets_aside(template: dict[str, Any], loaded: Loaded) -> dict[str, Path]:
    """Put a mark in the place of every asset that the CDK has written beside its template.

    Raises:
        TemplateRefused: Code lies in a bucket and is no such asset.
    """
    code: dict[str, Path] = {}
    assets = find_assets(loaded)
    for logical_id, resource in template["Resources"].items():
        member = CODED.get(resource.get("Type", "")) if isinstance(resource, dict) else None
        if member is None:
            continue
        properties = resource.get("Properties") or {}
        key = asset_key(properties.get(member))
        if key is None or properties[member]["S3Bucket"] == LOCAL_BUCKET:
            continue
        if key not in assets:
            text = f"`{logical_id}`: code in S3 is not offered, and no asset beside the template has the key `{key}`"
            raise loaded.refuse(text, "Resources", logical_id, "Properties", member)
        code[logical_id] = assets[key]
        properties[member] = {"S3Bucket": LOCAL_BUCKET, "S3Key": logical_id}
    return code


def read_definitions(template: dict[str, Any], loaded: Loaded) -> None:
    """Read the OpenAPI files that APIs name."""
    for logical_id, resource in template["Resources"].items():
        if not isinstance(resource, dict) or resource.get("Type") not in DEFINED:
            continue
        properties = resource.get("Properties") or {}
        given = properties.get("DefinitionUri")
        if isinstance(given, str) and not given.startswith("s3://"):
            del properties["DefinitionUri"]
            properties["DefinitionBody"] = load_document(loaded.path.parent / given)
        elif given is not None:
            raise loaded.refuse(
                f"`{logical_id}`: definitions in S3 are not offered",
                "Resources",
                logical_id,
                "Properties",
                "DefinitionUri",
            )
