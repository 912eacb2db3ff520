"""Each way to log in that the clouds' own tools know, where there is a server here to take it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from bench import seaweed
from lookervault.errors import AccessError, StoreError
from tests.snapshot import azurite, google
from tests.snapshot.conftest import Target, own_prefix
from tests.snapshot.relay import Ask, Relay
from tests.unit.looker.stand_in import AUTHORITY, Reply, Request, StandIn, reply, serving_as

USER = "everything"
LATER = "2099-01-01T00:00:00Z"
KEYS_OF_A_ROLE = {
    "AccessKeyId": USER, "SecretAccessKey": seaweed.secret_of(USER), "Token": "",
    "Expiration": LATER, "LastUpdated": LATER, "Code": "Success", "Type": "AWS-HMAC",
}  # fmt: skip


def works(target: Target) -> bool:
    store = target.open()
    return store.create("name", b"data") and store.get("name") == b"data"


def s3_target(port: int, env: Mapping[str, str]) -> Target:
    endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    return Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", {**endpoint, **env})


class Metadata(StandIn):
    """What tells a machine its role: `answer` does."""

    def reply_to(self, request: Request) -> Reply:
        with self.lock:
            self.requests.append(request)
        return self.answer(request)


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    with serving_as(Metadata) as server:
        yield server


# S3


def test_aws_keys_region_and_endpoint_are_read_from_its_files(
    s3_port: int, own_directory: Path
) -> None:
    (own_directory / ".aws").mkdir()
    (own_directory / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = nobody\naws_secret_access_key = x\n\n[backup]\n"
        f"aws_access_key_id = {USER}\naws_secret_access_key = {seaweed.secret_of(USER)}\n"
    )
    (own_directory / ".aws/config").write_text(
        f"[profile backup]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:{s3_port}\n"
    )
    env = {"HOME": str(own_directory), "AWS_PROFILE": "backup"}
    assert works(Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", env))


def test_a_machine_of_aws_logs_in_by_its_role(s3_port: int, metadata: Metadata) -> None:
    def answer(request: Request) -> Reply:
        if request.method == "PUT":
            return reply(200, b"session")
        if request.headers.get("x-aws-ec2-metadata-token") != "session":
            return reply(401)
        if request.target.endswith("/security-credentials/"):
            return reply(200, b"role")
        return reply(200, json.dumps(KEYS_OF_A_ROLE).encode())

    metadata.answer = answer
    assert works(s3_target(s3_port, {"AWS_METADATA_ENDPOINT": metadata.url}))
    assert [request.method for request in metadata.requests] == ["PUT", "GET", "GET"]


def test_a_container_of_aws_logs_in_by_its_role(
    s3_port: int, metadata: Metadata, own_directory: Path
) -> None:
    def answer(request: Request) -> Reply:
        told = request.headers.get("authorization") == "the token"
        return reply(200, json.dumps(KEYS_OF_A_ROLE).encode()) if told else reply(401)

    metadata.answer = answer
    token = own_directory / "token"
    token.write_text("the token")
    env = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{metadata.port}/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
    }
    assert works(s3_target(s3_port, env))


def test_a_pod_of_aws_changes_its_token_for_keys(s3_port: int, own_directory: Path) -> None:
    keys = {
        "AccessKeyId": USER,
        "SecretAccessKey": seaweed.secret_of(USER),
        "SessionToken": "",
        "Expiration": LATER,
    }
    told = "".join(f"<{name}>{value}</{name}>" for name, value in keys.items())
    answer = f"""<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        {told}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
    token = own_directory / "token"
    token.write_text("the.pods.token")
    env = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/backup",
        "AWS_ROLE_SESSION_NAME": "nightly",
        "AWS_CA_BUNDLE": str(AUTHORITY),
    }
    with serving_as(Metadata, "localhost.pem") as server:
        server.answer = lambda _: reply(200, answer.encode())
        assert works(s3_target(s3_port, env | {"AWS_ENDPOINT_URL_STS": server.url}))
        (request,) = server.requests
    asked = dict(parse_qsl(urlsplit(request.target).query))
    assert asked["Action"] == "AssumeRoleWithWebIdentity"
    assert asked["RoleArn"] == env["AWS_ROLE_ARN"]
    assert asked["RoleSessionName"] == "nightly"
    assert asked["WebIdentityToken"] == "the.pods.token"


def test_a_machine_without_a_role_is_told_that_it_has_none(
    s3_port: int, metadata: Metadata
) -> None:
    metadata.answer = lambda _: reply(404)
    store = s3_target(s3_port, {"AWS_METADATA_ENDPOINT": metadata.url}).open()
    with pytest.raises(AccessError, match="404") as caught:
        store.get("name")
    assert "give this machine a role" in caught.value.hint


def test_a_server_of_a_private_authority_is_trusted_where_its_certificate_is_named(
    s3_port: int,
) -> None:
    with serving_as(Relay, "localhost.pem") as relay:
        relay.upstream = f"127.0.0.1:{s3_port}"
        env = {**seaweed.env_of(s3_port), "AWS_ENDPOINT_URL": relay.url}
        with pytest.raises(StoreError, match="InvalidCertificate: UnknownIssuer"):
            s3_target(s3_port, env).open().create("name", b"data")
        assert relay.requests == []
        assert works(s3_target(s3_port, {**env, "AWS_CA_BUNDLE": str(AUTHORITY)}))


