"""A second translation beyond the router, told by it, hidden by it, or only to be seen outside."""

import dataclasses

from model import Interface, Link, Nat, Pmp
from networks_base import (GATEWAY, ISP, PROVIDER, REFUSED, SILENT, SINGLE_NAT, behind_router,
                           behind_two, extended, router, with_interfaces)

_SECOND = dataclasses.replace(SINGLE_NAT, exit_codes=(1,), sources=frozenset({"stun"}))
# miniupnpd on a reserved WAN address: result 3 by NAT-PMP, "" by UPnP.
_HIDDEN = dataclasses.replace(_SECOND, exit_codes=(2,), confidences=("likely",),
                              nat_pmp=REFUSED,
                              findings=frozenset({"upnp-empty-address"}))
_TOLD = dataclasses.replace(_SECOND, pcp=REFUSED, upnp=SILENT)
_NO_SERVICE = dataclasses.replace(_SECOND, exit_codes=(2,), confidences=("likely",), pcp=REFUSED,
                                  nat_pmp=REFUSED, upnp=SILENT)
_MISMATCH = dataclasses.replace(SINGLE_NAT, verdicts=("public-address-mismatch",), exit_codes=(2,),
                                confidences=("confirmed", "likely"), public="6.6.6.6",
                                sources=frozenset({"stun"}), seen_as=frozenset({"6.6.6.6"}))


def _double(truth):
    return dataclasses.replace(truth, verdicts=("double-nat",), path=(GATEWAY, "192.168.100.1"))


def _carrier(truth):
    return dataclasses.replace(truth, verdicts=("cgnat",), path=(GATEWAY, "100.64.5.1"))


def _behind_router_of_ones_own(summary, truth, **router):
    return behind_two(summary, _double(truth), "192.168.100.2/24", "192.168.100.1/24", **router)


def _behind_carrier(summary, truth, **router):
    return behind_two(summary, _carrier(truth), "100.64.5.2/24", "100.64.5.1/24", **router)


def _scripted(address):
    return {"igd": None, "services": (Pmp(0, address),)}


def _ds_lite():
    """The router's softwire end is 192.0.0.2; only the provider translates (RFC 6333)."""
    base = behind_two(
        "the router has IPv4 through the provider's IPv6 only (DS-Lite)",
        dataclasses.replace(_TOLD, verdicts=("ds-lite",)),
        "192.0.0.2/29", "192.0.0.1/29", nat=None, **_scripted("192.0.0.2"))
    aftr = dataclasses.replace(base.hosts["carrier"], routes=(
        *base.hosts["carrier"].routes, "192.168.1.0/24 via 192.0.0.2"))
    return extended(base, {"carrier": aftr})


def _two_wans():
    """The router's default route has gone over to its second line; its UPnP has not."""
    two = with_interfaces(router(via="6.6.6.1", nat=Nat(wan="{ wan, wan2 }")),
                          wan2=Interface("6.6.6.6/24"))
    base = behind_router("the router has two lines; it names the one, and uses the other",
                         dataclasses.replace(_MISMATCH, path=(GATEWAY, "6.6.6.1")), two,
                         isp=with_interfaces(ISP, customer2=Interface("6.6.6.1/24")))
    return extended(base, {}, (Link("router:wan2", "isp:customer2"),))


NETWORKS = {
    "double-nat": _behind_router_of_ones_own(
        "the router is behind another router, and hides it", _HIDDEN),
    "double-nat-told": _behind_router_of_ones_own(
        "the router is behind another router, and tells its private WAN address", _TOLD,
        **_scripted("192.168.100.2")),
    "double-nat-no-service": _behind_router_of_ones_own(
        "the router is behind another router, and opens no ports", _NO_SERVICE, igd=None),
    "cgnat": _behind_carrier(
        "the router is behind the provider's NAT, and hides it", _HIDDEN),
    "cgnat-told": _behind_carrier(
        "the router is behind the provider's NAT, and tells its 100.64/10 WAN address", _TOLD,
        **_scripted("100.64.5.2")),
    "cgnat-no-service": _behind_carrier(
        "the router is behind the provider's NAT, and opens no ports", _NO_SERVICE, igd=None),
    "ds-lite": _ds_lite(),
    "translated-again": behind_two(
        "the router's WAN address looks public, and the provider translates it again",
        dataclasses.replace(_MISMATCH, path=(GATEWAY, PROVIDER)),
        "5.5.5.5/24", "5.5.5.1/24", "6.6.6.6/24", "6.6.6.1", checks=("discover", "given_out")),
    "two-wans": _two_wans(),
}
