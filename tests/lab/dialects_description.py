"""Dialects of the search, the description, and what is said of addresses and rows."""

from dialect import Dialect, renamed

_ENTRY, _ROW_AT = "GetSpecificPortMappingEntry", "GetGenericPortMappingEntry"
_TYPES = ("InternetGatewayDevice", "WANDevice", "WANConnectionDevice", "WANIPConnection",
          "WANCommonInterfaceConfig")


def _location(change):
    """The line of LOCATION as `change` makes it of the URL."""
    def change_all(answer):
        lines = answer.split("\r\n")
        at = next(n for n, line in enumerate(lines) if line.startswith("LOCATION"))
        lines[at] = change(lines[at].removeprefix("LOCATION: "))
        return "\r\n".join(lines)
    return change_all


def _location_last(end):
    def change(answer):
        lines = [line for line in answer.split("\r\n") if line]
        lines.sort(key=lambda line: line.startswith("LOCATION"))
        return "\r\n".join(lines) + end
    return change


def _headers_named(change):
    def change_all(answer):
        lines = [line.partition(":") for line in answer.split("\r\n")]
        return "\r\n".join(change(name) + colon + value if colon else name
                           for name, colon, value in lines)
    return change_all


def _lower_types(text):
    for name in _TYPES:
        text = text.replace(f":{name}:", f":{name.lower()}:")
    return text


def _elements_in(change):
    names = ("serviceType", "controlURL", "deviceType", "friendlyName")

    def change_all(page):
        for name in names:
            page = page.replace(f"{name}>", f"{change(name)}>")
        return page
    return change_all


def _control(url, base=""):
    """Only the WAN connection's: the first one is never asked."""
    def change(page):
        page = page.replace("<controlURL>/control<", f"<controlURL>{url}<")
        return page.replace("<device>", base + "<device>", 1)
    return change


SEARCH = [
    Dialect("search: lines end with LF", search=renamed("\r\n", "\n")),
    Dialect("search: http/1.1", search=renamed("HTTP/1.1", "http/1.1")),
    Dialect("search: no version", search=renamed("HTTP/1.1", "HTTP")),
    Dialect("search: HTTP/1.0", search=renamed("HTTP/1.1", "HTTP/1.0")),
    Dialect("search: UPNP/1.0", search=renamed("HTTP/1.1", "UPNP/1.0")),
    Dialect("search: no reason", search=renamed("200 OK", "200")),
    Dialect("search: a status that is no success", search=renamed("200 OK", "404 Not Found")),
    Dialect("search: an empty line first", search=lambda answer: "\r\n" + answer),
    Dialect("search: an empty line before LOCATION", search=renamed("EXT:", "EXT:\r\n")),
    Dialect("search: an empty line behind the status", search=renamed("OK", "OK\r\n")),
    Dialect("search: no empty line at the end", search=lambda answer: answer.strip() + "\r\n"),
    Dialect("search: LOCATION last, without an end", search=_location_last("")),
    Dialect("search: LOCATION last, and LF", search=_location_last("\n")),
    Dialect("search: LOCATION last, and NUL", search=_location_last("\0")),
    Dialect("search: NUL and noise at the end", search=lambda answer: answer + "\0\0\x7f\x01"),
    Dialect("search: quotes around LOCATION", search=_location(lambda url: f'LOCATION: "{url}"')),
    Dialect("search: < and > around LOCATION", search=_location(lambda url: f"LOCATION: <{url}>")),
    Dialect("search: no blank", search=_location(lambda url: f"LOCATION:{url}")),
    Dialect("search: a blank before the colon", search=_location(lambda url: f"LOCATION : {url}")),
    Dialect("search: tabs", search=_location(lambda url: f"LOCATION:\t{url}\t")),
    Dialect("search: blanks behind LOCATION", search=_location(lambda url: f"LOCATION: {url}   ")),
    Dialect("search: names in lower case", search=_headers_named(str.lower)),
    Dialect("search: names with one capital", search=_headers_named(str.capitalize)),
    Dialect("search: a line without a colon", search=renamed("EXT:", "EXT")),
    Dialect("search: a name in LOCATION", search=renamed("192.168.77.1", "router.lan")),
    Dialect("search: localhost in LOCATION", search=renamed("192.168.77.1", "localhost")),
    Dialect("search: zeros in LOCATION", search=renamed("192.168.77.1", "192.168.077.001")),
    Dialect("search: 0.0.0.0 in LOCATION", search=renamed("192.168.77.1", "0.0.0.0")),
    Dialect("search: HTTP:// in LOCATION", search=renamed("http://", "HTTP://")),
    Dialect("search: types in lower case", search=_lower_types),
    Dialect("search: no EXT", search=renamed("EXT:\r\n", "")),
    Dialect("search: a long query", search=renamed("device.xml", "device.xml?" + 700 * "x")),
]

