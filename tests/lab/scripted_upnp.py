"""A scripted UPnP gateway (IGD 1) that opens ports for real, and has the quirks of routers sold."""

import http.server
import re
import socket
import struct
import threading
import xml.sax.saxutils

_SSDP_PORT = 1900
HTTP_PORT = 5000
_GROUP = "239.255.255.250"
_DEVICE = "urn:schemas-upnp-org:device:"
_SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
_FIRST = f"{_DEVICE}InternetGatewayDevice:1"

# What AddPortMapping answers, whatever it is asked for.
REFUSALS = {"denied": 606, "conflict": 718, "full": 728}
# The same where the lease has an end.
_NO_LEASES = {"permanent-only": 725, "no-leases": 402}
QUIRKS = (*REFUSALS, *_NO_LEASES, "forgetful", "endless")

_NO_ACTION, _NO_INDEX, _NO_ENTRY = 401, 713, 714


def _device(kind, inside):
    return f"<device><deviceType>{_DEVICE}{kind}:1</deviceType>{inside}</device>"


def _service(kind, name, control):
    return (f"<service><serviceType>{kind}</serviceType>"
            f"<serviceId>urn:upnp-org:serviceId:{name}</serviceId>"
            f"<controlURL>{control}</controlURL><eventSubURL>/events</eventSubURL>"
            "<SCPDURL>/scpd.xml</SCPDURL></service>")


# Without the first service miniupnpc takes it for no gateway.
DESCRIPTION = (
    '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">' + _device(
        "InternetGatewayDevice",
        "<friendlyName>Scripted router</friendlyName><deviceList>" + _device(
            "WANDevice", "<serviceList>" + _service(
                "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1", "WANCommonIFC1",
                "/common") + "</serviceList><deviceList>" + _device(
                    "WANConnectionDevice", "<serviceList>" + _service(
                        _SERVICE, "WANIPConn1", "/control") + "</serviceList>")
            + "</deviceList>") + "</deviceList>") + "</root>")


class Refused(Exception):
    """A fault with this errorCode."""


