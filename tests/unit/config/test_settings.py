from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lookervault.config.secret import Secret
from lookervault.config.settings import Settings, load, vault_path
from lookervault.errors import Exit, UsageError

SECRET = "s3cret%Of=The;Key"
ENV = {
    "LOOKERSDK_BASE_URL": "https://looker.example",
    "LOOKERSDK_CLIENT_ID": "idOfTheKey",
    "LOOKERSDK_CLIENT_SECRET": SECRET,
}


def ini(text: str) -> Path:
    path = Path("looker.ini")
    path.write_text(text, encoding="utf-8")
    return path


def env(**more: str) -> dict[str, str]:
    return ENV | more


def refused(
    flags: dict[str, object] | None = None, env: dict[str, str] | None = None, path: Any = None
) -> UsageError:
    """The error, which is one of usage, tells a way out and never shows the secret."""
    with pytest.raises(UsageError) as caught:
        load(flags or {}, ENV if env is None else env, path)
    assert caught.value.exit_code == Exit.USAGE
    assert caught.value.hint
    assert SECRET not in caught.value.message + caught.value.hint
    return caught.value


# ── where a value comes from ────────────────────────────────────────────────────────────────────

INI = f"""
[Looker]
base_url = https://ini.example
client_id = iniId
client_secret = "{SECRET}"
verify_ssl = false
timeout = 30
"""


def test_flags_come_before_the_environment_that_before_the_file_that_before_the_default() -> None:
    ini(INI)
    settings = load(
        {"base_url": "https://flag.example", "timeout": None},
        {
            "LOOKERSDK_BASE_URL": "https://env.example",
            "LOOKERSDK_CLIENT_ID": "envId",
            "LOOKERSDK_TIMEOUT": "",
        },
    )
    assert (settings.base_url, settings.source("base_url")) == (
        "https://flag.example",
        "flag --base-url",
    )
    assert (settings.client_id, settings.source("client_id")) == (
        "envId",
        "environment LOOKERSDK_CLIENT_ID",
    )
    assert settings.client_secret == Secret(SECRET)
    assert settings.source("client_secret") == "looker.ini [Looker] client_secret (looker.ini)"
    assert (settings.timeout, settings.source("timeout")) == (
        30.0,
        "looker.ini [Looker] timeout (looker.ini)",
    )
    assert settings.verify_ssl is False
    assert (settings.vault, settings.source("vault")) == (Path("lookervault.db"), "default")


def test_everything_has_a_default_but_url_id_and_secret() -> None:
    settings = load({}, ENV)
    assert settings.verify_ssl is True
    assert settings.ca_file is None
    assert settings.timeout == 120
    assert settings.proxy is None
    assert settings.allow_http is False
    assert settings.notes == ()


