#include "http_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>

#include "codehelper/net/with_deadline.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kSmallReadBytes = std::size_t{2} * 1024;  // holds the usual request
constexpr std::size_t kLargeReadBytes = std::size_t{64} * 1024;
constexpr std::size_t kLingerBytes = std::size_t{4} * 1024 * 1024;

using Parts = std::array<asio::const_buffer, 2>;

void drop_front(Parts& parts, std::size_t bytes) {
  for (asio::const_buffer& part : parts) {
    const std::size_t taken = std::min(bytes, part.size());
    part += taken;
    bytes -= taken;
  }
}

Task<Result<std::size_t>> write_some(asio::ip::tcp::socket& socket, Parts parts) {
  auto write = co_await socket.async_write_some(parts, asio::as_tuple(asio::use_awaitable));
  auto& [error, written] = write;
  if (error) co_return fail(ErrorCode::cancelled, "the caller has left: " + error.message());
  co_return written;
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, std::chrono::milliseconds write_limit)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      wake_(socket_.get_executor(), asio::steady_timer::time_point::max()),
      next_read_bytes_(kSmallReadBytes),
      write_limit_(write_limit) {
  boost::system::error_code ignored;  // a peer that is gone already is noticed by the first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

std::string_view HttpConnection::received() const {
  const auto bytes = buffer_.data();
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

void HttpConnection::set_limit(Deadline limit) {
  limit_ = limit;
  is_expired_ = false;
  if (limit.when() < fires_at_.when()) start_timer();
}

void HttpConnection::start_timer() {
  fires_at_ = limit_;
  timer_.expires_at(limit_.when());
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;
    self->fires_at_ = Deadline::never();
    if (!self->limit_.passed()) {
      if (!self->limit_.is_never()) self->start_timer();
      return;
    }
    self->is_expired_ = true;
    self->wake();
  });
}

Task<HttpConnection::Event> HttpConnection::wait_for_bytes() {
  if (is_aborted_) co_return Event::woken;
  if (is_expired_) co_return Event::expired;
  auto read = co_await socket_.async_read_some(buffer_.prepare(next_read_bytes_), asio::as_tuple(asio::use_awaitable));
  auto& [error, size] = read;
  if (error) co_return describe(error);
  take_read(size);
  co_return Event::bytes;
}

Task<HttpConnection::Event> HttpConnection::wait_for_first_bytes() {
  buffer_ = boost::beast::flat_buffer();
  next_read_bytes_ = kSmallReadBytes;
  if (is_aborted_) co_return Event::woken;
  if (is_expired_) co_return Event::expired;
  boost::system::error_code error = asio::error::would_block;
  while (error == asio::error::would_block) {
    auto wait = co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, asio::as_tuple(asio::use_awaitable));
    error = std::get<0>(wait);
    if (error) co_return describe(error);
    const std::size_t size = socket_.read_some(buffer_.prepare(next_read_bytes_), error);
    if (!error) take_read(size);
  }
  co_return error ? Event::closed : Event::bytes;
}

void HttpConnection::take_read(std::size_t size) {
  buffer_.commit(size);
  if (size == next_read_bytes_) next_read_bytes_ = std::min(2 * size, kLargeReadBytes);
}

HttpConnection::Event HttpConnection::describe(const boost::system::error_code& error) const {
  if (error != asio::error::operation_aborted) return Event::closed;
  return is_expired_ ? Event::expired : Event::woken;
}

Task<HttpConnection::Event> HttpConnection::wait_for_wake() {
  if (is_expired_) co_return Event::expired;
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return is_expired_ ? Event::expired : Event::woken;
}

void HttpConnection::wake() {
  boost::system::error_code ignored;  // a closed socket has nothing left to wake
  socket_.cancel(ignored);
  wake_.cancel();
}

void HttpConnection::abort() {
  is_aborted_ = true;
  wake();
}

Task<Result<void>> HttpConnection::write(std::string_view head, std::string_view body) {
  Parts parts{asio::buffer(head), asio::buffer(body)};
  boost::system::error_code error;
  drop_front(parts, socket_.write_some(parts, error));  // nearly always takes all, without a turn of the loop
  if (error && error != asio::error::would_block) {
    co_return fail(ErrorCode::cancelled, "the caller has left: " + error.message());
  }
  while (asio::buffer_size(parts) > 0) {
    auto next = write_some(socket_, parts);
    auto written = co_await with_deadline(Deadline::after(write_limit_), "writing to the caller", std::move(next));
    if (!written) co_return std::unexpected(written.error());
    drop_front(parts, *written);
  }
  co_return Result<void>{};
}

Task<void> HttpConnection::linger(std::chrono::milliseconds limit) {
  boost::system::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) co_return;
  set_limit(Deadline::after(limit));
  std::size_t discarded = 0;
  while (discarded < kLingerBytes) {
    discarded += buffer_.size();
    buffer_.consume(buffer_.size());
    const Event event = co_await wait_for_bytes();
    if (event != Event::bytes) co_return;
  }
}

void HttpConnection::close() {
  boost::system::error_code ignored;  // closing is the last thing: there is nobody to tell
  timer_.cancel();
  socket_.close(ignored);
}

void HttpConnection::reset() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

}  // namespace codehelper
