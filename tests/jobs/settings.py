"""The settings of servers and workers that tests start: the real ones, and one kind of job that does nothing slowly."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.slow.apps.SlowConfig"]
