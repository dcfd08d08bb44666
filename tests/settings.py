"""The settings of the tests: a state folder of their own, and passwords that are quick to check."""

import os
import tempfile

KEPT = ("SAMSYN_TEST_DATA", "SAMSYN_TEST_DATABASE_URL")

for name in [name for name in os.environ if name.startswith("SAMSYN_") and name not in KEPT]:
    del os.environ[name]
os.environ.pop("DATABASE_URL", None)
os.environ.pop("REDIS_URL", None)
os.environ.pop("BROKER_URL", None)
os.environ["SAMSYN_STATE"] = tempfile.mkdtemp(prefix="samsyn-test-")
if os.environ.get("SAMSYN_TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["SAMSYN_TEST_DATABASE_URL"]

from config.settings import *  # noqa: E402, F403
from tests.serving import KERNELS  # noqa: E402

KERNELS.mkdir(mode=0o700, parents=True, exist_ok=True)
os.environ["NUMBA_CACHE_DIR"] = str(KERNELS)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
