"""Plain OpenAPI documents go up."""

from tests.templates.ground import Ground

DOCUMENT = """\
openapi: 3.0.1
info: {title: pets, version: "1"}
paths:
  /pets:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
"""


async def test_a_document_becomes_an_api_with_a_stage(ground: Ground) -> None:
    stack = await ground.up(DOCUMENT)
    (address,) = stack.apis
    assert address.stage == "prod"
    plan = await ground.wired.ports.plans.resolve(address.api_id, "prod")
    assert plan is not None
    assert [one.name for one in plan.methods] == ["GET /pets"]
    (url,) = stack.outputs
    assert url.local == address.url


async def test_a_changed_document_is_deployed(ground: Ground) -> None:
    first = await ground.up(DOCUMENT)
    second = await ground.up(DOCUMENT.replace("/pets:", "/cats:"))
    assert second.apis == first.apis
    plan = await ground.wired.ports.plans.resolve(first.apis[0].api_id, "prod")
    assert plan is not None
    assert [one.name for one in plan.methods] == ["GET /cats"]
    assert not (await ground.up(DOCUMENT.replace("/pets:", "/cats:"))).changed


async def test_a_fault_is_told_where_it_stands(ground: Ground) -> None:
    reason = await ground.refusal(DOCUMENT.replace("type: mock", "type: kafka"))
    assert reason.startswith("template.yaml:7: "), reason
