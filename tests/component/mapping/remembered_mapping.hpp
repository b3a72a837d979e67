// A lease that is kept on a scripted gateway and written down, as a run of `serve` does.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "component/mapping/kept_mapping.hpp"
#include "mapping/journal/mapping_journal.hpp"

namespace natcheck::mappings {

class RememberedLease : public LeaseKeeper {
 protected:
  RememberedLease() {
    std::string name = (std::filesystem::temp_directory_path() / "natcheck-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~RememberedLease() override {
    forget_run();
    std::filesystem::remove_all(directory_);
  }
  void keep_remembered(mapping_options options = {}) {
    auto opened = journal::mapping_journal::open(directory_);
    ASSERT_TRUE(opened);
    journal_.emplace(std::move(*opened));
    keep(options, &*journal_);
  }
  /// What is left of the run is a file that nobody holds.
  void forget_run() {
    gateway_mappings_.reset();
    journal_.reset();
  }
  std::vector<journal::known_record> records() const {
    return journal::read_records(directory_, journal::system_now());
  }

  std::filesystem::path directory_;
  std::optional<journal::mapping_journal> journal_;
};

}  // namespace natcheck::mappings
