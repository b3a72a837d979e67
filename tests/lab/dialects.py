"""Dialects of routers, as data: each is tried with upnpc and with natcheck (checks_dialects.py).

A new one is a line of the list it belongs to; dialect.py says what one may consist of. Most were
seen in public reports of people who could not open a port.
"""

import itertools
import re
import time

from dialects_description import OF_DESCRIPTION
from dialect import (Dialect, around_values, attributed, chunked, each, kept_open, only, prefixed,
                     renamed, slow, with_header, with_length, without)
from scripted_upnp import Refused

_ADD, _DELETE, _ENTRY = "AddPortMapping", "DeletePortMapping", "GetSpecificPortMappingEntry"


def _bytes_one_by_one(answer):
    return [bytes([byte]) for byte in answer.bytes()]


def _torn(answer):
    """In three segments, torn at places that hurt."""
    data = answer.bytes()
    return [data[:7], 0.02, data[7:40], 0.02, data[40:-5], 0.02, data[-5:]]


def _interim(status, *headers):
    lines = "".join(line + "\r\n" for line in headers)
    return lambda answer: setattr(answer, "before", f"HTTP/1.1 {status}\r\n{lines}\r\n")


def _start(version=None, reason=None):
    def change(answer):
        answer.version = version or answer.version
        answer.reason = answer.reason if reason is None else reason
    return change


def _newline(text):
    return lambda answer: setattr(answer, "newline", text)


def _before(text):
    return lambda answer: setattr(answer, "before", text)


def _mixed_newlines(answer):
    return (answer.head().replace("\r\n", "\n", 2) + answer.body).encode()


def _headers(change):
    """Each header line as `change` makes it of a name and a value."""
    def change_all(answer):
        answer.headers = [change(*line.split(": ", 1)) for line in answer.headers]
    return change_all


def _no_headers(answer):
    answer.headers = []


def _no_body(answer):
    answer.body = ""
    with_length(" 0")(answer)


def _status_200(answer):
    answer.status, answer.reason = 200, "OK"


def _status_500(answer):
    answer.status, answer.reason = 500, "Internal Server Error"


def _reset(answer):
    answer.end = "reset"


def _chunked_with_length(answer):
    answer.headers.append("Content-Length: 7")
    return chunked(drops=())(answer)


def _endless(piece, *first):
    return lambda answer: itertools.chain(first, itertools.repeat(piece))


def _moves(location):
    text = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return lambda answer: text.encode() if answer.action == "" else None


def _moved(answer):
    return _moves("/device.xml?moved")(answer) if "moved" not in answer.target else None


