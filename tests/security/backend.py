"""A backend that keeps every byte it is sent, and sees requests where a strict reader sees them."""

import socket
import threading
from dataclasses import dataclass, field

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Type: text/plain\r\n\r\nbackend"


@dataclass
class Backend:
    """Listens on loopback from ``with`` on; ``requests`` are (head, body) in the order of arrival."""

    requests: list[tuple[bytes, bytes]] = field(default_factory=list)

    def __enter__(self) -> "Backend":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in tuple(self._open):
            connection.close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def heads(self) -> list[str]:
        """The heads so far, as text."""
        return [head.decode("latin-1") for head, _ in self.requests]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        try:
            while True:
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                head, _, data = data.partition(b"\r\n\r\n")
                size = length_of(head)
                while len(data) < size:
                    data += connection.recv(65536)
                self.requests.append((head, data[:size]))
                data = data[size:]
                connection.sendall(ANSWER)
        except OSError:
            return
        finally:
            self._open.discard(connection)
            connection.close()


def length_of(head: bytes) -> int:
    """The one Content-Length of a head; 0 without one."""
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    assert len(lengths) <= 1, head
    assert b"transfer-encoding" not in head.lower(), head
    return int(lengths[0].partition(b":")[2]) if lengths else 0
