"""The demo's messages: small, real, and between them every kind of content a reader has to cope with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Final

import msgspec

from correio.demo.attachments import calendar, picture, sound, spreadsheet

_HOUR: Final = 3600
_MARIA: Final = Address("Maria Conceição", "maria", "destino.test")
_ORLANDO: Final = Address("Orlando Magalhães", "orlando", "origem.test")


class DemoMessage(msgspec.Struct, frozen=True):
    """One message of the demo: where it goes, its flags, when it came, and its octets."""

    role: str
    flags: tuple[str, ...]
    date: int
    raw: bytes


class _Letter(msgspec.Struct, frozen=True):
    name: str
    sender: Address
    recipient: Address
    subject: str
    text: str
    hours: float
    """How long ago it was sent."""
    parent: str = ""
    """The name of the message this one answers."""
    flags: tuple[str, ...] = ()
    """In the recipient's inbox."""
    finish: Callable[[EmailMessage], None] | None = None


def _stranger(name: str, local: str) -> Address:
    return Address(name, local, "exemplo.test")


def _add_html(message: EmailMessage) -> None:
    message.add_alternative(
        '<!doctype html><html lang="pt"><body style="font-family:sans-serif"><h1>Bem-vinda!</h1>'
        "<p>Este é o <b>Correio</b>. Uma mensagem, seis portas: SMTP, LMTP, IMAP, POP3, REST e GraphQL.</p>"
        "<p>Acentos chegam inteiros: <i>coração, pêssego, àquela, ações, lingüiça</i>.</p></body></html>\n",
        subtype="html",
    )


def _add_picture(message: EmailMessage) -> None:
    message.add_alternative(
        '<!doctype html><html><body><p>Um pôr do sol para ti:</p><img src="cid:sunset@origem.test" alt="Pôr do sol">'
        "</body></html>\n",
        subtype="html",
    )
    parts = message.get_payload()
    assert isinstance(parts, list)
    html = parts[1]
    assert isinstance(html, EmailMessage)
    html.add_related(
        picture(), "image", "png", cid="<sunset@origem.test>", filename="pôr-do-sol.png", disposition="inline"
    )


def _add_spreadsheet(message: EmailMessage) -> None:
    message.add_attachment(spreadsheet(), maintype="text", subtype="csv", filename="orçamento 2026 – versão final.csv")


def _add_sound(message: EmailMessage) -> None:
    message.add_attachment(sound(), maintype="audio", subtype="wav", filename="recado.wav")


