"""What is in ``deployments/cluster``, read by those who will read it: the parsers of Ray, our own, a closed schema."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from stigmergy.cli.main import app
from stigmergy.deployments.rollout import Rollout
from stigmergy.platform.settings import Settings, settings_from

FOLDER = Path(str(files("stigmergy.deployments") / "cluster"))
SECRETS = {"STIGMERGY_STORE_URL": "postgresql://stigmergy@postgres/stigmergy", "STIGMERGY_API_KEY": "a key"}
SUBSET = json.loads((Path(__file__).parent / "kuberay_subset.json").read_text())


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def of_kind(name: str, kind: str) -> dict[str, Any]:
    (found,) = (each for each in documents(name) if each["kind"] == kind)
    return found


def serve_config() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(of_kind("rayservice.yaml", "RayService")["spec"]["serveConfigV2"])
    return config


def settings() -> Settings:
    return settings_from(serve_config()["applications"][0]["args"]["config"], SECRETS)


def containers(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    groups = [cluster["headGroupSpec"], *cluster.get("workerGroupSpecs", [])]
    return [container for group in groups for container in group["template"]["spec"]["containers"]]


@pytest.mark.parametrize(("name", "kind"), [("rayservice.yaml", "RayService"), ("rayjob.yaml", "RayJob")])
def test_a_manifest_has_only_fields_that_kuberay_knows(name: str, kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SUBSET)
    jsonschema.validate(of_kind(name, kind), SUBSET)


def test_a_misspelt_field_of_a_manifest_is_refused() -> None:
    manifest = of_kind("rayservice.yaml", "RayService")
    manifest["spec"]["rayClusterConfig"]["enableInTreeAutoScaling"] = True
    with pytest.raises(jsonschema.ValidationError, match="enableInTreeAutoScaling"):
        jsonschema.validate(manifest, SUBSET)


def test_serve_itself_takes_the_config_of_the_service() -> None:
    from ray.serve.schema import ServeDeploySchema

    parsed = ServeDeploySchema.model_validate(serve_config())
    assert [each.name for each in parsed.applications] == ["stigmergy"]


def test_the_service_serves_a_configuration_that_is_right() -> None:
    assert (settings().store.url, list(settings().tenants)) == (SECRETS["STIGMERGY_STORE_URL"], ["main"])


def test_the_service_asks_of_serve_what_the_command_deploy_asks_of_it() -> None:
    sent = serve_config()
    arguments = sent["applications"][0]["args"]
    rollout = Rollout(serving=settings().serving, checked=True, **arguments)
    assert rollout.document() == sent


def test_every_variable_of_the_configuration_is_in_every_container_and_comes_from_the_secret() -> None:
    known = set(of_kind("rayservice.yaml", "Secret")["stringData"])
    for container in containers(of_kind("rayservice.yaml", "RayService")["spec"]["rayClusterConfig"]):
        assert {each["name"] for each in container["env"]} == set(SECRETS)
        assert {each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"]} == known


def test_the_pools_are_autoscaled_and_one_has_gpus() -> None:
    cluster = of_kind("rayservice.yaml", "RayService")["spec"]["rayClusterConfig"]
    assert cluster["enableInTreeAutoscaling"]
    pools = {each["groupName"]: each for each in cluster["workerGroupSpecs"]}
    assert all(each["minReplicas"] <= each["replicas"] <= each["maxReplicas"] for each in pools.values())
    assert "nvidia.com/gpu" in pools["gpu"]["template"]["spec"]["containers"][0]["resources"]["limits"]


def test_the_job_runs_a_command_that_there_is_with_options_that_it_takes() -> None:
    program, *arguments = shlex.split(of_kind("rayjob.yaml", "RayJob")["spec"]["entrypoint"])
    command: Any = typer.main.get_command(app)
    context = command.make_context(program, list(arguments))
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(context, arguments)
        context = command.make_context(command.name, list(arguments), parent=context)
    assert str(context.params["out"]) == "/srv/artifacts/trails.npz"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rays_autoscaler_takes_the_file_of_ray_up() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    (config,) = documents("ray-up.yaml")
    validate_config(prepare_config(config))
    validate_config({**prepare_config(config), "file_mounts": {}})


def test_every_file_names_the_version_of_ray_that_is_pinned() -> None:
    pins = (Path(__file__).parents[2] / "constraints.txt").read_text().splitlines()
    version = next(pin.partition("==")[2] for pin in pins if pin.startswith("ray=="))
    assert f"rayproject/ray:{version}-py311" in (FOLDER / "Dockerfile").read_text()
    assert of_kind("rayservice.yaml", "RayService")["spec"]["rayClusterConfig"]["rayVersion"] == version
    assert of_kind("rayjob.yaml", "RayJob")["spec"]["rayClusterSpec"]["rayVersion"] == version


def instructions() -> list[list[str]]:
    """The lines of the Dockerfile, as words."""
    lines = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_the_image_is_made_of_files_that_there_are() -> None:
    root = Path(__file__).parents[2]
    assert {each[0] for each in instructions()} <= {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER"}
    copied = [word for each in instructions() if each[0] == "COPY" for word in each[2:-1]]
    assert copied
    assert all((root / name).exists() for name in copied)


def test_serve_in_the_image_finds_what_the_image_puts_before_haproxy(tmp_path: Path) -> None:
    environ = dict(word.split("=", 1) for each in instructions() if each[0] == "ENV" for word in each[1:])
    (build,) = (each[1:] for each in instructions() if each[0] == "RUN" and "pip" not in each)
    assert (build[0], build[-1]) == ("python", environ["RAY_SERVE_HAPROXY_BINARY_PATH"])
    wrapper, config = tmp_path / "haproxy", tmp_path / "haproxy.cfg"
    subprocess.run([sys.executable, *build[1:-1], str(wrapper)], check=True)
    find = "from ray.serve._private.haproxy import get_haproxy_binary as found; print(found())"
    # A server that is up in this process has pages of its own in the environment.
    pages = {"RAY_SERVE_HAPROXY_STATS_PORT": "8405", "RAY_SERVE_HAPROXY_METRICS_PORT": "9102"}
    told = {**os.environ, **environ, **pages, "RAY_SERVE_HAPROXY_BINARY_PATH": str(wrapper)}
    asked = subprocess.run([sys.executable, "-c", find], check=True, env=told, capture_output=True, text=True)
    assert asked.stdout.splitlines()[-1] == str(wrapper)
    config.write_text(
        "defaults\n    mode http\n    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\n"
        "    option splice-request\nfrontend http\n    bind *:18000\nlisten stats\n  bind *:8405\n  stats enable\n"
    )
    subprocess.run([str(wrapper), "-c", "-f", str(config)], check=True, env=told, capture_output=True)
    assert "splice" not in config.read_text()
    assert [line.split()[1] for line in config.read_text().splitlines() if "bind" in line] == [
        "*:18000",
        "127.0.0.1:8405",
    ]
