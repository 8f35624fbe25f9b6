"""Text without labels, read as it is consumed, in memory that does not grow.

For pre-training: files → documents → sentences, packed on disk. For self-training: files → documents, its records.

sources      which files; their content's fingerprint
lines        a file's lines, of whatever length and encoding
documents    lines → documents: broken lines joined, what is too long cut, the text transformed
sections     the sections of a document that are asked for
duplicates   which documents were there before
held_out     which documents are kept for the held-out figures
counts       characters and bigrams
records      the documents as texts, read anew as often as they are asked for
packing      documents → sentences in Arrow files
packed       what the training reads from them
preparation  all of it, done once for the same files and settings
"""
