// The idle connections of one HttpClient, the youngest first.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "client_connection.hpp"
#include "codehelper/base/deadline.hpp"

namespace codehelper {

class ConnectionPool {
 public:
  /// Keeps at most `max_idle` connections, each until it was idle for `idle_limit`.
  ConnectionPool(std::size_t max_idle, std::chrono::milliseconds idle_limit)
      : max_idle_(max_idle), idle_limit_(idle_limit) {}

  /// An idle connection that the peer has not closed, or null.
  std::unique_ptr<ClientConnection> take();
  void put(std::unique_ptr<ClientConnection> connection);
  void clear() { idle_.clear(); }

 private:
  struct Idle {
    std::unique_ptr<ClientConnection> connection;
    Deadline until;
  };

  std::size_t max_idle_;
  std::chrono::milliseconds idle_limit_;
  std::vector<Idle> idle_;  // the youngest last
};

}  // namespace codehelper
