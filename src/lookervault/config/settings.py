"""Where Looker is and how it is reached, each value with the place it came from.

Flags come before the environment, that before `looker.ini`, that before the default. Nothing
below this room reads the environment or the file again. The client secret is in one of these
places, or one of them names the file or the command that gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lookervault.config import client_secret, values
from lookervault.config.ini import SECTION, read_ini
from lookervault.config.proxy import find_proxy
from lookervault.config.secret import MASK, Secret
from lookervault.errors import UsageError

DEFAULT = "default"
DEFAULT_INI = Path("looker.ini")
DEFAULT_VAULT = "lookervault.db"
DEFAULT_TIMEOUT = 120.0
"""Seconds without a byte; the SDK's own default."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`sources` has an entry for each setting; `notes` are remarks that a person should see."""

    base_url: str
    """Scheme, host, port and path, without `/api/4.0` and without a slash at the end."""
    client_id: str
    client_secret: Secret
    verify_ssl: bool = True
    ca_file: Path | None = None
    """A file or a folder of certificates."""
    timeout: float = DEFAULT_TIMEOUT
    proxy: Secret | None = None
    """The proxy's URL, which may hold a password."""
    vault: Path = Path(DEFAULT_VAULT)
    allow_http: bool = False
    signing_key: Path | None = None
    """The file with the private key that signs certificates."""
    monthly_calls: int | None = None
    """Calls that all runs of a calendar month (UTC) may send together."""
    heartbeat: Secret | None = None
    """Where runs say that they have begun and how they ended: a URL, which may hold a token."""
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def source(self, name: str) -> str:
        return self.sources.get(name, DEFAULT)

    def rows(self) -> list[tuple[str, str, str]]:
        """(name, shown value, source); secrets are masked."""
        shown = {
            "base_url": self.base_url,
            "client_id": self.client_id,
            "client_secret": MASK,
            "verify_ssl": _yes_no(value=self.verify_ssl),
            "ca_file": str(self.ca_file) if self.ca_file else "certificates of the program",
            "timeout": f"{self.timeout:g} s",
            "proxy": values.without_password(self.proxy.reveal()) if self.proxy else "none",
            "vault": str(self.vault),
            "allow_http": _yes_no(value=self.allow_http),
            "monthly_calls": f"{self.monthly_calls:,}" if self.monthly_calls else "no limit",
            "heartbeat": MASK if self.heartbeat else "none",
            "signing_key": str(self.signing_key or "none: certificates are not signed"),
        }
        return [(name, text, self.source(name)) for name, text in shown.items()]


def _yes_no(*, value: bool) -> str:
    return "yes" if value else "no"


@dataclass(frozen=True, slots=True)
class _Name:
    """The names that a setting has in each place; an empty one is not read there."""

    flag: bool = True
    environment: tuple[str, ...] = ()
    ini: str = ""


_NAMES = {
    "base_url": _Name(environment=("LOOKERSDK_BASE_URL",), ini="base_url"),
    "client_id": _Name(flag=False, environment=("LOOKERSDK_CLIENT_ID",), ini="client_id"),
    # A flag would show the secret in the list of processes.
    "client_secret": _Name(
        flag=False, environment=("LOOKERSDK_CLIENT_SECRET",), ini="client_secret"
    ),
    # Not in looker.ini: one in a folder that somebody else wrote would run programs.
    "client_secret_file": _Name(environment=("LOOKERVAULT_CLIENT_SECRET_FILE",)),
    "client_secret_command": _Name(environment=("LOOKERVAULT_CLIENT_SECRET_COMMAND",)),
    "verify_ssl": _Name(environment=("LOOKERSDK_VERIFY_SSL",), ini="verify_ssl"),
    "ca_file": _Name(environment=("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")),
    "timeout": _Name(environment=("LOOKERSDK_TIMEOUT",), ini="timeout"),
    "vault": _Name(environment=("LOOKERVAULT_VAULT",)),
    "allow_http": _Name(),
    # No flag: it is the contract's, whatever one run is asked to do.
    "monthly_calls": _Name(flag=False, environment=("LOOKERVAULT_MONTHLY_CALLS",)),
    "heartbeat": _Name(environment=("LOOKERVAULT_HEARTBEAT",)),
    # No flag: all runs of a vault are to be signed, or none.
    "signing_key": _Name(flag=False, environment=("LOOKERVAULT_SIGNING_KEY",)),
}


