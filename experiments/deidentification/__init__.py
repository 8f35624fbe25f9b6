"""How well identifiers are found: records that are written to be hard, and the scoring of what was found in them.

Every record is composed from templates of the project's own, and every name, number and address is made up.
"""
