"""What a dialect may say: how a gateway differs from one that does all as the standard has it."""

import dataclasses
import re
from typing import Callable, Optional


def _same(text):
    return text


@dataclasses.dataclass(frozen=True)
class Dialect:
    """All but the name may be left out. Each is given to a gateway that serves one client only."""

    name: str
    # Changes the answer, or gives what is sent in its place: bytes, or a list of bytes and pauses.
    http: Callable = lambda answer: None
    xml: Callable[[str], str] = _same  # of SOAP answers
    page: Callable[[str], str] = _same  # the description
    search: Callable[[str], Optional[str]] = _same  # the answer to M-SEARCH; None: no answer
    path: str = "/device.xml"  # part of what leads to the description
    says: str = "5.5.5.5"  # as external address
    acts: dict = dataclasses.field(default_factory=dict)  # in the place of actions: (gateway, args)
    seconds: Callable[[str], float] = lambda action: 0  # before an action is answered
    answers: Callable = lambda gateway, action: True  # False: closes, or whatever Answer.end says
    one_connection: bool = False  # a second one is reset
    quirk: Optional[str] = None  # of scripted_upnp.py

    # What natcheck must make of it.
    protocol: str = "tcp"
    verdict: Optional[str] = None  # of the event map-failed; None: it maps
    verified: bool = True  # what the event mapped says
    external: Optional[str] = "5.5.5.5"  # the address that discover understands; None: does not
    hostile: bool = False  # ends in time, whatever it says


def without(*names):
    """Without these headers."""
    def change(answer):
        answer.headers = [line for line in answer.headers if line.split(":")[0] not in names]
    return change


def with_header(*lines):
    def change(answer):
        answer.headers += lines
    return change


def with_length(length):
    def change(answer):
        without("Content-Length")(answer)
        answer.headers.append("Content-Length:" + length)
    return change


def each(*changes):
    """One change after the other; the last one says what is sent."""
    def change(answer):
        told = None
        for one in changes:
            told = one(answer)
        return told
    return change


def chunked(size=400, line="{:x}", last="0\r\n\r\n", drops=("Content-Length",)):
    def change(answer):
        without(*drops)(answer)
        answer.headers.append("Transfer-Encoding: chunked")
        body = answer.body.encode()
        parts = [body[at:at + size] for at in range(0, len(body), size)]
        chunks = [f"{line.format(len(part))}\r\n".encode() + part + b"\r\n" for part in parts]
        return answer.head().encode() + b"".join(chunks) + last.encode()
    return change


def kept_open(answer):
    answer.end = "keep"


def only(action, change):
    """Changes the answers to that action alone ("" is the description)."""
    return lambda answer: change(answer) if answer.action == action else None


def slow(seconds, *actions):
    """So late with these actions, or with all of them."""
    return lambda action: seconds if not actions or action in actions else 0


def around_values(before, after):
    return lambda xml: re.sub(r">([^<>]+)</", rf">{before}\1{after}</", xml)


def renamed(old, new):
    return lambda text: text.replace(old, new)


def attributed(xml):
    """An attribute on each element of a value."""
    return re.sub(r"<((?:New\w+|errorCode))>", r'<\1 xsi:type="xsd:string">', xml)


def prefixed(xml):
    return re.sub(r"<(/?)(New\w+|errorCode)>", r"<\1m:\2>", xml)
