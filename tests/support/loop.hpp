// Runs coroutines until something has happened: every wait has an end, and none is for luck.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace natcheck::support {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Far longer than anything here takes on a machine that is busy with something else.
inline constexpr milliseconds patience{30'000};

class loop {
 public:
  asio::io_context& context() { return io_; }

  /// Runs until `done` is true; false when that does not happen within `limit`.
  bool run_until(const std::function<bool()>& done, milliseconds limit = patience);

  /// Runs `work` to its end and gives its result. Throws what it throws, and when it takes longer
  /// than `limit`.
  template <class T>
  T await(asio::awaitable<T> work, milliseconds limit = patience) {
    auto value = std::make_shared<std::optional<T>>();
    finish(store(std::move(work), value), limit);
    return std::move(**value);
  }
  void await(asio::awaitable<void> work, milliseconds limit = patience) {
    finish(std::move(work), limit);
  }

  /// Runs all of `works` at the same time; their results are in the same order.
  template <class T>
  std::vector<T> await_all(std::vector<asio::awaitable<T>> works, milliseconds limit = patience) {
    auto values = std::make_shared<std::vector<T>>(works.size());
    auto left = std::make_shared<std::size_t>(works.size());
    for (std::size_t i = 0; i < works.size(); ++i) {
      asio::co_spawn(io_, std::move(works[i]), [=](std::exception_ptr fault, T value) {
        if (fault) std::rethrow_exception(fault);
        (*values)[i] = std::move(value);
        --*left;
      });
    }
    if (!run_until([&] { return *left == 0; }, limit)) throw_not_ended();
    return std::move(*values);
  }

 private:
  template <class T>
  static asio::awaitable<void> store(asio::awaitable<T> work,
                                     std::shared_ptr<std::optional<T>> value) {
    value->emplace(co_await std::move(work));
  }
  void finish(asio::awaitable<void> work, milliseconds limit);
  [[noreturn]] static void throw_not_ended();

  asio::io_context io_{1};
};

class stopwatch {
 public:
  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace natcheck::support
