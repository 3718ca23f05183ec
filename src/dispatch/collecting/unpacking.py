"""Undoing a response's Content-Encoding piece by piece, so that a bomb is noticed before it is in memory."""

import zlib
from collections.abc import AsyncIterator

_ANY_HEADER = 47  # gzip or zlib, whichever it starts with
_NO_HEADER = -15  # "deflate" as some servers misunderstand it


class TooLargeError(ValueError):
    """More bytes than we are willing to read."""


class UnreadableEncodingError(ValueError):
    """A Content-Encoding that we did not ask for, or one that is broken."""


async def unpack(pieces: AsyncIterator[bytes], encoding: str, max_bytes: int) -> bytes:
    """The decoded body, at most `max_bytes` of it; raises TooLargeError or UnreadableEncodingError."""
    unpacker = _unpacker(encoding)
    body = bytearray()
    packed = 0
    async for piece in pieces:
        packed += len(piece)
        body += unpacker.unpack(piece, max_bytes - len(body))
        if max(packed, len(body)) > max_bytes:
            raise TooLargeError
    unpacker.finish()
    return bytes(body)


class _Plain:
    """No encoding at all."""

    def unpack(self, piece: bytes, _room: int) -> bytes:
        return piece

    def finish(self) -> None:
        """Nothing can be missing."""


class _Inflater:
    """gzip (also of several members) and deflate; holds the decompressor between two pieces."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ANY_HEADER)
        self._begun = False

    def unpack(self, piece: bytes, room: int) -> bytes:
        """At most `room` + 1 bytes: the one too many says that there would be more."""
        out = bytearray()
        while piece and len(out) <= room:
            if self._stream.eof:
                # Some servers pad the end with zeros, which is no further member.
                if not piece.startswith(b"\x1f"):
                    break
                self._stream = zlib.decompressobj(_ANY_HEADER)
            out += self._inflate(piece, room + 1 - len(out))
            piece = self._stream.unused_data if self._stream.eof else b""
        return bytes(out)

    def finish(self) -> None:
        if self._begun and not self._stream.eof:
            raise UnreadableEncodingError("its compressed body ends too early; it is tried again later")

    def _inflate(self, piece: bytes, most: int) -> bytes:
        try:
            out = self._stream.decompress(piece, most)
        except zlib.error as error:
            if self._begun:
                raise UnreadableEncodingError("its compressed body is broken; it is tried again later") from error
            self._stream = zlib.decompressobj(_NO_HEADER)
            self._begun = True
            return self._inflate(piece, most)
        self._begun = True
        return out


def _unpacker(encoding: str) -> _Plain | _Inflater:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Inflater()
        case other:
            raise UnreadableEncodingError(f"it is encoded as {other[:40]!r}, which was not asked for")
