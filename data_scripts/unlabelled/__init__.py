"""Unlabelled text for pre-training: files → documents → sentences, packed on disk, in memory that does not grow.

sources      which files; their content's fingerprint
lines        a file's lines, of whatever length and encoding
documents    lines → documents: broken lines joined, what is too long cut, the text transformed
sections     the sections of a document that are asked for
duplicates   which documents were there before
held_out     which documents are kept for the held-out figures
counts       characters and bigrams
packing      documents → sentences in Arrow files
packed       what the training reads from them
preparation  all of it, done once for the same files and settings
"""
