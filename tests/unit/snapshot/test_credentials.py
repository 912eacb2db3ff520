from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.errors import UsageError
from lookervault.snapshot.credentials import of_aws, of_azure, of_google

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
CHECKSUM = {"aws_checksum_algorithm": "sha256"}


@pytest.fixture
def files(own_directory: Path) -> dict[str, str]:
    """AWS's, as `aws configure` writes them."""
    folder = own_directory / ".aws"
    folder.mkdir()
    (folder / "config").write_text(
        "[default]\nregion = eu-west-1\n"
        "[profile backup]\nregion=eu-central-1\nendpoint_url = https://minio.example\n"
        "s3 =\n    max_concurrent_requests = 20\n"
        "[profile sso]\nsso_session = company\n"
        "[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n"
    )
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = one\naws_secret_access_key = of/one=\n"
        "[backup]\naws_access_key_id = two\naws_secret_access_key = of%two\n"
        "aws_session_token = token\n"
    )
    return {"HOME": str(own_directory)}


def test_aws_takes_the_default_profile_where_nothing_else_is_said(files: dict[str, str]) -> None:
    access = of_aws(files)
    assert (
        access.options
        == {
            "aws_access_key_id": "one",
            "aws_secret_access_key": "of/one=",
            "aws_region": "eu-west-1",
        }
        | CHECKSUM
    )
    assert access.secrets == {"of/one="}
    assert access.role_from is None


def test_aws_takes_the_profile_that_is_named(files: dict[str, str]) -> None:
    access = of_aws({**files, "AWS_PROFILE": "backup"})
    assert (
        access.options
        == {
            "aws_access_key_id": "two",
            "aws_secret_access_key": "of%two",
            "aws_session_token": "token",
            "aws_region": "eu-central-1",
        }
        | CHECKSUM
    )
    assert access.endpoint == "https://minio.example"


def test_aws_takes_keys_of_the_environment_before_those_of_a_file(files: dict[str, str]) -> None:
    access = of_aws({**files, **KEYS, "AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "https://x"})
    assert (
        access.options
        == {
            "aws_access_key_id": "id",
            "aws_secret_access_key": "secret",
            "aws_region": "us-west-2",
        }
        | CHECKSUM
    )
    assert access.endpoint == "https://x"


def test_aws_takes_the_endpoint_of_s3_before_the_one_of_all() -> None:
    both = {"AWS_ENDPOINT_URL": "https://all", "AWS_ENDPOINT_URL_S3": "https://s3"}
    assert of_aws({**KEYS, **both}).endpoint == "https://s3"
    assert of_aws({**KEYS, "AWS_DEFAULT_REGION": "x"}).options["aws_region"] == "x"


def test_aws_sends_no_checksum_where_a_server_knows_none(files: dict[str, str]) -> None:
    said = {"AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_REQUIRED"}
    assert not CHECKSUM.keys() & of_aws({**KEYS, **said}).options.keys()
    with Path(files["HOME"], ".aws/config").open("a") as config:
        config.write("[profile old]\nrequest_checksum_calculation = when_required\n")
    old = {**files, **KEYS, "AWS_PROFILE": "old"}
    assert not CHECKSUM.keys() & of_aws(old).options.keys()
    said = {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported"}
    assert CHECKSUM.items() <= of_aws({**old, **said}).options.items()


@pytest.mark.parametrize(("profile", "source"), [("sso", "sso_session"), ("role", "role_arn")])
def test_aws_says_of_a_profile_without_keys_how_to_get_them(
    files: dict[str, str], profile: str, source: str
) -> None:
    with pytest.raises(UsageError, match=source) as caught:
        of_aws({**files, "AWS_PROFILE": profile})
    assert "aws configure export-credentials" in caught.value.hint
    assert of_aws({**files, **KEYS, "AWS_PROFILE": profile}).options["aws_access_key_id"] == "id"


def test_aws_files_that_are_none_are_named_and_not_repeated(own_directory: Path) -> None:
    file = own_directory / "credentials"
    file.write_text("aws_secret_access_key = hunter2\n")
    with pytest.raises(UsageError, match="credentials cannot be read") as caught:
        of_aws({"AWS_SHARED_CREDENTIALS_FILE": str(file)})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "env",
    [
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
        {"AWS_SKIP_SIGNATURE": "true"},
    ],
)
def test_aws_needs_no_keys_where_it_has_another_login(env: dict[str, str]) -> None:
    access = of_aws(env)
    assert access.role_from is None
    assert access.options == {name.lower(): value for name, value in env.items()} | CHECKSUM


def test_aws_asks_the_metadata_server_where_there_is_nothing_else() -> None:
    assert of_aws({}).role_from == "http://169.254.169.254"
    assert of_aws({"AWS_EC2_METADATA_DISABLED": "TRUE"}).role_from == ""


def test_azure_goes_by_the_names_of_its_command_line_too() -> None:
    options = {"azure_storage_account_name": "account", "azure_storage_account_key": "key"}
    theirs = {"AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "key"}
    assert of_azure(theirs).options == options
    obstores = {"AZURE_STORAGE_ACCOUNT_NAME": "account", "AZURE_STORAGE_ACCOUNT_KEY": "key"}
    assert of_azure(obstores).options == options


def test_azure_reads_a_connection_string() -> None:
    text = (
        "DefaultEndpointsProtocol=https;AccountName=account;AccountKey=a+b/c==;"
        "EndpointSuffix=core.windows.net"
    )
    access = of_azure({"AZURE_STORAGE_CONNECTION_STRING": text})
    assert access.options == {
        "azure_storage_account_name": "account",
        "azure_storage_account_key": "a+b/c==",
    }
    assert access.endpoint == "https://account.blob.core.windows.net"
    assert access.secrets == {"a+b/c=="}
    assert access.role_from is None


def test_azure_asks_the_metadata_server_where_there_is_nothing_else() -> None:
    assert of_azure({"AZURE_STORAGE_ACCOUNT": "a"}).role_from == "http://169.254.169.254"
    federated = {"AZURE_FEDERATED_TOKEN_FILE": "/token", "AZURE_CLIENT_ID": "1"}
    assert of_azure({"AZURE_STORAGE_ACCOUNT": "a", **federated}).role_from is None


def test_google_takes_gclouds_file_where_nothing_else_is_said(own_directory: Path) -> None:
    file = own_directory / "application_default_credentials.json"
    file.write_text("{}")
    env = {"CLOUDSDK_CONFIG": str(own_directory)}
    assert of_google(env).options == {"google_application_credentials": str(file)}
    token = {**env, "GOOGLE_BEARER_TOKEN": "token"}
    assert of_google(token).options == {"google_bearer_token": "token"}
    assert of_google({}).role_from == "http://169.254.169.254"