PAGE = [
    Dialect("page: a bare &", page=renamed("Scripted", "Tom & Jerry's")),
    Dialect("page: < in a text", page=renamed("Scripted", "a < b")),
    Dialect("page: <3 in a text", page=renamed("Scripted", "I <3 my")),
    Dialect("page: markup in a text", page=renamed("Scripted", "<b>Scripted")),
    Dialect("page: an unknown entity", page=renamed("Scripted", "&nbsp;&eacute;Scripted")),
    Dialect("page: a name without an end", page=renamed("</friendlyName>", "")),
    Dialect("page: lists without an end", page=renamed("</serviceList></device></deviceList>", "")),
    Dialect("page: nothing behind the services",
            page=lambda page: page.split("</serviceList></device></dev")[0]),
    Dialect("page: an end too many", page=renamed("</friendlyName>", "</friendlyName></b>")),
    Dialect("page: a byte order mark", page=lambda page: "\ufeff" + page),
    Dialect("page: blank lines first", page=lambda page: "\r\n\r\n" + page),
    Dialect("page: no declaration", page=lambda page: page.split("?>", 1)[1]),
    Dialect("page: another encoding declared",
            page=renamed('"1.0"', '"1.0" encoding="iso-8859-1"')),
    Dialect("page: UTF-16 declared", page=renamed('"1.0"', '"1.0" encoding="utf-16"')),
    Dialect("page: a DOCTYPE", page=renamed("?>", "?><!DOCTYPE root>")),
    Dialect("page: comments", page=renamed("<controlURL>", "<!-- <controlURL> --><controlURL>")),
    Dialect("page: CDATA", page=renamed("Scripted router", "<![CDATA[<Scripted> & co]]>")),
    Dialect("page: line breaks around every value",
            page=lambda page: page.replace(":1</", ":1\r\n  </").replace(">/", ">\r\n\t/").replace(
                "URL></", "URL></")),
    Dialect("page: blanks around types", page=renamed(":1</serviceType>", ":1 </serviceType>")),
    Dialect("page: attributes", page=renamed("<controlURL>", '<controlURL dt:dt="string" x=1>')),
    Dialect("page: a prefix", page=lambda page: page.replace("</", "</d:").replace(
        "<", "<d:").replace("<d:/d:", "</d:").replace("<d:?", "<?").replace("xmlns=", "xmlns:d=")),
    Dialect("page: element names in lower case", page=_elements_in(str.lower)),
    Dialect("page: element names in capitals", page=_elements_in(str.upper)),
    Dialect("page: types in lower case", page=_lower_types),
    Dialect("page: version 2", page=renamed("WANIPConnection:1", "WANIPConnection:2")),
    Dialect("page: version 3", page=renamed("WANIPConnection:1", "WANIPConnection:3")),
    Dialect("page: by PPP", page=renamed("WANIPConnection:1", "WANPPPConnection:1")),
    Dialect("page: a control URL of 160 characters", page=_control("/" + 159 * "c")),
    Dialect("page: a control URL of 1024 characters", page=_control("/" + 1023 * "c")),
    Dialect("page: a control URL without a slash", page=_control("control")),
    Dialect("page: a control URL with a dot", page=_control("./control")),
    Dialect("page: a control URL that is a query", page=_control("?control=1")),
    Dialect("page: a control URL with & and ;", page=_control("/control?a=1&amp;b=2;c")),
    Dialect("page: a control URL with a bare &", page=_control("/control?a=1&b=2")),
    Dialect("page: an absolute control URL", page=_control("http://192.168.77.1:5000/control")),
    Dialect("page: a control URL with a name", page=_control("http://router.lan:5000/control")),
    Dialect("page: URLBase",
            page=_control("/control", "<URLBase>http://192.168.77.1:5000</URLBase>")),
    Dialect("page: URLBase with a slash",
            page=_control("control", "<URLBase>http://192.168.77.1:5000/</URLBase>")),
    Dialect("page: URLBase with line breaks",
            page=_control("/control", "<URLBase>\r\n http://192.168.77.1:5000/\r\n</URLBase>")),
    Dialect("page: URLBase with a path",
            page=_control("control", "<URLBase>http://192.168.77.1:5000/a/b.xml</URLBase>")),
    Dialect("page: URLBase empty", page=_control("/control", "<URLBase></URLBase>")),
    Dialect("page: URLBase of a name",
            page=_control("/control", "<URLBase>http://router.lan:5000/</URLBase>")),
]

