// A real HttpServer on a loop and a thread of its own, with a log and metrics that the test can read.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "codehelper/net/http_server.hpp"

namespace codehelper::test {

class ServerThread {
 public:
  explicit ServerThread(Router router, HttpServerOptions options = {})
      : log_descriptor_(::memfd_create("log", MFD_CLOEXEC)),
        server_(loop_, std::move(router), std::move(options), Log(log_descriptor_, LogLevel::debug), metrics_),
        port_(server_.start().value()),
        thread_([this] { loop_.run(); }) {}
  ~ServerThread() {
    drain(std::chrono::milliseconds(0));
    work_.reset();
    thread_.join();
    ::close(log_descriptor_);
  }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  std::uint16_t port() const { return port_; }
  EventLoop& loop() { return loop_; }
  Metrics& metrics() { return metrics_; }

  /// Blocks until the server has drained; returns how long it took.
  std::chrono::milliseconds drain(std::chrono::milliseconds limit) {
    const auto start = std::chrono::steady_clock::now();
    start_drain(limit).get();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }
  /// Returns when the drain has begun: nothing sent later is taken for a request in flight.
  std::future<void> start_drain(std::chrono::milliseconds limit) {
    auto drained = boost::asio::co_spawn(loop_.executor(), server_.drain(limit), boost::asio::use_future);
    boost::asio::post(loop_.executor(), boost::asio::use_future).get();
    return drained;
  }

  /// What was logged so far.
  std::string log() const {
    struct stat status{};
    ::fstat(log_descriptor_, &status);
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t size = ::pread(log_descriptor_, text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return text;
  }

 private:
  int log_descriptor_;
  EventLoop loop_{1};
  boost::asio::executor_work_guard<boost::asio::any_io_executor> work_{loop_.executor()};
  Metrics metrics_;
  HttpServer server_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace codehelper::test
