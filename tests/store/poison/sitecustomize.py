"""Loaded by every Python that has this folder on its path: a JPEG-LS frame that ends in POISON ends its decoder."""

import os
import signal
from typing import Any

import imagecodecs

POISON = b"POISON"
decoded = imagecodecs.jpegls_decode


def jpegls_decode(data: bytes, *arguments: Any, **how: Any) -> Any:
    """Decode, or die as a decoder does that writes where it may not."""
    if bytes(data).rstrip(b"\0").endswith(POISON):
        os.kill(os.getpid(), signal.SIGSEGV)
    return decoded(data, *arguments, **how)


imagecodecs.jpegls_decode = jpegls_decode
