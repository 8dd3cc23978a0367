#include "client_connection.hpp"

#include "codehelper/net/with_deadline.hpp"
#include "tls_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace codehelper {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

std::string to_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return fmt::format(fmt::runtime(endpoint.address().is_v6() ? "[{}]:{}" : "{}:{}"), address, endpoint.port());
}

Task<Result<void>> connect_one(tcp::socket& socket, tcp::endpoint endpoint) {
  boost::system::error_code ignored;
  socket.close(ignored);
  auto connected = co_await socket.async_connect(endpoint, kAsTuple);
  auto& [error] = connected;
  if (error) {
    co_return fail(ErrorCode::unavailable, fmt::format("can't connect to {}: {}", to_text(endpoint), error.message()));
  }
  socket.set_option(tcp::no_delay(true), ignored);
  co_return Result<void>{};
}

}  // namespace

ClientConnection::ClientConnection(const asio::any_io_executor& executor, asio::ssl::context* tls) : socket_(executor) {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
}

Task<Result<void>> ClientConnection::connect(std::vector<Endpoint> endpoints, Deadline deadline) {
  Result<void> connected = fail(ErrorCode::unavailable, "no address to connect to");
  for (std::size_t i = 0; i < endpoints.size() && !connected; ++i) {
    const auto share = deadline.remaining() / static_cast<long>(endpoints.size() - i);
    const auto what = fmt::format("connecting to {} (limit {} ms)", to_text(endpoints[i]), share.count());
    auto connecting = connect_one(socket_, endpoints[i]);
    connected = co_await with_deadline(Deadline::after(share), what, std::move(connecting));
  }
  co_return connected;
}

Task<Result<ClientConnection::Handshake>> ClientConnection::shake_hands(std::string host) {
  if (!tls_) co_return Handshake::done;
  auto expected = expect_tls_host(tls_->native_handle(), host);
  if (!expected) {
    handshake_problem_ = expected.error().message;
    co_return Handshake::refused;
  }
  auto shaken = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAsTuple);
  auto& [error] = shaken;
  if (!error) co_return Handshake::done;

  handshake_problem_ = describe_refused_certificate(tls_->native_handle(), host);
  if (handshake_problem_.empty()) handshake_problem_ = fmt::format("TLS handshake failed: {}", error.message());
  const bool is_tls_error = error.category() == asio::error::get_ssl_category();
  co_return is_tls_error ? Handshake::refused : Handshake::broken_off;
}

Task<ClientConnection::Transferred> ClientConnection::write(std::array<asio::const_buffer, 2> buffers) {
  return tls_ ? asio::async_write(*tls_, buffers, kAsTuple) : asio::async_write(socket_, buffers, kAsTuple);
}

Task<ClientConnection::Transferred> ClientConnection::read_some(asio::mutable_buffer buffer) {
  return tls_ ? tls_->async_read_some(buffer, kAsTuple) : socket_.async_read_some(buffer, kAsTuple);
}

bool ClientConnection::is_quiet() {
  char byte = 0;
  const auto peeked = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace codehelper
