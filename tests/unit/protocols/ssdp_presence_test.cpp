#include <gtest/gtest.h>

#include "protocols/ssdp/presence.hpp"

namespace natcheck::ssdp {
namespace {

constexpr const char* goes = "it says that it goes";

notification alive(std::optional<std::uint32_t> boot_id, std::string location = "http://x/",
                   std::string usn = "a") {
  return {notice::alive, "", std::move(usn), std::move(location), boot_id};
}
notification byebye(std::string usn = "a") { return {notice::byebye, "", std::move(usn), "", {}}; }

struct row {
  const char* name;
  std::vector<notification> before;
  notification last;
  std::string_view news;
};

TEST(Presence, TellsWhatIsNew) {
  const row rows[]{
      {"the first is there already", {}, alive(7), ""},
      {"and stays", {alive(7)}, alive(7), ""},
      {"restarted", {alive(7)}, alive(8), "it restarted"},
      {"restarted once", {alive(7), alive(8)}, alive(8), ""},
      {"moved", {alive(7)}, alive(7, "http://y/"), "it moved"},
      {"moved, without BOOTID", {alive({})}, alive({}, "http://y/"), "it moved"},
      {"without BOOTID it stays", {alive({})}, alive({}), ""},
      {"a BOOTID that was left out is no other", {alive(7)}, alive({}), ""},
      {"and is remembered", {alive(7), alive({})}, alive(8), "it restarted"},
      {"a LOCATION that was left out is no other", {alive(7)}, alive(7, ""), ""},
      {"goes", {alive(7)}, byebye(), goes},
      {"goes once", {alive(7), byebye()}, byebye(), ""},
      {"goes, and was not known", {}, byebye(), goes},
      {"is back", {alive(7), byebye()}, alive(7), "it is back"},
      {"is back restarted", {alive(7), byebye()}, alive(8), "it is back"},
      {"is back once", {alive(7), byebye(), alive(8)}, alive(8), ""},
      {"an update says the next BOOTID",
       {alive(7)},
       {notice::update, "", "a", "", 8},
       "it restarted"},
      {"and is not told again", {alive(7), {notice::update, "", "a", "", 8}}, alive(8), ""},
      {"each part speaks for itself", {alive(7)}, alive(9, "http://y/", "b"), ""},
      {"also when it goes", {alive(7), alive(7, "", "b")}, byebye("b"), goes},
  };
  for (const auto& [name, before, last, news] : rows) {
    presence known;
    for (const auto& one : before) known.take(one);
    EXPECT_EQ(known.take(last), news) << name;
  }
}

TEST(Presence, RemembersNoMoreThanAGatewayHas) {
  presence known;
  for (int i = 0; i < 1000; ++i) known.take(alive(7, "http://x/", std::to_string(i)));
  EXPECT_EQ(known.take(byebye("0")), goes);
  EXPECT_EQ(known.take(byebye("999")), "") << "it was never remembered";
}

}  // namespace
}  // namespace natcheck::ssdp
