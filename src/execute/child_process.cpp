#include "codehelper/execute/child_process.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/base/elapsed.hpp"
#include "codehelper/base/hash.hpp"
#include "codehelper/net/with_deadline.hpp"
#include "output_capture.hpp"
#include "run_protocol.hpp"
#include "spawner.hpp"
#include "utf8_stream.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr milliseconds kStartLimit = seconds(10);
constexpr milliseconds kEndLimit = seconds(3);  // the supervisor's second of grace, and time to end a big tree
constexpr milliseconds kDrainLimit{500};        // for output that is still in the pipes

struct Stream {
  Stream(asio::posix::stream_descriptor from, std::size_t keep_bytes) : pipe(std::move(from)), capture(keep_bytes) {}

  asio::posix::stream_descriptor pipe;
  Utf8Stream decoder;
  OutputCapture capture;
  Sha256 digest;
  std::uint64_t bytes = 0;
};

// One run. Shared with the readers of its output, which may outlive it by a moment.
struct Run {
  Run(EventLoop& loop, Spawner::StartedRun started, ChildOptions child_options)
      : options(std::move(child_options)),
        id(started.id),
        helper(started.helper),
        control(std::move(started.control)),
        output(std::move(started.standard_output), options.keep_bytes),
        error(std::move(started.standard_error), options.keep_bytes),
        readers_done(loop.context(), asio::steady_timer::time_point::max()) {}

  Stream& stream(OutputStream which) { return which == OutputStream::standard_output ? output : error; }

  void take_text(OutputStream which, std::string_view text) {
    if (text.empty()) return;
    stream(which).capture.add(text);
    if (options.on_output) options.on_output(which, text);
  }

  bool has_passed_output_limit() const {
    return options.output_limit_bytes != 0 && output.bytes + error.bytes > options.output_limit_bytes;
  }

  ChildOptions options;
  std::uint64_t id;
  pid_t helper;          // the process that was asked to start it
  pid_t supervisor = 0;  // 0 until it reports
  bool has_control_group = false;
  asio::local::stream_protocol::socket control;
  Stream output;
  Stream error;
  bool control_has_ended = false;
  bool tree_is_gone = false;
  RunReport last_report;  // once the tree is gone
  int readers = 0;
  bool closed = false;  // nothing is taken any more
  std::exception_ptr failure;
  asio::steady_timer readers_done;
};

using RunPointer = std::shared_ptr<Run>;

void end_at_once(Run& run) {
  boost::system::error_code ignored;
  run.control.shutdown(asio::socket_base::shutdown_send, ignored);
}

Task<void> read_output(RunPointer run, OutputStream which) {
  Stream& stream = run->stream(which);
  std::vector<char> buffer(kReadBytes);
  while (!run->closed) {
    auto read = co_await stream.pipe.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    const auto& [error, size] = read;
    if (error || run->closed) break;
    stream.bytes += size;
    stream.digest.add({buffer.data(), size});
    run->take_text(which, stream.decoder.feed({buffer.data(), size}));
    if (run->has_passed_output_limit()) end_at_once(*run);
  }
}

void start_reader(EventLoop& loop, const RunPointer& run, OutputStream which) {
  ++run->readers;
  asio::co_spawn(loop.executor(), read_output(run, which), [run, which](const std::exception_ptr& failure) {
    if (failure) run->failure = failure;
    run->stream(which).pipe.close();  // so that the command is not left writing to nobody
    if (--run->readers == 0) run->readers_done.cancel();
  });
}

// Errors: cancelled, unavailable when the supervisor and the helper process are gone.
Task<Result<RunReport>> read_report(RunPointer run) {
  constexpr const char* kGone = "nobody looks after the run any more";
  // Asio 1.26 waits for ever in a read after the one that gave the end: its reactor has seen that edge already.
  if (run->control_has_ended) co_return fail(ErrorCode::unavailable, kGone);
  RunReport report;
  auto read = co_await asio::async_read(run->control, asio::buffer(&report, sizeof report),
                                        asio::as_tuple(asio::use_awaitable));
  const auto error = std::get<0>(read);
  if (error == asio::error::operation_aborted) co_return fail(ErrorCode::cancelled, "the run was cancelled");
  if (!error) {
    run->tree_is_gone = report.kind == RunReport::Kind::tree_gone;
    run->last_report = report;
    co_return report;
  }
  run->control_has_ended = true;
  co_return fail(ErrorCode::unavailable, kGone);
}

