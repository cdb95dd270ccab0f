"""The layers of a function.

Source: https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

import re
from typing import Final

from yett.ports.function_store import LayerUse
from yett.rules.lambda_.limits import LAYERS, UNZIPPED_BYTES
from yett.services.call import Call
from yett.services.iam.authorization import authorize_target
from yett.services.lambda_.errors import AccessDenied, InvalidParameterValue
from yett.values.arn import Arn, NotAnArn

LAYER_VERSION: Final = re.compile(r"layer:([a-zA-Z0-9-_]{1,140}):([0-9]{1,9})")


async def read_layers(call: Call, value: object, *, unzipped_bytes: int) -> tuple[LayerUse, ...]:
    """``Layers``: versions of the account's own layers, in their order, that the caller may get.

    Raises:
        InvalidParameterValue: There are over five, two of one layer, or too much together with the function's
            *unzipped_bytes*; or one is not there.
        AccessDenied: One is another account's.
        ServiceError: AccessDenied: the caller may not get it.
    """
    arns = [str(item) for item in value] if isinstance(value, list | tuple) else []
    if len(arns) > LAYERS:
        raise InvalidParameterValue("You cannot reference more than 5 layers.")
    names = [arn.rpartition(":")[0] for arn in arns]
    if len(set(names)) != len(names):
        raise InvalidParameterValue(
            "Two different versions of the same layer are not allowed to be referenced in the same function."
        )
    layers = tuple([await find_use(call, arn) for arn in arns])
    check_sizes(layers, unzipped_bytes=unzipped_bytes)
    return layers


async def find_use(call: Call, text: str) -> LayerUse:
    """A layer's version, by its ARN."""
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise InvalidParameterValue(f"`{text}` is no ARN of a layer's version") from error
    found = LAYER_VERSION.fullmatch(arn.resource)
    if found is None or arn.service != "lambda":
        raise InvalidParameterValue(f"`{text}` is no ARN of a layer's version")
    if arn.account != call.account:
        raise AccessDenied(f"yett does not offer layers of other accounts: {text} is not the account {call.account}'s")
    authorize_target(call, "lambda:GetLayerVersion", text)
    layer = None
    if arn.region == call.region:
        layer = await call.ports.function_store.find_layer(arn.account, arn.region, found[1], int(found[2]))
    if layer is None or layer.arn != text:  # policies were asked about this very text
        raise InvalidParameterValue(f"Layer version {text} does not exist.")
    return LayerUse(
        arn=layer.arn,
        code_sha256=layer.code_sha256,
        code_bytes=layer.code_bytes,
        unzipped_bytes=layer.unzipped_bytes,
    )


def check_sizes(layers: tuple[LayerUse, ...], *, unzipped_bytes: int) -> None:
    """See that function and layers are not too large together.

    Raises:
        InvalidParameterValue: They are.
    """
    total = unzipped_bytes + sum(layer.unzipped_bytes for layer in layers)
    if total > UNZIPPED_BYTES:
        raise InvalidParameterValue(
            f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_BYTES} bytes. "
            f"The actual size is {total} bytes."
        )
