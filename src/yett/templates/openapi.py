"""A plain OpenAPI document as a template: an API, a deployment of it, and the stage ``prod``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

API: Final = "Api"
DEPLOYMENT: Final = "Deployment"
STAGE: Final = "Stage"
STAGE_NAME: Final = "prod"
BODY: Final = ("Resources", API, "Properties", "Body")

Way = tuple[str | int, ...]


def is_openapi(content: Any) -> bool:
    """Whether a document says that it is OpenAPI, of any version."""
    return isinstance(content, dict) and "Resources" not in content and bool({"openapi", "swagger"} & set(content))


def template_around(document: Mapping[str, Any], lines: Mapping[Way, int], path: Path) -> tuple[Any, dict[Way, int]]:
    """A template that has the document as its API's body, and the lines of its parts in the document's file."""
    info = document.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    api = {"Ref": API}
    resources = {
        API: {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": str(title or path.stem), "Body": document},
        },
        DEPLOYMENT: {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": api}},
        STAGE: {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": api, "DeploymentId": {"Ref": DEPLOYMENT}, "StageName": STAGE_NAME},
        },
    }
    moved: dict[Way, int] = {(*BODY, *way): line for way, line in lines.items()}
    moved |= {("Resources", logical_id): 1 for logical_id in resources}
    address = f"https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE_NAME}"
    return {"Resources": resources, "Outputs": {"Url": {"Value": {"Fn::Sub": address}}}}, moved
