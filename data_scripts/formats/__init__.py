"""Formats of records, one file each, reading and writing side by side.

    files = find_files("export.json")                      # which format they have is told from their names
    with open_writer("records.parquet") as write:
        for record in read(files, FormatOptions(encoding="gb18030")):
            write(record)

Records are `{"id", "text", "group"?, "section"?, "entities"?: [{"start", "end", "type", "word"?, "score"?}]}`, ends
exclusive, in offsets of the text; they pass through one at a time. What a format cannot carry is counted in `losses`.
"""

from modeling_dicmt import lazy_names

_MODULE_OF = {
    "FORMATS": ".registry",
    "FormatOptions": ".options",
    "Losses": ".format",
    "RecordFile": ".format",
    "find_files": ".registry",
    "find_format": ".registry",
    "guess_format": ".registry",
    "open_writer": ".streams",
    "read": ".streams",
}

__all__ = sorted(_MODULE_OF)
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
