"""Mails on their way: to a real server, encrypted where the setting says so, and tried again where that may help."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from pydantic import SecretStr
from structlog.testing import capture_logs

from adapters.mail import smtp
from adapters.mail.console import ConsoleMailer
from adapters.mail.nowhere import NoMailer
from adapters.mail.smtp import SmtpMailer, message_of
from adapters.mail.url import MailServer, Protection, read_mail_url
from application.ports.mail import Mail, NotDelivered
from domain.user import Email
from entrypoints.container import Container
from entrypoints.settings import Environment, Settings
from tests.http.service import KEYS
from tests.support.mail_servers import PASSWORD, USER, Certificates, closed_port, mail_server, silent_server

ANN = Email("ann.canary-7431@example.org")
TOKEN = "canary-6042-of-a-token_0123456789ABCDEFGH-_"
MAIL = Mail(ANN, "A subject", f"A line.\n\n{TOKEN}\n.\nThe last line.\n")
SENDER = "taskward@example.net"
SIGNED_IN = f"{USER}:{quote(PASSWORD)}@"
QUICK = (0.0, 0.01, 0.0)


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture
def _trusted(certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.trusted_file(tmp_path)))


trusted = pytest.mark.usefixtures("_trusted")


def mailer(url: str) -> SmtpMailer:
    return SmtpMailer(read_mail_url(url), QUICK)


async def refusal(url: str) -> str:
    """Why a mail is not delivered."""
    with pytest.raises(NotDelivered) as refused:
        await mailer(url).deliver(MAIL)
    for secret in (ANN, TOKEN, PASSWORD, USER, "canary"):
        assert secret not in str(refused.value)
    assert refused.value.__cause__ is None
    return str(refused.value)


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with mail_server() as letterbox:
        await mailer(f"smtp://127.0.0.1:{letterbox.port}?from={SENDER}").deliver(MAIL)
    (mail,) = letterbox.mails
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text
    assert (mail["To"], mail["From"], mail["Subject"]) == (ANN, f"Taskward <{SENDER}>", "A subject")
    assert (letterbox.senders, letterbox.recipients) == ([SENDER], [[ANN]])
    assert mail.get_content_type() == "text/plain"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"]
    assert mail["Message-ID"].endswith("@example.net>")
    assert (mail["Cc"], mail["Bcc"]) == (None, None)
    assert (letterbox.encrypted, letterbox.signed_in) == ([False], [False])


@trusted
async def test_with_starttls_everything_is_encrypted_and_signed_in_to(certificates: Certificates) -> None:
    async with mail_server(starttls=certificates.of("localhost")) as letterbox:
        await mailer(f"smtp://{SIGNED_IN}localhost:{letterbox.port}?starttls=1").deliver(MAIL)
    assert (letterbox.encrypted, letterbox.signed_in) == ([True], [True])
    assert letterbox.senders == ["taskward@localhost"]


@trusted
async def test_with_smtps_everything_is_encrypted_from_the_first_byte(certificates: Certificates) -> None:
    async with mail_server(tls=certificates.of("localhost")) as letterbox:
        await mailer(f"smtps://{SIGNED_IN}localhost:{letterbox.port}").deliver(MAIL)
    assert (letterbox.encrypted, letterbox.signed_in) == ([True], [True])


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
    kind: str, certificates: Certificates
) -> None:
    url = {"starttls": "smtp://{}localhost:{}?starttls=1", "tls": "smtps://{}localhost:{}"}[kind]
    async with mail_server(**{kind: certificates.of("localhost")}) as letterbox:
        assert "SSLCertVerificationError" in await refusal(url.format(SIGNED_IN, letterbox.port))
    assert (letterbox.mails, letterbox.logins) == ([], [])


@trusted
@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_a_certificate_for_another_name_is_not_believed(kind: str, certificates: Certificates) -> None:
    url = {"starttls": "smtp://{}localhost:{}?starttls=1", "tls": "smtps://{}localhost:{}"}[kind]
    async with mail_server(**{kind: certificates.of("mail.example.org")}) as letterbox:
        assert "SSLCertVerificationError" in await refusal(url.format(SIGNED_IN, letterbox.port))
    assert (letterbox.mails, letterbox.logins) == ([], [])


async def test_without_encryption_where_it_is_asked_for_nothing_is_sent() -> None:
    async with mail_server() as letterbox:
        assert await refusal(f"smtp://{SIGNED_IN}localhost:{letterbox.port}?starttls=1") == (
            "SMTPException: SMTP STARTTLS extension not supported by server., attempts: 1"
        )
    assert (letterbox.mails, letterbox.logins) == ([], [])


@trusted
async def test_a_wrong_password_is_tried_once(certificates: Certificates) -> None:
    async with mail_server(starttls=certificates.of("localhost")) as letterbox:
        said = await refusal(f"smtp://{USER}:wrong@localhost:{letterbox.port}?starttls=1")
    assert said == "SMTPAuthenticationError 535, attempts: 1"
    assert letterbox.mails == []


async def test_a_recipient_who_is_refused_for_good_is_tried_once() -> None:
    async with mail_server() as letterbox:
        letterbox.answers = ["550 no such person: {address}"] * 9
        said = await refusal(f"smtp://127.0.0.1:{letterbox.port}?from={SENDER}")
    assert said == "SMTPRecipientRefused 550, attempts: 1"
    assert letterbox.asked == 1


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_mail_that_is_put_off_is_tried_again(times: int) -> None:
    async with mail_server() as letterbox:
        letterbox.answers = ["451 not now"] * times
        await mailer(f"smtp://127.0.0.1:{letterbox.port}?from={SENDER}").deliver(MAIL)
    assert letterbox.asked == times + 1
    assert len(letterbox.mails) == 1


async def test_a_mail_that_is_always_put_off_is_given_up() -> None:
    async with mail_server() as letterbox:
        letterbox.answers = ["451 not now, {address}"] * 9
        said = await refusal(f"smtp://127.0.0.1:{letterbox.port}?from={SENDER}")
    assert said == "SMTPRecipientRefused 451, attempts: 4"
    assert letterbox.asked == 4


async def test_a_server_that_is_down_is_tried_again_and_given_up() -> None:
    said = await refusal(f"smtp://127.0.0.1:{await closed_port()}?from={SENDER}")
    assert said.startswith("SMTPConnectError")
    assert said.endswith("attempts: 4")


@pytest.mark.parametrize("limit", ["_SECONDS_FOR_A_STEP", "_SECONDS_FOR_ALL"])
async def test_a_server_that_says_nothing_is_given_up(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, limit, 0.05)
    async with silent_server() as port, asyncio.timeout(5):
        assert "Timeout" in await refusal(f"smtp://127.0.0.1:{port}?from={SENDER}")


async def test_a_server_is_asked_a_few_mails_at_once() -> None:
    async with mail_server() as letterbox:
        sending = mailer(f"smtp://127.0.0.1:{letterbox.port}?from={SENDER}")
        await asyncio.gather(*(sending.deliver(MAIL) for _ in range(20)))
    assert len(letterbox.mails) == 20
    assert len({mail["Message-ID"] for mail in letterbox.mails}) == 20


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_line_break_makes_no_second_header(end: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage"):
        message_of(Mail(ANN, f"A subject{end}Bcc: eve@example.org", "text"), SENDER)
    with pytest.raises(ValueError, match=r"."):
        message_of(Mail(Email(f"ann@example.org{end}Bcc: eve@example.org"), "A subject", "text"), SENDER)
    with pytest.raises(ValueError, match=r"."):
        message_of(MAIL, f"{SENDER}{end}Bcc: eve@example.org")


@pytest.mark.parametrize("local", ["a!#$%&'*+/=?^_`{|}~-b", "a.b", "x" * 64])
def test_every_address_that_an_account_may_have_can_be_written_to(local: str) -> None:
    address = Email(f"{local}@example.org")
    written = message_of(Mail(address, "A subject", "text"), SENDER)
    assert [found.addr_spec for found in written["To"].addresses] == [address]


# The setting


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://mail.example.org",
            MailServer("mail.example.org", 25, Protection.NOTHING, "taskward@mail.example.org"),
        ),
        ("smtp://localhost:1025/", MailServer("localhost", 1025, Protection.NOTHING, "taskward@localhost")),
        (
            "smtp://mail.example.org?starttls=1&from=no-reply@example.org",
            MailServer("mail.example.org", 587, Protection.STARTTLS, "no-reply@example.org"),
        ),
        (
            "smtps://ann%40example.org:p%40ss%2Fword@mail.example.org?starttls=0",
            MailServer(
                "mail.example.org",
                465,
                Protection.TLS,
                "taskward@mail.example.org",
                "ann@example.org",
                "p@ss/word",
            ),
        ),
        (
            "smtp://[::1]:25?from=a@example.org",
            MailServer("::1", 25, Protection.NOTHING, "a@example.org"),
        ),
        (
            "smtp://u:p@127.0.0.1?from=a@example.org",
            MailServer("127.0.0.1", 25, Protection.NOTHING, "a@example.org", "u", "p"),
        ),
    ],
)
def test_the_url_says_everything(url: str, server: MailServer) -> None:
    assert read_mail_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp:mail.example.org",
        "smtp://mail.example.org:port",
        "smtp://mail.example.org:0",
        "smtp://mail.example.org:65536",
        "smtp://mail.example.org/folder",
        "smtp://mail.example.org#part",
        "smtp://mail.example.org?starttls=yes",
        "smtp://mail.example.org?starttls",
        "smtp://mail.example.org?starttls=1&starttls=0",
        "smtp://mail.example.org?tls=1",
        "smtps://mail.example.org?starttls=1",
        "smtp://mail.example.org?from=",
        "smtp://mail.example.org?from=nobody",
        "smtp://mail.example.org?from=a@example.org%0d%0aBcc:b@example.org",
        "smtp://mail.example.org%0d%0a",
        "smtp://mail.example.org\r\n",
        " smtp://mail.example.org",
        "smtp://-mail.example.org",
        "smtp://[mail.example.org",
        "smtp://127.0.0.1",
        "smtp://canary-5290@mail.example.org?starttls=1",
        "smtp://:canary-5290@mail.example.org?starttls=1",
        "smtp://ann:canary-5290@mail.example.org",
        "smtp://ann:canary-5290@mail.example.org?starttls=0",
    ],
)
def test_a_wrong_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_mail_url(url)
    assert "canary" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_mail_server_shows_no_password() -> None:
    assert "canary" not in repr(read_mail_url("smtps://ann:canary-5290@mail.example.org"))


def chosen(**settings: Any) -> object:
    """What mails go through with these settings."""
    given: dict[str, Any] = {"secret_keys": KEYS, "_env_file": None}
    return Container(settings=Settings(**given | settings)).mailer()


PRODUCTION = {"environment": Environment.PRODUCTION, "trusted_proxies": "10.0.0.1"}
SERVER = SecretStr("smtps://mail.example.org")


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, ConsoleMailer),
        ({"mail_url": SecretStr("")}, ConsoleMailer),
        ({"mail_url": SERVER}, SmtpMailer),
        (PRODUCTION, NoMailer),
        (PRODUCTION | {"mail_url": SecretStr("")}, NoMailer),
        (PRODUCTION | {"mail_url": SERVER}, SmtpMailer),
    ],
)
def test_no_token_is_shown_in_production(settings: dict[str, Any], kind: Callable[..., object]) -> None:
    assert type(chosen(**settings)) is kind


@pytest.fixture
def _talkative_log() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_talkative_log")
async def test_developers_find_the_mail_in_the_log() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as lines:
        await ConsoleMailer().deliver(MAIL)
    (line,) = lines
    assert (line["to"], line["subject"], line["text"]) == (ANN, MAIL.subject, MAIL.text)


async def test_without_a_mail_server_every_mail_is_refused() -> None:
    with pytest.raises(NotDelivered, match=r"^TASKWARD_MAIL_URL is unset$"):
        await NoMailer().deliver(MAIL)
