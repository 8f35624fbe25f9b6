"""The device that a command is told to run on."""

import torch


def check_device(name: str, option: str = "--device") -> None:
    """Raise ValueError if torch cannot compute on a device here, with torch's reason."""
    try:
        torch.zeros(1, device=name).cpu()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"{option} {name} cannot be used here: {str(error).splitlines()[0]}") from error