def test_each_setting_is_shown_with_its_source_and_the_secrets_masked(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    settings = load(
        {"ca_file": authority, "verify_ssl": False},
        env(HTTPS_PROXY="http://me:pa55@proxy.example:3128", LOOKERVAULT_VAULT="v.db")
        | {"LOOKERVAULT_MONTHLY_CALLS": "10_000"},
    )
    assert settings.rows() == [
        ("base_url", "https://looker.example", "environment LOOKERSDK_BASE_URL"),
        ("client_id", "idOfTheKey", "environment LOOKERSDK_CLIENT_ID"),
        ("client_secret", "********", "environment LOOKERSDK_CLIENT_SECRET"),
        ("verify_ssl", "no", "flag --no-verify-ssl"),
        ("ca_file", str(authority), "flag --ca-file"),
        ("timeout", "120 s", "default"),
        ("proxy", "http://***@proxy.example:3128", "environment HTTPS_PROXY"),
        ("vault", "v.db", "environment LOOKERVAULT_VAULT"),
        ("allow_http", "no", "default"),
        ("monthly_calls", "10,000", "environment LOOKERVAULT_MONTHLY_CALLS"),
        ("heartbeat", "none", "default"),
        ("signing_key", "none: certificates are not signed", "default"),
    ]


def test_the_signing_key_is_a_file_that_the_environment_names(tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    key.write_text("what is in it is not read here")
    settings = load({}, env(LOOKERVAULT_SIGNING_KEY=str(key)))
    assert settings.signing_key == key
    assert settings.rows()[-1] == ("signing_key", str(key), "environment LOOKERVAULT_SIGNING_KEY")


def test_a_signing_key_that_is_not_there_is_named_with_its_source(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="LOOKERVAULT_SIGNING_KEY names .*no.pem") as raised:
        load({}, env(LOOKERVAULT_SIGNING_KEY=str(tmp_path / "no.pem")))
    assert "lookervault key new" in raised.value.hint


def test_the_secret_is_never_shown_by_accident() -> None:
    settings = load({}, env(HTTPS_PROXY="http://me:pa55@proxy.example:3128"))
    for text in (repr(settings), str(settings), f"{settings.client_secret}", str(settings.rows())):
        assert SECRET not in text
        assert "pa55" not in text
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(settings.client_secret)
    assert settings.client_secret.reveal() == SECRET
    assert len({settings.client_secret, Secret(SECRET), Secret("other")}) == 2


def test_a_secret_is_not_taken_from_a_flag() -> None:
    values = {name: text for name, text in ENV.items() if name != "LOOKERSDK_CLIENT_SECRET"}
    error = refused({"client_secret": "x"}, values)
    assert "client secret of Looker is not set" in error.message
    assert "--client-secret," not in error.hint
    assert "LOOKERSDK_CLIENT_SECRET" in error.hint


@pytest.mark.parametrize(
    ("variable", "flags"),
    [("LOOKERSDK_BASE_URL", ["--base-url"]), ("LOOKERSDK_CLIENT_ID", [])],
)
def test_what_is_missing_is_named_with_the_ways_to_give_it(variable: str, flags: list[str]) -> None:
    error = refused(env={name: text for name, text in ENV.items() if name != variable})
    assert "is not set" in error.message
    for way in (*flags, variable, "[Looker] of looker.ini"):
        assert way in error.hint
    assert ("--" in error.hint) == bool(flags), "no flag that does not exist"


def test_the_old_api_version_is_accepted_ignored_and_noted() -> None:
    ini("[Looker]\napi_version=3.1")
    assert load({}, env(LOOKERSDK_API_VERSION="4.0")).notes == (
        "environment LOOKERSDK_API_VERSION is ignored: the API's version is always 4.0.",
        "looker.ini [Looker] api_version (looker.ini) is ignored: the API's version is always 4.0.",
    )


def test_commands_that_need_no_looker_get_the_vault_alone() -> None:
    assert vault_path({}, {}) == (Path("lookervault.db"), "default")
    assert vault_path({"vault": Path("a.db")}, {"LOOKERVAULT_VAULT": "b.db"}) == (
        Path("a.db"),
        "flag --vault",
    )
    assert vault_path({"vault": None}, {"LOOKERVAULT_VAULT": "b.db"}) == (
        Path("b.db"),
        "environment LOOKERVAULT_VAULT",
    )
    with pytest.raises(UsageError, match="environment LOOKERVAULT_VAULT holds a zero byte"):
        vault_path({}, {"LOOKERVAULT_VAULT": "a\0b"})


def test_settings_are_read_without_pydantic_or_http() -> None:
    program = (
        "import sys, lookervault.config.settings;"
        "print({'pydantic', 'urllib3', 'looker_sdk', 'msgspec'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert out.stdout == b"set()\n"


# ── base URL ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://looker.example", "https://looker.example"),
        ("https://looker.example/", "https://looker.example"),
        ("https://looker.example/api/4.0", "https://looker.example"),
        ("https://looker.example/api/4.0/", "https://looker.example"),
        ("https://looker.example:19999/api/3.1//", "https://looker.example:19999"),
        ("https://looker.example/api", "https://looker.example"),
        ("https://looker.example:443", "https://looker.example"),
        ("HTTPS://Looker.Example", "https://looker.example"),
        ("https://gateway.example/looker/api/4.0", "https://gateway.example/looker"),
        ("https://gateway.example/myapi", "https://gateway.example/myapi"),
        ("  https://looker.example  ", "https://looker.example"),
        ("https://[2001:db8::1]:19999", "https://[2001:db8::1]:19999"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.7", "http://127.0.0.7"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_a_base_url_is_taken_in_all_the_ways_people_write_it(given: str, taken: str) -> None:
    assert load({}, env(LOOKERSDK_BASE_URL=given)).base_url == taken


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("looker.example", "has no scheme"),
        ("looker.example:19999", "has no scheme"),
        ("localhost:8080/api/4.0", "has no scheme"),
        ("ftp://looker.example", "has the scheme 'ftp'"),
        ("https://", "has no host"),
        ("https:///api/4.0", "has no host"),
        ("https://looker .example", "or blanks in it"),
        ("https://looker.example\\@evil.example", "user name or a password"),
        ("https://looker\\.example", "or blanks in it"),
        ("https://looker.example\n.evil.example", "or blanks in it"),
        (f"https://me:{SECRET}@looker.example", "user name or a password"),
        ("https://looker.example?x=1", "a query or a fragment"),
        ("https://looker.example#x", "a query or a fragment"),
        ("https://looker.example:0", "cannot be read"),
        ("https://looker.example:99999", "cannot be read"),
        ("https://looker.example:port", "cannot be read"),
        ("https://[::1", "cannot be read"),
    ],
)
def test_a_base_url_that_is_wrong_names_its_source_and_what_to_write(given: str, why: str) -> None:
    error = refused(env=env(LOOKERSDK_BASE_URL=given))
    assert why in error.message
    assert "environment LOOKERSDK_BASE_URL" in error.message
    assert "https://" in error.hint


def test_a_password_before_a_host_without_a_scheme_is_not_repeated() -> None:
    error = refused({"base_url": "me:pa55@looker.example"})
    assert "https://***@looker.example" in error.hint
    assert "pa55" not in error.message + error.hint


def test_a_missing_scheme_is_put_before_what_was_written() -> None:
    assert "https://looker.example:19999" in refused({"base_url": "looker.example:19999"}).hint


@pytest.mark.parametrize(
    "url", ["http://looker.example", "http://10.0.0.1:19999", "http://localhost.evil.example"]
)
def test_an_unencrypted_url_is_refused_unless_it_is_allowed(url: str) -> None:
    error = refused({"base_url": url})
    assert "flag --base-url is not encrypted" in error.message
    assert "https://" in error.hint
    assert "--allow-http" in error.hint
    assert load({"base_url": url, "allow_http": True}, ENV).base_url == url


# ── other values ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9", "12s"])
def test_a_timeout_that_is_no_time_is_refused(text: str) -> None:
    error = refused(env=env(LOOKERSDK_TIMEOUT=text))
    assert f"environment LOOKERSDK_TIMEOUT is {text!r}" in error.message


def test_a_timeout_may_have_a_fraction() -> None:
    assert load({"timeout": 0.5}, ENV).timeout == 0.5


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("T", True), ("1", True), ("No", False), ("0", False)]
)
def test_yes_and_no_are_read_as_the_sdk_reads_them(text: str, *, value: bool) -> None:
    assert load({}, env(LOOKERSDK_VERIFY_SSL=text)).verify_ssl is value


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    error = refused(env=env(LOOKERSDK_VERIFY_SSL="maybe"))
    assert "environment LOOKERSDK_VERIFY_SSL is 'maybe'" in error.message


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET"])
@pytest.mark.parametrize(
    "text", ["ab cd", "abcd ", "ab\ncd", "abcd\n", "ab\u200bcd", "ä", "\x1b[A"]
)
def test_blanks_in_id_or_secret_are_found_before_looker_refuses_them(name: str, text: str) -> None:
    error = refused(env=env(**{f"LOOKERSDK_{name}": text}))
    assert f"environment LOOKERSDK_{name}" in error.message
    assert text not in error.message


