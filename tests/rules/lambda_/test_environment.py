from hypothesis import given
from hypothesis import strategies as st

from yett.rules.lambda_.environment import RESERVED, function_environment, reserved_among


def environment(variables: dict[str, str], *, layers: str = "", node_major: str = "") -> dict[str, str]:
    return function_environment(
        name="f",
        version="7",
        layers=layers,
        node_major=node_major,
        region="us-east-1",
        handler="app.handler",
        memory_mb=128,
        log_stream="stream",
        task_root="/code",
        runtime_dir="/runtime",
        runtime_api="127.0.0.1:1/token",
        execution_env="AWS_Lambda_python3.11",
        endpoint_url="http://localhost:4566",
        credentials={"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"},
        variables=variables,
    )


@given(st.dictionaries(st.sampled_from(sorted(RESERVED)) | st.text(max_size=8), st.text(max_size=4)))
def test_no_variable_of_a_function_overrides_what_is_lambdas(variables: dict[str, str]) -> None:
    plain = environment({})
    made = environment(variables)
    assert all(made.get(name) == plain.get(name) for name in RESERVED)
    assert set(made) - set(plain) <= set(variables)


def test_the_reserved_names_are_told_in_their_order() -> None:
    given_ = {"OWN": "1", "_HANDLER": "x", "AWS_REGION": "y", "_LAMBDA_TELEMETRY_LOG_FD": "3", "PATH": "z"}
    assert reserved_among(given_) == ("_HANDLER", "AWS_REGION", "_LAMBDA_TELEMETRY_LOG_FD")
    assert environment(given_)["PATH"] == "z"
    assert environment({})["TZ"] == ":UTC"


def test_no_credentials_but_the_roles_can_be_found() -> None:
    made = environment({})
    assert (made["AWS_SHARED_CREDENTIALS_FILE"], made["AWS_CONFIG_FILE"]) == ("/dev/null", "/dev/null")
    assert made["AWS_EC2_METADATA_DISABLED"] == "true"


def test_layers_are_on_every_path_after_what_is_lambdas_and_the_functions() -> None:
    made = environment({}, layers="/opt", node_major="20")
    assert made["AWS_LAMBDA_FUNCTION_VERSION"] == "7"
    assert made["PATH"] == "/usr/local/bin:/usr/bin:/bin:/opt/bin"
    assert made["LD_LIBRARY_PATH"] == "/code:/code/lib:/opt/lib"
    assert made["NODE_PATH"] == "/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/code/node_modules"
    assert not {"LD_LIBRARY_PATH", "NODE_PATH"} & set(environment({}))
    assert environment({}, node_major="20")["NODE_PATH"] == "/code/node_modules"
