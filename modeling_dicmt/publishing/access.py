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


def open_repository(repo_id: str, private: bool, repo_type: str = "model") -> None:
    """Make a repository, if there is none.

    Args:
        repo_id: Its name.
        private: Whether a new one is private; one that is there has to be so then, too.
        repo_type: "model" or "dataset".

    Raises:
        ValueError: If it is there and public, but `private` was asked for.
    """
    api = HfApi()
    api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True)
    if private and not api.repo_info(repo_id, repo_type=repo_type).private:
        wanted = "--hub_private_repo False" if repo_type == "model" else "--public"
        raise ValueError(f"{repo_id} is there and is public. Pass {wanted} if that is meant, or another name.")


def reason_of(error: Exception) -> str:
    """The first line of an error, as a sentence."""
    reason = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return reason if reason.endswith(".") else f"{reason}."
