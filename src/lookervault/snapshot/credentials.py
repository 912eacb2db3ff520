"""Endpoints and credentials, from where the clouds' own tools look for them.

obstore knows some variables of the environment and the metadata servers of machines that have a
role. Added here: the keys of AWS's files, the names that Azure's command line goes by, the file of
gcloud wherever it is, and an early word where there is nothing to log in with.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lookervault.errors import UsageError

_AWS_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_AWS = (
    *map(str.upper, _AWS_KEYS), "AWS_REGION", "AWS_SKIP_SIGNATURE",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "AWS_METADATA_ENDPOINT", "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_DISABLE_BULK_DELETE",
)  # fmt: skip
_GOOGLE = (
    "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_BEARER_TOKEN", "GOOGLE_SKIP_SIGNATURE",
)  # fmt: skip
_AZURE = (
    "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST",
    "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI", "AZURE_MSI_ENDPOINT",
    "AZURE_SKIP_SIGNATURE",
)  # fmt: skip

_SECRETS = {
    "aws_secret_access_key", "aws_session_token", "google_service_account_key",
    "google_bearer_token", "azure_storage_account_key", "azure_storage_sas_token",
    "azure_client_secret",
}  # fmt: skip

_AWS_LOGINS = {
    "aws_access_key_id", "aws_web_identity_token_file", "aws_container_credentials_relative_uri",
    "aws_container_credentials_full_uri", "aws_skip_signature",
}  # fmt: skip
_GOOGLE_LOGINS = {name.lower() for name in _GOOGLE}
_AZURE_LOGINS = {
    "azure_storage_account_key", "azure_storage_sas_token", "azure_client_secret",
    "azure_federated_token_file", "azure_use_azure_cli", "azure_skip_signature",
}  # fmt: skip

_NOT_READ = ("sso_session", "sso_start_url", "login_session", "role_arn", "credential_process")
"""Where a profile may have its credentials from instead of itself."""
_METADATA = "http://169.254.169.254"
"""Where a machine of AWS, Google or Azure asks for what its role may."""


@dataclass(frozen=True, slots=True)
class Access:
    options: dict[str, str]
    """By obstore's own names."""
    endpoint: str = ""
    """As the user named it; empty for the cloud's own."""
    role_from: str | None = None
    """Who is asked for credentials, as there are no others; empty where nobody may be asked."""
    advice: str = ""
    """What to set if that fails."""
    certificates: Path | None = None
    """PEM; trusted besides those of the system."""

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(value for name, value in self.options.items() if name in _SECRETS)


def of_aws(env: Mapping[str, str]) -> Access:
    options = _given(env, _AWS)
    profile = _profile(env)
    if not {"aws_access_key_id", "aws_web_identity_token_file"} & options.keys():
        options |= {name: profile[name] for name in _AWS_KEYS if name in profile}
    if not _AWS_LOGINS & options.keys():
        _refuse_other_sources(profile)
    if region := env.get("AWS_DEFAULT_REGION") or profile.get("region"):
        options.setdefault("aws_region", region)
    if not _only_required_checksums(env, profile):
        options["aws_checksum_algorithm"] = "sha256"
    role_from: str | None = None
    if not _AWS_LOGINS & options.keys():
        disabled = env.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
        role_from = "" if disabled else options.get("aws_metadata_endpoint", _METADATA)
    bundle = env.get("AWS_CA_BUNDLE") or profile.get("ca_bundle")
    return Access(
        options,
        env.get("AWS_ENDPOINT_URL_S3")
        or env.get("AWS_ENDPOINT_URL")
        or profile.get("endpoint_url", ""),
        role_from,
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
        Path(bundle) if bundle else None,
    )


def of_google(env: Mapping[str, str]) -> Access:
    options = _given(env, _GOOGLE)
    if path := env.get("GOOGLE_SERVICE_ACCOUNT_PATH"):
        options.setdefault("google_service_account", path)
    if not _GOOGLE_LOGINS & options.keys() and (file := _file_of_gcloud(env)):
        options["google_application_credentials"] = str(file)
    role_from = None
    if not _GOOGLE_LOGINS & options.keys():
        host = env.get("GCE_METADATA_HOST") or env.get("GCE_METADATA_IP")
        role_from = f"http://{host}" if host else _METADATA
    return Access(
        options,
        env.get("GOOGLE_BASE_URL", ""),
        role_from,
        "Set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`.",
    )


