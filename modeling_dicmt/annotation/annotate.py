"""Shards → parts → processes → results: the loop that annotates a hospital."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, groupby, tee
from typing import Any

from ..commands.processes import map_in_processes
from .job import COUNTS, FAILED_NAME, Job
from .job_log import JobLog
from .recognizing import Answer, Recognize, prepare_answers
from .shards import Part, Shard, parts_of


@dataclass(frozen=True)
class Plan:
    """How a job is done.

    Args:
        num_processes: Processes that share the parts; the results do not depend on it.
        max_failures: More records that fail stop the job.
        max_characters: Characters of a part, see `record_chunks`.
        max_records: Records of a part.
        evidence: Whether the entities' evidence is written.
        whole_records: Whether the records are written with their entities, rather than these alone.
        map_parts: What gives the answers to the parts, in their order: `map_in_processes`, or what does the same.
    """

    num_processes: int
    max_failures: int
    max_characters: int
    max_records: int
    evidence: bool
    whole_records: bool = False
    map_parts: Callable[..., Iterator[Answer]] = map_in_processes


def annotate(shards: Sequence[Shard], job: Job, prepare: Callable[[], Recognize], plan: Plan, log: JobLog) -> dict:
    """Write the entities of each shard's records; what is finished already is left as it is.

    Args:
        shards: What is read.
        job: Where it goes.
        prepare: Gives the function that finds the entities of texts, once in each process; picklable.
        plan: How.
        log: What is told of it meanwhile.

    Returns:
        The counts of all shards.

    Raises:
        ValueError: If too many records fail, or somebody wrote to an input or to finished results.
        ChildProcessError: If a process ends before its work does.
        OSError: If a file cannot be read or written.
    """
    totals = dict.fromkeys(COUNTS, 0)
    todo = []
    for shard in shards:
        manifest = job.manifest(shard)
        is_done = manifest is not None and manifest["input"] == shard.content()
        if is_done:
            _count(totals, manifest)
            log.skip(shard.size())
        else:
            todo.append(shard)
            if manifest is not None:
                log.tell(f"{shard.name}: its input was changed since; it is done again.")
    if len(todo) < len(shards):
        log.tell(f"{len(shards) - len(todo):,} of {len(shards):,} shards are finished already.")
    _check_failures(totals, plan)

    if todo:
        parts, again = tee(_parts(todo, job, plan))
        sent = ([_sent(record) for record in part.records if "text" in record] for part in parts)
        prepare_all = partial(prepare_answers, prepare, plan.evidence, plan.whole_records)
        answers = plan.map_parts(prepare_all, sent, plan.num_processes)
        with closing(answers):
            pairs = zip(again, answers, strict=True)
            try:
                for shard, of_shard in groupby(pairs, key=lambda pair: pair[0].shard):
                    _write(shard, of_shard, job, plan, totals, log)
            except ChildProcessError as error:
                raise ChildProcessError(f"{error} What is finished is kept: the same command goes on.") from error
    return totals


def _parts(shards: Iterable[Shard], job: Job, plan: Plan) -> Iterator[Part]:
    for shard in shards:
        content: dict[str, Any] = {}
        try:
            content = shard.content()
            done = job.unfinished(shard, content)
            yield from parts_of(shard, content, done.parts if done else 0, plan.max_characters, plan.max_records)
        except (OSError, ValueError) as error:
            yield Part(shard, content, error=error)
            return


def _sent(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("id", "group", "section", "text") if name in record}


def _write(
    shard: Shard,
    pairs: Iterator[tuple[Part, Answer]],
    job: Job,
    plan: Plan,
    totals: dict[str, int],
    log: JobLog,
) -> None:
    first = next(pairs)
    content = first[0].content
    if first[0].error is not None:
        raise first[0].error
    with job.grow(shard, content) as growing:
        _count(totals, growing.memory)
        if growing.parts:
            log.skip(growing.memory["bytes"])
            log.tell(f"{shard.name}: going on after {growing.memory['records'] + growing.memory['failed']:,} records.")
        for part, answer in chain([first], pairs):
            if part.error is not None:
                raise part.error
            if part.is_last:
                break
            lines, counts = _results(part, answer)
            growing.add(lines, {name: growing.memory[name] + more for name, more in counts.items()})
            _count(totals, counts)
            log.add(counts)
            _check_failures(totals, plan)
        read = growing.memory["bytes"]
        manifest = job.finish(growing, shard, content)
    log.add({"bytes": content["bytes"] - read})  # blank lines, and whatever a format does not tell
    log.write(f"{shard.name}: finished, {manifest['records']:,} records, {manifest['failed']:,} failed.")


def _results(part: Part, answer: Answer) -> tuple[dict[str, str], dict[str, int]]:
    """Lines of the files that grow, and the counts of a part."""
    of_sent = count()
    failed, characters = [], 0
    for record in part.records:
        reason = answer.failed.get(next(of_sent)) if "text" in record else record["reason"]
        if reason is None:
            characters += len(record["text"])
        else:
            failed.append({name: record[name] for name in ("file", "line", "id")} | {"reason": reason})
    counts = {
        "records": len(part.records) - len(failed),
        "characters": characters,
        "entities": answer.entities,
        "failed": len(failed),
        "bytes": sum(record.get("bytes", 0) for record in part.records),
    }
    told = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in failed)
    return {"entities": answer.lines, "failed": told}, counts


def _count(totals: dict[str, int], counts: Mapping[str, Any]) -> None:
    for name in COUNTS:
        totals[name] += counts.get(name, 0)


def _check_failures(totals: Mapping[str, int], plan: Plan) -> None:
    if totals["failed"] > plan.max_failures:
        raise ValueError(
            f"{totals['failed']:,} records failed, of {totals['records'] + totals['failed']:,}: the input may be of "
            f"another kind. {FAILED_NAME} tells why. What is finished is kept; --max_failures allows more than "
            f"{plan.max_failures:,}, and records that were mended are read anew."
        )
