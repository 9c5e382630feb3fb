"""Damage to real files, the same every time: each piece is named by file, kind and seed alone."""

import random
import struct
from collections.abc import Iterator

CUTS = 50
TAIL = (100, 12, 4, 2, 1)  # bytes missing at the end, where readers are lenient
SEED = 20_261_120


def cuts(data: bytes, count: int = CUTS) -> Iterator[bytes]:
    """The file cut off at places spread over it, denser at the start, where the tags are; the last few at its end."""
    spread = count - len(TAIL)
    for index in range(spread):
        yield data[: int(len(data) * (index / spread) ** 2) + index]
    for missing in TAIL:
        yield data[:-missing]


def flipped(data: bytes, name: str, seed: int) -> bytes:
    """One to eight bits turned, half of the time in the tags and the head of the compressed frame."""
    source = random.Random(f"{SEED}-{name}-{seed}")
    damaged = bytearray(data)
    reach = len(data) if source.random() < 0.5 else min(len(data), 6000)
    for _ in range(source.choice((1, 1, 2, 8))):
        damaged[source.randrange(reach)] ^= 1 << source.randrange(8)
    return bytes(damaged)


def lying_lengths(data: bytes) -> Iterator[bytes]:
    """The pixel element, and the tags before it, with lengths that are not true."""
    for tag in (
        b"\xe0\x7f\x10\x00",
        b"\x10\x00\x10\x00",
        b"\x28\x00\x10\x00",
        b"\x08\x00\x18\x00",
        b"\x02\x00\x00\x00",
    ):
        at = data.find(tag)
        if at < 0:
            continue
        for length in (0, 1, 0x7FFF, 0xFFFE, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            for offset in (4, 6, 8):
                yield data[: at + offset] + struct.pack("<I", length) + data[at + offset + 4 :]


def lying_dimensions(data: bytes) -> Iterator[bytes]:
    """Rows, columns, bits and frames that the pixels do not bear out."""
    for tag in (
        b"\x28\x00\x10\x00US\x02\x00",
        b"\x28\x00\x11\x00US\x02\x00",
        b"\x28\x00\x00\x01US\x02\x00",
        b"\x28\x00\x01\x01US\x02\x00",
    ):
        at = data.find(tag)
        if at >= 0:
            for value in (0, 1, 7, 255, 4096, 32767, 65535):
                yield data[: at + 8] + struct.pack("<H", value) + data[at + 10 :]
    for marker in (b"\xff\xc0\x00\x0b", b"\xff\xc3\x00\x0b", b"\xff\xf7\x00\x0b", b"\xff\xc1\x00\x0b"):
        at = data.find(marker)
        if at >= 0:
            for size in ((65535, 65535), (1, 1), (0, 0), (30000, 2)):
                yield data[: at + 5] + struct.pack(">HH", *size) + data[at + 9 :]
    at = data.find(b"\xff\x4f\xff\x51")
    if at >= 0:
        for place in (8, 12, 16, 20, 24, 28, 32, 36):
            for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
                yield data[: at + place] + struct.pack(">I", value) + data[at + place + 4 :]
