"""Upload the folder of a trained network to the Hub.

    python -m modeling_dicmt.publishing --model_dir OUT --hub_model_id owner/name --withhold_dictionary --dry_run

lists what would be uploaded: weights, configuration, vocabulary, code, card and figures; dictionary and vetted terms
only with --publish_dictionary. Predictions, reports, states and logs are text of patients' records and stay where they
are. Without --dry_run it is uploaded, to a repository that is private unless --hub_private_repo False is given.
"""

import logging

from ..commands.command_line import parse_arguments, run_command
from .arguments import HubArguments, UploadArguments
from .contents import has_terms, listing
from .upload import Push


def run() -> None:
    arguments, hub = parse_arguments((UploadArguments, HubArguments), __doc__)
    push = Push(hub, arguments.model_dir, has_terms(arguments.model_dir), arguments.dry_run)
    if arguments.dry_run:
        print(listing(push.files()))
    else:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        print(push())


def main() -> None:
    """Entry point of the console command `dicmt-push`."""
    run_command(run)


if __name__ == "__main__":
    main()