HTTP = [
    Dialect("as the standard has it"),
    Dialect("lines end with LF only", http=_newline("\n")),
    Dialect("lines end with LF and with CRLF", http=_mixed_newlines),
    Dialect("no reason phrase and no space", http=_start(reason="")),
    Dialect("a reason phrase of many words", http=_start(reason="All is well, Sir: enjoy")),
    Dialect("HTTP/1.0", http=_start("HTTP/1.0")),
    Dialect("status line in lower case", http=_start("http/1.1")),
    Dialect("status line without a version", http=_start("HTTP")),
    Dialect("a version of the future", http=_start("HTTP/1.2")),
    Dialect("two spaces before the status", http=_start("HTTP/1.1 ")),
    Dialect("an empty line before the status line", http=_before("\r\n")),
    Dialect("three empty lines before the status line", http=_before("\n\r\n\n")),
    Dialect("a header line without a colon", http=with_header("this is no header")),
    Dialect("a header line without a name", http=with_header(": nothing")),
    Dialect("a header name with spaces", http=with_header("Powered by: love")),
    Dialect("a header with bytes of Latin-1", http=with_header("Server: Caf\u00e9")),
    Dialect("a header that is folded", http=with_header("Server: one", "\ttwo", "  three")),
    Dialect("a header of 7000 characters", http=with_header("X-Long: " + 7000 * "x")),
    Dialect("150 headers", http=with_header(*(f"X-{n}: {n}" for n in range(150)))),
    Dialect("no space after the colon", http=_headers(lambda name, value: f"{name}:{value}")),
    Dialect("a space before the colon", http=_headers(lambda name, value: f"{name} : {value}")),
    Dialect("header names in capitals", http=_headers(lambda name, value: f"{name.upper()}: {value}")),
    Dialect("header names in lower case", http=_headers(lambda name, value: f"{name.lower()}: {value}")),
    Dialect("spaces around the length", http=_headers(lambda name, value: f"{name}: \t {value} \t")),
    Dialect("no headers at all", http=_no_headers),
    Dialect("empty Content-Length", http=with_length("")),
    Dialect("negative Content-Length", http=with_length(" -1")),
    Dialect("Content-Length 0 and a body", http=with_length(" 0")),
    Dialect("Content-Length that is no number", http=with_length(" unknown")),
    Dialect("Content-Length that fits no machine", http=with_length(" 99999999999999999999")),
    Dialect("Content-Length twice", http=lambda a: a.headers.append(a.headers[-1])),
    Dialect("Content-Length 20 bytes too long", http=lambda a: with_length(
        f" {len(a.body) + 20}")(a)),
    Dialect("no length, and the end is the end", http=without("Content-Length")),
    Dialect("no length, and the connection stays open",
            http=each(without("Content-Length"), kept_open)),
    Dialect("no header, and the connection stays open",
            http=each(_no_headers, kept_open)),
    Dialect("a length, and the connection stays open", http=kept_open),
    Dialect("chunked", http=chunked()),
    Dialect("chunks of one byte", http=chunked(1)),
    Dialect("chunks, and the connection stays open", http=each(kept_open, chunked())),
    Dialect("chunks with extensions", http=chunked(line="{:x};name=value")),
    Dialect("chunk sizes in capitals, with zeros", http=chunked(line="{:06X}")),
    Dialect("chunk sizes with blanks behind", http=chunked(line="{:x}   ")),
    Dialect("no last chunk", http=chunked(last="")),
    Dialect("a trailer behind the chunks", http=chunked(last="0\r\nX-Sum: 7\r\n\r\n")),
    Dialect("chunked and Content-Length", http=_chunked_with_length),
    Dialect("Transfer-Encoding in capitals", http=lambda a: chunked()(a).replace(
        b"Transfer-Encoding: chunked", b"TRANSFER-ENCODING: CHUNKED")),
    Dialect("Transfer-Encoding: identity", http=with_header("Transfer-Encoding: identity")),
    Dialect("100 Continue first", http=_interim("100 Continue")),
    Dialect("100 Continue with headers first", http=_interim("100 Continue", "Server: x")),
    Dialect("100 Continue to AddPortMapping", http=only(_ADD, _interim("100 Continue"))),
    Dialect("102 Processing first", http=_interim("102 Processing")),
    Dialect("each byte in a segment of its own", http=_bytes_one_by_one),
    Dialect("torn in the status line and in the header", http=_torn),
    Dialect("line ends behind the body", http=lambda a: a.bytes() + b"\r\n\r\n"),
    Dialect("Connection: keep-alive", http=each(without("Connection"),
                                                with_header("Connection: keep-alive"))),
    Dialect("another content type", http=each(without("Content-Type"),
                                              with_header("Content-Type: text/plain"))),
    Dialect("the description has moved, on the same host", http=_moved),
    Dialect("reset behind the answer", http=_reset),
]

SLOW = [
    Dialect("the description after 4 s", seconds=slow(4, "")),
    Dialect("AddPortMapping after 4.5 s", seconds=slow(4.5, _ADD)),
    Dialect("DeletePortMapping after 4.5 s", seconds=slow(4.5, _DELETE)),
    Dialect("AddPortMapping after 7 s", seconds=slow(7, _ADD)),
    Dialect("DeletePortMapping after 7 s", seconds=slow(7, _DELETE)),
    Dialect("everything after 1.5 s", seconds=slow(1.5)),
    Dialect("header, 2 s, body", http=lambda a: [a.head().encode(), 2 if a.action == _ADD else 0,
                                                 a.body.encode()]),
]

CONNECTIONS = [
    Dialect("a second connection is reset while one is open", one_connection=True,
            protocol="both"),
    Dialect("a second connection is reset, and each answer takes its time", one_connection=True,
            protocol="both", seconds=slow(0.2)),
    Dialect("every second connection is closed without a word", protocol="both",
            answers=lambda gateway, _: gateway.turn() % 2 == 0),
]

def _no_lease(code):
    def add(gateway, arguments):
        if arguments["NewLeaseDuration"] != "0":
            raise Refused(code)
        return gateway.usual(_ADD, arguments)
    return {_ADD: add}


