"""A picture that can't be given: a status and words for a person, the same on both doors."""


class Refusal(Exception):
    """Why there is no picture; `words` hold no patient data. `parameter` names the one at fault, if it is one."""

    def __init__(self, status: int, words: str, parameter: str | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.parameter = parameter
