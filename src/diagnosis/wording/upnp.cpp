// UPnP: the search, descriptions, SOAP, the table of port mappings and pinholes.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::ssdp_answer_too_long, "more than {} bytes"},
    {cause_code::ssdp_announcement, "a NOTIFY announcement, not an answer to a search"},
    {cause_code::ssdp_without_status, "begins with \"{}\" instead of an HTTP status"},
    {cause_code::ssdp_status, "HTTP status \"{}\""},
    {cause_code::ssdp_without_location, "no LOCATION"},
    {cause_code::ssdp_location_unusable, "LOCATION {}"},
    {cause_code::upnp_search_unanswered, "no answer to {} searches in 1600 ms"},
    {cause_code::upnp_search_unanswered_and_alone,
     "no answer to {} searches, and the multicast search could not be sent: {}"},
    {cause_code::upnp_search_answer_unusable, "it answered the search, but {}"},
    {cause_code::upnp_description_unreadable,
     "it answered the search, but its description {} could not be read: {}"},

    {cause_code::upnp_without_wan_connection,
     "it describes no WAN connection, so it is not an Internet gateway"},
    {cause_code::upnp_without_ipv6_firewall,
     "it describes no IPv6 firewall that opens ports on request"},
    {cause_code::upnp_description_incomplete, "{} (its XML is incomplete)"},
    {cause_code::upnp_control_url_unusable, "its control URL is not usable: it {}"},
    {cause_code::upnp_answer_empty, "the answer is empty"},
    {cause_code::upnp_answer_not_upnp, "the answer is not UPnP (perhaps a login page)"},
    {cause_code::upnp_answer_lacks, "its answer to {} contains no {}"},

    // UPnP Device Architecture 1.1, section 3.2.2; WANIPConnection:2, section 2.5.17.
    {cause_code::upnp_connection_error, "it does not support this action (UPnP error {})", 401},
    {cause_code::upnp_connection_error,
     "it rejects the values; some routers accept no lease time (UPnP error {})", 402},
    {cause_code::upnp_connection_error, "it failed without giving a reason (UPnP error {})", 501},
    {cause_code::upnp_connection_error, "not authorized (UPnP error {})", 606},
    {cause_code::upnp_connection_error, "there is no such entry (UPnP error {})", 714},
    {cause_code::upnp_connection_error, "it does not allow this external port (UPnP error {})",
     716},
    {cause_code::upnp_connection_error,
     "the external port is already forwarded to another device (UPnP error {})", 718},
    {cause_code::upnp_connection_error,
     "it requires the same external and internal port (UPnP error {})", 724},
    {cause_code::upnp_connection_error,
     "it supports only permanent entries, without a lease time (UPnP error {})", 725},
    {cause_code::upnp_connection_error, "its table of forwarded ports is full (UPnP error {})",
     728},
    {cause_code::upnp_connection_error,
     "another rule of the router already uses the port (UPnP error {})", 729},
    {cause_code::upnp_connection_error, "{1} (UPnP error {0})"},

    // WANIPv6FirewallControl:1, section 2.5.9.
    {cause_code::upnp_firewall_error,
     "not authorized; many routers open no port below 1024, and none for an address other than "
     "the one that asks (UPnP error {})",
     606},
    {cause_code::upnp_firewall_error, "its table of pinholes is full (UPnP error {})", 701},
    {cause_code::upnp_firewall_error,
     "its IPv6 firewall is off, so no pinhole is needed (UPnP error {})", 702},
    {cause_code::upnp_firewall_error,
     "its IPv6 firewall does not let devices open ports (UPnP error {})", 703},
    {cause_code::upnp_firewall_error, "it has no such pinhole (UPnP error {})", 704},
    {cause_code::upnp_firewall_error, "its firewall answers {1} (UPnP error {0})"},
    {cause_code::upnp_undefined_error, "an error code that UPnP does not define (UPnP error {})"},

    {cause_code::entry_of_another_device,
     "external port {} is already forwarded to {}:{} (\"{}\")"},
    {cause_code::entry_refused_without_conflict,
     "{}, although its table has no such entry; a rule of the router may forbid it"},
    {cause_code::entry_not_made, "it confirmed the mapping, but its table does not have it"},
    {cause_code::entry_gone, "the router's table no longer has the entry"},
    {cause_code::entry_changed_hands,
     "the entry is no longer natcheck's: external port {} now leads to {}:{} (\"{}\")"},
    {cause_code::entry_of_another_program,
     "the entry on port {} leads here, but is called \"{}\" and may belong to another program; "
     "left in place; delete it in the router's settings"},
    {cause_code::entry_of_another_address,
     "the entry leads to {}, and the router lets only that address remove it; it stays until its "
     "lease expires, or until it is deleted in the router's settings"},
    {cause_code::entry_not_removed, "it confirmed the removal, but its table still has the entry"},
    {cause_code::nothing_mapped, "nothing was mapped"},
    {cause_code::ipv6_firewall_off, "its IPv6 firewall is off, so no pinhole is needed"},
    {cause_code::ipv6_firewall_closed, "its IPv6 firewall does not let devices open ports"},
    {cause_code::router_not_found_again, "the router was not found again in time"},
    {cause_code::router_restarted, "the router restarted"},
    {cause_code::pinhole_not_made, "it confirmed the pinhole, but does not have it"},
    {cause_code::pinhole_gone, "the router no longer has the pinhole"},

    {cause_code::table_stopped_after, "after {} entries it answered: {}"},
    {cause_code::table_not_listed, "it does not list its table: {}"},
    {cause_code::table_empty_or_not_listed, "its table is empty, or it does not list it: {}"},
    {cause_code::table_entry_unreadable, "entry {} could not be read: {}"},
    {cause_code::table_of_placeholders, "{} entries in a row have no port or no protocol"},
    {cause_code::table_repeats, "it repeats the same entries endlessly"},
    {cause_code::table_too_long, "only its first {} entries were read"},
    {cause_code::table_begins_with_1,
     "The first entry of the router's table has the index 1, not 0."},
    {cause_code::table_lacks_entry, "The router's table has no entry {}, but has one after it."},
    {cause_code::table_entries_left_out,
     "Entries of the router's table without a port or a protocol are left out: {}."},
    {cause_code::table_ports_unreadable,
     "The internal port is unreadable in these entries of the router's table: {}."},
    {cause_code::table_entries_twice,
     "Some entries of the router's table appear twice; each is shown once."},
};

constexpr operation_row operations[] = {
    {operation_code::searching_by_upnp, "searching for the router (UPnP)"},
    {operation_code::requesting_by_upnp, "{} {} (UPnP)"},
    {operation_code::calling_by_upnp, "asking {} for {} (UPnP)"},
    {operation_code::reading_description, "reading {} (UPnP)"},
    {operation_code::opening_port_by_upnp, "opening a port on {} (UPnP)"},
    {operation_code::closing_port_by_upnp, "closing a port on {} (UPnP)"},
    {operation_code::opening_pinhole_by_upnp, "opening a pinhole on {} (UPnP)"},
    {operation_code::closing_pinhole_by_upnp, "closing a pinhole on {} (UPnP)"},
};

}  // namespace

topic upnp() { return {causes, operations}; }

}  // namespace natcheck::wording
