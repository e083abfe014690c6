"""What cannot be learnt from, or judged by."""

from __future__ import annotations

from stigmergy.errors.base import StigmergyError


class LearningError(StigmergyError):
    """Learning or evaluation cannot go on with what it was given."""

    code = "learning_error"


class InvalidLog(LearningError):
    """A file of logged outcomes cannot be used."""

    code = "invalid_log"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the log {self.path} cannot be used: {self.reason}"


class InvalidArtifact(LearningError):
    """A trained artifact cannot be loaded."""

    code = "invalid_artifact"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the artifact {self.path} cannot be used: {self.reason}; train it again"
