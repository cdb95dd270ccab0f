"""The environment of a function: which names are Lambda's, and what a process finds in it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from collections.abc import Mapping
from typing import Final

# "Reserved environment variables": these may not be set in a function's configuration.
RESERVED: Final = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    ]
)
# Ours beside them: what would take a process out of our hands before its first line. Prefixes.
REFUSED_PREFIXES: Final = ("_LAMBDA_",)
PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def reserved_among(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The names among *variables* that a function may not set, in their order."""
    return tuple(name for name in variables if name in RESERVED or name.startswith(REFUSED_PREFIXES))


def function_environment(
    *,
    name: str,
    version: str,
    region: str,
    handler: str,
    memory_mb: int,
    log_stream: str,
    task_root: str,
    runtime_dir: str,
    runtime_api: str,
    execution_env: str,
    endpoint_url: str,
    credentials: Mapping[str, str],
    layers: str,
    node_major: str,
    variables: Mapping[str, str],
) -> dict[str, str]:
    """The whole environment of a function's process: nothing of ours is inherited.

    *credentials* are the role's, by their variable names, or empty. *layers* is the directory that stands for ``/opt``,
    or empty; *node_major* a Node.js function's ``20``, or empty. *variables* are the function's own; they override
    the defaults that are no reserved names (``PATH``, ``LANG``, ``TZ``), and none that is.
    """
    fixed = {
        "_HANDLER": handler,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": execution_env,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": region,
        "LAMBDA_RUNTIME_DIR": runtime_dir,
        "LAMBDA_TASK_ROOT": task_root,
        **credentials,
    }
    defaults = {
        # A function never falls back to the credentials of whoever runs yett, nor to those of the machine.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "LANG": "en_US.UTF-8",
        "PATH": PATH,
        "PYTHONUTF8": "1",  # en_US.UTF-8 is not installed everywhere
        "TZ": ":UTC",
    }
    if layers:
        defaults |= {"PATH": f"{PATH}:{layers}/bin", "LD_LIBRARY_PATH": f"{task_root}:{task_root}/lib:{layers}/lib"}
    if node_major:
        modules = [f"{layers}/nodejs/node{node_major}/node_modules", f"{layers}/nodejs/node_modules"] if layers else []
        defaults["NODE_PATH"] = ":".join([*modules, f"{task_root}/node_modules"])
    refused = set(reserved_among(variables))
    own = {key: value for key, value in variables.items() if key not in refused}
    return {**defaults, **own, **fixed}