def _letters() -> Sequence[_Letter]:
    return (
        _Letter(
            "welcome",
            _stranger("Correio", "correio"),
            _MARIA,
            "Bem-vinda ao Correio: acentuação, cedilha e tudo mais",
            "Bem-vinda!\n\nUma mensagem, seis portas: SMTP, LMTP, IMAP, POP3, REST e GraphQL.\n"
            "Acentos chegam inteiros: coração, pêssego, àquela, ações, lingüiça.\n",
            90,
            flags=("\\Seen",),
            finish=_add_html,
        ),
        _Letter(
            "russian",
            _stranger("Анна Павловна", "anna"),
            _MARIA,
            "Письмо из Петербурга",
            "Дорогая Мария!\n\nУ нас белые ночи, и письма доходят даже быстрее поездов.\nПриезжайте летом.\n\nВаша Анна\n",
            72,
            flags=("\\Seen", "\\Flagged"),
        ),
        _Letter(
            "chinese",
            _stranger("山田太郎・王小明", "wang"),
            _MARIA,
            "お知らせ / 通知：会议时间已更改",
            "こんにちは。会議は木曜日の十時に変わりました。\n\n您好，会议改到星期四上午十点。\n\n"
            "안녕하세요. 회의는 목요일 10시입니다.\n",
            60,
        ),
        _Letter(
            "hebrew",
            _stranger("ليلى حدّاد", "layla"),
            _MARIA,
            "مرحبا / שלום: من اليمين إلى اليسار",
            "مرحبا ماريا،\n\nهذه رسالة تُكتب من اليمين إلى اليسار، وفيها رقم 2026 وكلمة Correio.\n\n"
            "שלום מריה, גם עברית נכתבת מימין לשמאל.\n",
            50,
        ),
        _Letter(
            "budget",
            _ORLANDO,
            _MARIA,
            "Orçamento do próximo ano",
            "Maria,\n\nsegue a planilha. O total está na última linha.\n\nOrlando\n",
            30,
            flags=("\\Seen", "\\Answered"),
            finish=_add_spreadsheet,
        ),
        _Letter(
            "budget-answer",
            _MARIA,
            _ORLANDO,
            "Re: Orçamento do próximo ano",
            "Orlando,\n\nrecebi, obrigada. Falta a linha do café.\n\n> O total está na última linha.\n\nMaria\n",
            28,
            parent="budget",
            flags=("\\Seen", "\\Answered"),
        ),
        _Letter(
            "budget-coffee",
            _ORLANDO,
            _MARIA,
            "Re: Orçamento do próximo ano",
            "Café incluído. ☕\n\n> Falta a linha do café.\n\nOrlando\n",
            26,
            parent="budget-answer",
        ),
        _Letter(
            "picture",
            _ORLANDO,
            _MARIA,
            "Um pôr do sol 🌅",
            "Um pôr do sol para ti (em anexo).\n",
            12,
            finish=_add_picture,
        ),
        _Letter(
            "sound",
            _ORLANDO,
            _MARIA,
            "Recado de voz",
            "Um recado curto: é a nota lá.\n",
            8,
            finish=_add_sound,
        ),
        _Letter("meeting", _ORLANDO, _MARIA, "Convite: café na quinta-feira", "Café na quinta-feira, às dez?\n", 3),
        _Letter(
            "welcome-orlando",
            _stranger("Correio", "correio"),
            _ORLANDO,
            "Bem-vindo ao Correio",
            "Bem-vindo!\n\nAbra esta caixa com qualquer programa de correio, ou com curl.\n",
            90,
        ),
    )


def _compose(letter: _Letter, letters: dict[str, _Letter], sent: int) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(localtime().fromtimestamp(sent).astimezone())
    message["Message-ID"] = _message_id(letter)
    ancestors: list[str] = []
    parent = letter.parent
    while parent:
        ancestors.insert(0, _message_id(letters[parent]))
        parent = letters[parent].parent
    if ancestors:
        message["In-Reply-To"] = ancestors[-1]
        message["References"] = " ".join(ancestors)
    message.set_content(letter.text)
    if letter.name == "meeting":
        # iTIP (RFC 6047): the invitation is an alternative of the text, with its method in the type.
        message.add_alternative(calendar(sent).decode(), subtype="calendar", params={"method": "REQUEST"})
    if letter.finish is not None:
        letter.finish(message)
    # The same octets in the sender's and in the recipient's mailbox: the store keeps them once.
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{letter.name}_{number}")
    return message.as_bytes()


def _message_id(letter: _Letter) -> str:
    return f"<{letter.name}.demo@{letter.sender.domain}>"


def demo_messages(address: str, now: int) -> list[DemoMessage]:
    """Return the messages of one person's mailboxes, oldest first; ``now`` in seconds since the epoch."""
    letters = {letter.name: letter for letter in _letters()}
    found: list[DemoMessage] = []
    for letter in sorted(letters.values(), key=lambda each: -each.hours):
        sent = now - int(letter.hours * _HOUR)
        if letter.recipient.addr_spec == address:
            found.append(DemoMessage("inbox", letter.flags, sent, _compose(letter, letters, sent)))
        elif letter.sender.addr_spec == address:
            found.append(DemoMessage("sent", ("\\Seen",), sent, _compose(letter, letters, sent)))
    return found
