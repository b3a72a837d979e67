#include "mapping/journal/mapping_journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "unit/mapping/journal/some_claims.hpp"

namespace natcheck::journal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

wall_time at_noon() { return noon; }

class Claims : public ::testing::Test {
 protected:
  Claims() {
    std::string name = (fs::temp_directory_path() / "natcheck-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    directory_ = base_ / "state" / "natcheck";
  }
  ~Claims() override { fs::remove_all(base_); }

  claim_book open_book() {
    auto book = claim_book::open(directory_, at_noon);
    EXPECT_TRUE(book) << book.error().message();
    return *std::move(book);
  }
  /// What a run leaves that kept these and was killed.
  void leave_behind(const std::vector<mapping_claim>& claims) {
    auto book = open_book();
    for (const auto& claim : claims) ASSERT_TRUE(book.keep(claim));
  }
  std::vector<fs::path> files() const {
    if (!fs::exists(directory_)) return {};
    return {fs::directory_iterator(directory_), {}};
  }
  static std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(directory_);
    std::ofstream(directory_ / name) << text;
  }
  std::vector<mapping_claim> known(claimed_by owner, wall_time now = noon) const {
    std::vector<mapping_claim> claims;
    for (const auto& each : read_claims(directory_, now)) {
      if (each.owner == owner) claims.push_back(each.claim);
    }
    return claims;
  }

  fs::path base_;
  fs::path directory_;
};

TEST_F(Claims, NothingIsLeftOfARunThatCleanedUp) {
  {
    auto book = open_book();
    EXPECT_THAT(files(), SizeIs(1));
    ASSERT_TRUE(book.keep(pcp_claim()));
    ASSERT_TRUE(book.drop(pcp_claim()));
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Claims, ARunThatLivesIsNoOrphan) {
  auto book = open_book();
  ASSERT_TRUE(book.keep(pcp_claim()));
  EXPECT_THAT(take_orphans(directory_, noon), IsEmpty());
  const auto seen = read_claims(directory_, noon + 24h);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].owner, claimed_by::running);
  EXPECT_EQ(seen[0].process, std::to_string(::getpid()));
  EXPECT_EQ(seen[0].claim, pcp_claim());
  EXPECT_EQ(seen[0].ends, noon + 1h);
}

TEST_F(Claims, AKilledRunLeavesItsClaims) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto book = claim_book::open(directory_, at_noon);
    if (book && book->keep(pcp_claim()) && book->keep(pinhole_claim())) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it could not keep them";
  EXPECT_THAT(known(claimed_by::dead), ElementsAre(pcp_claim(), pinhole_claim()));
  auto orphans = take_orphans(directory_, noon);
  ASSERT_THAT(orphans, SizeIs(1));
  EXPECT_THAT(orphans[0].claims(), ElementsAre(pcp_claim(), pinhole_claim()));
  EXPECT_THAT(orphans[0].name(), HasSubstr("run-" + std::to_string(child) + "-"));
}

TEST_F(Claims, AnOrphanBelongsToOneAtATime) {
  leave_behind({pcp_claim()});
  {
    const auto orphans = take_orphans(directory_, noon);
    EXPECT_THAT(orphans, SizeIs(1));
    EXPECT_THAT(take_orphans(directory_, noon), IsEmpty());
  }
  EXPECT_THAT(take_orphans(directory_, noon), SizeIs(1));
}

TEST_F(Claims, AnOrphanGoesWithItsLastClaim) {
  leave_behind({pcp_claim(), pinhole_claim()});
  {
    auto orphans = take_orphans(directory_, noon);
    ASSERT_THAT(orphans, SizeIs(1));
    orphans[0].drop(pcp_claim());
    EXPECT_THAT(files(), SizeIs(1));
  }
  auto orphans = take_orphans(directory_, noon);
  ASSERT_THAT(orphans, SizeIs(1));
  EXPECT_THAT(orphans[0].claims(), ElementsAre(pinhole_claim()));
  orphans[0].drop(pinhole_claim());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Claims, AnOrphanWhoseLeasesAreOverIsRemoved) {
  leave_behind({pcp_claim()});
  EXPECT_THAT(known(claimed_by::dead, noon + 1h), IsEmpty());
  EXPECT_THAT(take_orphans(directory_, noon + 1h), IsEmpty());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Claims, AMappingThatMovedIsOneClaim) {
  {
    auto book = open_book();
    for (const auto via : {mapping_protocol::nat_pmp, mapping_protocol::upnp}) {
      ASSERT_TRUE(book.keep(claim_of(via, 80)));
      ASSERT_TRUE(book.keep(claim_of(via, 50000)));
    }
  }
  EXPECT_THAT(known(claimed_by::dead), ElementsAre(claim_of(mapping_protocol::nat_pmp, 50000),
                                                   claim_of(mapping_protocol::upnp, 50000)));
}

