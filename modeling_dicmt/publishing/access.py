"""Whether this machine may upload to the Hub."""

import re

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HFValidationError, HTTPError, LocalTokenNotFoundError
from huggingface_hub.utils import validate_repo_id


def check_access(repo_id: str | None, default_name: str, option: str = "--hub_model_id") -> str:
    """Find out, before any work is done, whether this machine may upload.

    Args:
        repo_id: The repository, `name` or `owner/name`; None for `default_name` of the user who is logged in.
        default_name: See `repo_id`.
        option: What error messages call `repo_id`.

    Returns:
        The repository's full name.

    Raises:
        ValueError: If the name is none, nobody is logged in, or the Hub cannot be reached.
    """
    name = repo_id or re.sub(r"[^A-Za-z0-9._-]+", "-", default_name).strip("-.")
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ValueError(f"{name!r} cannot name a repository: {reason_of(error)} Pass another {option}.") from error
    if constants.HF_HUB_OFFLINE:
        raise ValueError("HF_HUB_OFFLINE is set, so that nothing can be uploaded: unset it, or do not upload.")
    try:
        user = HfApi().whoami()["name"]
    except LocalTokenNotFoundError as error:
        raise ValueError("Nobody is logged in to the Hub: run `hf auth login`, or set HF_TOKEN.") from error
    except (HTTPError, OSError) as error:
        raise ValueError(f"The Hub does not let you in: {reason_of(error)} Try `hf auth login`.") from error
    return name if "/" in name else f"{user}/{name}"


def reason_of(error: Exception) -> str:
    """The first line of an error, as a sentence."""
    reason = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return reason if reason.endswith(".") else f"{reason}."
