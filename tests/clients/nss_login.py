"""Writes the password store of a Mozilla profile: ``nss_login.py PROFILE ORIGIN USER PASSWORD``, in a process of its own.

Mozilla's programs keep passwords in logins.json, encrypted by a key in key4.db; NSS, the library they use, makes both.
"""

from __future__ import annotations

import base64
import ctypes
import json
import sys
import time
import uuid
from pathlib import Path


class _Item(ctypes.Structure):
    _fields_ = (("type", ctypes.c_uint), ("data", ctypes.c_void_p), ("len", ctypes.c_uint))


class _Nss:
    """The key store of a profile."""

    def __init__(self, profile: Path) -> None:
        self._nss = ctypes.CDLL("libnss3.so")
        self._nss.PK11_GetInternalKeySlot.restype = ctypes.c_void_p
        self._nss.PK11_NeedUserInit.argtypes = [ctypes.c_void_p]
        self._nss.PK11_InitPin.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
        self._nss.PK11_FreeSlot.argtypes = [ctypes.c_void_p]
        self._nss.PK11SDR_Encrypt.argtypes = [ctypes.POINTER(_Item)] * 3 + [ctypes.c_void_p]
        self._good(self._nss.NSS_Initialize(f"sql:{profile}".encode(), b"", b"", b"secmod.db", 0))
        slot = self._nss.PK11_GetInternalKeySlot()
        if self._nss.PK11_NeedUserInit(slot):
            self._good(self._nss.PK11_InitPin(slot, None, b""))
        self._nss.PK11_FreeSlot(slot)

    def _good(self, status: int) -> None:
        if status != 0:
            raise OSError(f"NSS error {self._nss.PORT_GetError()}")

    def encrypt(self, text: str) -> str:
        octets = text.encode()
        kept = ctypes.create_string_buffer(octets, len(octets))
        plain = _Item(0, ctypes.cast(kept, ctypes.c_void_p), len(octets))
        key, secret = _Item(0, None, 0), _Item(0, None, 0)
        self._good(self._nss.PK11SDR_Encrypt(ctypes.byref(key), ctypes.byref(plain), ctypes.byref(secret), None))
        return base64.b64encode(ctypes.string_at(secret.data, secret.len)).decode()

    def close(self) -> None:
        self._good(self._nss.NSS_Shutdown())


def write(profile: Path, origin: str, user: str, password: str) -> None:
    """Make the store with this one password in it."""
    nss = _Nss(profile)
    now = int(time.time() * 1000)
    login = {
        "id": 1,
        "hostname": origin,
        "httpRealm": origin,
        "formSubmitURL": None,
        "usernameField": "",
        "passwordField": "",
        "encryptedUsername": nss.encrypt(user),
        "encryptedPassword": nss.encrypt(password),
        "guid": f"{{{uuid.uuid4()}}}",
        "encType": 1,
        "timeCreated": now,
        "timeLastUsed": now,
        "timePasswordChanged": now,
        "timesUsed": 1,
    }
    nss.close()
    (profile / "logins.json").write_text(json.dumps({"nextId": 2, "logins": [login], "version": 3}))


if __name__ == "__main__":
    write(Path(sys.argv[1]), *sys.argv[2:])
