"""Where a study's tasks are made: here one after the other, on a Ray cluster, or by Slurm's jobs.

A task is done by one process with threads of a fixed number, so that its runs are the same wherever and in
whatever order. One whose process or machine dies is made again; nothing else is lost.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.experiments.study import AnyStudy, RunRecord, with_run
from fluxttice_core.experiments.tasks import Show, Task, machine_record, made_elsewhere
from fluxttice_core.extras import require_extra
from fluxttice_core.ray_cluster import connected, explained
from fluxttice_core.storage.atomic_write import write_json

EngineName = Literal["local", "ray", "slurm"]

_ATTEMPTS = 3
_QUEUED = 256
"""Jobs that stand in Slurm's queue at once."""
_MINUTES = 240
"""Time limit of a job, unless SBATCH_TIMELIMIT says another."""
_POLL, _QUEUE_POLL, _SHARED = 0.5, 5.0, 15.0
"""Seconds between looks at processes, between looks at Slurm's queue, and until a shared file is seen."""

Made = list[RunRecord] | FluxtticeError
Progress = Callable[[str, float], None]


def run_tasks(
    study: AnyStudy, path: Path, tasks: Sequence[Task], *, engine: EngineName, progress: Progress
) -> AnyStudy:
    """Make a study's missing tasks; after every run the file is written anew, whole or not at all."""
    before, total = len(study.runs), sum(len(task.missing) for task in tasks)

    def show(label: str) -> None:
        progress(label, (len(study.runs) - before) / total)

    for run in made(tasks, engine, path.parent, show):
        study = with_run(study, run)
        write_json(path, study.model_dump(mode="json"))
    progress("done", 1.0)
    return study


def made(tasks: Sequence[Task], engine: EngineName, folder: Path, show: Show) -> Iterator[RunRecord]:
    """Make tasks, all of as many threads, and yield their runs as they are finished.

    On `ray`, the cluster of RAY_ADDRESS, else this machine's cores; on `slurm`, as jobs, or as processes of
    this machine where there is no Slurm. Its machines share the folder, from which what it needs is removed.
    """
    if engine == "local":
        for task in tasks:
            yield from task.runs(show)
    elif tasks and engine == "ray":
        with connected() as ray:
            yield from _made_by(_Ray(ray, tasks), tasks, show)
    elif tasks:
        with _slurm(tasks, folder) as pool:
            yield from _made_by(pool, tasks, show)


class _Ray:
    """Tasks of a cluster; none is the result of one whose process or machine died."""

    def __init__(self, ray: Any, tasks: Sequence[Task]) -> None:
        cores = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0)
        self._ray, self._here, self.at_once = ray, machine_record(), len(tasks)
        # A task that asks for more than any machine has would wait for ever.
        self._make = ray.remote(max_retries=0, num_cpus=min(tasks[0].threads, cores))(made_elsewhere)

    def begin(self, task: Task) -> Any:
        return self._make.remote(task, self._here)

    def wait(self, jobs: list[Any]) -> Any:
        return self._ray.wait(jobs, num_returns=1)[0][0]

    def result(self, job: Any) -> Made | None:
        errors = self._ray.exceptions
        with explained(self._ray, "the extra train"):
            try:
                made: Made = self._ray.get(job)
            except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError):
                return None
        return made

    def cancel(self, job: Any) -> None:
        self._ray.cancel(job, force=True)


class _Processes:
    """Processes of this machine, as many as its cores allow."""

    def __init__(self, executor: Any, threads: int) -> None:
        self._executor, self._here = executor, machine_record()
        self.at_once = max(1, (os.cpu_count() or 1) // threads)

    def begin(self, task: Task) -> Any:
        with _unheard():
            return self._executor.submit(made_elsewhere, task, self._here)

    def wait(self, jobs: list[Any]) -> Any:
        while not (ended := self._ended(jobs)):
            time.sleep(_POLL)
        return ended[0]

    def _ended(self, jobs: list[Any]) -> list[Any]:
        return [job for job in jobs if job.done()]

    def result(self, job: Any) -> Made | None:
        from submitit.core.utils import FailedJobError

        if not _written(job):
            return None
        try:
            made: Made = job.result()
        except FailedJobError as error:
            reason = str(error).split("-" * 22)[1].strip().splitlines()[-1]
            return MeasurementError(
                f"a job failed with {reason:.200}: let the machines share this folder and this installation "
                "of Python",
                "unreachable",
            )
        return made

    def cancel(self, job: Any) -> None:
        job.cancel(check=False)
        while not job.done():
            time.sleep(_POLL)


class _Jobs(_Processes):
    """Jobs of Slurm. Its queue says which have ended: not every Slurm keeps accounts that tell more."""

    def __init__(self, executor: Any, threads: int) -> None:
        super().__init__(executor, threads)
        self.at_once = _QUEUED

    def _ended(self, jobs: list[Any]) -> list[Any]:
        time.sleep(_QUEUE_POLL)
        asked = [shutil.which("squeue") or "squeue", "--me", "--noheader", "--format=%A"]
        found = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
        queue = {job.job_id for job in jobs} if found.returncode else set(found.stdout.split())
        return [job for job in jobs if job.paths.result_pickle.exists() or job.job_id not in queue]

    def cancel(self, job: Any) -> None:
        job.cancel(check=False)


def _written(job: Any) -> bool:
    """Whether a job that has ended has left a result, for which a shared folder may take its time."""
    patience = time.monotonic() + _SHARED
    while job.paths.result_pickle not in job.paths.folder.iterdir():
        if time.monotonic() > patience:
            return False
        time.sleep(_POLL)
    return True


def _made_by(pool: _Ray | _Processes, tasks: Sequence[Task], show: Show) -> Iterator[RunRecord]:
    queue, running = deque((task, 1) for task in tasks), dict[Any, tuple[Task, int]]()
    show(f"{len(tasks)} tasks")
    try:
        while queue or running:
            while queue and len(running) < pool.at_once:
                task, attempt = queue.popleft()
                running[pool.begin(task)] = task, attempt
            job = pool.wait(list(running))
            task, attempt = running.pop(job)
            found = pool.result(job)
            if isinstance(found, FluxtticeError):
                raise found
            if found is not None:
                yield from found
                show(f"made {task.name}")
            elif attempt < _ATTEMPTS:
                show(f"lost {task.name}: made again")
                queue.append((task, attempt + 1))
            else:
                raise MeasurementError(
                    f"{task.name} was lost {attempt} times: give its process memory and time, or use "
                    "--engine local; started again, the command goes on from the result file",
                    "unreachable",
                )
    finally:
        for job in running:
            pool.cancel(job)


@contextlib.contextmanager
def _slurm(tasks: Sequence[Task], folder: Path) -> Iterator[_Processes]:
    require_extra("slurm", "--engine slurm")
    import submitit

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".jobs-", dir=folder, ignore_cleanup_errors=True) as place:
        executor = submitit.AutoExecutor(folder=place)
        executor.update_parameters(name="fluxttice", timeout_min=_MINUTES, cpus_per_task=tasks[0].threads)
        yield (_Jobs if executor.cluster == "slurm" else _Processes)(executor, tasks[0].threads)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Let processes that begin here write nothing to the terminal: cancelled ones show how they end."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
