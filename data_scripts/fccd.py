"""FCCd, the paper's private corpus: CCKS2018's label set and layout, for a user's own records."""

from .ccks2018 import CCKS2018


class FCCd(CCKS2018):
    """Records of one number are taken for one patient's."""

    name = "fccd"
