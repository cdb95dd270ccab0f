"""Lambda's bounds.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from typing import Final

PAYLOAD_BYTES: Final = 6_291_456  # 6 MB, request and response of a synchronous invocation
EVENT_PAYLOAD_BYTES: Final = 1_048_576  # 1 MB, an asynchronous one
ZIP_BYTES: Final = 52_428_800  # 50 MB, a deployment package uploaded directly
UNZIPPED_BYTES: Final = 262_144_000  # 250 MB
ZIP_ENTRIES: Final = 100_000  # ours: no package known comes near it
ENVIRONMENT_BYTES: Final = 4096  # 4 KB, all variables together
POLICY_BYTES: Final = 20_480  # 20 KB, a function's resource-based policy
LOG_TAIL_BYTES: Final = 4096  # what LogType=Tail gives
LAYERS: Final = 5  # of a function
TAGS: Final = 50
LIST_ITEMS: Final = 50  # ListFunctions gives at most this many a page