Task<Result<RunReport>> read_report(RunPointer run, milliseconds limit) {
  Task<Result<RunReport>> reading = read_report(std::move(run));
  co_return co_await with_deadline(Deadline::after(limit), "the run", std::move(reading));
}

Task<void> send_to_supervisor(RunPointer run, std::string bytes) {
  // A supervisor that is gone shows in the next report.
  co_await asio::async_write(run->control, asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
}

struct Outcome {
  int exit_code = 0;
  bool timed_out = false;
  std::string notice{};  // for the end of standard error
  RunLimit limit = RunLimit::none;
  std::optional<SandboxFailure> sandbox_failure{};
};

Outcome make_ended_outcome(const RunReport& report) {
  RunLimit limit = report.limit;
  if (report.value == -SIGXFSZ) limit = RunLimit::file_size;
  if (report.value == -SIGXCPU) limit = RunLimit::cpu;
  return {.exit_code = report.value, .limit = limit};
}

// From the plan to the end of the main process. Errors: internal, cancelled, unavailable when nothing has been started
// because the helper process was dying; then the tree is still to be ended.
Task<Result<Outcome>> follow(Spawner& spawner, RunPointer run, CommandPlan plan) {
  co_await send_to_supervisor(run, encode_plan(plan));
  auto started = co_await read_report(run, kStartLimit);
  if (!started) {
    if (started.error().code == ErrorCode::cancelled) co_return std::unexpected(started.error());
    if (started.error().code == ErrorCode::timeout) spawner.stop();  // it is stuck; the next run gets a new one
    const bool is_lost = started.error().code == ErrorCode::unavailable;
    co_return fail(is_lost ? ErrorCode::unavailable : ErrorCode::internal, "no process could be made for the command");
  }
  if (started->kind != RunReport::Kind::started) co_return fail(ErrorCode::internal, "the supervisor was killed");
  run->supervisor = started->value;
  run->has_control_group = started->has_control_group;
  // A cancellation before the wait below has passed it by.
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return fail(ErrorCode::cancelled, "the run was cancelled");
  }

  auto exited = co_await read_report(run, plan.timeout);
  const bool is_gone =
      exited ? exited->kind == RunReport::Kind::tree_gone : exited.error().code == ErrorCode::unavailable;
  if (is_gone) {
    if (run->has_passed_output_limit()) co_return Outcome{.exit_code = -SIGKILL, .limit = RunLimit::output};
    co_return Outcome{.exit_code = -SIGKILL, .notice = "\n[the command was ended: it had killed its supervisor]\n"};
  }
  if (exited && exited->kind == RunReport::Kind::failed) {
    if (!plan.sandbox.is_on) {
      co_return fail(ErrorCode::internal, std::string("no process could be made: ") + std::strerror(exited->value));
    }
    co_return Outcome{.exit_code = -1, .sandbox_failure = SandboxFailure{exited->step, exited->value}};
  }
  if (exited) co_return make_ended_outcome(*exited);
  if (exited.error().code == ErrorCode::timeout) {
    co_await send_to_supervisor(run, std::string(1, kTerminateOrder));
    co_return Outcome{.exit_code = -1, .timed_out = true, .notice = " (timeout)"};
  }
  co_return std::unexpected(exited.error());
}

enum class End {
  tree_gone,
  abandoned,  // the supervisor and the helper process were killed
  unknown,    // neither within the limit
};

Task<End> wait_for_end(RunPointer run) {
  const Deadline deadline = Deadline::after(kEndLimit);
  while (!run->tree_is_gone) {
    auto report = co_await read_report(run, deadline.remaining());
    if (!report) co_return report.error().code == ErrorCode::unavailable ? End::abandoned : End::unknown;
  }
  co_return End::tree_gone;
}

// False when something may be left: stuck in the kernel.
Task<bool> end_orphans(Spawner& spawner, RunPointer run) {
  constexpr milliseconds kSweepPause{2};
  const Deadline deadline = Deadline::after(kEndLimit);
  while (!spawner.end_orphans(run->helper, run->supervisor)) {
    if (deadline.passed()) co_return false;
    co_await sleep_for(kSweepPause);
  }
  co_return true;
}

// False when something of the tree may be left.
Task<bool> wait_for_tree(Spawner& spawner, RunPointer run) {
  End end = co_await wait_for_end(run);
  if (end == End::unknown) {
    spawner.kill_supervisor(run->id);
    end = co_await wait_for_end(run);
  }
  if (end == End::unknown) {
    spawner.abandon();
    end = co_await wait_for_end(run);
  }
  if (end != End::abandoned) co_return end == End::tree_gone;
  co_return co_await end_orphans(spawner, run);
}

