"""Reads QR codes with another library than the one that writes them, from the bytes of a PNG image."""

import struct
import zlib

import zxingcpp


def read_qr_code(image: bytes) -> list[str]:
    """What the QR codes in a one-bit grey image say."""
    width, height, rows = read_png(image)
    return [found.text for found in zxingcpp.read_barcodes(memoryview(rows).cast("B", (height, width)))]


def read_png(image: bytes) -> tuple[int, int, bytes]:
    """Width, height, and a byte for each pixel."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    position, data, width, height = 8, b"", 0, 0
    while position < len(image):
        length, kind = struct.unpack(">I4s", image[position : position + 8])
        body = image[position + 8 : position + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", image[position + 8 + length : position + 12 + length])[0]
        if kind == b"IHDR":
            width, height, *rest = struct.unpack(">IIBBBBB", body)
            assert rest == [1, 0, 0, 0, 0]
        elif kind == b"IDAT":
            data += body
        position += 12 + length
    raw, stride = zlib.decompress(data), (width + 7) // 8
    before, pixels = bytes(stride), b""
    for start in range(0, len(raw), stride + 1):
        line = raw[start + 1 : start + 1 + stride]
        if raw[start] == 2:  # each byte is told by how much it differs from the one above it
            line = bytes((own + above) & 255 for own, above in zip(line, before, strict=True))
        before = line
        pixels += bytes(255 * ((line[x // 8] >> (7 - x % 8)) & 1) for x in range(width))
    return width, height, pixels