SOAP = [
    Dialect("line breaks around every value", xml=around_values("\n    ", "\n  ")),
    Dialect("blanks around every value", xml=around_values("  ", " ")),
    Dialect("attributes on every value", xml=attributed),
    Dialect("no XML declaration", xml=renamed('<?xml version="1.0"?>', "")),
    Dialect("a byte order mark", xml=lambda xml: "\ufeff" + xml),
    Dialect("line breaks between all elements", xml=renamed("><", ">\r\n<")),
    Dialect("a comment in the answer", xml=renamed("<s:Body>", "<s:Body><!-- thanks -->")),
    Dialect("envelope named SOAP-ENV", xml=lambda xml: xml.replace("s:", "SOAP-ENV:")),
    Dialect("no prefix on the response", xml=renamed("u:", "")),
    Dialect("another prefix on the response", xml=renamed("u:", "m:")),
    Dialect("nothing behind the values", xml=lambda xml: xml.split("</u:")[0]),
    Dialect("AddPortMapping answered without a body",
            http=only(_ADD, _no_body)),
    Dialect("the answer is named as the action",
            xml=renamed("AddPortMappingResponse", "AddPortMapping")),
    Dialect("values in CDATA", xml=around_values("<![CDATA[", "]]>")),
    Dialect("element names in capitals", xml=lambda xml: re.sub(
        r"<(/?)(New\w+|u:\w+)", lambda tag: tag[0].upper(), xml)),
    Dialect("a bare & beside the values", xml=renamed("<s:Body>", "<s:Header>you & me</s:Header>"
                                                      "<s:Body>")),
    Dialect("AddPortMapping is done, and the connection closes", http=only(_ADD, lambda a: b"")),
    Dialect("AddPortMapping is done, and the connection is reset",
            http=only(_ADD, each(_reset, lambda a: b""))),
    Dialect("AddPortMapping is done, and answered by a bare HTTP 500",
            http=only(_ADD, each(_no_body, _status_500))),
    Dialect("AddPortMapping is done, and answered by a login page", http=only(
        _ADD, lambda a: b"HTTP/1.1 200 OK\r\n\r\n<html>Please log in</html>")),
    Dialect("DeletePortMapping is done, and the connection closes",
            http=only(_DELETE, lambda a: b"")),
    Dialect("DeletePortMapping is done, and answered by a bare HTTP 500",
            http=only(_DELETE, each(_no_body, _status_500))),
    Dialect("725, as the standard has it", quirk="permanent-only"),
    Dialect("725 with line breaks", quirk="permanent-only", xml=around_values("\n ", "\n ")),
    Dialect("725 with an attribute", quirk="permanent-only", xml=attributed),
    Dialect("725 with a prefix", quirk="permanent-only",
            xml=lambda xml: xml.replace("errorCode>", "m:errorCode>")),
    Dialect("725 in capitals", quirk="permanent-only", xml=renamed("errorCode", "ErrorCode")),
    Dialect("725 in HTTP 200", quirk="permanent-only",
            http=_status_200),
    Dialect("725 in HTTP 200 with line breaks", quirk="permanent-only",
            xml=around_values("\n ", "\n "), http=_status_200),
    Dialect("+725", quirk="permanent-only", xml=renamed("<errorCode>", "<errorCode>+")),
    Dialect("725 by its description only", quirk="permanent-only", xml=renamed(
        "<errorCode>725</errorCode>",
        "<errorDescription>OnlyPermanentLeasesSupported</errorDescription>")),
    *(Dialect(f"{code} to a lease", acts=_no_lease(code)) for code in (501, 600, 601)),
    Dialect("a bare HTTP 500 to a lease", acts=_no_lease(501),
            http=lambda answer: _no_body(answer) if answer.status == 500 else None),
    Dialect("a > in attributes", xml=lambda xml: re.sub(r"<(New\w+)>", r"<\1 a='x>y'>", xml)),
    Dialect("402 to a lease", quirk="no-leases", xml=around_values(" ", " ")),
]

FAULTS = [
    Dialect("718 with line breaks", quirk="conflict", xml=around_values("\n ", "\n "),
            verdict="port-conflict"),
    Dialect("718 with a prefix and an attribute", quirk="conflict", verdict="port-conflict",
            xml=lambda xml: prefixed(attributed(xml))),
    Dialect("728 in HTTP 200", quirk="full", verdict="mapping-table-full",
            http=_status_200),
    Dialect("the row is not kept", quirk="forgetful", verdict="mapping-not-kept"),
]


