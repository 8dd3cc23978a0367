// One TCP connection of the HTTP client, with TLS on it or not. Closed when destroyed.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "codehelper/base/deadline.hpp"
#include "codehelper/base/error.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

class ClientConnection {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Transferred = std::tuple<boost::system::error_code, std::size_t>;

  /// `tls` is null for plain HTTP; otherwise it is only used here.
  ClientConnection(const boost::asio::any_io_executor& executor, boost::asio::ssl::context* tls);

  /// Tries each endpoint in turn, each with an equal share of the time left. Errors: unavailable, timeout.
  Task<Result<void>> connect(std::vector<Endpoint> endpoints, Deadline deadline);

  enum class Handshake { done, broken_off, refused };
  /// Nothing to do without TLS. `refused` will be refused again: the certificate is wrong, or it is no TLS. Never an
  /// error; it is a Result for the sake of with_deadline.
  Task<Result<Handshake>> shake_hands(std::string host);
  /// Why the last handshake did not succeed.
  const std::string& handshake_problem() const { return handshake_problem_; }

  Task<Transferred> write(std::array<boost::asio::const_buffer, 2> buffers);
  Task<Transferred> read_some(boost::asio::mutable_buffer buffer);

  /// For an idle connection: the peer has neither closed nor sent anything. Does not block.
  bool is_quiet();

 private:
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  std::string handshake_problem_;
};

}  // namespace codehelper
