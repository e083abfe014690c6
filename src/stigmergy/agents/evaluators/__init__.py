"""Judges of answers: what they say is the quality of an episode. The only readers of ``Task.reference``."""

from stigmergy.agents.evaluators.base import Evaluator
from stigmergy.agents.evaluators.judge import LlmJudge
from stigmergy.agents.evaluators.texts import ExactEvaluator, JsonSchemaEvaluator, NumericEvaluator
from stigmergy.agents.evaluators.unit_tests import UnitTestEvaluator
from stigmergy.agents.evaluators.workbench import WorkbenchEvaluator

__all__ = [
    "Evaluator",
    "ExactEvaluator",
    "JsonSchemaEvaluator",
    "LlmJudge",
    "NumericEvaluator",
    "UnitTestEvaluator",
    "WorkbenchEvaluator",
]
