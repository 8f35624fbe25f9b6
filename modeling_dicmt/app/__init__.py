"""A page to try networks on records, with terms of one's own: what it does, apart from how Gradio shows it.

Nothing of a visitor is kept: texts and terms are in the memory of the visitor's session alone, files that were uploaded
are deleted when they are read, downloads are made in memory, and logs hold none of either.
"""
