"""HTML to look at: records with their entities, and a training's figures; one file each, without a server or a network.

`render_records` gives a fragment for another page, `records_page` a file that thousands of records go into, one after
the other. A page holds text of the records: it is as confidential as they are.
"""
