#!/usr/bin/env python
"""Show a page to try trained networks on records, with terms of one's own.

    python app.py --model_name_or_path OUT
    python app.py --model_name_or_path OUT OTHER --terms TERMS --port 7861

A visitor pastes a record or uploads a file, sees the entities, adds terms and sees at once what they change, switches
between the networks, takes identifiers out, and downloads what is shown. Nothing of it is stored or logged. It needs
Gradio: pip install -e ".[app]".

It is served to this machine alone; --host 0.0.0.0 serves it to all that reach it, without a password. Put what asks for
one, and encrypts, before it where records are a hospital's. In a Space on the Hub app.py reads the options from
app.json, {"model_name_or_path": ["owner/name"]}.
"""

import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event

from data_scripts.formats.options import FormatOptions
from data_scripts.formats.registry import FORMATS, find_files
from data_scripts.formats.streams import open_writer, read
from modeling_dicmt.app.arguments import AppArguments, Limits
from modeling_dicmt.commands.command_line import parse_arguments, run_command
from modeling_dicmt.commands.places import check_place
from modeling_dicmt.commands.recognition_arguments import RecognitionArguments

# Formats of files that are taken from anybody: of text, so that they are no larger in memory than on the disk. The
# others are compressed (parquet, docbin), or several files (brat).
OFFERED = ("jsonl", "csv", "tsv", "text", "doccano", "label_studio", "conll")
ENDINGS = tuple(dict.fromkeys(ending for name in OFFERED for ending in FORMATS[name].suffixes))


def read_file(path: Path) -> Iterator[dict]:
    """The records of a file, without their annotations; in GB18030 where it is not UTF-8."""
    return read(find_files(path), FormatOptions(encoding="gb18030", annotated=False, named=False))


def write_brat(path: Path, records: Iterable[dict]) -> None:
    """Write records as brat has them."""
    with open_writer(path, "brat") as write:
        for record in records:
            write(record)


def run() -> None:
    arguments, limits, recognition = parse_arguments((AppArguments, Limits, RecognitionArguments), __doc__)
    for path in arguments.model_name_or_path:
        check_place(path)
    recognition.check_places()

    from modeling_dicmt.app.serving import private_folder

    with private_folder() as folder:  # before Gradio is imported, which reads where it is
        from modeling_dicmt.app.networks import Networks
        from modeling_dicmt.app.page import Page, import_gradio
        from modeling_dicmt.app.serving import serve
        from modeling_dicmt.app.uploads import Source
        from modeling_dicmt.commands.devices import check_device
        from modeling_dicmt.deidentification import IdentifierFinder

        import_gradio()
        check_device(recognition.device)
        networks = Networks(arguments.model_name_or_path, recognition, arguments.cpu_threads)
        source = Source(read_file, ENDINGS)
        page = Page(networks, IdentifierFinder(), source, write_brat, limits, folder, arguments.language)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what lies in the folder goes with it
        with serve(page, arguments) as blocks:
            print(f"The page is at {blocks.share_url or blocks.local_url}; Ctrl-C ends it.", flush=True)
            Event().wait()


def main() -> None:
    """Entry point of the console command `dicmt-app`."""
    run_command(run, "The page has ended.")


if __name__ == "__main__":
    main()