@dataclass(frozen=True, slots=True)
class _Places:
    flags: Mapping[str, object]
    env: Mapping[str, str]
    ini: Mapping[str, str]
    ini_path: Path

    def find(self, name: str) -> tuple[str, str] | None:
        """(text, source) from the first place that has the setting; empty text counts as unset."""
        return next(((text, source) for _, text, source in self.in_order(name)), None)

    def in_order(self, *names: str) -> Iterator[tuple[str, str, str]]:
        """(name, text, source) of all that is set; within a place in the order of `names`."""
        for place in (self._of_flags, self._of_environment, self._of_ini):
            for name in names:
                yield from ((name, text, source) for text, source in place(name) if text)

    def _of_flags(self, name: str) -> Iterator[tuple[str, str]]:
        if _NAMES[name].flag and (flag := self.flags.get(name)) is not None:
            yield str(flag), _flag_source(name, flag)

    def _of_environment(self, name: str) -> Iterator[tuple[str, str]]:
        for variable in _NAMES[name].environment:
            yield self.env.get(variable, ""), f"environment {variable}"

    def _of_ini(self, name: str) -> Iterator[tuple[str, str]]:
        if key := _NAMES[name].ini:
            yield self.ini.get(key, ""), self.ini_source(key)

    def ini_source(self, key: str) -> str:
        return f"looker.ini [{SECTION}] {key} ({self.ini_path})"


def _flag_source(name: str, value: object) -> str:
    return f"flag --{'no-' if value is False else ''}{name.replace('_', '-')}"


def vault_path(flags: Mapping[str, object], env: Mapping[str, str]) -> tuple[Path, str]:
    """The vault and its source, for commands that do not need Looker."""
    text, source = _Places(flags, env, {}, DEFAULT_INI).find("vault") or (DEFAULT_VAULT, DEFAULT)
    return values.vault(text, source), source


def base_url(env: Mapping[str, str]) -> str | None:
    """Which Looker is meant, for commands that do not need it. Raises `UsageError`."""
    ini = read_ini(DEFAULT_INI, required=False)
    found = _Places({}, env, ini, DEFAULT_INI).find("base_url")
    return None if found is None else values.base_url(*found)


