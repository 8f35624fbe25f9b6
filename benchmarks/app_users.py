"""Many visitors of the page at once, each with records and terms of its own.

    python -m benchmarks.app_users --model_name_or_path OUT

starts the page on this machine as its command starts it. Each visitor asks again and again, as the page in a browser
does, with another record and other terms each time. Every answer is compared with what the recogniser says of just that
record and those terms, so that an answer of another visitor is seen. Told are the answers, how long they took, and how
many requests were refused because too many waited.
"""

import json
import os
import random
import re
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from data_scripts.sample import SAMPLE_FOLDER
from modeling_dicmt.app.arguments import Limits
from modeling_dicmt.app.networks import Networks
from modeling_dicmt.app.recognising import Request, recognise
from modeling_dicmt.app.view import show_result
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.recognition_arguments import RecognitionArguments

ROOT = Path(__file__).parents[1]
_STARTING = 600  # seconds that a busy machine may take


@dataclass(kw_only=True)
class UserArguments:
    """Who visits the page."""

    _argument_group_name = "users"

    model_name_or_path: str = field(metadata={"help": "Folder of a trained network."})
    users: int = field(default=20, metadata={"help": "Visitors at the same time.", "minimum": 1})
    seconds: float = field(default=60, metadata={"help": "How long they ask.", "above": 0})
    requests_of_user: int = field(default=5, metadata={"help": "Different requests of each visitor.", "minimum": 1})
    characters: int = field(default=500, metadata={"help": "Characters of a record, about.", "minimum": 1})


def make_requests(arguments: UserArguments, networks: Networks) -> list[list[Request]]:
    """For each visitor its requests: records put together from the sample, and words of them as terms."""
    lines = (SAMPLE_FOLDER / "test.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    (name,) = networks
    draw = random.Random(1)

    def request(number: int) -> Request:
        text = f"第{number}份。"
        while len(text) < arguments.characters:
            text += draw.choice(texts)
        starts = [draw.randrange(len(text) - 4) for _ in range(3)]
        words = [re.sub(r"[\s、;；:：。]", "", text[start : start + 4]) or "无" for start in starts]
        terms = "\n".join(f"{draw.choice(networks[name].types)}：{word}" for word in words[:2])
        return Request([{"id": "", "text": text}], name, terms, words[2], draw.random() < 0.5)

    numbers = iter(range(arguments.users * arguments.requests_of_user))
    return [[request(next(numbers)) for _ in range(arguments.requests_of_user)] for _ in range(arguments.users)]


class Visitor:
    """Asks the page as it asks itself in a browser: a place in the queue, then the answer from a stream.

    Args:
        address: The page's.
        requests: What it asks, one after the other, again and again.
        expected: The right answers.
    """

    def __init__(self, address: str, requests: Sequence[Request], expected: Sequence[str]):
        self._address, self._pairs = address, cycle(zip(requests, expected, strict=True))
        self._session = secrets.token_hex(8)
        self._types: list[str] = []  # those that are chosen, as the page said last
        self.seconds: list[float] = []
        self.counts: Counter[str] = Counter()

    def ask_until(self, end: float) -> None:
        """Ask until a time of the clock."""
        with httpx.Client(base_url=f"{self._address}/gradio_api", timeout=120) as client:
            config = httpx.get(f"{self._address}/config", timeout=120).json()
            button = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == "run")
            call = next(item["id"] for item in config["dependencies"] if [button, "click"] in item["targets"])
            while time.monotonic() < end:
                request, expected = next(self._pairs)
                begin = time.monotonic()
                answer = self._ask(client, call, request)
                if answer is None:
                    self.counts["refused"] += 1
                    time.sleep(1)  # as somebody who reads that it is busy
                    continue
                self.seconds.append(time.monotonic() - begin)
                self.counts["right" if answer == expected else "wrong"] += 1

    def _ask(self, client: httpx.Client, call: int, request: Request) -> str | None:
        text = request.records[0]["text"]
        given = ["zh", text, None, request.network, request.terms, request.not_terms, request.force]
        body = {"data": [*given, None, "changes", self._types, 0], "fn_index": call, "session_hash": self._session}
        joined = client.post("/queue/join", json=body)
        if joined.status_code == 503:
            return None
        event = joined.raise_for_status().json()["event_id"]
        with client.stream("GET", "/queue/data", params={"session_hash": self._session}) as stream:
            for line in stream.iter_lines():
                if not line.startswith("data:"):
                    continue
                told: dict[str, Any] = json.loads(line.removeprefix("data:"))
                if told.get("event_id") == event and told["msg"] == "process_completed":
                    if not told["success"]:
                        return str(told["output"])
                    _, _, shown, *_, types = told["output"]["data"]
                    self._types = types["value"]
                    return shown
        raise ValueError("The page's answer ended before it was whole.")


def measure(arguments: UserArguments) -> dict[str, Any]:
    """Let visitors ask, and count."""
    limits = Limits()
    networks = Networks([arguments.model_name_or_path], RecognitionArguments())
    requests = make_requests(arguments, networks)
    expected = [
        [show_result(recognise(networks, request, limits), "changes", (), 0, "zh") for request in of_user]
        for of_user in requests
    ]
    folder = Path(arguments.model_name_or_path).resolve()
    command = [sys.executable, str(ROOT / "app.py"), "--model_name_or_path", str(folder), "--port", "0"]
    with TemporaryDirectory() as temporary:
        log = Path(temporary) / "log"
        with open(log, "wb") as output:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=temporary)
        try:
            address = _address(process, log)
            visitors = [Visitor(address, *pair) for pair in zip(requests, expected, strict=True)]
            end = time.monotonic() + arguments.seconds
            with ThreadPoolExecutor(len(visitors)) as threads:
                list(threads.map(lambda visitor: visitor.ask_until(end), visitors))
        finally:
            process.terminate()
            process.wait()
    counts = sum((visitor.counts for visitor in visitors), Counter())
    seconds = [each for visitor in visitors for each in visitor.seconds]
    if counts["wrong"] or not seconds:
        raise ValueError(f"Not every answer is right: {dict(counts)}.")
    median, most = np.percentile(seconds, [50, 95]).tolist()
    return {
        **{name: counts[name] for name in ("right", "wrong", "refused")},
        "requests a second": round(len(seconds) / arguments.seconds, 2),
        "median seconds": round(median, 2),
        "95 % within seconds": round(most, 2),
    }


def _address(process: subprocess.Popen, log: Path) -> str:
    end = time.monotonic() + _STARTING
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(r"The page is at (\S+);", log.read_text(encoding="utf-8")):
            return found[1].rstrip("/")
        time.sleep(0.2)
    raise ValueError(f"The page does not start: {log.read_text(encoding='utf-8')}")


def run() -> None:
    (arguments,) = parse_arguments((UserArguments,), __doc__)
    for name, figure in measure(arguments).items():
        print(f"{name:20} {figure}")


if __name__ == "__main__":
    run_command(run)
