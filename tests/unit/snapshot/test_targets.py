from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lookervault.errors import AccessError, UsageError
from lookervault.snapshot.targets import open_store, url_of

AWS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secretOfAws"}
AZURE = {"AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "c2VjcmV0"}
GOOGLE = {"GOOGLE_BEARER_TOKEN": "token"}
EVERY = AWS | AZURE | GOOGLE


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://my.bucket-1/backups/looker/", "s3://my.bucket-1/backups/looker"),
        ("gs://bucket_1/a.b/c-d", "gs://bucket_1/a.b/c-d"),
        ("az://container/prefix", "az://container/prefix"),
        ("file:///backups/looker", "file:///backups/looker"),
        ("file:///backups/my%20looker/", "file:///backups/my%20looker"),
        ("/backups/my looker", "file:///backups/my%20looker"),
    ],
)
def test_a_store_is_told_as_it_was_named(url: str, told: str) -> None:
    assert open_store(url, EVERY).url == url_of(url) == told


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/path", "the scheme 'ftp'"),
        ("http://bucket.s3.example/x", "the scheme 'http'"),
        ("", "does not begin with '/'"),
        ("backups/looker", "does not begin with '/'"),
        ("./backups", "does not begin with '/'"),
        ("~/backups", "does not begin with '/'"),
        ("file://backups", "does not begin with '/'"),
        ("file:///a%00b", "does not begin with '/'"),
        ("/", "the root of the file system"),
        ("file:///", "the root of the file system"),
        ("s3://", "has no bucket"),
        ("gs:///prefix", "has no bucket"),
        ("az://ab/prefix", "the bucket 'ab'"),
        ("s3://bucket:80/prefix", "the bucket 'bucket:80'"),
        ("s3://bu..ket/prefix", "the bucket 'bu..ket'"),
        ("s3://bucket/a//b", "the prefix 'a//b'"),
        ("s3://bucket/../b", "the prefix '../b'"),
        ("s3://bucket/a b", "the prefix 'a b'"),
        ("s3://bucket/%2e%2e", "the prefix '%2e%2e'"),
    ],
)
def test_what_names_no_store_is_refused_with_what_to_write(url: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url, EVERY)
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:hunter2@bucket/prefix",
        "s3://bucket/prefix?secret=hunter2",
        "az://container/prefix?sig=hunter2",
        "gs://bucket/prefix#hunter2",
        "file://user:hunter2@host/path",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url, EVERY)
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert "environment" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://bucket", "AWS_ENDPOINT_URL"),
        ("gs://bucket", "GOOGLE_BASE_URL"),
        ("az://container", "AZURE_STORAGE_ENDPOINT"),
    ],
)
@pytest.mark.parametrize(
    "endpoint", ["minio:9000", "ftp://host", "https://", "https://u:hunter2@host", "https://h?a=b"]
)
def test_an_endpoint_that_is_none_is_refused(url: str, name: str, endpoint: str) -> None:
    with pytest.raises(UsageError, match="endpoint") as caught:
        open_store(url, {**EVERY, name: endpoint})
    assert "hunter2" not in caught.value.message


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"127.0.0.1:{closed.getsockname()[1]}"


def test_without_credentials_and_without_a_role_it_is_said_at_once(nobody: str) -> None:
    for url, env, advice in (
        ("s3://bucket", {"AWS_METADATA_ENDPOINT": f"http://{nobody}"}, "AWS_ACCESS_KEY_ID"),
        ("s3://bucket", {"AWS_EC2_METADATA_DISABLED": "true"}, "AWS_ACCESS_KEY_ID"),
        ("gs://bucket", {"GCE_METADATA_HOST": nobody}, "gcloud auth application-default login"),
        (
            "az://container",
            {"AZURE_STORAGE_ACCOUNT": "a", "AZURE_MSI_ENDPOINT": f"http://{nobody}/x"},
            "AZURE_STORAGE_KEY",
        ),
    ):
        with pytest.raises(AccessError, match=f"no credentials for {url}") as caught:
            open_store(url, env)
        assert advice in caught.value.hint


@pytest.mark.parametrize(
    ("url", "env", "said"),
    [
        ("az://container", {"AZURE_STORAGE_KEY": "c2VjcmV0"}, "storage account is not known"),
        ("az://container", {**AZURE, "AZURE_STORAGE_KEY": "*hunter2*"}, "Invalid Access Key"),
        ("gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, "/nowhere"),
        ("gs://bucket", {"GOOGLE_SERVICE_ACCOUNT_KEY": "hunter2"}, "cannot be opened"),
        ("s3://bucket", {**AWS, "AWS_PROFILE": "backup"}, "'backup' is in neither"),
        ("s3://bucket", {**AWS, "AWS_CA_BUNDLE": "/nowhere"}, "/nowhere, cannot be read"),
    ],
)
def test_an_environment_that_fits_no_store_is_refused(
    url: str, env: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url, env)
    assert said in caught.value.message
    assert "hunter2" not in caught.value.message
    assert caught.value.hint


def test_credentials_that_google_keeps_elsewhere_are_refused(own_directory: Path) -> None:
    file = own_directory / "federated.json"
    file.write_text('{"type": "external_account"}')
    with pytest.raises(UsageError, match="external_account"):
        open_store("gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})
