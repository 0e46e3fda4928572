"""prefect.yaml on a real Prefect server: everything deploys, keeps Shanghai's time, and a worker runs it."""

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import get_client

from cli.stack.service import common_environment

ROOT = Path(__file__).parents[2]
FILE = yaml.safe_load((ROOT / "prefect.yaml").read_text())


def prefect(environment: dict[str, str], *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "prefect", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def start_worker(environment: dict[str, str], folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "callbacks", "--type", "process"]
    with (folder / "worker.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment | {"PREFECT_WORKER_QUERY_SECONDS": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.timeout(900)  # six processes that import Prefect; a minute on an idle machine
async def test_deploy_all_and_a_worker_sweeps(prefect_server, database, installation, tmp_path):
    environment = common_environment() | installation | prefect_server | {"HUIFANG_ENV_FILE": ""}
    await asyncio.to_thread(
        prefect, environment, "work-pool", "create", "callbacks", "--type", "process", "--overwrite"
    )
    await asyncio.to_thread(prefect, environment, "--no-prompt", "deploy", "--all")

    async with get_client() as client:
        deployed = {d.name: d for d in await client.read_deployments()}
        assert deployed.keys() == {d["name"] for d in FILE["deployments"]}
        for wanted in FILE["deployments"]:
            found = deployed[wanted["name"]]
            assert found.entrypoint == wanted["entrypoint"]
            assert found.work_pool_name == "callbacks"
            # where the flows lie, whoever starts the worker from wherever
            assert found.pull_steps == [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}]
            times = [(s.schedule.cron, s.schedule.timezone) for s in found.schedules]
            assert sorted(times) == sorted((s["cron"], "Asia/Shanghai") for s in wanted.get("schedules", []))
            # unattended: a schedule gives no parameters
            assert not wanted.get("schedules") or not found.parameter_openapi_schema.get("required")
        window = deployed["place-calls"]
        assert window.global_concurrency_limit.limit == 1
        assert window.concurrency_options.collision_strategy == "CANCEL_NEW"

        # what is due by the clock of this test run must not begin beside it
        for found in deployed.values():
            await client.pause_deployment(found.id)
        run = await client.create_flow_run_from_deployment(deployed["sweep"].id)
        worker = await asyncio.to_thread(start_worker, environment, tmp_path)
        try:
            give_up = time.monotonic() + 240
            while not (state := (await client.read_flow_run(run.id)).state).is_final() and time.monotonic() < give_up:
                await asyncio.sleep(0.5)
        finally:
            worker.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(worker.wait, 120)
            worker.kill()  # what is asked is what became of the run, not how soon a worker leaves
        assert state.is_completed(), (state, (tmp_path / "worker.log").read_text())