// Takes what is left in the pipes.
Task<void> drain(RunPointer run) {
  if (run->readers > 0) {
    run->readers_done.expires_after(kDrainLimit);
    co_await run->readers_done.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  run->closed = true;
  for (const OutputStream which : {OutputStream::standard_output, OutputStream::standard_error}) {
    run->take_text(which, run->stream(which).decoder.finish());
    run->stream(which).pipe.close();
  }
  if (run->failure) std::rethrow_exception(run->failure);
}

CommandResult make_result(Run& run, const Outcome& outcome, double seconds) {
  CommandResult result;
  result.exit_code = outcome.exit_code;
  result.timed_out = outcome.timed_out;
  result.standard_output = run.output.capture.text();
  result.standard_error = run.error.capture.text() + outcome.notice;
  result.output_truncated = run.output.capture.truncated();
  result.error_truncated = run.error.capture.truncated();
  result.output_bytes = run.output.bytes;
  result.error_bytes = run.error.bytes;
  result.output_sha256 = run.output.digest.hex();
  result.error_sha256 = run.error.digest.hex();
  result.duration_seconds = seconds;
  result.limit = outcome.limit;
  result.has_control_group = run.has_control_group;
  result.cpu_seconds = static_cast<double>(run.last_report.cpu_microseconds) / 1e6;
  result.max_rss_bytes = run.last_report.max_rss_bytes;
  result.sandbox_failure = outcome.sandbox_failure;
  return result;
}

Task<Result<CommandResult>> drive_once(EventLoop& loop, Spawner& spawner, CommandPlan plan, ChildOptions options) {
  auto started = spawner.start();
  if (!started) co_return std::unexpected(started.error());
  auto run = std::make_shared<Run>(loop, std::move(*started), std::move(options));
  start_reader(loop, run, OutputStream::standard_output);
  start_reader(loop, run, OutputStream::standard_error);

  const auto begin = std::chrono::steady_clock::now();
  auto outcome = co_await follow(spawner, run, std::move(plan));
  const double seconds = seconds_since(begin);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (!outcome) end_at_once(*run);
  const bool tree_is_gone = co_await wait_for_tree(spawner, run);
  co_await drain(run);
  if (!outcome) co_return std::unexpected(outcome.error());
  if (!tree_is_gone) outcome->notice = "\n[some processes of the command could not be ended]\n" + outcome->notice;
  co_return make_result(*run, *outcome, seconds);
}

// Runs as a coroutine of its own, so that it can go on after a cancellation until the tree is gone.
Task<Result<CommandResult>> drive(EventLoop& loop, Spawner& spawner, CommandPlan plan, ChildOptions options) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Task<Result<CommandResult>> first = drive_once(loop, spawner, plan, options);
  auto result = co_await std::move(first);
  if (result || result.error().code != ErrorCode::unavailable) co_return result;
  // A supervisor tells of itself before it starts anything, so this can't be a second run of the command.
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  Task<Result<CommandResult>> second = drive_once(loop, spawner, std::move(plan), std::move(options));
  result = co_await std::move(second);
  if (!result && result.error().code == ErrorCode::unavailable) result.error().code = ErrorCode::internal;
  co_return result;
}

CommandResult make_not_installed_result(const CommandPlan& plan) {
  CommandResult result;
  result.exit_code = 127;
  result.standard_error = plan.arguments.front() + ": not installed here (it is not in the server's PATH)\n";
  result.error_bytes = result.standard_error.size();
  result.output_sha256 = sha256_hex("");
  result.error_sha256 = sha256_hex(result.standard_error);
  return result;
}

}  // namespace

Task<Result<CommandResult>> run_spawned(EventLoop& loop, Spawner& spawner, CommandPlan plan, ChildOptions options) {
  if (plan.executable.empty()) co_return make_not_installed_result(plan);
  Task<Result<CommandResult>> driving = drive(loop, spawner, std::move(plan), std::move(options));
  auto spawned = asio::co_spawn(loop.executor(), std::move(driving), asio::use_awaitable);
  co_return co_await std::move(spawned);
}

Task<Result<CommandResult>> run_child(EventLoop& loop, std::filesystem::path supervisor, CommandPlan plan,
                                      ChildOptions options) {
  Spawner spawner(loop, std::move(supervisor));
  co_return co_await run_spawned(loop, spawner, std::move(plan), std::move(options));
}

}  // namespace codehelper
