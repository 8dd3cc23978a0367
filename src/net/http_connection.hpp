// One accepted socket: its unread bytes, one time limit for what it waits for, and writes that a slow peer can't hold
// up for ever. Reads and writes are bytes; what they mean is HttpSession's.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "codehelper/base/deadline.hpp"
#include "codehelper/base/error.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::ip::tcp::socket socket, std::chrono::milliseconds write_limit);

  /// Bytes that came and are not yet consumed. Valid until the next call of anything else.
  std::string_view received() const;
  void consume(std::size_t bytes) { buffer_.consume(bytes); }
  /// The time limit of all waiting from now on. Moving it later costs nothing: the timer fires early and goes on.
  void set_limit(Deadline limit);

  enum class Event {
    bytes,    // received() has grown
    closed,   // the peer closed its side or is gone
    expired,  // the limit passed
    woken,    // wake() or abort() was called
  };
  Task<Event> wait_for_bytes();
  /// The same where the peer may be silent for long: nothing is held to read into before something comes. received()
  /// must be empty.
  Task<Event> wait_for_first_bytes();
  /// The same without reading: never `bytes` or `closed`.
  Task<Event> wait_for_wake();
  /// Ends a wait that is under way; one that begins later is not affected.
  void wake();
  /// Ends the waits and writes under way; wait_for_bytes() is `woken` at once from now on.
  void abort();
  bool is_aborted() const { return is_aborted_; }

  /// Errors: cancelled when the peer has left or after abort(), timeout when it takes nothing for the write limit.
  Task<Result<void>> write(std::string_view head, std::string_view body = {});

  /// Says that nothing more comes, and reads over what the peer still sends, until it closes or `limit` is over:
  /// closing with unread bytes would make the kernel reset the connection and could destroy the answer on its way.
  Task<void> linger(std::chrono::milliseconds limit);
  void close();
  /// Closes with a reset, for a body that only the end of the connection would delimit.
  void reset();

 private:
  void start_timer();
  void take_read(std::size_t size);
  Event describe(const boost::system::error_code& error) const;

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer wake_;
  boost::beast::flat_buffer buffer_;
  std::size_t next_read_bytes_;
  std::chrono::milliseconds write_limit_;
  Deadline limit_ = Deadline::never();
  Deadline fires_at_ = Deadline::never();
  bool is_expired_ = false;
  bool is_aborted_ = false;
};

}  // namespace codehelper
