"""`yett outbox`: the messages to users that were kept instead of being sent: codes, temporary passwords."""

import os
import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from yett.ports.messages import OUTBOX, Message
from yett.server.settings import read_settings

DEFAULT_TAIL: Final = 20


@click.command()
@click.option(
    "--tail", default=DEFAULT_TAIL, show_default=True, type=click.IntRange(min=0), help="How many messages back."
)
@click.option("--to", "recipient", help="Only messages to this address or username.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def outbox(*, tail: int, recipient: str | None, as_json: bool) -> None:
    """Show the messages that user pools would have sent, the newest last."""
    path = read_settings(os.environ).home / OUTBOX
    found = [m for m in read_messages(path) if recipient is None or recipient in (m.destination, m.username)]
    for message in found[-tail:] if tail else []:
        line = msgspec.json.encode(message).decode() if as_json else render_text(message)
        sys.stdout.write(f"{line}\n")


def read_messages(path: Path) -> list[Message]:
    """The messages of an outbox; none if nothing was ever sent.

    Raises:
        click.ClickException: The file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise click.ClickException(f"the outbox `{path}` cannot be read: {error.strerror}") from error
    return [message for line in lines if (message := parse_line(line)) is not None]


def parse_line(line: bytes) -> Message | None:
    """A message; None for a line that was cut off."""
    try:
        return msgspec.json.decode(line, type=Message)
    except msgspec.DecodeError:
        return None


def render_text(message: Message) -> str:
    """The message for a person. What a terminal would act on is shown as its code."""
    head = f"{message.at:%Y-%m-%d %H:%M:%S}  {message.kind}  {message.medium} to {message.destination}"
    text = f"{head}  (user {message.username}, pool {message.pool_id})\n  {message.body}"
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
