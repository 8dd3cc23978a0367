#include "connection_pool.hpp"

#include <utility>

namespace codehelper {

std::unique_ptr<ClientConnection> ConnectionPool::take() {
  std::erase_if(idle_, [](const Idle& idle) { return idle.until.passed() || !idle.connection->is_quiet(); });
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back().connection);
  idle_.pop_back();
  return connection;
}

void ConnectionPool::put(std::unique_ptr<ClientConnection> connection) {
  if (max_idle_ == 0) return;
  if (idle_.size() >= max_idle_) idle_.erase(idle_.begin());
  idle_.push_back({std::move(connection), Deadline::after(idle_limit_)});
}

}  // namespace codehelper
