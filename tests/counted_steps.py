"""How much work a function does, as the number of Python's instructions: what a clock says differs from run to run."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_steps(function: Callable[[], Any]) -> int:
    """Instructions that a call takes; those within C code do not count."""
    steps = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        function()
    finally:
        sys.settrace(before)
    return steps


def is_linear(function: Callable[[Any], Any], small: Any, double: Any) -> bool:
    """Whether twice as much takes about twice the work."""
    return count_steps(lambda: function(double)) < 2.5 * count_steps(lambda: function(small))
