"""The SDK's login, over our transport. Importing this module imports the SDK.

The SDK's session keeps no lock and logs in for each thread that finds no token: whoever calls
`Login.token` holds a lock. Its own HTTP loses status and headers, its converter grows with every
call, and its settings read the environment: none of the three is used.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import override

import msgspec
from looker_sdk.rtl import transport
from looker_sdk.rtl.api_settings import SettingsConfig
from looker_sdk.rtl.auth_session import AuthSession
from looker_sdk.rtl.auth_token import AccessToken, AuthToken

from lookervault.config.settings import Settings
from lookervault.decoding import decodable

API_VERSION = "4.0"

type Post = Callable[[str, bytes], bytes]
"""Sends a form to a URL and gives the answer's JSON; raises for any other answer."""


class _SdkSettings:
    """Our settings in the shape that the SDK asks for."""

    headers: MutableMapping[str, str] | None = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.base_url = settings.base_url
        self.verify_ssl = settings.verify_ssl
        self.timeout = int(settings.timeout)
        self.agent_tag = "lookervault"

    def is_configured(self) -> None:
        """Settings without a base URL do not exist."""

    def read_config(self) -> SettingsConfig:
        return {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.reveal(),
        }


class _SdkTransport(transport.Transport):
    def __init__(self, post: Post) -> None:
        self._post = post

    @classmethod
    @override
    def configure(cls, settings: transport.PTransportSettings) -> transport.Transport:
        raise NotImplementedError("built by its constructor")

    @override
    def request(
        self,
        method: transport.HttpMethod,
        path: str,
        query_params: MutableMapping[str, str] | None = None,
        body: bytes | None = None,
        authenticator: transport.TAuthenticator = None,
        transport_options: transport.TransportOptions | None = None,
    ) -> transport.Response:
        answer = self._post(path, body or b"")
        return transport.Response(
            ok=True, value=answer, response_mode=transport.ResponseMode.STRING
        )


@decodable
class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    token_type: str | None = None


def _deserialize(data: str, structure: object) -> AccessToken:  # noqa: ARG001 - named by the SDK
    """Raises `msgspec.DecodeError` where there is no token, all that the session asks for."""
    token = msgspec.json.decode(data, type=_Token)
    return AccessToken(
        access_token=token.access_token,
        token_type=token.token_type,
        expires_in=int(token.expires_in or 0),
    )


class Login:
    """Not thread-safe."""

    def __init__(self, settings: Settings, post: Post) -> None:
        self._session = AuthSession(
            _SdkSettings(settings), _SdkTransport(post), _deserialize, API_VERSION
        )

    def token(self) -> tuple[str, int]:
        """A new token, and the seconds that it lives for (0: not told)."""
        self._session.token = AuthToken()
        self._session.authenticate({})
        return self._session.token.access_token, self._session.token.expires_in
