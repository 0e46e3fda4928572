"""A Prefect server of this installation's own: schedules, run history and limits, in its own SQLite file."""

from cli.environment import prefect_client
from cli.stack.service import Plan, Service, answers, python

# one task run costs the server a third of the CPU time, and lags a tenth, when its queues are emptied by batches
BATCHES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
}


class PrefectServer(Service):
    name = "prefect"
    port_names = ("prefect",)
    # its first start writes the whole schema
    patience = 240.0

    def prepare(self) -> None:
        (self.home / "prefect").mkdir(mode=0o700, exist_ok=True)

    def plan(self) -> Plan:
        client = prefect_client(self.home, self.secrets, f"{self.url}/api")
        environment = {
            **client,
            **BATCHES,
            # any page in a browser may send requests to a loopback port
            "PREFECT_SERVER_API_AUTH_STRING": client["PREFECT_API_AUTH_STRING"],
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        }
        argv = python("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.ports["prefect"]))
        return Plan(argv, environment, self.home / "prefect")

    def ready(self) -> bool:
        return answers(f"{self.url}/api/health")
