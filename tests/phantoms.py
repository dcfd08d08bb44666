"""The phantoms of known truth, shared by every test that looks at pixels."""

from worklist.demo.phantoms import (
    TRANSFORMS,
    Spoken,
    Transform,
    Unreadable,
    ball_phantom,
    read,
    rod_phantom,
    speaking_phantom,
)

__all__ = [
    "TRANSFORMS",
    "Spoken",
    "Transform",
    "Unreadable",
    "ball_phantom",
    "read",
    "rod_phantom",
    "speaking_phantom",
]
