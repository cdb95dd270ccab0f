"""The embedded DynamoDB's process, run as a script: prints its port, serves until its standard input closes."""

import os
import sys
import threading


def end_with_parent() -> None:
    """Wait until the parent closes our standard input, on purpose or by dying, and end at once."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main() -> None:
    """Serve moto's DynamoDB, and nothing else of moto's, on a free port of the loopback address."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class QuietHandler(MotoRequestHandler):
        """Keeps connections open, and writes no log."""

        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: object) -> None:
            """Requests hold what their callers store: nothing of them is logged."""

    server = make_server("127.0.0.1", 0, create_backend_app("dynamodb"), threaded=True, request_handler=QuietHandler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
