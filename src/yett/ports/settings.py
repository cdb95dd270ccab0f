"""What whoever runs yett has chosen, as far as rules and services need to know it."""

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """Choices that hold for the life of the process."""

    account: str = "123456789012"
    region: str = "us-east-1"
    public_url: str = "http://localhost:4566"  # where clients reach the listener; user pools' issuers lie below it
    port: int = 4566  # of that listener
    cognito_issuer_is_aws: bool = (
        False  # YETT_COGNITO_ISSUER=aws: tokens carry https://cognito-idp.{region}.amazonaws.com/{pool}
    )
    strict_signed_headers: bool = False  # every x-amz-... header must be signed
    denial_wording_is_current: bool = True  # AWS's two wordings of a denial (spec 01, section 3)
    echo_canonical_request: bool = True  # in a signature mismatch, as AWS does
    decisions_kept: int = 4096  # of each API and process, for `yett explain`
    decisions_allowed_one_in: int = 1  # calls that were allowed: so many are counted for each one that is kept
    access_log: str | None = None  # the file that has a line for each call of any API
    traces: bool = False  # whether calls leave OpenTelemetry spans
    is_loopback: bool = False  # nobody but this machine reaches the listener
    permits_private_upstreams: bool = True  # a loopback listener may reach private and loopback addresses

    def issuer(self, pool_id: str) -> str:
        """The ``iss`` of a user pool's tokens, below which its keys and discovery document lie."""
        if self.cognito_issuer_is_aws:
            return f"https://cognito-idp.{pool_id.partition('_')[0]}.amazonaws.com/{pool_id}"
        return f"{self.public_url}/{pool_id}"