TEST_F(Claims, ManyRenewalsTakeNoMoreRoom) {
  auto book = open_book();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(book.keep(pcp_claim()));
  ASSERT_THAT(files(), SizeIs(1));
  EXPECT_LT(fs::file_size(files()[0]), 70'000U);
  EXPECT_THAT(take_orphans(directory_, noon), IsEmpty()) << "the lock went with the old file";
  EXPECT_THAT(known(claimed_by::running), ElementsAre(pcp_claim()));
}

TEST_F(Claims, OnlyThisUserMayLook) {
  auto book = open_book();
  const auto mode_of = [](const fs::path& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0);
    return found.st_mode & 0777;
  };
  EXPECT_EQ(mode_of(directory_), 0700U);
  EXPECT_EQ(mode_of(directory_.parent_path()), 0700U);
  EXPECT_EQ(mode_of(files().at(0)), 0600U);
}

TEST_F(Claims, TornAndDamagedLinesCostNothingElse) {
  leave_behind({pcp_claim()});
  const auto path = files().at(0);
  std::ofstream(path, std::ios::app) << "\xff\n"
                                     << keep_line({pinhole_claim(), noon}).substr(0, 90);
  {
    auto orphans = take_orphans(directory_, noon);
    ASSERT_THAT(orphans, SizeIs(1));
    EXPECT_THAT(orphans[0].claims(), ElementsAre(pcp_claim()));
  }
  // What is written next is not lost in what was torn.
  std::ofstream(path, std::ios::app) << "\n" << keep_line({pinhole_claim(), noon}) << "torn";
  take_orphans(directory_, noon).at(0).drop(pcp_claim());
  EXPECT_THAT(known(claimed_by::dead), ElementsAre(pinhole_claim()));
}

TEST_F(Claims, EveryTruncatedFileIsReadAsFarAsItGoes) {
  leave_behind({pcp_claim(), pinhole_claim()});
  const auto whole = text_of(files().at(0));
  const auto first = whole.find('\n', version_line().size()) + 1;
  fs::remove(files().at(0));
  for (std::size_t length = version_line().size(); length < whole.size(); ++length) {
    write("run-1-abcdef.jsonl", whole.substr(0, length));
    EXPECT_THAT(known(claimed_by::dead), SizeIs(length < first ? 0 : 1)) << length;
  }
}

TEST_F(Claims, AnEndlessFileIsReadInPart) {
  const auto claim = keep_line({pcp_claim(), noon});
  write("run-1-abcdef.jsonl",
        claim + std::string(2 * longest_journal, '\n') + keep_line({pinhole_claim(), noon}));
  EXPECT_THAT(known(claimed_by::dead), ElementsAre(pcp_claim()));
}

TEST_F(Claims, AnotherVersionsFilesAreLeftAlone) {
  const std::string text = "{\"natcheck-mappings\":2}\n" + keep_line({pcp_claim(), noon});
  write("run-1-abcdef.jsonl", text);
  write("added.jsonl", text);
  EXPECT_THAT(take_orphans(directory_, noon + 24h), IsEmpty());
  EXPECT_THAT(read_claims(directory_, noon), IsEmpty());
  const auto kept = keep_added(directory_, pcp_claim(), noon);
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().message(), HasSubstr("another version"));
  for (const auto& path : files()) EXPECT_EQ(text_of(path), text);
  EXPECT_THAT(files(), SizeIs(2));
}

TEST_F(Claims, WhatIsNoFileOfOursIsLeftAlone) {
  const auto claim = keep_line({pcp_claim(), noon});
  for (const char* name : {"run-.jsonl", "run-x-abcdef.jsonl", "run-1-abcdef.json", "notes"}) {
    write(name, claim);
  }
  write("elsewhere", claim);
  fs::create_symlink(directory_ / "elsewhere", directory_ / "run-2-abcdef.jsonl");
  fs::create_directory(directory_ / "run-3-abcdef.jsonl");
  ASSERT_EQ(::mkfifo((directory_ / "run-4-abcdef.jsonl").c_str(), 0600), 0);
  EXPECT_THAT(take_orphans(directory_, noon), IsEmpty());
  EXPECT_THAT(read_claims(directory_, noon), IsEmpty());
  EXPECT_THAT(files(), SizeIs(8));
}

