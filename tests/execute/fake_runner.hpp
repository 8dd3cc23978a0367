// A Runner on a loopback port that answers every connection with the same bytes, and keeps what it was asked.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codehelper/net/event_loop.hpp"

namespace codehelper::test {

class FakeRunner {
 public:
  /// With an empty answer it takes requests and says nothing. `loop` is destroyed before the fake.
  FakeRunner(EventLoop& loop, std::string answer) : answer_(std::move(answer)), acceptor_(loop.context()) {
    const Tcp::endpoint any_port(boost::asio::ip::address_v4::loopback(), 0);
    acceptor_.open(any_port.protocol());
    acceptor_.bind(any_port);
    acceptor_.listen();
    boost::asio::co_spawn(loop.executor(), accept(), [](const std::exception_ptr&) {});
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  /// Heads with bodies, as they came.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  using Tcp = boost::asio::ip::tcp;

  static bool is_complete(std::string_view request) {
    const std::size_t head_end = request.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return false;
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t at = request.find(kLength);
    std::size_t length = 0;
    if (at != std::string_view::npos) {
      std::from_chars(request.data() + at + kLength.size(), request.data() + request.size(), length);
    }
    return request.size() >= head_end + 4 + length;
  }

  Task<void> accept() {
    while (true) {
      Tcp::socket socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
      Task<void> serving = serve(std::move(socket));
      boost::asio::co_spawn(acceptor_.get_executor(), std::move(serving), [](const std::exception_ptr&) {});
    }
  }

  Task<void> serve(Tcp::socket socket) {
    std::string request;
    std::array<char, 4096> buffer{};
    while (!is_complete(request)) {
      const std::size_t size = co_await socket.async_read_some(boost::asio::buffer(buffer), boost::asio::use_awaitable);
      request.append(buffer.data(), size);
    }
    requests_.push_back(std::move(request));
    co_await boost::asio::async_write(socket, boost::asio::buffer(answer_), boost::asio::use_awaitable);
    if (!answer_.empty()) co_return;
    co_await socket.async_read_some(boost::asio::buffer(buffer), boost::asio::as_tuple(boost::asio::use_awaitable));
  }

  std::string answer_;
  Tcp::acceptor acceptor_;
  std::vector<std::string> requests_;
};

}  // namespace codehelper::test
