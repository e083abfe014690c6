from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from stigmergy.errors import ConfigError
from stigmergy.platform.settings import load_settings, settings_from, settings_schema
from stigmergy.platform.workbench import WORKBENCH

GOOD = """
agents:
  solver: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
graphs:
  sums: {stages: [[solver]], router: cheapest}
routers:
  cheapest: {kind: cheapest}
"""


def problems(text: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        settings_from(text, environ or {})
    assert all(path in str(refused.value) for path, _ in refused.value.problems)
    return dict(refused.value.problems)


def changed(**sections: Any) -> str:
    return yaml.safe_dump({**yaml.safe_load(GOOD), **sections})


def test_a_small_file_has_sound_defaults() -> None:
    settings = settings_from(GOOD, {})
    assert (settings.main_graph, settings.serving.port, settings.engine.max_attempts) == ("sums", 8700, 2)
    assert settings.profiles()["solver"].price.per_call == Decimal("0.001")
    assert settings.build_graphs()["sums"].nodes == ("solver",)
    assert len(settings.fingerprint) == 16


def test_the_fingerprint_tells_documents_apart_and_not_their_layout() -> None:
    same = settings_from(yaml.safe_dump(yaml.safe_load(GOOD), sort_keys=True), {})
    other = settings_from(changed(engine={"max_attempts": 3}), {})
    assert same.fingerprint == settings_from(GOOD, {}).fingerprint != other.fingerprint


def test_mistakes_of_shape_and_contradictions_are_reported_together_each_with_its_path() -> None:
    found = problems(
        """
agents:
  solver: {kind: scripted, replies: ["4"], price: {per_call: -1}}
  unpriced: {kind: scripted, replies: ["4"]}
  llm: {kind: llm, model: nowhere, instructions: "x"}
  odd: {kind: alchemist}
graphs:
  sums: {stages: [[solver, ghost]], router: nobody}
  loop: {edges: {START: [solver], solver: [unpriced], unpriced: [solver]}, router: cheapest}
routers:
  cheapest: {kind: cheapest, colour: red}
serving: {port: 99999, gateway_replicas: 3}
store: {url: "memory://"}
default_graph: products
"""
    )
    for path, words in {
        "agents.solver.price": "per_call = -1",
        "agents.unpriced": "price",
        "agents.odd": "alchemist",
        "graphs.sums.router": "nobody",
        "graphs.sums": "ghost",
        "graphs.loop": "cycle",
        "routers.cheapest.colour": "unknown key",
        "serving.port": "99999",
        "default_graph": "products",
    }.items():
        matching = [text for where, text in found.items() if where == path or where.startswith(f"{path}.")]
        assert any(words in text for text in matching), (path, found)


def test_unknown_keys_are_refused_at_every_level() -> None:
    found = problems(changed(colour="red", engine={"max_attempts": 2, "speed": 9}))
    assert {path for path, text in found.items() if "unknown key" in text} == {"colour", "engine.speed"}


def test_a_key_stated_twice_is_refused_with_its_line() -> None:
    found = problems(GOOD + "  cheapest: {kind: random}\n")
    assert found == {"line 8": "the name 'cheapest' is used twice"}


def test_a_variable_that_is_not_set_is_reported_with_its_place() -> None:
    found = problems(changed(store={"url": "sqlite:///${WHERE}/x.db"}))
    assert "WHERE is not set" in found["store.url"]


def test_variables_are_filled_in_and_defaults_stand_in_for_them() -> None:
    text = changed(serving={"port": "${PORT:-8701}", "host": "${HOST:-localhost}"}, store={"url": "${URL}"})
    settings = settings_from(text, {"URL": "memory://", "HOST": "::1"})
    assert (settings.serving.port, settings.serving.host, settings.store.url) == (8701, "::1", "memory://")
    assert settings_from(text, {"URL": "memory://", "PORT": "9000"}).serving.port == 9000


def test_a_memory_store_serves_one_replica_only() -> None:
    assert (
        "private to one process"
        in problems(changed(store={"url": "memory://"}, serving={"gateway_replicas": 2}))["store.url"]
    )


def test_somebody_has_to_run_tasks() -> None:
    assert "there are no workers" in problems(changed(engine={"max_running": 0}))["engine.max_running"]
    assert settings_from(changed(engine={"max_running": 0}, workers={"replicas": 1}), {}).workers.replicas == 1
    with_workers = problems(changed(store={"url": "memory://"}, workers={"replicas": 1}))
    assert "private to one process" in with_workers["store.url"]


def test_an_agent_without_a_price_is_reported_once_and_at_the_agent() -> None:
    found = problems(changed(agents={"solver": {"kind": "scripted", "replies": ["4"]}}))
    (path,) = found
    assert path.startswith("agents.solver")
    assert "price" in path + found[path]


def test_a_missing_section_and_an_empty_file_are_reported() -> None:
    assert problems("version: 1") == dict.fromkeys(("agents", "graphs", "routers"), "is missing")
    assert list(problems("")) == ["file"]
    assert "is not YAML" in problems("agents: [")["file"]


@pytest.mark.parametrize(("content", "words"), [(b"\xff\xfe", "UTF-8"), (None, "cannot be read")])
def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "stigmergy.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load_settings(path, {})


def test_the_schema_is_a_json_schema_that_takes_good_files_and_refuses_bad_ones() -> None:
    schema = settings_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert not list(validator.iter_errors(yaml.safe_load(GOOD)))
    assert list(validator.iter_errors(yaml.safe_load(changed(colour="red"))))
    assert list(validator.iter_errors(yaml.safe_load(changed(routers={"x": {"kind": "alchemist"}}))))
    assert "fingerprint" not in schema["properties"]


def test_the_packaged_workbench_passes_the_settings_and_the_schema() -> None:
    settings = load_settings(WORKBENCH, {})
    assert settings.main_graph == "workbench"
    assert settings.build_graphs()["workbench"].nodes
    document = yaml.safe_load(WORKBENCH.read_text(encoding="utf-8"))
    assert not list(Draft202012Validator(settings_schema()).iter_errors(document))


def test_the_environment_is_what_is_passed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", "here")
    assert os.environ["WHERE"] == "here"
    assert "store.url" in problems(changed(store={"url": "${WHERE}"}), {})


ARTIFACTS = """
agents:
  a: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
graphs:
  g: {stages: [[a]], router: plain, routers: [net, nobody], guard: {artifact: guard.npz}}
routers:
  plain: {kind: random}
  net: {kind: gnn, artifact: nets/first}
"""


def test_artifacts_lie_beside_the_file_and_routers_that_are_offered_are_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from(ARTIFACTS, {}, folder=tmp_path)
    told = dict(caught.value.problems)
    assert str(tmp_path / "nets/first") in told["routers.net.artifact"]
    assert str(tmp_path / "guard.npz") in told["graphs.g.guard.artifact"]
    assert "no router 'nobody'" in told["graphs.g.routers[1]"]


def test_a_graph_that_was_served_before_is_kept_as_long_as_its_agents_are_there() -> None:
    text = "agents: {{{}}}\ngraphs: {{main: {{stages: [[{}]], router: r}}}}\nrouters: {{r: {{kind: cheapest}}}}\n"
    agent = '{}: {{kind: scripted, replies: [x], price: {{per_call: "{}"}}}}'
    old, dearer = (settings_from(text.format(agent.format("a", price), "a"), {}) for price in ("0.1", "0.2"))
    other = settings_from(text.format(agent.format("b", "0.1"), "b"), {})
    version = old.build_graphs()["main"].version
    assert replace(dearer, before=old).earlier_graphs() == {version: old.build_graphs()["main"]}
    assert replace(other, before=old).earlier_graphs() == {}
    assert old.earlier_graphs() == {}


def test_what_was_served_before_cannot_be_written_into_the_file() -> None:
    assert "before" not in settings_schema()["properties"]
