// The addresses of a name, tried as curl and browsers do (RFC 8305), but each of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "net/event.hpp"

namespace natcheck::probing {

/// Asks the first address, and each of the others when the one before it has failed, or 250 ms
/// later. Once one is reached, all that are left are asked at once, and given a little time.
class address_race {
 public:
  /// Asks the address with that number, and tells whether it was reached.
  using attempt = std::function<net::asio::awaitable<bool>(std::size_t number)>;

  address_race(net::asio::any_io_executor executor, std::size_t addresses, attempt ask);

  /// The one that was reached first; empty when none was.
  net::asio::awaitable<std::optional<std::size_t>> run();

  /// How long ago the attempt at that address began; 0 where it did not.
  std::chrono::steady_clock::duration waited(std::size_t number) const;

 private:
  struct lane {
    net::event changed;  ///< when this one may begin
    std::optional<net::steady_time> began{};
    bool ended = false;
  };

  net::asio::awaitable<void> drive(std::size_t number);
  net::asio::awaitable<void> cut_off();
  net::steady_time opens_at(std::size_t number) const;
  void note_winner(std::size_t number);

  std::vector<lane> lanes_;
  attempt ask_;
  std::optional<std::size_t> winner_;
  net::event won_;
  net::steady_time ends_at_;  ///< once won
};

}  // namespace natcheck::probing