def test_certificates_come_from_the_first_place_that_names_some(tmp_path: Path) -> None:
    one, two = tmp_path / "one.pem", tmp_path / "two.pem"
    one.touch()
    two.touch()
    both = env(REQUESTS_CA_BUNDLE=str(one), SSL_CERT_FILE=str(two))
    assert load({}, both).source("ca_file") == "environment REQUESTS_CA_BUNDLE"
    assert load({}, env(SSL_CERT_FILE=str(two))).ca_file == two
    assert load({"ca_file": tmp_path}, both).ca_file == tmp_path
    error = refused(env=env(SSL_CERT_FILE="gone.pem"))
    assert "environment SSL_CERT_FILE names 'gone.pem', which does not exist" in error.message


# ── looker.ini ──────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_is_asked_for_must_be_there() -> None:
    assert "no file other.ini" in refused(path=Path("other.ini")).message


def test_a_file_elsewhere_is_named_in_the_sources(tmp_path: Path) -> None:
    path = tmp_path / "other.ini"
    path.write_text(INI)
    assert f"({path})" in load({}, {}, path).source("client_id")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[Other]\nbase_url=x", "has no section [Looker]"),
        ("", "has no section [Looker]"),
        (f"client_secret={SECRET}", "line 1 stands before any [section]"),
        (f"[Looker]\nbase_url=https://a.b\n{SECRET.replace('=', '')}", "line 3 is not understood"),
        ("[Looker]\ntimeout=1\ntimeout=2", "line 3 repeats"),
        ("[Looker]\n[Looker]", "line 2 repeats"),
    ],
)
def test_a_file_in_the_wrong_form_is_named_with_its_line(text: str, why: str) -> None:
    error = refused(path=ini(text))
    assert why in error.message
    assert "looker.ini" in error.message
    assert "s3cret" not in error.message