TEST_F(Claims, ADirectoryThatIsNotThereHoldsNothing) {
  EXPECT_THAT(take_orphans(directory_, noon), IsEmpty());
  EXPECT_THAT(read_claims(directory_, noon), IsEmpty());
  EXPECT_TRUE(begin_removing(directory_));
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(Claims, WhatCannotBeWrittenIsToldOf) {
  std::ofstream(base_ / "state") << "a file where a directory has to be";
  const auto book = claim_book::open(directory_, at_noon);
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().kind, outcome::unavailable);
  EXPECT_THAT(book.error().message(), HasSubstr(directory_.string()));
  EXPECT_FALSE(keep_added(directory_, pcp_claim(), noon));
}

TEST_F(Claims, OnlyOneRemovesAtATime) {
  leave_behind({pcp_claim()});
  {
    const auto turn = begin_removing(directory_);
    ASSERT_TRUE(turn);
    EXPECT_FALSE(begin_removing(directory_));
  }
  EXPECT_TRUE(begin_removing(directory_));
}

TEST_F(Claims, AddedOnesStayUntilTheyAreDropped) {
  // Two outside ports may lead to one inside; only with UPnP.
  const auto first = claim_of(mapping_protocol::upnp, 80);
  const auto second = claim_of(mapping_protocol::upnp, 81);
  for (const auto& claim : {first, second, pcp_claim()}) {
    ASSERT_TRUE(keep_added(directory_, claim, noon));
  }
  EXPECT_THAT(take_orphans(directory_, noon), IsEmpty());
  EXPECT_THAT(known(claimed_by::added), UnorderedElementsAre(first, second, pcp_claim()));
  ASSERT_TRUE(drop_added(directory_, first, noon));
  EXPECT_THAT(known(claimed_by::added), UnorderedElementsAre(second, pcp_claim()));
  ASSERT_TRUE(drop_added(directory_, second, noon));
  ASSERT_TRUE(drop_added(directory_, pcp_claim(), noon));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Claims, AddedOnesThatHaveEndedGoWithTheNextChange) {
  ASSERT_TRUE(keep_added(directory_, pcp_claim(), noon));
  EXPECT_THAT(known(claimed_by::added, noon + 1h), IsEmpty());
  ASSERT_TRUE(drop_added(directory_, pinhole_claim(), noon + 1h));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Claims, AddingAgainAndAgainTakesNoMoreRoom) {
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(keep_added(directory_, pcp_claim(), noon));
  EXPECT_LT(fs::file_size(directory_ / "added.jsonl"), 70'000U);
  EXPECT_THAT(known(claimed_by::added), ElementsAre(pcp_claim()));
}

class StateDirectory : public ::testing::Test {
 protected:
  ~StateDirectory() override {
    restore("XDG_STATE_HOME", state_);
    restore("HOME", home_);
  }
  static std::optional<std::string> value_of(const char* name) {
    const char* value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  }
  static void restore(const char* name, const std::optional<std::string>& value) {
    value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
  }

  std::optional<std::string> state_ = value_of("XDG_STATE_HOME");
  std::optional<std::string> home_ = value_of("HOME");
};

TEST_F(StateDirectory, FollowsTheSpecification) {
  ::setenv("HOME", "/home/user", 1);
  const std::pair<const char*, const char*> rows[] = {
      {"/var/state", "/var/state/natcheck"},
      {"relative", "/home/user/.local/state/natcheck"},
      {"", "/home/user/.local/state/natcheck"}};
  for (const auto& [named, expected] : rows) {
    ::setenv("XDG_STATE_HOME", named, 1);
    EXPECT_EQ(state_directory(), expected) << named;
  }
  ::unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(state_directory(), "/home/user/.local/state/natcheck");
  for (const char* home : {"", "."}) {
    ::setenv("HOME", home, 1);
    EXPECT_TRUE(state_directory().is_absolute()) << "from the list of users";
  }
}

}  // namespace
}  // namespace natcheck::journal