def _late_row(seconds):
    """The row is in the table so long after it was asked for the first time."""
    def add(gateway, arguments):
        gateway.memory["since"] = time.monotonic()
        return gateway.usual(_ADD, arguments)

    def entry(gateway, arguments):
        if time.monotonic() - gateway.memory.get("since", 0) < seconds:
            arguments = {**arguments, "NewExternalPort": "9"}  # which is not there
        return gateway.usual(_ENTRY, arguments)
    return {_ADD: add, _ENTRY: entry}


def _switched_off(times):
    """So many adds make a row that is switched off."""
    def add(gateway, arguments):
        gateway.memory["adds"] = gateway.memory.get("adds", 0) + 1
        off = gateway.memory["adds"] <= times
        return gateway.usual(_ADD, {**arguments, "NewEnabled": "0" if off else "1"})
    return {_ADD: add}


def _row_with(**values):
    """What the table shows of a row."""
    return {_ENTRY: lambda gateway, arguments: {**gateway.usual(_ENTRY, arguments), **values}}


def _made_then(code):
    """Refuses what it has done."""
    def add(gateway, arguments):
        gateway.usual(_ADD, arguments)
        raise Refused(code)
    return {_ADD: add}


def _unavailable(answer):
    answer.status, answer.reason = 503, "Service Unavailable"
    _no_body(answer)


ROWS = [
    *(Dialect(f"the row reads back with {name} \"{value}\"", acts=_row_with(**{name: value}),
              verified=False)
      for name, value in (("NewInternalClient", "0.0.0.0"), ("NewInternalClient", "192.168.77.99"),
                          ("NewInternalPort", "0"))),
    Dialect("AddPortMapping is done, and answered by HTTP 503", http=only(_ADD, _unavailable)),
    *(Dialect(f"AddPortMapping is done, and answered by {code}", acts=_made_then(code))
      for code in (402, 501, 606, 718, 728)),
    Dialect("the row appears after a second", acts=_late_row(1)),
    Dialect("the row appears after 2.5 seconds", acts=_late_row(2.5)),
    Dialect("the row is switched off at first", acts=_switched_off(1)),
    Dialect("the row is always switched off", acts=_switched_off(9), verified=False),
    Dialect("the row cannot be read: silence", seconds=slow(30, _ENTRY), verified=False),
    Dialect("the row cannot be read: no body", http=only(_ENTRY, _no_body), verified=False),
]

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"

# Each must come to an end, with nothing opened.
HOSTILE = [
    Dialect("a header without end", http=_endless(b"x" * 1000, _OK + b"X: "), hostile=True),
    Dialect("a body without end", http=_endless(b"x" * 1000, _OK + b"\r\n"), hostile=True),
    Dialect("chunks of one byte without end", http=_endless(b"1\r\nx\r\n", _CHUNKED),
            hostile=True),
    Dialect("a chunk size without end", http=_endless(b"0", _CHUNKED), hostile=True),
    Dialect("a chunk greater than any memory", http=_endless(
        b"x", _CHUNKED + b"fffffffffffffff\r\n"), hostile=True),
    Dialect("a chunk size that no machine can hold", http=_endless(
        b"x", _CHUNKED + b"ffffffffffffffffffff\r\n"), hostile=True),
    Dialect("interim answers without end", http=_endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
            hostile=True),
    Dialect("empty lines without end", http=_endless(b"\r\n"), hostile=True),
    Dialect("a byte each second", http=lambda answer: itertools.cycle([b"H", 1]), hostile=True),
    Dialect("redirects in a circle", http=_moves("/device.xml"), hostile=True),
    Dialect("a redirect to another host", http=_moves("http://192.168.77.10:1/"), hostile=True),
    Dialect("a login page in the place of everything", hostile=True, http=lambda answer: _OK
            + b"\r\n<html><body><form>Please log in</form></body></html>"),
    Dialect("silence in the place of everything", hostile=True, seconds=slow(60)),
]

DIALECTS = [*OF_DESCRIPTION, *SLOW, *CONNECTIONS, *HTTP, *SOAP, *FAULTS, *ROWS, *HOSTILE]
