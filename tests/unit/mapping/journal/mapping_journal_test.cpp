#include "mapping/journal/mapping_journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "unit/mapping/journal/some_records.hpp"

namespace natcheck::journal {
namespace mapping_journal_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

wall_time at_noon() { return noon; }

class Records : public ::testing::Test {
 protected:
  Records() {
    std::string name = (fs::temp_directory_path() / "natcheck-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    directory_ = base_ / "state" / "natcheck";
  }
  ~Records() override { fs::remove_all(base_); }

  mapping_journal open_journal() {
    auto the_journal = mapping_journal::open(directory_, at_noon);
    EXPECT_TRUE(the_journal) << to_string(the_journal.error());
    return *std::move(the_journal);
  }
  /// What a run leaves that kept these and was killed.
  void leave_behind(const std::vector<mapping_record>& records) {
    auto the_journal = open_journal();
    for (const auto& record : records) ASSERT_TRUE(the_journal.keep(record));
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
  std::vector<mapping_record> known(recorded_by owner, wall_time now = noon) const {
    std::vector<mapping_record> records;
    for (const auto& each : read_records(directory_, now)) {
      if (each.owner == owner) records.push_back(each.record);
    }
    return records;
  }

  fs::path base_;
  fs::path directory_;
};

TEST_F(Records, NothingIsLeftOfARunThatCleanedUp) {
  {
    auto the_journal = open_journal();
    EXPECT_THAT(files(), SizeIs(1));
    ASSERT_TRUE(the_journal.keep(pcp_record()));
    ASSERT_TRUE(the_journal.drop(pcp_record()));
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Records, ARunThatLivesIsNoOrphan) {
  auto the_journal = open_journal();
  ASSERT_TRUE(the_journal.keep(pcp_record()));
  EXPECT_THAT(take_stale_journals(directory_, noon), IsEmpty());
  const auto seen = read_records(directory_, noon + 24h);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].owner, recorded_by::running);
  EXPECT_EQ(seen[0].process, std::to_string(::getpid()));
  EXPECT_EQ(seen[0].record, pcp_record());
  EXPECT_EQ(seen[0].ends, noon + 1h);
}

TEST_F(Records, AKilledRunLeavesItsRecords) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto the_journal = mapping_journal::open(directory_, at_noon);
    if (the_journal && the_journal->keep(pcp_record()) && the_journal->keep(pinhole_record()))
      ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it could not keep them";
  EXPECT_THAT(known(recorded_by::dead), ElementsAre(pcp_record(), pinhole_record()));
  auto stale_journals = take_stale_journals(directory_, noon);
  ASSERT_THAT(stale_journals, SizeIs(1));
  EXPECT_THAT(stale_journals[0].records(), ElementsAre(pcp_record(), pinhole_record()));
  EXPECT_THAT(stale_journals[0].name(), HasSubstr("run-" + std::to_string(child) + "-"));
}

TEST_F(Records, AnOrphanBelongsToOneAtATime) {
  leave_behind({pcp_record()});
  {
    const auto stale_journals = take_stale_journals(directory_, noon);
    EXPECT_THAT(stale_journals, SizeIs(1));
    EXPECT_THAT(take_stale_journals(directory_, noon), IsEmpty());
  }
  EXPECT_THAT(take_stale_journals(directory_, noon), SizeIs(1));
}

TEST_F(Records, AnOrphanGoesWithItsLastRecord) {
  leave_behind({pcp_record(), pinhole_record()});
  {
    auto stale_journals = take_stale_journals(directory_, noon);
    ASSERT_THAT(stale_journals, SizeIs(1));
    stale_journals[0].drop(pcp_record());
    EXPECT_THAT(files(), SizeIs(1));
  }
  auto stale_journals = take_stale_journals(directory_, noon);
  ASSERT_THAT(stale_journals, SizeIs(1));
  EXPECT_THAT(stale_journals[0].records(), ElementsAre(pinhole_record()));
  stale_journals[0].drop(pinhole_record());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Records, AnOrphanWhoseLeasesAreOverIsRemoved) {
  leave_behind({pcp_record()});
  EXPECT_THAT(known(recorded_by::dead, noon + 1h), IsEmpty());
  EXPECT_THAT(take_stale_journals(directory_, noon + 1h), IsEmpty());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Records, AMappingThatMovedIsOneRecord) {
  {
    auto the_journal = open_journal();
    for (const auto via : {mapping_protocol::nat_pmp, mapping_protocol::upnp}) {
      ASSERT_TRUE(the_journal.keep(record_of(via, 80)));
      ASSERT_TRUE(the_journal.keep(record_of(via, 50000)));
    }
  }
  EXPECT_THAT(known(recorded_by::dead), ElementsAre(record_of(mapping_protocol::nat_pmp, 50000),
                                                    record_of(mapping_protocol::upnp, 50000)));
}

TEST_F(Records, ManyRenewalsTakeNoMoreRoom) {
  auto the_journal = open_journal();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(the_journal.keep(pcp_record()));
  ASSERT_THAT(files(), SizeIs(1));
  EXPECT_LT(fs::file_size(files()[0]), 70'000U);
  EXPECT_THAT(take_stale_journals(directory_, noon), IsEmpty())
      << "the lock went with the old file";
  EXPECT_THAT(known(recorded_by::running), ElementsAre(pcp_record()));
}

TEST_F(Records, OnlyThisUserMayLook) {
  auto the_journal = open_journal();
  const auto mode_of = [](const fs::path& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0);
    return found.st_mode & 0777;
  };
  EXPECT_EQ(mode_of(directory_), 0700U);
  EXPECT_EQ(mode_of(directory_.parent_path()), 0700U);
  EXPECT_EQ(mode_of(files().at(0)), 0600U);
}

TEST_F(Records, TornAndDamagedLinesCostNothingElse) {
  leave_behind({pcp_record()});
  const auto path = files().at(0);
  std::ofstream(path, std::ios::app) << "\xff\n"
                                     << keep_line({pinhole_record(), noon}).substr(0, 90);
  {
    auto stale_journals = take_stale_journals(directory_, noon);
    ASSERT_THAT(stale_journals, SizeIs(1));
    EXPECT_THAT(stale_journals[0].records(), ElementsAre(pcp_record()));
  }
  // What is written next is not lost in what was torn.
  std::ofstream(path, std::ios::app) << "\n" << keep_line({pinhole_record(), noon}) << "torn";
  take_stale_journals(directory_, noon).at(0).drop(pcp_record());
  EXPECT_THAT(known(recorded_by::dead), ElementsAre(pinhole_record()));
}

TEST_F(Records, EveryTruncatedFileIsReadAsFarAsItGoes) {
  leave_behind({pcp_record(), pinhole_record()});
  const auto whole = text_of(files().at(0));
  const auto first = whole.find('\n', version_line().size()) + 1;
  fs::remove(files().at(0));
  for (std::size_t length = version_line().size(); length < whole.size(); ++length) {
    write("run-1-abcdef.jsonl", whole.substr(0, length));
    EXPECT_THAT(known(recorded_by::dead), SizeIs(length < first ? 0 : 1)) << length;
  }
}

TEST_F(Records, AnEndlessFileIsReadInPart) {
  const auto record = keep_line({pcp_record(), noon});
  write("run-1-abcdef.jsonl",
        record + std::string(2 * longest_journal, '\n') + keep_line({pinhole_record(), noon}));
  EXPECT_THAT(known(recorded_by::dead), ElementsAre(pcp_record()));
}

TEST_F(Records, AnotherVersionsFilesAreLeftAlone) {
  const std::string text = "{\"natcheck-mappings\":2}\n" + keep_line({pcp_record(), noon});
  write("run-1-abcdef.jsonl", text);
  write("added.jsonl", text);
  EXPECT_THAT(take_stale_journals(directory_, noon + 24h), IsEmpty());
  EXPECT_THAT(read_records(directory_, noon), IsEmpty());
  const auto kept = keep_added(directory_, pcp_record(), noon);
  ASSERT_FALSE(kept);
  EXPECT_THAT(to_string(kept.error()), HasSubstr("another version"));
  for (const auto& path : files()) EXPECT_EQ(text_of(path), text);
  EXPECT_THAT(files(), SizeIs(2));
}

TEST_F(Records, WhatIsNoFileOfOursIsLeftAlone) {
  const auto record = keep_line({pcp_record(), noon});
  for (const char* name : {"run-.jsonl", "run-x-abcdef.jsonl", "run-1-abcdef.json", "notes"}) {
    write(name, record);
  }
  write("elsewhere", record);
  fs::create_symlink(directory_ / "elsewhere", directory_ / "run-2-abcdef.jsonl");
  fs::create_directory(directory_ / "run-3-abcdef.jsonl");
  ASSERT_EQ(::mkfifo((directory_ / "run-4-abcdef.jsonl").c_str(), 0600), 0);
  EXPECT_THAT(take_stale_journals(directory_, noon), IsEmpty());
  EXPECT_THAT(read_records(directory_, noon), IsEmpty());
  EXPECT_THAT(files(), SizeIs(8));
}

TEST_F(Records, ADirectoryThatIsNotThereHoldsNothing) {
  EXPECT_THAT(take_stale_journals(directory_, noon), IsEmpty());
  EXPECT_THAT(read_records(directory_, noon), IsEmpty());
  EXPECT_TRUE(begin_removing(directory_));
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(Records, WhatCannotBeWrittenIsToldOf) {
  std::ofstream(base_ / "state") << "a file where a directory has to be";
  const auto the_journal = mapping_journal::open(directory_, at_noon);
  ASSERT_FALSE(the_journal);
  EXPECT_EQ(the_journal.error().kind, outcome::unavailable);
  EXPECT_THAT(to_string(the_journal.error()), HasSubstr(directory_.string()));
  EXPECT_FALSE(keep_added(directory_, pcp_record(), noon));
}

TEST_F(Records, OnlyOneRemovesAtATime) {
  leave_behind({pcp_record()});
  {
    const auto turn = begin_removing(directory_);
    ASSERT_TRUE(turn);
    EXPECT_FALSE(begin_removing(directory_));
  }
  EXPECT_TRUE(begin_removing(directory_));
}

TEST_F(Records, AddedOnesStayUntilTheyAreDropped) {
  // Two outside ports may lead to one inside; only with UPnP.
  const auto first = record_of(mapping_protocol::upnp, 80);
  const auto second = record_of(mapping_protocol::upnp, 81);
  for (const auto& record : {first, second, pcp_record()}) {
    ASSERT_TRUE(keep_added(directory_, record, noon));
  }
  EXPECT_THAT(take_stale_journals(directory_, noon), IsEmpty());
  EXPECT_THAT(known(recorded_by::added), UnorderedElementsAre(first, second, pcp_record()));
  ASSERT_TRUE(drop_added(directory_, first, noon));
  EXPECT_THAT(known(recorded_by::added), UnorderedElementsAre(second, pcp_record()));
  ASSERT_TRUE(drop_added(directory_, second, noon));
  ASSERT_TRUE(drop_added(directory_, pcp_record(), noon));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Records, AddedOnesThatHaveEndedGoWithTheNextChange) {
  ASSERT_TRUE(keep_added(directory_, pcp_record(), noon));
  EXPECT_THAT(known(recorded_by::added, noon + 1h), IsEmpty());
  ASSERT_TRUE(drop_added(directory_, pinhole_record(), noon + 1h));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Records, AddingAgainAndAgainTakesNoMoreRoom) {
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(keep_added(directory_, pcp_record(), noon));
  EXPECT_LT(fs::file_size(directory_ / "added.jsonl"), 70'000U);
  EXPECT_THAT(known(recorded_by::added), ElementsAre(pcp_record()));
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

}  // namespace mapping_journal_test
}  // namespace natcheck::journal
