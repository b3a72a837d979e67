// A lease that is kept on a scripted gateway and written down, as a run of `serve` does.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "component/mapping/kept_lease.hpp"
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
  void keep_remembered(lease_options options = {}) {
    auto opened = journal::claim_book::open(directory_);
    ASSERT_TRUE(opened);
    book_.emplace(std::move(*opened));
    keep(options, &*book_);
  }
  /// What is left of the run is a file that nobody holds.
  void forget_run() {
    keeper_.reset();
    book_.reset();
  }
  std::vector<journal::known_claim> claims() const {
    return journal::read_claims(directory_, journal::system_now());
  }

  std::filesystem::path directory_;
  std::optional<journal::claim_book> book_;
};

}  // namespace natcheck::mappings
