"""The runs of a plan, each a process of its own: finished ones are skipped, interrupted ones resumed, failures kept.

Every run has a folder. A process that works in it holds a lock on it, so that runners may share an output folder, and
one that is started again does not disturb a run that outlived its runner.
"""

import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import torch

from data_scripts.records import Records
from modeling_dicmt.commands.progress import progress
from modeling_dicmt.evaluation.clinical_ner import count_mentions
from modeling_dicmt.files import write_json

from .baselines.voting import vote
from .planning import Plan, Run
from .recording import (
    FAILED,
    FINISHED,
    PREFIXES,
    ResultStore,
    describe,
    figures,
    predictions_file,
    read_predictions,
    write_part,
)
from .specification import MODEL_OF_KIND, NETWORK_ARGUMENTS

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 0.2
# For what a run does when it is told to end; the states that it resumes from are written as it goes.
STOP_SECONDS = 30
# What does a run of each kind; all others are a matter of `experiments.baselines`.
PROGRAMS = {
    "network": ("run_ner.py",),
    "baseline_network": ("-m", "experiments.baselines.networks"),
    "typed_crfs": ("-m", "experiments.baselines.typed_crfs"),
    "known_terms": ("-m", "experiments.adding_terms"),
}
OTHER_PROGRAM = ("-m", "experiments.baselines")
RUNS_FOLDER = "runs"
LOG_FILE, SETTINGS_FILE, CLAIM_FILE, RESULTS_FILE = "log.txt", "experiment.json", ".claim", "all_results.json"


@dataclass(frozen=True)
class Options:
    """How the runs are done.

    Args:
        output_dir: Folder for their folders.
        jobs: Runs at a time.
        num_processes: Processes of each network's training.
        keep_models: Whether weights stay; else only figures, predictions and logs do.
        retry_failed: Whether runs are done again that are recorded as failed.
        max_minutes: Minutes after which a run is stopped and recorded as failed; 0 for never.
    """

    output_dir: Path
    jobs: int = 1
    num_processes: int = 1
    keep_models: bool = False
    retry_failed: bool = False
    max_minutes: float = 0


@dataclass
class _Process:
    run: Run
    process: subprocess.Popen
    claim: TextIO
    slot: int
    started: float