def test_a_file_that_is_no_text_is_refused() -> None:
    Path("looker.ini").write_bytes(b"[Looker]\nclient_id=\xff")
    assert "not UTF-8" in refused().message


def test_a_file_that_cannot_be_read_is_refused() -> None:
    Path("looker.ini").mkdir()
    assert "looker.ini cannot be read: Is a directory" in refused().message


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    Path("looker.ini").write_text(INI, encoding="utf-8-sig")
    assert load({}, {}).client_id == "iniId"


# ── proxies ─────────────────────────────────────────────────────────────────────────────────────


def proxy_of(url: str, **variables: str) -> tuple[str | None, str]:
    settings: Settings = load({"allow_http": True}, env(LOOKERSDK_BASE_URL=url, **variables))
    return settings.proxy.reveal() if settings.proxy else None, settings.source("proxy")


def test_the_proxy_is_the_one_of_the_url_s_scheme() -> None:
    both = {"HTTPS_PROXY": "http://secure:1", "HTTP_PROXY": "plain:2"}
    assert proxy_of("https://looker.example", **both) == (
        "http://secure:1",
        "environment HTTPS_PROXY",
    )
    assert proxy_of("http://looker.example", **both) == (
        "http://plain:2",
        "environment HTTP_PROXY",
    )
    assert proxy_of("https://looker.example", https_proxy="http://lower:3", **both) == (
        "http://lower:3",
        "environment https_proxy",
    )
    assert proxy_of("https://looker.example") == (None, "default")


def test_this_machine_is_never_asked_for_through_a_proxy() -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert proxy_of(f"http://{host}:8080", HTTP_PROXY="http://proxy:1") == (None, "default")


@pytest.mark.parametrize(
    ("exceptions", "excepted"),
    [
        ("looker.example", True),
        ("other.example, Looker.Example", True),
        ("example", True),
        (".example", True),
        ("*.example", True),
        ("*", True),
        ("looker.example:19999", True),
        ("looker.example:443", False),
        ("er.example", False),
        ("other.looker.example", False),
        (" , ", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_ports(exceptions: str, *, excepted: bool) -> None:
    proxy, source = proxy_of(
        "https://looker.example:19999", HTTPS_PROXY="http://proxy:1", NO_PROXY=exceptions
    )
    assert proxy == (None if excepted else "http://proxy:1")
    assert source == f"environment {'NO_PROXY' if excepted else 'HTTPS_PROXY'}"


@pytest.mark.parametrize(
    ("exceptions", "excepted"), [("10.0.0.0/8", True), ("10.1.2.3", True), ("10.2.0.0/16", False)]
)
def test_no_proxy_names_networks(exceptions: str, *, excepted: bool) -> None:
    proxy, _ = proxy_of("https://10.1.2.3", HTTPS_PROXY="http://proxy:1", no_proxy=exceptions)
    assert (proxy is None) is excepted


@pytest.mark.parametrize(
    "text",
    [
        "socks5://me:pa55@proxy:1080",
        "http://",
        "http://me:pa55@proxy:port",
        "me:pa55@proxy:port",
        "proxy:99999",
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(text: str) -> None:
    error = refused(env=env(HTTPS_PROXY=text))
    assert "environment HTTPS_PROXY cannot be used" in error.message
    assert "pa55" not in error.message


@pytest.mark.parametrize("text", ["many", "0", "-5", "1e4", "99999999999"])
def test_a_quota_that_is_no_number_of_calls_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="LOOKERVAULT_MONTHLY_CALLS") as caught:
        load({}, env() | {"LOOKERVAULT_MONTHLY_CALLS": text})
    assert text in caught.value.message
