from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stigmergy.wire_policies import (
    CanaryEvidenceModel,
    GraphEvidenceModel,
    IntervalModel,
    PoliciesModel,
    PolicyEvidenceModel,
    RegisteredPolicyModel,
)

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run
    from tests.unit.conftest import RecordingServer

AT = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RegisteredPolicyModel(
    name="near@3",
    router="near",
    version=3,
    stage="canary",
    share=0.1,
    reason="gain +0.100 [+0.050, +0.150] on sums, from 400 episodes",
    fingerprint="f",
    document={"kind": "estimator"},
    metrics={},
    lineage={},
    created_at=AT,
    changed_at=AT,
)
EVIDENCE = PolicyEvidenceModel(
    policy=POLICY,
    hops=800,
    agreement=0.613,
    graphs=(
        GraphEvidenceModel(
            graph="sums",
            episodes=400,
            effective_sample_size=212.3,
            unsupported=0.0,
            gain=IntervalModel(mean=0.1, low=0.05, high=0.15),
        ),
        GraphEvidenceModel(
            graph="words", episodes=9, effective_sample_size=4.0, unsupported=0.0, refused="too few queries"
        ),
    ),
    canary=CanaryEvidenceModel(episodes=40, others=360, difference=IntervalModel(mean=0.02, low=-0.1, high=0.14)),
)


def test_policies_are_listed_with_why_they_stand_where_they_do(run: Run, server: RecordingServer) -> None:
    server.tells("GET", "/v1/policies", PoliciesModel(policies=(POLICY,)))
    shown = run("policies", "list").stdout
    assert "near@3" in shown
    assert "canary" in shown
    assert json.loads(run("policies", "list", "--json").stdout)[0]["share"] == 0.1


def test_what_is_known_of_a_policy_is_shown_with_intervals_or_the_reason_why_not(
    run: Run, server: RecordingServer
) -> None:
    server.tells("GET", "/v1/policies/near/3", EVIDENCE)
    shown = run("policies", "show", "near@3").stdout
    assert "as shadow: 800 hops, agreement 0.61" in shown
    assert "on sums, 400 episodes: gain +0.100 [+0.050, +0.150], effective sample 212" in shown
    assert "on words, 9 episodes: too few queries" in shown
    assert "40 judged episodes against 360" in shown


def test_a_canary_is_asked_for_with_its_share(run: Run, server: RecordingServer) -> None:
    server.tells("POST", "/v1/policies/near/3/canary", POLICY)
    assert "near@3" in run("policies", "canary", "near@3", "--share", "0.1").stdout


def test_a_name_without_a_version_is_no_policy(run: Run) -> None:
    done = run("policies", "promote", "near")
    assert done.exit_code == 2
    assert "is no policy" in done.stderr


def test_a_document_has_to_be_a_router(run: Run, tmp_path: Path) -> None:
    (tmp_path / "arms.npz").write_bytes(b"")
    (tmp_path / "router.yaml").write_text("- kind")
    paths = ("--artifact", str(tmp_path / "arms.npz"), "--document", str(tmp_path / "router.yaml"))
    done = run("policies", "register", "near", *paths)
    assert done.exit_code == 1
    assert "has to be a mapping" in done.stderr
