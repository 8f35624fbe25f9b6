"""Upload of a checkpoint to the Hub, in one commit, with errors that say what to do."""

import logging
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HTTPError

from ..dictionary import DICTIONARY_FILE, TERMS_FILE
from .access import check_access, open_repository, reason_of
from .arguments import HubArguments
from .contents import OWN_FILES, Upload, collect_files, dictionary_choice, listing

logger = logging.getLogger(__name__)


class Push:
    """An upload that is decided on, and found possible, before the work whose result it uploads.

    Args:
        hub: Where to, and whether dictionary and vetted terms go too.
        folder: The checkpoint's folder, which need not be there yet.
        has_terms: Whether the network uses a dictionary, or the folder holds vetted terms.
        dry_run: Only to list; the Hub is not asked then.

    Raises:
        ValueError: If what to do with the terms is left open, or this machine cannot upload.
    """

    def __init__(self, hub: HubArguments, folder: str | Path, has_terms: bool, dry_run: bool = False):
        self.hub, self.folder = hub, Path(folder)
        self.dictionary = dictionary_choice(hub.publish_dictionary, hub.withhold_dictionary, has_terms)
        name = self.folder.resolve().name
        self.repo_id = hub.hub_model_id if dry_run else check_access(hub.hub_model_id, name)

    def files(self) -> list[Upload]:
        """What goes."""
        return collect_files(self.folder, self.dictionary, self.repo_id, self.hub.hub_dataset_id)

    def __call__(self) -> str:
        """Upload; returns the commit's address."""
        uploads = self.files()
        logger.info("Uploading to %s:\n%s", self.repo_id, listing(uploads))
        return upload(uploads, self.repo_id, private=self.hub.hub_private_repo)


def upload(
    uploads: Sequence[Upload], repo_id: str, *, private: bool = True, message: str = "Upload DicMT checkpoint"
) -> str:
    """Bring a repository to just these files, in one commit.

    Files of an earlier upload that are no longer among them are deleted (a dictionary that is now withheld); any other
    file in the repository stays.

    Args:
        uploads: As `collect_files` gives them.
        repo_id: The repository; it is made if there is none.
        private: Whether the repository is, or becomes, private.
        message: The commit's message.

    Returns:
        The commit's address.

    Raises:
        ValueError: If the Hub refuses; the repository's files are then as they were.
    """
    api = HfApi()
    try:
        open_repository(repo_id, private)
        paths = {item.path for item in uploads}
        stale = [path for path in api.list_repo_files(repo_id) if OWN_FILES.fullmatch(path) and path not in paths]
        terms = [path for path in stale if path in (DICTIONARY_FILE, TERMS_FILE)]
        if terms:
            logger.warning(
                "%s goes out of %s, but former commits still hold it: delete the repository, or squash its history, "
                "if nobody is to find it.",
                " and ".join(terms),
                repo_id,
            )
        operations = [CommitOperationDelete(path) for path in stale]
        operations += [
            CommitOperationAdd(item.path, item.source if isinstance(item.source, bytes) else str(item.source))
            for item in uploads
        ]
        return api.create_commit(repo_id, operations, commit_message=message).commit_url
    except (HTTPError, OSError) as error:
        raise ValueError(
            f"The Hub did not take the upload to {repo_id}: {reason_of(error)} Nothing is lost: try again with "
            "`python -m modeling_dicmt.publishing`."
        ) from error
