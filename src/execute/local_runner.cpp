#include <fmt/format.h>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "codehelper/base/elapsed.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "codehelper/net/with_deadline.hpp"
#include "patched_copy.hpp"
#include "run_slots.hpp"
#include "spawner.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;

const std::vector<double> kRunBounds = {0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 3600};
const std::vector<double> kQueueBounds = {0.001, 0.01, 0.1, 1, 10, 60, 300};

std::string describe(const Result<CommandResult>& result) {
  if (!result) return std::string(to_string(result.error().code));
  if (result->timed_out) return "timed_out";
  if (result->limit != RunLimit::none) return "limited";
  return result->exit_code == 0 ? "succeeded" : "failed";
}

class LocalRunner final : public CommandRunner {
 public:
  LocalRunner(EventLoop& loop, Metrics& metrics, LocalRunnerOptions options)
      : loop_(loop),
        metrics_(metrics),
        options_(std::move(options)),
        slots_(loop.executor(), options_.parallel, options_.queue),
        spawner_(loop, options_.supervisor) {}

  Task<Result<CommandResult>> run(RequestContext context, ExecuteRequest request, RunListener listener) override {
    const auto allowed = require_scope(context.caller, Scope::run);
    if (!allowed) co_return std::unexpected(allowed.error());
    auto plan = plan_command(options_.rules, request);
    if (!plan) {
      context.log.warning("run_refused", {{"cause", plan.error().message}});
      count("other", std::string(to_string(plan.error().code)));
      co_return std::unexpected(plan.error());
    }
    std::unique_ptr<PatchedProject> patched;
    if (request.patch) {
      Task<Result<std::unique_ptr<PatchedProject>>> preparing =
          PatchedProject::prepare(loop_, options_.copies, plan->project, std::move(*request.patch));
      auto prepared = co_await std::move(preparing);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) prepared = fail(ErrorCode::cancelled, "the caller left");
      if (!prepared) {
        count("other", std::string(to_string(prepared.error().code)));
        co_return std::unexpected(prepared.error());
      }
      patched = std::move(*prepared);
      plan->copy = patched->directory();
    }
    if (options_.sandbox) {
      const auto confined = options_.sandbox->confine(*plan, request);
      if (!confined) {
        count("other", std::string(to_string(confined.error().code)));
        co_return std::unexpected(confined.error());
      }
    }
    // From here on argv[0] is one of the allowed names: a label and a log field that holds nothing private.
    const std::string name = plan->arguments.front();
    const Deadline deadline = context.deadline;
    const std::filesystem::path temporary = plan->temporary;
    Task<Result<CommandResult>> running = run_in_turn(context, std::move(*plan), patched.get(), std::move(listener));
    auto result = co_await with_deadline(deadline, "the command", std::move(running));
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (patched) co_await patched->remove();
    if (!temporary.empty()) {
      auto remove = [temporary] {
        std::error_code ignored;
        return std::filesystem::remove_all(temporary, ignored);
      };
      co_await loop_.run_blocking(std::move(remove));
    }
    count(name, describe(result));
    co_return result;
  }

 private:
  // `patched` may be null, and outlives the run.
  Task<Result<CommandResult>> run_in_turn(RequestContext context, CommandPlan plan, PatchedProject* patched,
                                          RunListener listener) {
    const std::string name = plan.arguments.front();
    const std::vector<std::string> arguments = plan.arguments;
    const auto queued = Clock::now();
    auto slot = co_await slots_.acquire(listener.on_queued);
    if (!slot) co_return std::unexpected(slot.error());
    const double queue_seconds = seconds_since(queued);
    metrics_.observe("runner_queue_seconds", "Time that commands waited for a free slot.", {}, kQueueBounds,
                     queue_seconds);
    context.log.info("run_started", {{"command", name}, {"arguments", plan.arguments.size() - 1}});

    if (listener.on_started) listener.on_started();
    if (patched) {
      const auto filled = co_await fill(context, *patched, plan);
      if (!filled) co_return std::unexpected(filled.error());
    }
    const std::string cwd = plan.cwd.string();
    ChildOptions options;
    options.on_output = std::move(listener.on_output);
    options.output_limit_bytes = options_.output_limit_bytes;
    const auto begin = Clock::now();
    auto result = co_await run_spawned(loop_, spawner_, std::move(plan), std::move(options));
    metrics_.observe("runner_run_seconds", "Time from the start of a command to the end of its tree.",
                     {{"command", name}}, kRunBounds, seconds_since(begin));
    if (result && result->sandbox_failure) result = fail_start(*result->sandbox_failure);
    if (result) {
      result->arguments = arguments;
      result->cwd = cwd;
      result->queue_seconds = queue_seconds;
      if (options_.sandbox) result->sandbox = options_.sandbox->level().axes();
      if (patched) result->copy = patched->description();
    }
    log_end(context, name, result);
    co_return result;
  }

  Task<Result<void>> fill(RequestContext context, PatchedProject& patched, CommandPlan& plan) {
    const auto filled = co_await patched.fill(plan);
    if (!filled) {
      context.log.warning("project_not_copied", {{"cause", filled.error().message}});
      co_return filled;
    }
    const PatchedCopy& copy = patched.description();
    metrics_.observe("runner_copy_seconds", "Time to copy a project to try a patch.", {}, kRunBounds, copy.seconds);
    context.log.info("project_copied",
                     {{"files", copy.copied_files}, {"bytes", copy.copied_bytes}, {"seconds", copy.seconds}});
    co_return filled;
  }

  static Result<CommandResult> fail_start(const SandboxFailure& failure) {
    return fail(ErrorCode::internal, fmt::format("sandbox_failed: the confinement of the command could not be set up: "
                                                 "{}: {}",
                                                 to_string(failure.step), std::strerror(failure.error)));
  }

  void count(const std::string& command, const std::string& outcome) {
    metrics_.count("runner_runs_total", "Commands asked for, by outcome.",
                   {{"command", command}, {"outcome", outcome}});
  }

  static void log_end(const RequestContext& context, const std::string& name, const Result<CommandResult>& result) {
    boost::json::object fields{{"command", name}, {"outcome", describe(result)}};
    if (result) {
      fields["exit_code"] = result->exit_code;
      fields["duration_seconds"] = result->duration_seconds;
      fields["stdout_bytes"] = result->output_bytes;
      fields["stderr_bytes"] = result->error_bytes;
      fields["cpu_seconds"] = result->cpu_seconds;
      fields["max_rss_bytes"] = result->max_rss_bytes;
      if (result->limit != RunLimit::none) fields["limit_hit"] = to_string(result->limit);
    } else {
      fields["cause"] = result.error().message;
    }
    context.log.info("run_finished", std::move(fields));
  }

  EventLoop& loop_;
  Metrics& metrics_;
  LocalRunnerOptions options_;
  RunSlots slots_;
  Spawner spawner_;
};

}  // namespace

std::unique_ptr<CommandRunner> make_local_runner(EventLoop& loop, Metrics& metrics, LocalRunnerOptions options) {
  remove_left_copies(copies_directory(options.copies));
  return std::make_unique<LocalRunner>(loop, metrics, std::move(options));
}

}  // namespace codehelper
