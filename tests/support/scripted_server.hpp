// A peer that sends exactly the bytes that a test tells it to, over TCP or TLS on 127.0.0.1. It knows no HTTP but where
// a request ends, so it can lie, stall and break off.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codehelper/net/event_loop.hpp"
#include "support/test_certificates.hpp"

namespace codehelper::test {

/// One accepted connection, as the script sees it. Errors of the socket are not the script's business: a read then
/// gives what has come, a write does nothing.
class ScriptedPeer {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  ScriptedPeer(Socket socket, boost::asio::ssl::context* tls, std::vector<std::string>& requests)
      : socket_(std::move(socket)), requests_(requests) {
    if (tls != nullptr) tls_.emplace(socket_, *tls);
  }

  /// False when the client refuses.
  Task<bool> shake_hands() {
    if (!tls_) co_return true;
    const auto shaken = co_await tls_->async_handshake(boost::asio::ssl::stream_base::server, kAsTuple);
    co_return !std::get<0>(shaken);
  }

  /// Bytes up to and with `mark`, or what came before the client closed.
  Task<std::string> read_through(std::string_view mark) {
    auto found = pending_.find(mark);
    while (found == std::string::npos) {
      const auto searched = pending_.size() - std::min(pending_.size(), mark.size());
      if (!co_await read_more()) co_return take(pending_.size());
      found = pending_.find(mark, searched);
    }
    co_return take(found + mark.size());
  }

  /// A head and a body of its Content-Length; it is added to the server's list of requests. Empty when the client has
  /// closed.
  Task<std::string> read_request() {
    std::string request = co_await read_through("\r\n\r\n");
    constexpr std::string_view kLength = "Content-Length: ";
    const auto length_at = request.find(kLength);
    const auto body_bytes = length_at == std::string::npos ? 0 : std::stoul(request.substr(length_at + kLength.size()));
    while (pending_.size() < body_bytes && co_await read_more()) continue;
    request += take(std::min<std::size_t>(body_bytes, pending_.size()));
    if (!request.empty()) requests_.push_back(request);
    co_return request;
  }

  Task<void> write(std::string bytes) {
    if (tls_) {
      co_await boost::asio::async_write(*tls_, boost::asio::buffer(bytes), kAsTuple);
    } else {
      co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), kAsTuple);
    }
  }

  /// Resumes when the client has closed the connection.
  Task<void> wait_for_close() {
    while (co_await read_more()) pending_.clear();
  }

  /// TLS's good-bye; a plain peer has none.
  Task<void> say_goodbye() {
    if (tls_) co_await tls_->async_shutdown(kAsTuple);
  }

  void close() { socket_.close(); }
  /// Closes with a reset instead of an orderly end.
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  static constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

  Task<bool> read_more() {
    if (has_ended_) co_return false;  // Asio waits for ever when read again after the end
    std::string bytes(std::size_t{64} * 1024, '\0');
    std::tuple<boost::system::error_code, std::size_t> read;
    if (tls_) {
      read = co_await tls_->async_read_some(boost::asio::buffer(bytes), kAsTuple);
    } else {
      read = co_await socket_.async_read_some(boost::asio::buffer(bytes), kAsTuple);
    }
    pending_.append(bytes.data(), std::get<1>(read));
    has_ended_ = std::get<0>(read).failed();
    co_return !has_ended_;
  }

  std::string take(std::size_t size) {
    std::string taken = pending_.substr(0, size);
    pending_.erase(0, size);
    return taken;
  }

  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  std::vector<std::string>& requests_;
  std::string pending_;
  bool has_ended_ = false;
};

/// Runs `script` for each connection; when the script ends, the connection is closed.
class ScriptedServer {
 public:
  /// `connection` counts from 1.
  using Script = std::function<Task<void>(ScriptedPeer& peer, int connection)>;

  ScriptedServer(EventLoop& loop, Script script, const std::string& address = "127.0.0.1")
      : state_(std::make_shared<State>(loop, std::move(script), address)) {
    boost::asio::co_spawn(loop.executor(), State::accept(state_), rethrow);
  }
  /// With TLS.
  ScriptedServer(EventLoop& loop, const Identity& identity, Script script) : ScriptedServer(loop, std::move(script)) {
    auto& tls = state_->tls.emplace(boost::asio::ssl::context::tls_server);
    tls.use_certificate(boost::asio::buffer(identity.certificate_pem), boost::asio::ssl::context::pem);
    tls.use_private_key(boost::asio::buffer(identity.key_pem), boost::asio::ssl::context::pem);
  }
  ~ScriptedServer() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  unsigned short port() const { return state_->port; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  int connections() const { return state_->connections; }
  const std::vector<std::string>& requests() const { return state_->requests; }
  boost::asio::ssl::context& tls() { return *state_->tls; }

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;

  struct State {
    State(EventLoop& event_loop, Script given, const std::string& address)
        : loop(event_loop),
          script(std::move(given)),
          acceptor(loop.context(), {boost::asio::ip::make_address(address), 0}),
          port(acceptor.local_endpoint().port()) {}

    static Task<void> accept(std::shared_ptr<State> self) {
      while (true) {
        auto accepted = co_await self->acceptor.async_accept(boost::asio::as_tuple(boost::asio::use_awaitable));
        auto& [error, socket] = accepted;
        if (error) co_return;
        ++self->connections;
        boost::asio::co_spawn(self->loop.executor(), serve(self, std::move(socket), self->connections), rethrow);
      }
    }

    static Task<void> serve(std::shared_ptr<State> self, ScriptedPeer::Socket socket, int connection) {
      ScriptedPeer peer(std::move(socket), self->tls ? &*self->tls : nullptr, self->requests);
      const bool is_ready = co_await peer.shake_hands();
      if (is_ready) co_await self->script(peer, connection);
    }

    EventLoop& loop;
    Script script;
    Acceptor acceptor;
    unsigned short port;
    std::optional<boost::asio::ssl::context> tls;
    int connections = 0;
    std::vector<std::string> requests;
  };

  static void rethrow(const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  }

  std::shared_ptr<State> state_;
};

}  // namespace codehelper::test
