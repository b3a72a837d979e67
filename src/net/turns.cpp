#include "net/turns.hpp"

namespace natcheck::net {

turn::turn(std::shared_ptr<turns> queue, const asio::any_io_executor& executor)
    : queue_(std::move(queue)), called_(executor) {
  queue_->waiting_.push_back(this);
}

turn::~turn() {
  auto& waiting = queue_->waiting_;
  const bool was_first = waiting.front() == this;
  waiting.remove(this);
  if (was_first && !waiting.empty()) waiting.front()->called_.set();
}

asio::awaitable<void> turn::comes() {
  if (queue_->waiting_.front() == this) co_return;
  co_await called_.wait();
}

}  // namespace natcheck::net