def test_a_store_is_reached_through_the_proxy_of_the_environment(
    s3_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forwarded(request: Request, ask: Ask) -> Reply:
        return ask(replace(request, target=urlsplit(request.target).path))

    with serving_as(Relay) as proxy:
        proxy.upstream = f"127.0.0.1:{s3_port}"
        proxy.otherwise = forwarded
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert works(s3_target(s3_port, seaweed.env_of(s3_port)))
        asked = [request.target for request in proxy.requests]
    assert all(target.startswith(f"http://127.0.0.1:{s3_port}/") for target in asked)
    assert len(asked) == 2


# Azure


def azure_target(env: Mapping[str, str]) -> Target:
    return Target(f"az://{azurite.CONTAINER}/{own_prefix()}", env)


def test_an_azure_account_is_named_by_its_key(azure_port: int) -> None:
    assert works(azure_target(azurite.env_of(azure_port)))


def test_an_azure_account_is_named_by_a_connection_string(azure_port: int) -> None:
    parts = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": azurite.ACCOUNT,
        "AccountKey": azurite.KEY,
        "BlobEndpoint": f"http://127.0.0.1:{azure_port}/{azurite.ACCOUNT}",
    }
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    assert works(azure_target({"AZURE_STORAGE_CONNECTION_STRING": text}))


def test_a_pod_of_azure_changes_its_token_for_another(
    metadata: Metadata, own_directory: Path
) -> None:
    """Azurite takes such a token over TLS only: the stand-in is also the store."""
    there: dict[str, bytes] = {}

    def answer(request: Request) -> Reply:
        if request.target.startswith("/the-tenant/"):
            told = {"access_token": "the-other", "token_type": "Bearer", "expires_in": 3600}
            return reply(200, json.dumps(told).encode())
        if request.headers.get("authorization") != "Bearer the-other":
            return reply(401)
        if request.method == "PUT":
            there[request.target] = request.body
        status = 201 if request.method == "PUT" else 200
        body = b"" if request.method == "PUT" else there[request.target]
        return reply(status, body, ETag='"1"', Last_Modified="Sun, 29 Nov 2026 00:00:00 GMT")

    metadata.answer = answer
    token = own_directory / "token"
    token.write_text("the.pods.token")
    env = {
        "AZURE_STORAGE_ACCOUNT": azurite.ACCOUNT,
        "AZURE_STORAGE_ENDPOINT": metadata.url,
        "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "AZURE_CLIENT_ID": "the-client",
        "AZURE_TENANT_ID": "the-tenant",
        "AZURE_AUTHORITY_HOST": metadata.url,
    }
    assert works(azure_target(env))
    asked = dict(parse_qsl(metadata.requests[0].body.decode()))
    assert asked["client_assertion"] == "the.pods.token"
    assert asked["client_id"] == "the-client"


def test_a_shared_access_signature_lets_in(azure_port: int) -> None:
    assert works(azure_target(azurite.signed_env_of(azure_port)))


def test_a_shared_access_signature_is_in_no_message(azure_port: int) -> None:
    env = azurite.signed_env_of(azure_port)
    wrong = {**env, "AZURE_STORAGE_SAS_TOKEN": env["AZURE_STORAGE_SAS_TOKEN"][:-4] + "AAAA"}
    with pytest.raises(AccessError, match="Authoriz") as caught:
        azure_target(wrong).open().get("name")
    assert "sig=" not in caught.value.message


# Google


@pytest.mark.parametrize("name", ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT"])
def test_a_service_account_is_read_from_its_file(own_directory: Path, name: str) -> None:
    file = own_directory / "account.json"
    file.write_text(google.service_account())
    with google.serving() as server:
        env = {**server.endpoint, name: str(file)}
        assert works(Target(f"gs://{google.BUCKET}/x", env))


def test_what_gcloud_logged_in_with_is_used(own_directory: Path) -> None:
    folder = own_directory / ".config/gcloud"
    folder.mkdir(parents=True)
    (folder / "application_default_credentials.json").write_text(google.service_account())
    with google.serving() as server:
        env = {**server.endpoint, "HOME": str(own_directory)}
        assert works(Target(f"gs://{google.BUCKET}/x", env))


def test_a_machine_of_google_logs_in_by_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    with google.serving() as server:
        monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{server.port}")
        env = {**server.endpoint, "GCE_METADATA_HOST": f"127.0.0.1:{server.port}"}
        assert works(Target(f"gs://{google.BUCKET}/x", env))


def test_a_service_account_whose_key_is_not_the_right_one_is_refused() -> None:
    other = google.service_account(google.new_key())
    with google.serving() as server:
        store = Target(
            f"gs://{google.BUCKET}/x", {**server.env, "GOOGLE_SERVICE_ACCOUNT_KEY": other}
        ).open()
        with pytest.raises(AccessError, match="AuthenticationRequired") as caught:
            store.get("name")
    assert "PRIVATE KEY" not in caught.value.message
