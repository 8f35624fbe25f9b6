"""Records without what tells who somebody is: identifiers are found by rules and a network, and replaced."""

from .deidentifier import Deidentified, Deidentifier
from .finding import IdentifierFinder
from .identifiers import IDENTIFIER_TYPES, Identifier
from .policies import ACTIONS, Policies

__all__ = ["ACTIONS", "Deidentified", "Deidentifier", "IDENTIFIER_TYPES", "Identifier", "IdentifierFinder", "Policies"]
