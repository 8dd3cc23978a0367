#include "client_exchange.hpp"

#include "answer_reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <utility>

namespace codehelper {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;

struct Sent {
  std::size_t bytes = 0;
  bool is_whole = false;
};

struct Received {
  std::optional<Error> error;
  bool is_broken_off = false;  // by the connection, not by what came over it
};

class Receiver {
 public:
  explicit Receiver(const ClientExchange& exchange) : exchange_(exchange), reader_(exchange.method) {}

  Task<Received> run(ClientConnection& connection) {
    std::string buffer(kReadBytes, '\0');
    while (!reader_.is_complete()) {
      const auto read = co_await connection.read_some(asio::buffer(buffer));
      const auto& [error, size] = read;
      if (error) co_return end(error);
      auto fed = reader_.feed(std::string_view(buffer).substr(0, size));
      if (!fed) co_return Received{about_peer(std::move(fed.error()))};
      auto delivered = co_await deliver();
      if (!delivered) co_return Received{std::move(delivered.error())};
    }
    co_return Received{};
  }

  bool has_bytes() const { return reader_.has_bytes(); }
  bool has_delivered() const { return has_delivered_; }
  /// An error answer says enough even when its body was cut.
  bool has_error_answer() const { return reader_.has_head() && reader_.status() >= 400; }
  bool leaves_connection_open() const { return reader_.leaves_connection_open(); }
  HttpAnswer take_answer() { return {reader_.status(), reader_.headers(), std::move(body_)}; }

 private:
  Received end(boost::system::error_code error) {
    // stream_truncated, the end without TLS's good-bye, falls under the second: without a length it is a cut answer.
    if (error == asio::error::eof) {
      auto ended = reader_.end();
      return ended ? Received{} : Received{about_peer(std::move(ended.error())), true};
    }
    const auto* where = has_bytes() ? "broke off its answer" : "closed the connection without an answer";
    return {about_peer({ErrorCode::unavailable, fmt::format("{} ({})", where, error.message())}), true};
  }

  Error about_peer(Error error) const { return {error.code, fmt::format("{} {}", exchange_.peer, error.message)}; }

  bool is_streamed() const { return exchange_.sink && reader_.status() / 100 == 2; }

  Task<Result<void>> deliver() {
    if (!reader_.has_head()) co_return Result<void>{};
    std::string piece = reader_.take_body();
    if (is_streamed()) {
      if (piece.empty()) co_return Result<void>{};
      has_delivered_ = true;
      co_return co_await exchange_.sink(piece);
    }
    body_ += piece;
    if (body_.size() > exchange_.answer_limit_bytes ||
        reader_.announced_body_bytes().value_or(0) > exchange_.answer_limit_bytes) {
      co_return fail(ErrorCode::too_large,
                     fmt::format("{} answered with more than {} bytes", exchange_.peer, exchange_.answer_limit_bytes));
    }
    co_return Result<void>{};
  }

  const ClientExchange& exchange_;
  AnswerReader reader_;
  std::string body_;
  bool has_delivered_ = false;
};

Task<Sent> send(ClientConnection& connection, const ClientExchange& exchange) {
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(exchange.head), asio::buffer(exchange.body)};
  const auto written = co_await connection.write(buffers);
  const auto& [error, size] = written;
  co_return Sent{size, !error};
}

/// Sending may end as it likes, the answer decides; once that is there or can't come, nothing more is sent.
struct UntilReceived {
  asio::cancellation_type operator()(const std::exception_ptr&, const Sent&) const {
    return asio::cancellation_type::none;
  }
  asio::cancellation_type operator()(const std::exception_ptr&, const Received&) const {
    return asio::cancellation_type::terminal;
  }
};

Repeat repeat_after(const Receiver& receiver, const Sent& sent, const Received& received) {
  if (!received.is_broken_off || receiver.has_delivered()) return Repeat::never;
  return sent.bytes == 0 && !receiver.has_bytes() ? Repeat::always : Repeat::if_safe;
}

}  // namespace

Task<std::expected<ClientExchangeEnd, TryFailure>> run_client_exchange(ClientConnection& connection,
                                                                       ClientExchange exchange) {
  auto executor = co_await asio::this_coro::executor;
  Receiver receiver(exchange);
  auto sending = asio::co_spawn(executor, send(connection, exchange), asio::deferred);
  auto receiving = asio::co_spawn(executor, receiver.run(connection), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(sending), std::move(receiving));
  auto outcome = co_await group.async_wait(UntilReceived{}, asio::use_awaitable);
  auto& [order, send_failure, sent, receive_failure, received] = outcome;
  if (receive_failure) std::rethrow_exception(receive_failure);

  const bool is_cut_but_enough = received.is_broken_off && !sent.is_whole && receiver.has_error_answer();
  if (received.error && !is_cut_but_enough) {
    co_return std::unexpected(TryFailure{std::move(*received.error), repeat_after(receiver, sent, received)});
  }
  const bool is_reusable = !received.error && sent.is_whole && receiver.leaves_connection_open();
  co_return ClientExchangeEnd{receiver.take_answer(), is_reusable};
}

}  // namespace codehelper
