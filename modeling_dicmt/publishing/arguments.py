"""Command-line arguments of what is uploaded, and where to."""

from dataclasses import dataclass, field


@dataclass
class HubArguments:
    """Where the checkpoint goes on the Hub, and whether its terms go with it."""

    _argument_group_name = "hub"

    hub_model_id: str | None = field(
        default=None,
        metadata={"help": "Repository, owner/name. Default: the folder's name, under the user who is logged in."},
    )
    hub_private_repo: bool = field(default=True, metadata={"help": "Whether the repository is, or becomes, private."})
    publish_dictionary: bool = field(
        default=False, metadata={"help": "Upload the dictionary, and vetted terms of the folder, with the network."}
    )
    withhold_dictionary: bool = field(
        default=False,
        metadata={
            "help": "Upload the network without dictionary and vetted terms; the card says so of the dictionary. A "
            "training then takes the vocabulary from the records alone."
        },
    )
    hub_dataset_id: str | None = field(
        default=None,
        metadata={"help": "Name of the corpus on the Hub, if it is there, so that the Hub lists the results with it."},
    )


@dataclass
class UploadArguments:
    """What is uploaded."""

    _argument_group_name = "upload"

    model_dir: str = field(metadata={"help": "Folder of a trained network."})
    dry_run: bool = field(default=False, metadata={"help": "Only list what would be uploaded, with its size."})