class Upnp:
    """`quirk` may be changed at any time; without one it does all that it should."""

    def __init__(self, lab, host, settings):
        self.quirk = None
        self.rows = {}  # the arguments of AddPortMapping, by protocol and external port
        self._lab = lab
        self._host = host
        self._settings = settings
        self._actions = {"GetExternalIPAddress": self._external, "GetStatusInfo": self._status,
                         "AddPortMapping": self._add, "DeletePortMapping": self._delete,
                         "GetSpecificPortMappingEntry": self._entry,
                         "GetGenericPortMappingEntry": self._entry_at}
        self._listen_for_searches()
        self._serve_pages()

    def wait_until_ready(self):
        """What is bound is ready: the kernel keeps what comes until the threads run."""

    def _listen_for_searches(self):
        with self._lab.at(self._host):
            self._ssdp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._ssdp.bind(("0.0.0.0", _SSDP_PORT))
            member = struct.pack("4s4s", socket.inet_aton(_GROUP),
                                 socket.inet_aton(self._settings.address))
            self._ssdp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        threading.Thread(target=self._answer_searches, daemon=True).start()

    def _answer_searches(self):
        answer = ("HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nEXT:\r\n"
                  f"LOCATION: http://{self._settings.address}:{HTTP_PORT}/device.xml\r\n"
                  f"ST: {_FIRST}\r\nUSN: uuid:6e617463-6865-636b::{_FIRST}\r\n\r\n")
        while True:
            question, client = self._ssdp.recvfrom(2048)
            told = self.answer_search(answer)
            if told and question.startswith(b"M-SEARCH") and _FIRST.encode() in question:
                self._ssdp.sendto(told.encode(), client)

    def answer_search(self, answer):
        """What is sent in the place of the usual answer; None for nothing."""
        return answer

    def _serve_pages(self):
        gateway = self

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self._send(200, DESCRIPTION)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._send(*gateway.control(self.headers["SOAPAction"], body))

            def _send(self, status, text):
                self.send_response(status)
                self.send_header("Content-Type", 'text/xml; charset="utf-8"')
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        with self._lab.at(self._host):
            server = http.server.HTTPServer((self._settings.address, HTTP_PORT), Pages)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def purge(self):
        """Forgets all entries, as some routers do with idle ones."""
        self.rows.clear()
        self._open_ports()

    def control(self, soap_action, body):
        """An HTTP status and what goes with it."""
        action = soap_action.strip('"').rpartition("#")[2]
        arguments = {name: xml.sax.saxutils.unescape(value)
                     for name, value in re.findall(r"<(New\w+)[^>]*>([^<]*)</", body)}
        try:
            values = self.act(action, arguments)
        except Refused as refused:
            return 500, _envelope(
                "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring>"
                '<detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
                f"<errorCode>{refused}</errorCode></UPnPError></detail></s:Fault>")
        values = "".join(f"<{name}>{xml.sax.saxutils.escape(str(value))}</{name}>"
                         for name, value in values.items())
        return 200, _envelope(f'<u:{action}Response xmlns:u="{_SERVICE}">{values}'
                              f"</u:{action}Response>")

    def act(self, action, arguments):
        """The values of an answer, or Refused."""
        return self._actions.get(action, _unknown)(arguments)

    def says_address(self):
        return self._settings.external

    def _external(self, _):
        return {"NewExternalIPAddress": self.says_address()}

    def _status(self, _):
        return {"NewConnectionStatus": "Connected", "NewLastConnectionError": "ERROR_NONE",
                "NewUptime": 86400}

    def _add(self, row):
        lease_ends = row["NewLeaseDuration"] != "0"
        refusal = REFUSALS.get(self.quirk) or (lease_ends and _NO_LEASES.get(self.quirk))
        if refusal:
            raise Refused(refusal)
        if self.quirk != "forgetful":
            self.rows[_key(row)] = row
            self._open_ports()
        return {}

    def _delete(self, asked):
        if not self.rows.pop(_key(asked), None):
            raise Refused(_NO_ENTRY)
        self._open_ports()
        return {}

    def _entry(self, asked):
        row = self.rows.get(_key(asked))
        if not row:
            raise Refused(_NO_ENTRY)
        wanted = ("NewInternalPort", "NewInternalClient", "NewEnabled",
                  "NewPortMappingDescription", "NewLeaseDuration")
        return {name: row[name] for name in wanted}

    def _entry_at(self, asked):
        index, rows = int(asked["NewPortMappingIndex"]), list(self.rows.values())
        if index < len(rows):
            return rows[index]
        if self.quirk != "endless":
            raise Refused(_NO_INDEX)
        return {"NewRemoteHost": "", "NewExternalPort": 6881, "NewProtocol": "TCP",
                "NewInternalPort": 6881, "NewInternalClient": "192.168.1.77", "NewEnabled": 1,
                "NewPortMappingDescription": "again and again", "NewLeaseDuration": 0}

    def _open_ports(self):
        commands = ["flush chain inet filter prerouting_miniupnpd",
                    "flush chain inet filter miniupnpd"]
        for (protocol, port), row in sorted(self.rows.items()):
            target = f"{row['NewInternalClient']}:{row['NewInternalPort']}"
            commands.append("add rule inet filter prerouting_miniupnpd iifname wan "
                            f"{protocol} dport {port} dnat ip to {target}")
        if self.rows:
            commands.append("add rule inet filter miniupnpd ct status dnat accept")
        self._lab.run(self._host, "nft", "; ".join(commands))


def _key(arguments):
    return arguments["NewProtocol"].lower(), int(arguments["NewExternalPort"])


def _unknown(_):
    raise Refused(_NO_ACTION)


def _envelope(body):
    return ('<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f"{body}</s:Body></s:Envelope>")
