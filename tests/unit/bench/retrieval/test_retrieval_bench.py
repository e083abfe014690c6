from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.bench.retrieval.corpus import generate
from stigmergy.bench.retrieval.logged import read_corpus
from stigmergy.bench.retrieval.plain import PlainBm25
from stigmergy.cli.main import app
from stigmergy.errors import InvalidLog
from stigmergy.routers.retrieval.cards import AgentCard


def test_the_same_seed_draws_the_same_agents_and_queries() -> None:
    assert generate(200, 20, 3) == generate(200, 20, 3) != generate(200, 20, 4)


def test_clones_share_name_and_description_but_no_body_and_half_the_queries_are_about_such_pairs() -> None:
    corpus = generate(200, 20, 0)
    cards = {card.agent: card for card in corpus.cards}
    pairs = [asked for asked in corpus.asked if asked.clone is not None]
    assert (len(cards), len(pairs)) == (200, 10)
    for pair in pairs:
        right, clone = cards[pair.agent], cards[str(pair.clone)]
        assert (right.name, right.description) == (clone.name, clone.description)
        assert right.body != clone.body


def test_more_agents_than_there_are_things_to_be_about_are_refused() -> None:
    with pytest.raises(ValueError, match="90000 agents"):
        generate(90_000, 10, 0)


def test_plain_bm25_finds_the_card_with_the_rarest_words() -> None:
    cards = [AgentCard(agent=name, name=name, body=f"{name} work") for name in ("chess", "law", "opera")]
    assert PlainBm25(cards).best("opera work", 1) == ("opera",)


def logged(path: Path, *splits: str) -> Path:
    rows = [
        {"suite": "clinc150", "split": split, "query": f"{intent} {n}", "gold_agent": "a", "intent": intent}
        for split in splits
        for intent in ("pay_bill", "order_taxi")
        for n in ("now", "please")
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_logged_agents_are_made_of_train_queries_and_asked_test_queries(tmp_path: Path) -> None:
    corpus = read_corpus(logged(tmp_path / "log.parquet", "train", "val", "test"))
    assert [card.agent for card in corpus.cards] == ["order_taxi", "pay_bill"]
    assert corpus.cards[1].body == "pay_bill now\npay_bill please"
    assert len(corpus.asked) == 4


def test_a_log_without_test_queries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="split test"):
        read_corpus(logged(tmp_path / "log.parquet", "train", "val"))


def test_the_command_tells_times_and_recall_of_every_way(tmp_path: Path) -> None:
    path = logged(tmp_path / "log.parquet", "train", "val", "test")
    told = CliRunner().invoke(
        app, ["bench", "retrieval", "--agents", "120", "--queries", "10", "--data", str(path), "--json"]
    )
    assert told.exit_code == 0, told.output
    corpora = json.loads(told.stdout)["corpora"]
    assert corpora.keys() == {"generated 120", "logged"}
    ways = corpora["generated 120"]["ways"]
    assert ways.keys() == {"plain", "words", "vectors", "fused", "reranked"}
    assert all(0 <= way["recall"]["1"] <= way["recall"]["20"] <= 1 for way in ways.values())
    assert ways["reranked"]["clones"] is not None
    assert corpora["logged"]["ways"]["words"]["recall"]["5"] == 1.0


def test_the_tables_tell_recall_and_what_a_hop_takes() -> None:
    command = ["bench", "retrieval", "--agents", "60", "--successors", "50", "--queries", "10"]
    shown = " ".join(CliRunner().invoke(app, command).stdout.split())
    for part in ("clones", "reranked", "50 successors", "router of all"):
        assert part in shown