def monthly_calls(env: Mapping[str, str]) -> int | None:
    """The quota, for commands that do not need Looker. Raises `UsageError` where it is none."""
    found = _Places({}, env, {}, DEFAULT_INI).find("monthly_calls")
    return None if found is None else values.monthly_calls(*found)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Where runs are told of, and how that place is reached."""

    url: Secret
    source: str
    proxy: Secret | None
    ca_file: Path | None
    ca_source: str


def heartbeat(flags: Mapping[str, object], env: Mapping[str, str]) -> Heartbeat | None:
    """Known before all other settings, as their being wrong is told there, too.

    Raises `UsageError` where it is no URL, or the way to it is none.
    """
    places = _Places(flags, env, {}, DEFAULT_INI)
    found = places.find("heartbeat")
    if found is None:
        return None
    url = values.heartbeat(*found)
    proxy, _ = find_proxy(url.reveal(), env)
    authorities = places.find("ca_file")
    return Heartbeat(
        url,
        found[1],
        proxy=Secret(proxy) if proxy else None,
        ca_file=values.ca_file(*authorities) if authorities else None,
        ca_source=authorities[1] if authorities else DEFAULT,
    )


def load(
    flags: Mapping[str, object], env: Mapping[str, str], ini_path: Path | None = None
) -> Settings:
    """Settings of a command that talks to Looker.

    `flags` has the names of `Settings`; `None` is "not given". Without `ini_path`, `looker.ini` in
    the current folder is read where there is one. Raises `UsageError` that names the setting, its
    source and what to write instead.
    """
    path = ini_path or DEFAULT_INI
    places = _Places(flags, env, read_ini(path, required=ini_path is not None), path)
    sources: dict[str, str] = {}

    def take[T](name: str, parse: Callable[[str, str], T], *, default: T) -> T:
        found = places.find(name)
        sources[name] = found[1] if found else DEFAULT
        return parse(*found) if found else default

    def need[T](name: str, parse: Callable[[str, str], T]) -> T:
        if found := places.find(name):
            sources[name] = found[1]
            return parse(*found)
        raise _not_given(name)

    allow_http = take("allow_http", values.yes_no, default=False)
    base_url = need("base_url", values.base_url)
    values.check_encrypted(base_url, sources["base_url"], allow_http=allow_http)
    proxy, sources["proxy"] = find_proxy(base_url, env)
    client_id = need("client_id", values.token_text("client_id"))
    secret, sources["client_secret"], notes = _client_secret(places)
    return Settings(
        base_url=base_url,
        client_id=client_id,
        client_secret=secret,
        verify_ssl=take("verify_ssl", values.yes_no, default=True),
        ca_file=take("ca_file", values.ca_file, default=None),
        timeout=take("timeout", values.timeout, default=DEFAULT_TIMEOUT),
        proxy=Secret(proxy) if proxy else None,
        vault=take("vault", values.vault, default=Path(DEFAULT_VAULT)),
        allow_http=allow_http,
        signing_key=take("signing_key", values.signing_key, default=None),
        monthly_calls=take("monthly_calls", values.monthly_calls, default=None),
        heartbeat=take("heartbeat", values.heartbeat, default=None),
        sources=sources,
        notes=(*_notes(places), *notes),
    )


_SECRET_WAYS = ("client_secret", "client_secret_file", "client_secret_command")


def _client_secret(places: _Places) -> tuple[Secret, str, list[str]]:
    """The secret, its source, and what a person should know of where it lies."""
    _, file, command = _SECRET_WAYS
    if places.flags.get(file) is not None and places.flags.get(command) is not None:
        raise UsageError(
            "--client-secret-file and --client-secret-command exclude each other.",
            hint="There is one client secret: say where it is once.",
        )
    found = list(places.in_order(*_SECRET_WAYS))
    if not found:
        raise _not_given(*_SECRET_WAYS)
    name, text, source = found[0]
    notes = _passed_over(found)
    if name == file:
        path, (text, exposed) = text, client_secret.from_file(text, source)
        source = f"{source} ({path})"
        notes += [f"Others may read the client secret: chmod 600 {path}"] if exposed else []
    elif name == command:
        text = client_secret.from_command(text, source)
    return Secret(values.token_text("client_secret")(text, source)), source, notes


def _passed_over(found: list[tuple[str, str, str]]) -> list[str]:
    """Remarks on what the environment says a second time, in another way."""
    (_, _, first), *others = found
    return [
        f"{source} is ignored: {first} comes before it."
        for _, _, source in others
        if first.startswith("environment") and source.startswith("environment")
    ]


def _not_given(name: str, *other_ways: str) -> UsageError:
    ways_of = {one: _NAMES[one] for one in (name, *other_ways)}
    ways = [f"the flag --{one.replace('_', '-')}" for one, at in ways_of.items() if at.flag]
    ways += [f"the environment variable {one}" for at in ways_of.values() for one in at.environment]
    ways += [
        f"{at.ini} in the section [{SECTION}] of looker.ini" for at in ways_of.values() if at.ini
    ]
    example = " (for example https://company.looker.com)" if name == "base_url" else ""
    return UsageError(
        f"The {_WORDS[name]} of Looker is not set{example}.",
        hint=f"Give it by {', '.join(ways[:-1])} or {ways[-1]}."
        " To try the program without a Looker: lookervault demo.",
    )


_WORDS = {"base_url": "base URL", "client_id": "client id", "client_secret": "client secret"}


def _notes(places: _Places) -> tuple[str, ...]:
    given = [
        *(["environment LOOKERSDK_API_VERSION"] if places.env.get("LOOKERSDK_API_VERSION") else []),
        *([places.ini_source("api_version")] if places.ini.get("api_version") else []),
    ]
    return tuple(f"{source} is ignored: the API's version is always 4.0." for source in given)
