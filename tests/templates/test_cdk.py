"""What `cdk synth` writes goes up."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.templates.ground import Ground

from yett.templates.deploy import Stack, default_stack_name, deploy
from yett.templates.errors import TemplateRefused
from yett.templates.packaging import Packager

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
DIRECTORY, ARCHIVE = "1f" * 32, "2e" * 32


def function(key: str, role: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": f"{key}.zip"},
            "Handler": "index.handler",
            "Runtime": "python3.11",
            "Role": {"Fn::GetAtt": [role, "Arn"]},
        },
        "DependsOn": [role],
        "Metadata": {"aws:cdk:path": "Pets/Fn/Resource", "aws:asset:path": f"asset.{key}"},
    }


def template() -> dict[str, Any]:
    return {
        "Resources": {
            "FnRole1A2B": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Statement": [
                            {
                                "Action": "sts:AssumeRole",
                                "Effect": "Allow",
                                "Principal": {"Service": "lambda.amazonaws.com"},
                            }
                        ],
                        "Version": "2012-10-17",
                    },
                    "ManagedPolicyArns": [
                        {
                            "Fn::Join": [
                                "",
                                [
                                    "arn:",
                                    {"Ref": "AWS::Partition"},
                                    ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
                                ],
                            ]
                        }
                    ],
                },
                "Metadata": {"aws:cdk:path": "Pets/Fn/ServiceRole/Resource"},
            },
            "Fn9C8D": function(DIRECTORY, "FnRole1A2B"),
            "Zipped7E6F": function(ARCHIVE, "FnRole1A2B"),
            "ApiAccount55": {"Type": "AWS::ApiGateway::Account", "DeletionPolicy": "Retain"},
            "CDKMetadata": {
                "Type": "AWS::CDK::Metadata",
                "Properties": {"Analytics": "v2:deflate64:H4sI"},
                "Condition": "CDKMetadataAvailable",
            },
        },
        "Conditions": {
            "CDKMetadataAvailable": {
                "Fn::Or": [
                    {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, one]} for one in ("af-south-1", "us-east-1")]},
                    {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-west-2"]},
                ]
            }
        },
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
                "Description": "Version of the CDK Bootstrap resources in this environment",
            }
        },
        "Rules": {
            "CheckBootstrapVersion": {
                "Assertions": [{"Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "BootstrapVersion"}]}]}}]
            }
        },
    }


def manifest() -> dict[str, Any]:
    def asset(key: str, path: str, packaging: str) -> dict[str, Any]:
        place = {"bucketName": BUCKET, "objectKey": f"{key}.zip", "assumeRoleArn": "arn:${AWS::Partition}:iam::x"}
        return {
            "displayName": "Fn/Code",
            "source": {"path": path, "packaging": packaging},
            "destinations": {"current_account-current_region": place},
        }

    files = {
        DIRECTORY: asset(DIRECTORY, f"asset.{DIRECTORY}", "zip"),
        ARCHIVE: asset(ARCHIVE, f"asset.{ARCHIVE}.zip", "file"),
    }
    return {"version": "39.0.0", "files": files, "dockerImages": {}}


def synthesize(folder: Path, content: dict[str, Any]) -> Path:
    """A folder as the CDK leaves it; the template in it."""
    out = folder / "cdk.out"
    (out / f"asset.{DIRECTORY}").mkdir(parents=True)
    code = "def handler(event, context): return 1\n"
    (out / f"asset.{DIRECTORY}" / "index.py").write_text(code)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.py", code)
    (out / f"asset.{ARCHIVE}.zip").write_bytes(made.getvalue())
    (out / "PetsStack.assets.json").write_text(json.dumps(manifest()))
    path = out / "PetsStack.template.json"
    path.write_text(json.dumps(content, indent=1))
    return path


async def up(ground: Ground, path: Path) -> Stack:
    return await deploy(
        path,
        stack_name=default_stack_name(path),
        parameters={},
        site=await ground.site(),
        packager=Packager(ground.home, progress=lambda text: None),
        on_progress=ground.events.append,
    )


async def test_assets_are_found_by_the_manifest(ground: Ground) -> None:
    stack = await up(ground, synthesize(ground.home, template()))
    assert stack.name == "PetsStack"
    assert {one.logical_id for one in stack.resources} == {"FnRole1A2B", "Fn9C8D", "Zipped7E6F"}
    assert {one.what for one in stack.ignored} == {"AWS::ApiGateway::Account", "AWS::CDK::Metadata"}
    assert not (await up(ground, ground.home / "cdk.out" / "PetsStack.template.json")).changed


async def test_code_that_the_manifest_does_not_know_is_refused_with_its_line(ground: Ground) -> None:
    content = template()
    content["Resources"]["Fn9C8D"]["Properties"]["Code"]["S3Key"] = "other.zip"
    path = synthesize(ground.home, content)
    line = next(number for number, text in enumerate(path.read_text().split("\n"), 1) if '"Code"' in text)
    with pytest.raises(TemplateRefused, match=rf"PetsStack\.template\.json:{line}: `Fn9C8D`: .*`other\.zip`"):
        await up(ground, path)


async def test_a_manifest_that_is_none_is_refused(ground: Ground) -> None:
    path = synthesize(ground.home, template())
    path.with_name("PetsStack.assets.json").write_text('{"files": {"a": {"source": {"path": "x"}}}}')
    with pytest.raises(TemplateRefused, match=r"PetsStack\.assets\.json: no manifest of assets"):
        await up(ground, path)


async def test_other_rules_are_refused(ground: Ground) -> None:
    content = template()
    content["Rules"]["Mine"] = {}
    with pytest.raises(TemplateRefused, match="the section `Rules` is not offered"):
        await up(ground, synthesize(ground.home, content))
