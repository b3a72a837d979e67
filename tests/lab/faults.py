"""What happens to a home on an evening, done to a lab that is running.

Each fault leaves the lab in its new state; where it takes `with`, it is over at the end.
"""

import contextlib
import json
import time


def restart_router(lab, keep_leases=False, http_port=None, dark_s=0, host="router"):
    """A power cut: the packet filter starts anew, the lease file is there still or is lost.

    Returns as soon as it answers again. Until then nobody on the LAN reaches it.
    """
    igd = lab.igds[host]
    igd.wait_until_old()
    with unplugged(lab, host, "lan"):
        igd.kill()
        lab.load_rules(host)
        time.sleep(dark_s)
    igd.start_again(keep_leases, http_port)


def flush_mappings(lab, host="router"):
    """The firewall is loaded anew, without the rules that miniupnpd put into it."""
    for chain in ("miniupnpd", "prerouting_miniupnpd", "postrouting_miniupnpd"):
        lab.run(host, "nft", "flush", "chain", "inet", "filter", chain)


def change_wan_address(lab, address, host="router"):
    """Another one of the provider's network."""
    lab.igds[host].wait_until_old()
    _change_wan_address(lab, address, host)


@contextlib.contextmanager
def changed_wan_address(lab, address):
    old, = addresses(lab, "router", "wan")
    change_wan_address(lab, address)
    try:
        yield
    finally:
        _change_wan_address(lab, old, "router")


def _change_wan_address(lab, address, host):
    readdress(lab, host, "wan", address)
    # Else the old address works on: the provider knows whose it was, and rules for mappings name no
    # outer address.
    lab.run("isp", "ip", "neighbour", "flush", "all")
    lab.igds[host].begin_clock()


@contextlib.contextmanager
def unplugged(lab, host, interface):
    lab.run(host, "ip", "link", "set", "dev", interface, "down")
    try:
        yield
    finally:
        lab.run(host, "ip", "link", "set", "dev", interface, "up")


def readdress(lab, host, interface, address):
    """Another address in the same network: the new one comes, and the old ones go."""
    old = addresses(lab, host, interface)
    lab.run(host, "ip", "address", "add", address, "dev", interface)
    for gone in set(old) - {address}:
        lab.run(host, "ip", "address", "del", gone, "dev", interface)


@contextlib.contextmanager
def readdressed(lab, host, interface, address):
    old, = addresses(lab, host, interface)
    readdress(lab, host, interface, address)
    try:
        yield
    finally:
        readdress(lab, host, interface, old)


def addresses(lab, host, interface):
    """Those of IPv4, each as "192.168.1.10/24"."""
    shown = json.loads(lab.run(host, "ip", "-json", "-4", "address", "show", "dev",
                               interface).stdout)
    return [f"{one['local']}/{one['prefixlen']}" for entry in shown
            for one in entry.get("addr_info", ())]


def use_router(lab, host, gateway):
    lab.run(host, "ip", "route", "replace", "default", "via", gateway)


def plug_in_spare(lab):
    """From now on the spare router is on the LAN, beside the other."""
    lab.run("switch", "ip", "link", "set", "dev", "spare", "up")


@contextlib.contextmanager
def replaced_router(lab):
    """The spare is plugged in where the router was, at another address of the LAN."""
    with unplugged(lab, "switch", "router"):
        plug_in_spare(lab)
        use_router(lab, "home", "192.168.1.2")
        try:
            yield
        finally:
            use_router(lab, "home", "192.168.1.1")
            lab.run("switch", "ip", "link", "set", "dev", "spare", "down")
