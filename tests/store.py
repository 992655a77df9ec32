"""An S3 server on this machine."""

from __future__ import annotations

from typing import Any

ACCESS = {
    "AWS_ACCESS_KEY_ID": "AKIDONTLOGME",
    "AWS_SECRET_ACCESS_KEY": "hidden-by-all-means",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Store:
    """moto's server, with one bucket."""

    def __init__(self) -> None:
        import pyarrow.fs
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        _, port = self._server.get_host_and_port()
        self._endpoint = f"127.0.0.1:{port}"
        self.bucket = f"trials-{port}"  # all servers of a process have the same buckets
        self.files: Any = pyarrow.fs.S3FileSystem(
            access_key=ACCESS["AWS_ACCESS_KEY_ID"],
            secret_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=self._endpoint,
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )
        self.files.create_dir(self.bucket)

    @property
    def uri(self) -> str:
        options = f"endpoint_override={self._endpoint}&scheme=http&region=us-east-1"
        return f"s3://{self.bucket}/team?{options}"

    def names(self) -> set[str]:
        """All objects, without the bucket's name."""
        import pyarrow.fs

        found = self.files.get_file_info(pyarrow.fs.FileSelector(self.bucket, recursive=True))
        return {info.path.removeprefix(f"{self.bucket}/") for info in found if info.is_file}

    def close(self) -> None:
        self._server.stop()
