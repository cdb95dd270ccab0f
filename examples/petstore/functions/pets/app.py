"""The store's backend: pets in a DynamoDB table, and whoever asked, as the gateway says."""

import json
import os
import uuid

import boto3
from botocore.exceptions import ClientError

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event, context):
    """Answer one call of the API."""
    method, resource = event["httpMethod"], event["resource"]
    if (method, resource) == ("POST", "/pets"):
        return add_pet(event)
    if resource == "/stock/{petId}":
        return show_pet(event)
    if resource == "/orders":
        return answer(200, {"orders": [], "for": event["requestContext"]["authorizer"]["claims"]["client_id"]})
    if resource == "/hours":
        return answer(200, {"open": "09:00", "close": "18:00"})
    if resource == "/rights":
        return show_rights()
    if resource == "/tenants/visits":
        return answer(200, {"tenant": event["requestContext"]["authorizer"]["tenant"]})
    if resource in {"/stock", "/ledger"}:
        return answer(200, {"resource": resource, "caller": event["requestContext"]["identity"]["userArn"]})
    return list_pets(event)


def add_pet(event):
    """Keep a pet under a new id; its owner is whoever the ID token names."""
    claims = event["requestContext"]["authorizer"]["claims"]
    pet = {"petId": str(uuid.uuid4()), "name": json.loads(event["body"])["name"], "owner": claims["cognito:username"]}
    table.put_item(Item=pet)
    return answer(201, pet)


def show_pet(event):
    """One pet, and who asked for it."""
    found = table.get_item(Key={"petId": event["pathParameters"]["petId"]}).get("Item")
    return answer(200, {"pet": found, "caller": event["requestContext"]["identity"]["userArn"]})


def list_pets(event):
    """Every pet, and for whom: the partner or tenant whom an authorizer vouched for, or nobody in particular."""
    authorizer = event["requestContext"].get("authorizer", {})
    pets = table.scan()["Items"]
    return answer(200, {"pets": pets, "for": authorizer.get("principalId"), "tenant": authorizer.get("tenant")})


def show_rights():
    """What the function's role lets it do, tried: its table's policy, other people's users, another role."""
    auditor = {"RoleArn": os.environ["AUDITOR_ARN"], "RoleSessionName": "pets"}
    tries = {
        "dynamodb:GetItem": lambda: table.get_item(Key={"petId": "nobody"}),
        "dynamodb:DeleteItem": lambda: table.delete_item(Key={"petId": "nobody"}),
        "iam:ListUsers": lambda: boto3.client("iam").list_users(),
        "sts:AssumeRole": lambda: boto3.client("sts").assume_role(**auditor),
    }
    return answer(200, {action: attempt(call) for action, call in tries.items()})


def attempt(call):
    """Whether AWS did it, else the code of its refusal."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"


def answer(status, body):
    """A proxy response."""
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
