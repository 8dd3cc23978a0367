#include "supervised_run.hpp"

namespace codehelper {

namespace {

/// Of requests that are sent ahead; over it the socket is not read.
constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;

/// Waits for the next thing to happen; `finished` = nothing that would end the run.
Task<RunEnd> next_event(HttpConnection& connection) {
  const bool is_full = connection.received().size() >= kKeptBytes;
  auto wait = is_full ? connection.wait_for_wake() : connection.wait_for_bytes();
  const auto event = co_await std::move(wait);
  if (event == HttpConnection::Event::closed) co_return RunEnd::caller_left;
  if (event == HttpConnection::Event::expired) co_return RunEnd::timed_out;
  if (connection.is_aborted()) co_return RunEnd::aborted;
  co_return RunEnd::finished;
}

}  // namespace

Task<RunEnd> watch(HttpConnection& connection, RunState& run, Deadline deadline) {
  run.is_watched = true;
  connection.set_limit(deadline);
  RunEnd end = RunEnd::finished;
  while (!run.is_done && end == RunEnd::finished) {
    end = connection.is_aborted() ? RunEnd::aborted : co_await next_event(connection);
  }
  connection.set_limit(Deadline::never());
  if (run.is_done) {
    run.is_watched = false;
    co_return RunEnd::finished;
  }

  run.cancel.emit(boost::asio::cancellation_type::terminal);
  while (!run.is_done) {
    co_await connection.wait_for_wake();
  }
  run.is_watched = false;
  co_return end;
}

}  // namespace codehelper
