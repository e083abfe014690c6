"""The scripted model knows its prompt, and nothing else."""

from __future__ import annotations

from stigmergy.bench.healing.reasoner import ScriptedReasoner

TOOLS = """- stripe: refund - Gives the money back.
- razorpay{down}: refund - Gives the money back as well.
- mail: notify - Writes to the customer. Optional.
{rule}
Task: a refund
{facts}"""


def prompt(*steps: tuple[str, str], down: str = "", rule: str = "", facts: str = "") -> str:
    transcript = "".join(f"Thought: on.\nAction: {tool}\nObservation: {seen}\n" for tool, seen in steps)
    return TOOLS.format(down=down, rule=rule, facts=facts) + transcript


def decided(text: str) -> str:
    return ScriptedReasoner().complete(text).splitlines()[-1]


def test_it_takes_the_tools_in_the_order_of_their_purposes() -> None:
    assert decided(prompt()) == "Action: stripe"
    assert decided(prompt(("stripe", "refunded"))) == "Action: mail"
    assert decided(prompt(("stripe", "refunded"), ("mail", "sent"))) == "Final: completed: everything was done"


def test_after_an_error_it_tries_the_alternative_unless_that_is_known_to_be_down() -> None:
    failed = ("stripe", "error: connection refused")
    assert decided(prompt(failed)) == "Action: razorpay"
    assert (
        decided(prompt(failed, down=" [known to be down]"))
        == "Final: escalated: refund cannot be done by stripe, razorpay"
    )


def test_it_leaves_out_what_is_optional_and_says_so() -> None:
    seen = (("stripe", "refunded"), ("mail", "error: connection refused"))
    assert decided(prompt(*seen)) == "Final: demoted: without mail"


def test_it_keeps_to_the_rules() -> None:
    rule = "Rule: Before stripe escalate to a person when amount is above 100."
    assert decided(prompt(rule=rule, facts="amount: 90\n")) == "Action: stripe"
    assert decided(prompt(rule=rule, facts="amount: 900\n")).startswith("Final: escalated: stripe needs a person")


def test_every_answer_is_one_call() -> None:
    model = ScriptedReasoner()
    for _ in range(3):
        model.complete(prompt())
    assert model.calls == 3
