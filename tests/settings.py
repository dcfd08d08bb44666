"""The settings of the tests: a state folder of their own, and passwords that are quick to check."""

import os
import tempfile

os.environ["SAMSYN_STATE"] = tempfile.mkdtemp(prefix="samsyn-test-")
for name in ("SAMSYN_ARCHIVE", "SAMSYN_URL", "SAMSYN_HOST", "SAMSYN_PORT", "SAMSYN_DEMO", "REDIS_URL"):
    os.environ.pop(name, None)

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
