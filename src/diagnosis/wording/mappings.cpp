// What becomes of mappings, and why some are left alone.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::slept_past_lease, "this machine slept past the end of the lease"},
    {cause_code::no_answer_before_lease_end, "the router did not answer before the lease expired"},
    {cause_code::other_protocol_answers,
     "the router no longer answers by the protocol that opened the port, but by another"},
    {cause_code::other_grant, "the router granted a different external address or port"},
    {cause_code::external_address_changed, "the router's external address changed from {} to {}"},
    {cause_code::own_address_changed, "this machine's address changed from {} to {}"},
    {cause_code::router_changed, "the router is now {}"},
    {cause_code::route_to_router_lost, "this machine lost its route to the router"},
    {cause_code::made_to_stay, "created by natcheck mappings add; left in place"},
    {cause_code::never_confirmed, "it may be open, although the router did not confirm it; {}"},
    {cause_code::used_by_natcheck, "in use by another natcheck, process {}"},
    {cause_code::open_as_another_port,
     "port {} of this machine is already open as external port {} ({})"},
    {cause_code::added_before,
     "created by natcheck mappings add; to remove it: natcheck mappings remove {}"},
    {cause_code::may_be_listened_on,
     "something may be listening on port {} of this machine, perhaps another user's natcheck; to "
     "remove it anyway: natcheck mappings remove {}{}"},
    {cause_code::leads_to_former_address,
     "it leads to {}, a former address of this machine that may belong to another one now; to "
     "remove it anyway: natcheck mappings remove {}{}"},
    {cause_code::may_lead_elsewhere,
     "it leads to \"{}\", which may be another machine; to remove it anyway: natcheck mappings "
     "remove {}{}"},
    {cause_code::on_another_network, "it is on the router {} ({}), in another network"},
    {cause_code::leads_to_other, "it leads to {}:{} and is not natcheck's (\"{}\")"},
    {cause_code::leads_here_for_other,
     "it leads to {}:{}, this machine, and is not natcheck's (\"{}\")"},
    {cause_code::no_ipv4_gateway, "there is no IPv4 gateway"},
    {cause_code::other_device_is_router,
     "The default gateway {} offers no port mapping; the router is {}."},
    {cause_code::other_version_wrote_it, "another version of natcheck wrote it"},
};

constexpr operation_row operations[] = {
    {operation_code::opening_port_on, "opening port {} on {}"},
    {operation_code::asking_to_open_port, "asking {} to open port {}"},
    {operation_code::closing_port_on, "closing port {} on {}"},
    {operation_code::remembering_mappings, "remembering port mappings in {}"},
};

}  // namespace

topic mappings() { return {causes, operations}; }

}  // namespace natcheck::wording
