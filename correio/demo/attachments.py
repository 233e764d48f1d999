"""What hangs on the demo's messages, made here so that no binary files lie about."""

from __future__ import annotations

import io
import math
import struct
import time
import wave
import zlib

_RATE = 8000
_DAY = 86_400


def picture(width: int = 160, height: int = 100) -> bytes:
    """Return a sunset as a PNG."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            height_left = 1 - y / height
            sun = math.hypot(x - width * 0.6, y - height * 0.62) < height * 0.2
            sea = y > height * 0.72
            red, green, blue = (20, 60 + y // 4, 110) if sea else (250, 110 + int(90 * height_left), 70 + y // 2)
            rows += bytes((255, 235, 160) if sun and not sea else (red, green, blue))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR" + header, b"IDAT" + zlib.compress(bytes(rows), 9), b"IEND")
    body = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def sound(seconds: float = 0.4) -> bytes:
    """Return a note of 440 Hz as a WAV file."""
    octets = io.BytesIO()
    count = int(_RATE * seconds)
    with wave.open(octets, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(_RATE)
        file.writeframes(
            bytes(
                128 + int(90 * math.sin(2 * math.pi * 440 * n / _RATE) * math.sin(math.pi * n / count))
                for n in range(count)
            )
        )
    return octets.getvalue()


def spreadsheet() -> bytes:
    """Return a small CSV file (RFC 4180)."""
    rows = ("Item,Valor", "Aluguel,1200.00", "Luz e água,180.50", "Internet,99.90", "Café,35.00", "Total,1515.40")
    return "".join(row + "\r\n" for row in rows).encode()


def calendar(now: int) -> bytes:
    """Return an invitation (RFC 5545) for ten o'clock UTC on the second day from ``now``."""
    start = (now // _DAY + 2) * _DAY + 10 * 3600
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Correio//Demo//PT",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:cafe.demo@origem.test",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(start)}",
        f"DTEND:{_utc(start + 3600)}",
        "SUMMARY:Café com o Orlando",
        "LOCATION:Padaria da esquina",
        "ORGANIZER;CN=Orlando Magalhães:mailto:orlando@origem.test",
        "ATTENDEE;CN=Maria Conceição;RSVP=TRUE:mailto:maria@destino.test",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(line + "\r\n" for line in lines).encode()


def _utc(seconds: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
