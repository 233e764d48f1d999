"""What a TLS connection has that no other has, to bind an exchange to it (RFC 5056).

- ``tls-exporter`` (RFC 9266), under TLS 1.3;
- ``tls-unique`` (RFC 5929 section 3), under TLS 1.2 with the extended master secret (RFC 7627), without which it is not
  unique;
- ``tls-server-end-point`` (RFC 5929 section 4), under both.

Python has no function for the first and the last, though the OpenSSL it runs on has, so OpenSSL is asked directly. The
handle of the connection lies in CPython's own object, next to a pointer to its context; it is used only where that pointer
is the right one and where OpenSSL then knows the same Finished message as Python. Anywhere else there is no channel
binding, and none is offered: a client that can bind takes tls-exporter or tls-unique without asking, and would not sign in.
"""

from __future__ import annotations

import _ssl
import ctypes
import functools
import hashlib
import ssl
import sys
from collections.abc import Callable
from typing import Any, Final

_LABEL: Final = b"EXPORTER-Channel-Binding"
_LENGTH: Final = 32
_FINISHED: Final = 64
"""Octets of the longest Finished message."""
_GET_EXTMS_SUPPORT: Final = 122
"""SSL_CTRL_GET_EXTMS_SUPPORT of OpenSSL's ssl.h."""


def channel_binding(tls: ssl.SSLObject | None) -> Callable[[str], bytes | None] | None:
    """Return what gives the octets of a binding by its name, or None where the connection cannot be bound to.

    ``tls`` is what a transport has as ``ssl_object``; None: no TLS.
    """
    library = _library()
    if tls is None or library is None:
        return None
    handle = _handle(library, tls)
    if handle is None:
        return None
    version = tls.version()
    if version == "TLSv1.2" and library.SSL_ctrl(handle, _GET_EXTMS_SUPPORT, 0, None) != 1:
        return None
    if version not in ("TLSv1.2", "TLSv1.3"):
        return None

    def octets(name: str) -> bytes | None:
        if name == "tls-server-end-point":
            return _server_end_point(library, handle)
        if name == "tls-exporter" and version == "TLSv1.3":
            return _export(library, handle)
        if name == "tls-unique" and version == "TLSv1.2":
            return tls.get_channel_binding("tls-unique")
        return None

    return octets


@functools.cache
def _library() -> Any:
    """Return the OpenSSL that Python's ssl module runs on, or None where its functions cannot be reached."""
    if sys.implementation.name != "cpython":
        return None
    try:
        library = ctypes.PyDLL(getattr(_ssl, "__file__", None))
        for name, result, arguments in _FUNCTIONS:
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError):
        return None
    return library


_POINTER: Final = ctypes.c_void_p
_INT: Final = ctypes.c_int
_SIZE: Final = ctypes.c_size_t
_INTS: Final = ctypes.POINTER(ctypes.c_int)
_FUNCTIONS: Final[tuple[tuple[str, Any, list[Any]], ...]] = (
    ("SSL_ctrl", ctypes.c_long, [_POINTER, _INT, ctypes.c_long, _POINTER]),
    ("SSL_get_finished", _SIZE, [_POINTER, _POINTER, _SIZE]),
    ("SSL_get_peer_finished", _SIZE, [_POINTER, _POINTER, _SIZE]),
    ("SSL_get_certificate", _POINTER, [_POINTER]),
    (
        "SSL_export_keying_material",
        _INT,
        [_POINTER, _POINTER, _SIZE, ctypes.c_char_p, _SIZE, ctypes.c_char_p, _SIZE, _INT],
    ),
    ("X509_get_signature_info", _INT, [_POINTER, _INTS, _INTS, _INTS, _POINTER]),
    ("i2d_X509", _INT, [_POINTER, _POINTER]),
    ("OBJ_nid2sn", ctypes.c_char_p, [_INT]),
)


def _handle(library: Any, tls: ssl.SSLObject) -> int | None:
    """Return OpenSSL's handle of a connection, or None where it is not certain to be it."""
    inner: object = getattr(tls, "_sslobj", None)
    if type(inner).__module__ != "_ssl" or type(inner).__name__ != "_SSLSocket":
        return None
    # struct PySSLSocket begins with the object's head, a weak reference, the SSL handle, and the context.
    start = object.__basicsize__
    words = ctypes.c_size_t * 3
    if type(inner).__basicsize__ < start + ctypes.sizeof(words):
        return None
    _, handle, context = words.from_address(id(inner) + start)
    if context != id(tls.context) or not handle:
        return None
    known = tls.get_channel_binding("tls-unique")
    finished = [_finished(function, handle) for function in (library.SSL_get_finished, library.SSL_get_peer_finished)]
    return handle if known and known in finished else None


def _finished(function: Any, handle: int) -> bytes:
    buffer = ctypes.create_string_buffer(_FINISHED)
    size = function(handle, buffer, _FINISHED)
    return buffer.raw[:size]


def _export(library: Any, handle: int) -> bytes | None:
    """RFC 9266 section 2"""
    buffer = ctypes.create_string_buffer(_LENGTH)
    done = library.SSL_export_keying_material(handle, buffer, _LENGTH, _LABEL, len(_LABEL), b"", 0, 1)
    return buffer.raw if done == 1 else None


def _server_end_point(library: Any, handle: int) -> bytes | None:
    """RFC 5929 section 4.1: a hash of the certificate by the hash of its signature, but never by MD5 or SHA-1."""
    certificate = library.SSL_get_certificate(handle)
    if not certificate:
        return None
    identifier, _, _ = numbers = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    if library.X509_get_signature_info(certificate, *map(ctypes.byref, numbers), None) != 1:
        return None
    name = (library.OBJ_nid2sn(identifier) or b"").decode("ascii").lower()
    if name in ("md5", "sha1"):
        name = "sha256"
    size = library.i2d_X509(certificate, None)
    if size <= 0 or name not in ("sha224", "sha256", "sha384", "sha512"):
        return None
    buffer = ctypes.create_string_buffer(size)
    place = ctypes.c_void_p(ctypes.addressof(buffer))
    library.i2d_X509(certificate, ctypes.byref(place))
    return hashlib.new(name, buffer.raw).digest()
