"""Readers of the corpora's files: plain generators of records, without any of the datasets library."""
