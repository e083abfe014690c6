"""What a trained guard was made of."""

from __future__ import annotations

from dataclasses import asdict

import stigmergy.platform.learning.guarding as trainer
import stigmergy.routers.guard as served
from stigmergy.platform.learning.fingerprint import sources_fingerprint
from stigmergy.platform.learning.guarding.guard_log import GuardLog
from stigmergy.platform.learning.guarding.training import TrainingConfig
from stigmergy.routers.artifact_file import Origin


def origin_of(log: GuardLog, suite: str, config: TrainingConfig) -> Origin:
    """The fingerprints that go into an artifact."""
    queries = sum(len(log.suites[suite][split]) for split in ("train", "val"))
    code = sources_fingerprint(served, trainer)
    return Origin(data=log.files, code=code, config={"suite": suite, **asdict(config)}, queries=queries)