ADDRESSES = [
    *(Dialect(f"address: {says!r}", says=says) for says in (
        " 5.5.5.5 ", "\r\n5.5.5.5\t", "005.005.005.005", "5.5.5.5:0", "5.5.5.5:80", "5.5.5.5/24",
        "5.5.5.5/255.255.255.0", '"5.5.5.5"', "::ffff:5.5.5.5")),
    *(Dialect(f"address: {says!r}", says=says, external=None) for says in (
        "router.lan", "home.dyndns.example", "None", "null", "N/A", "unknown", "-", "5.5.5")),
    *(Dialect(f"address: {says}", says=says, external=says) for says in (
        "2a00:77::1", "192.168.77.1", "10.0.0.7", "100.64.0.7", "0.0.0.0", "255.255.255.255",
        "127.0.0.1", "169.254.1.1")),
    Dialect("address: empty", says="", external=None),
]


def _row_with(**changes):
    """Each row is told with these values, or with what they make of the value."""
    def changed(row):
        for name, value in changes.items():
            if name in row:
                row = {**row, name: value(row[name]) if callable(value) else value}
        return row

    def teller(action):
        return lambda gateway, arguments: changed(gateway.usual(action, arguments))
    return {action: teller(action) for action in (_ENTRY, _ROW_AT)}


def _row_without(name):
    def teller(action):
        return lambda gateway, arguments: {
            key: value for key, value in gateway.usual(action, arguments).items() if key != name}
    return {action: teller(action) for action in (_ENTRY, _ROW_AT)}


CLIENTS = [
    Dialect("row: a host name", acts=_row_with(NewInternalClient="desktop")),
    Dialect("row: a full host name", acts=_row_with(NewInternalClient="desktop.home.arpa")),
    Dialect("row: no client", acts=_row_with(NewInternalClient="")),
    Dialect("row: blanks around the client", acts=_row_with(NewInternalClient=" 192.168.77.10 ")),
    Dialect("row: zeros in the client", acts=_row_with(NewInternalClient="192.168.077.010")),
    Dialect("row: a port behind the client", acts=_row_with(
        NewInternalClient="192.168.77.10:1234")),
    Dialect("row: blanks around the port", acts=_row_with(
        NewInternalPort=lambda port: f" {port} ")),
    Dialect("row: enabled is true", acts=_row_with(NewEnabled="true")),
    Dialect("row: enabled is Yes", acts=_row_with(NewEnabled="Yes")),
    Dialect("row: enabled is missing", acts=_row_without("NewEnabled")),
    Dialect("row: the lease is missing", acts=_row_without("NewLeaseDuration")),
    Dialect("row: the description is missing", acts=_row_without("NewPortMappingDescription")),
    Dialect("row: another description", acts=_row_with(NewPortMappingDescription="UPnP")),
]

OF_DESCRIPTION = [*SEARCH, *PAGE, *ADDRESSES, *CLIENTS]
