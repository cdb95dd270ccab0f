"""A supplier's HTTP service, as it might run in another team's network: it answers GET with what it was asked."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Supplier(BaseHTTPRequestHandler):
    """Answers every GET with its path and the headers that the gateway sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Say what was asked."""
        sent = {name: value for name, value in self.headers.items() if name.lower().startswith("x-")}
        body = json.dumps({"supplier": "Paws & Co.", "path": self.path, "headers": sent}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Say nothing; the gateway has a log."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "4571"))), Supplier).serve_forever()
