"""What a trained policy was made of."""

from __future__ import annotations

from dataclasses import asdict

import stigmergy.platform.learning.evidence as trainer
import stigmergy.routers.evidence as served
from stigmergy.platform.learning.evidence.answer_log import AnswerLog
from stigmergy.platform.learning.evidence.training_config import TrainingConfig
from stigmergy.platform.learning.fingerprint import sources_fingerprint
from stigmergy.routers.evidence.artifact import Origin


def origin_of(log: AnswerLog, config: TrainingConfig) -> Origin:
    """The fingerprints that go into an artifact."""
    return Origin(data=log.files, code=code_fingerprint(), config=asdict(config), queries=len(log.texts))


def code_fingerprint() -> str:
    """sha256 of the sources that train and serve an evidence policy."""
    return sources_fingerprint(served, trainer)