def of_azure(env: Mapping[str, str]) -> Access:
    options = _connection_string(env.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    options |= _given(env, _AZURE)
    for name, option in (
        ("AZURE_STORAGE_ACCOUNT", "azure_storage_account_name"),
        ("AZURE_STORAGE_KEY", "azure_storage_account_key"),
    ):
        if env.get(name):
            options.setdefault(option, env[name])
    if "azure_storage_account_name" not in options:
        raise UsageError(
            "The storage account is not known, in which the container is.",
            hint="Set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING.",
        )
    role_from = None
    if not _AZURE_LOGINS & options.keys():
        role_from = options.get("azure_msi_endpoint", _METADATA)
    return Access(
        options,
        env.get("AZURE_STORAGE_ENDPOINT") or options.pop("azure_storage_endpoint", ""),
        role_from,
        "Set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING.",
    )


def _given(env: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name.lower(): env[name] for name in names if env.get(name)}


def _profile(env: Mapping[str, str]) -> dict[str, str]:
    """Both files' lines; https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html"""
    name = env.get("AWS_PROFILE") or "default"
    folder = Path(env.get("HOME", "/nowhere")) / ".aws"
    config = _sections(Path(env.get("AWS_CONFIG_FILE") or folder / "config"))
    shared = _sections(Path(env.get("AWS_SHARED_CREDENTIALS_FILE") or folder / "credentials"))
    in_config = config.get(name if name == "default" else f"profile {name}")
    in_shared = shared.get(name)
    if env.get("AWS_PROFILE") and in_config is None and in_shared is None:
        raise UsageError(
            f"The AWS profile {name!r} is in neither of AWS's files.",
            hint="Correct AWS_PROFILE; `aws configure list-profiles` has those there are.",
        )
    return {**(in_config or {}), **(in_shared or {})}


def _only_required_checksums(env: Mapping[str, str], profile: Mapping[str, str]) -> bool:
    """S3 asks for one where a bucket locks what comes in; some servers know none. To compute it
    costs nothing, as the signature has it anyway.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
    """
    wanted = env.get("AWS_REQUEST_CHECKSUM_CALCULATION") or profile.get(
        "request_checksum_calculation", ""
    )
    return wanted.lower() == "when_required"


def _sections(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(default_section="", delimiters=("=",), strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, configparser.Error):
        raise UsageError(  # without the parser's words, which repeat the line
            f"AWS's file {path} cannot be read.", hint="Check its permissions and its form."
        ) from None
    return {section: dict(parser[section]) for section in parser.sections()}


def _refuse_other_sources(profile: Mapping[str, str]) -> None:
    for source in _NOT_READ:
        if source in profile:
            raise UsageError(
                f"The AWS profile has its credentials from {source!r}, which is not read here.",
                hint='Run this before: eval "$(aws configure export-credentials --format env)".',
            )


def _file_of_gcloud(env: Mapping[str, str]) -> Path | None:
    folder = env.get("CLOUDSDK_CONFIG") or Path(env.get("HOME", "/nowhere")) / ".config/gcloud"
    file = Path(folder) / "application_default_credentials.json"
    return file if file.exists() else None


def _connection_string(text: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string"""
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    account = parts.get("AccountName", "")
    suffix = parts.get("EndpointSuffix")
    endpoint = parts.get("BlobEndpoint") or (
        f"{parts.get('DefaultEndpointsProtocol', 'https')}://{account}.blob.{suffix}"
        if account and suffix
        else ""
    )
    found = {
        "azure_storage_account_name": account,
        "azure_storage_account_key": parts.get("AccountKey", ""),
        "azure_storage_sas_token": parts.get("SharedAccessSignature", ""),
        "azure_storage_endpoint": endpoint,
    }
    return {name: value for name, value in found.items() if value}
