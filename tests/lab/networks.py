"""The networks of the lab, and the truth that must be found in each.

    home ── router ═╪═ isp ─┬─ outside               ═╪═: address translation
    192.168.1.10    5.5.5.5 │  9.9.0.7, 9.9.0.8
                            └─ elsewhere
                               8.8.0.7

Addresses look public where a public one is meant: miniupnpd refuses to work on a reserved one.
Both hosts outside run a STUN server, of two operators. No packet ever leaves the namespaces.
"""

import networks_behavior
import networks_routes
import networks_carrier
import networks_cut_off
import networks_dialects
import networks_firewall
import networks_gateway
import networks_home
import networks_inside
import networks_ipv6
import networks_owner
import networks_serve
import networks_stay

NETWORKS = {
    **networks_home.NETWORKS,
    **networks_routes.NETWORKS,
    **networks_carrier.NETWORKS,
    **networks_owner.NETWORKS,
    **networks_cut_off.NETWORKS,
    **networks_behavior.NETWORKS,
    **networks_ipv6.NETWORKS,
    **networks_firewall.NETWORKS,
    **networks_serve.NETWORKS,
    **networks_gateway.NETWORKS,
    **networks_stay.NETWORKS,
    **networks_inside.NETWORKS,
    **networks_dialects.NETWORKS,
}
