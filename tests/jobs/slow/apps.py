"""The app that registers the kind of job "count"."""

import os
import time
from pathlib import Path

from django.apps import AppConfig


class SlowConfig(AppConfig):
    """Registers `count`: `steps` steps of `pause` seconds, each a line in the file `path`."""

    name = "tests.jobs.slow"

    def ready(self) -> None:
        from viewer import jobs  # noqa: PLC0415 (models exist only from here on)

        @jobs.kind("count", "Counting")
        def count(job: jobs.Running) -> None:
            path, steps, pause = Path(job.arguments["path"]), job.arguments["steps"], job.arguments["pause"]
            for step in range(steps):
                job.progress(step, steps)
                with path.open("a") as file:
                    file.write(f"{os.getpid()} {step} {time.time()}\n")
                time.sleep(pause)
            with path.open("a") as file:
                file.write(f"{os.getpid()} done {time.time()}\n")