class Runner:
    """Does what is left of a plan.

    Args:
        plan: The plan.
        parts: The corpus's records.
        results: Where the figures go.
        options: How.
    """

    def __init__(self, plan: Plan, parts: Mapping[str, Records], results: ResultStore, options: Options):
        self.plan, self.parts, self.results, self.options = plan, parts, results, options
        self.processes: list[_Process] = []
        self.done_before: set[Run] = set()

    def run(self) -> dict[str, int]:
        """Do all runs; returns how many were done, failed, had been done before, and are not to be done here."""
        waiting = self._to_do()
        possible = [run for run in self.plan.runs if not run.missing]
        counts = {FINISHED: 0, FAILED: 0}
        counts |= {"before": len(possible) - len(waiting), "not run": len(self.plan.runs) - len(possible)}
        bar = progress(total=len(possible), initial=counts["before"], unit="run")
        logger.info(
            "%d runs, %d of them done before; %d at a time.", len(possible), counts["before"], self.options.jobs
        )
        try:
            with bar:
                while waiting or self.processes:
                    ended = self._collect() or self._start(waiting)
                    for run, result in ended:
                        counts[result["status"]] += 1
                        bar.update()
                        bar.write(_line(run, result))
                    if not ended:
                        time.sleep(POLL_SECONDS)
        finally:
            self._stop_all()
        return counts

    def folder(self, run: Run) -> Path:
        """Where a run works."""
        return self.options.output_dir / RUNS_FOLDER / run.name

    def is_done(self, run: Run) -> bool:
        """Whether there is nothing left to do for a run."""
        result = self.results.get(run.name)
        return result is not None and not (self.options.retry_failed and result["status"] == FAILED)

    def _to_do(self) -> list[Run]:
        self.done_before = {run for run in self.plan.runs if self.is_done(run)}
        done = {run.name for run in self.done_before}
        waiting = [run for run in self.plan.runs if run.members and not run.missing and run.name not in done]
        for run in waiting:
            for member in run.members:
                # The figures may have come from elsewhere, and what else a run leaves may have been removed.
                lacking = self._lacking(run, member) if member.name in done else ""
                if lacking and self.results.get(member.name)["status"] == FINISHED:
                    logger.info(
                        "%s is done again: its %s, which %s needs, is not here.", member.name, lacking, run.name
                    )
                    done.discard(member.name)
        return [run for run in self.plan.runs if not run.missing and run.name not in done]

    def _lacking(self, run: Run, member: Run) -> str:
        """What a run needs of a member, beyond its figures, and does not find in its folder; empty if nothing."""
        if run.system.kind == "known_terms":
            return "" if self._model(member).exists() else "model"
        parts = (part for part in PREFIXES if part in self.parts)
        has_all = all(predictions_file(self.folder(member), part).exists() for part in parts)
        return "" if has_all else "list of predictions"

    def _model(self, run: Run) -> Path:
        return self.folder(run) / MODEL_OF_KIND[run.system.kind]

    def _awaits_model(self, member: Run) -> bool:
        """Whether a run that is still to be done takes a member's model."""
        return any(
            run.system.kind == "known_terms" and member in run.members and not run.missing and not self.is_done(run)
            for run in self.plan.runs
        )

    def _start(self, waiting: list[Run]) -> list[tuple[Run, dict[str, Any]]]:
        """Start what can be started; returns what was done at once."""
        slots = set(range(self.options.jobs)) - {process.slot for process in self.processes}
        under_way = {process.run.name for process in self.processes} | {run.name for run in waiting}
        for run in list(waiting):
            if any(member.name in under_way for member in run.members):
                continue
            if run.members and (run.system.kind == "vote" or self._failed_members(run)):
                waiting.remove(run)
                return [(run, self._combine(run))]
            if not slots:
                continue
            claim = _claim(self.folder(run))
            if claim is None:
                continue  # another runner's, or a process that outlived one: look again later
            if self.is_done(run) and run not in self.done_before and not self._awaits_model(run):  # by another runner
                waiting.remove(run)
                claim.close()
                return [(run, self.results.get(run.name))]
            if self._awaits_model(run) and not self._model(run).exists():
                (self.folder(run) / RESULTS_FILE).unlink(missing_ok=True)  # what it stands for is trained again
            if (self.folder(run) / RESULTS_FILE).exists():
                waiting.remove(run)
                result = self._record(run, 0, None)
                claim.close()
                return [(run, result)]
            waiting.remove(run)
            self.processes.append(self._launch(run, claim, slots.pop()))
        return []

    def _launch(self, run: Run, claim: TextIO, slot: int) -> _Process:
        folder = self.folder(run)
        settings = {**run.settings, "seed": run.seed, "output_dir": str(folder)}
        program = PROGRAMS.get(run.system.kind, OTHER_PROGRAM)
        launcher = [sys.executable]
        if run.system.kind == "known_terms":
            settings |= _member_settings(run, self.folder(run.members[0]))
        elif run.system.kind in NETWORK_ARGUMENTS:
            if self.options.jobs > 1:
                settings["cpu_threads"] = max(1, (os.cpu_count() or 1) // self.options.jobs)
            if self.options.num_processes > 1:
                launcher += ["-m", "accelerate.commands.launch", "--num_processes", str(self.options.num_processes)]
        else:
            settings["kind"] = run.system.kind
        command = [*launcher, *(str(ROOT / part) if part.endswith(".py") else part for part in program)]
        write_json(folder / SETTINGS_FILE, settings)
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        devices = torch.cuda.device_count()
        if devices > 1 and self.options.jobs > 1 and self.options.num_processes == 1:
            environment["CUDA_VISIBLE_DEVICES"] = str(slot % devices)
        with open(folder / LOG_FILE, "a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*command, str(folder / SETTINGS_FILE)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # an interrupt is handed on by this process, once
                pass_fds=(claim.fileno(),) if fcntl is not None else (),
            )
        return _Process(run, process, claim, slot, time.monotonic())

    def _collect(self) -> list[tuple[Run, dict[str, Any]]]:
        """Record the processes that have ended."""
        ended = []
        for item in list(self.processes):
            status = item.process.poll()
            minutes = (time.monotonic() - item.started) / 60
            if status is None and self.options.max_minutes and minutes > self.options.max_minutes:
                _stop(item.process, signal.SIGKILL)
                item.process.wait()
                status = f"stopped after {minutes:.1f} minutes (--max_minutes_per_run)"
            if status is not None:
                self.processes.remove(item)
                ended.append((item.run, self._record(item.run, status, minutes)))
                item.claim.close()
        return ended

    def _record(self, run: Run, status: int | str, minutes: float | None) -> dict[str, Any]:
        folder = self.folder(run)
        result = describe(run, self.plan.preset.name, _command(run))
        if minutes is not None:
            result["minutes"] = round(minutes, 2)
        reason = status if isinstance(status, str) else _reason(status, folder / LOG_FILE)
        if not reason:
            try:
                result |= figures(folder, self.parts)
            except (OSError, ValueError, KeyError) as error:
                reason = f"its results cannot be read: {error}"
        result |= {"status": FAILED, "reason": reason} if reason else {"status": FINISHED}
        self.results.put(run.name, result)
        if not reason:
            for member in (run, *run.members):
                self._tidy(member)
        return result

    def _failed_members(self, run: Run) -> list[str]:
        return [
            f"{member.name}: {found['reason']}"
            for member in run.members
            if (found := self.results.get(member.name)) is not None and found["status"] == FAILED
        ]

    def _combine(self, run: Run) -> dict[str, Any]:
        """Combine what the members found, if none failed; done in this process."""
        result = describe(run, self.plan.preset.name, "")
        folder = self.folder(run)
        if failed := self._failed_members(run):
            result |= {"status": FAILED, "reason": f"a member failed: {failed[0]}"}
        else:
            folder.mkdir(parents=True, exist_ok=True)
            scores: dict[str, Any] = {}
            mentions = count_mentions(self.parts["train"])
            for part in PREFIXES:
                if part in self.parts:
                    found = vote([read_predictions(self.folder(member), part) for member in run.members])
                    scores |= write_part(folder, part, self.parts[part][: len(found)], found, mentions)
            write_json(folder / RESULTS_FILE, scores)
            result |= figures(folder, self.parts) | {"status": FINISHED}
        self.results.put(run.name, result)
        return result

    def _tidy(self, run: Run) -> None:
        """Remove what takes space: states to resume from, and unless it is asked for or awaited, the model."""
        folder = self.folder(run)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        if not self.options.keep_models and not self._awaits_model(run):
            shutil.rmtree(folder / MODEL_OF_KIND["spacy"], ignore_errors=True)
            kept = {LOG_FILE, SETTINGS_FILE, CLAIM_FILE, RESULTS_FILE, "history.json"}
            for path in folder.iterdir():
                if (
                    path.is_file()
                    and path.name not in kept
                    and not path.name.startswith(("predictions_", "errors_", "report_"))
                ):
                    path.unlink()

    def _stop_all(self) -> None:
        for item in self.processes:
            # Not SIGINT, which whatever a shell starts in the background ignores.
            _stop(item.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for item in self.processes:
            try:
                item.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _stop(item.process, signal.SIGKILL)
            item.claim.close()
        self.processes.clear()


def _claim(folder: Path) -> TextIO | None:
    """The right to work in a folder, as long as this process or the one that is given it lives; None if it is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = open(folder / CLAIM_FILE, "a", encoding="utf-8")
    if fcntl is not None:
        try:
            # Of the open file, not of the process, so that a process that is started keeps it.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return None
    return handle


def _stop(process: subprocess.Popen, sign: int) -> None:
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:  # it has just ended
        pass


def _reason(status: int, log: Path) -> str:
    """Why a process ended, empty if it ended well."""
    if status == 0:
        return ""
    if status < 0:
        name = signal.Signals(-status).name
        return f"killed by {name}" + (", as a machine without memory left does" if name == "SIGKILL" else "")
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("error")]
    return (told or lines or [f"status {status}"])[-1].removeprefix("error: ")[:500]


def _command(run: Run) -> str:
    """What was run, with names in the place of paths."""
    values = {**run.public_settings, "seed": run.seed}
    if run.system.kind == "known_terms":
        values |= _member_settings(run, Path(RUNS_FOLDER, run.members[0].name))
    arguments = [
        part
        for name, value in values.items()
        if value is not None
        for part in (f"--{name}", *map(str, value if isinstance(value, list | tuple) else [value]))
    ]
    program = PROGRAMS.get(run.system.kind) or (*OTHER_PROGRAM, "--kind", run.system.kind)
    return shlex.join([*program, *arguments])


def _member_settings(run: Run, folder: Path) -> dict[str, str]:
    """What `experiments.adding_terms` is told of what it gives terms to."""
    return {"kind": run.members[0].system.kind, "model_dir": str(folder)}


def _line(run: Run, result: Mapping[str, Any]) -> str:
    if result["status"] == FAILED:
        return f"{run.name}: FAILED, {result['reason']}"
    scores = result["parts"]["validation"]["scores"]
    minutes = f", {result['minutes']:.1f} minutes" if "minutes" in result else ""
    return f"{run.name}: development F1 {scores['f1']:.4f}{minutes}"
