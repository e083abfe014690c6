"""What cannot be learnt from, or judged by."""

from __future__ import annotations

from stigmergy.errors.base import StigmergyError, name_some


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


class UnusableLog(LearningError):
    """Logged episodes, or a policy's probabilities at them, do not fit together."""

    code = "unusable_log"

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(part, reason)
        self.part, self.reason = part, reason

    def __str__(self) -> str:
        return f"the logged episodes cannot be judged by: {self.part}: {self.reason}"


class InvalidArtifact(LearningError):
    """A trained artifact cannot be loaded."""

    code = "invalid_artifact"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the artifact {self.path} cannot be used: {self.reason}; train it again"


class MissingView(LearningError):
    """An estimator looks at vectors that queries were not given."""

    code = "missing_view"

    def __init__(self, view: str, known: tuple[str, ...]) -> None:
        super().__init__(view, known)
        self.view, self.known = view, known

    def __str__(self) -> str:
        return f"queries have no vectors of the view {self.view!r}; views made: {name_some(self.known)}"


class UnknownEstimator(LearningError):
    """A name that no estimator has."""

    code = "unknown_estimator"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, known

    def __str__(self) -> str:
        return f"no router {self.name!r} can be replayed; known: {name_some(self.known)}"


class UnfitPolicy(InvalidArtifact):
    """A trained policy was made for something else than what it would decide on."""

    code = "unfit_policy"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what

    def __str__(self) -> str:
        return f"the policy does not fit in {self.what}: {self.reason}; train it for what is served"


class TrainingExists(LearningError):
    """A folder holds a training that is not the one to be run."""

    code = "training_exists"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the folder {self.path} cannot be trained in: {self.reason}"


class GpuMissing(LearningError):
    """A training is told to use a GPU, and there is none."""

    code = "gpu_missing"

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.setting = setting

    def __str__(self) -> str:
        return f"{self.setting} is gpu, and torch sees no GPU here; take auto or cpu, or a machine that has one"


class UnloggableGraph(LearningError):
    """A graph whose every route cannot be run for a route log."""

    code = "unloggable_graph"

    def __init__(self, graph: str, reason: str) -> None:
        super().__init__(graph, reason)
        self.graph, self.reason = graph, reason

    def __str__(self) -> str:
        return f"the routes of graph {self.graph!r} cannot all be run: {self.reason}"
