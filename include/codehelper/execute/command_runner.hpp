// Runs commands under the policy. A seam: here (local), or through a Runner service over HTTP (remote).
#pragma once

#include <functional>
#include <memory>

#include "codehelper/base/metrics.hpp"
#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/copy_rules.hpp"
#include "codehelper/execute/sandbox.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// What happens during a run, told on the loop. Each may be empty.
struct RunListener {
  OutputSink on_output;                                 // as it comes; it is in the result too
  std::function<void(std::size_t position)> on_queued;  // 1 = the next one whose turn comes; again when it changes
  std::function<void()> on_started;
};

class CommandRunner {
 public:
  virtual ~CommandRunner() = default;

  /// A run with a patch takes place in a copy of the project, which is gone afterwards; the time that the copy takes
  /// counts as the command's. Errors: forbidden (the context's caller lacks the scope run), invalid_input (refused by
  /// the policy), conflict (the patch doesn't apply), too_large (the project can't be copied), overloaded, timeout (a
  /// remote Runner did not answer within its limit, or the copy took longer than the time limit), unavailable,
  /// cancelled. Never sent twice: a run that timed out is not repeated.
  virtual Task<Result<CommandResult>> run(RequestContext context, ExecuteRequest request, RunListener listener) = 0;
};

struct LocalRunnerOptions {
  PolicyRules rules;
  std::filesystem::path supervisor;      // the codehelper executable
  unsigned parallel = 4;                 // further runs wait for their turn
  unsigned queue = 256;                  // more are refused as overloaded
  std::uint64_t output_limit_bytes = 0;  // a run that writes more is ended; 0 = none
  const Sandbox* sandbox = nullptr;      // outlives the runner; none = commands run with this process's rights
  CopyRules copies;
};
/// `loop` and `metrics` outlive it. Removes what a process that was killed has left of copies; blocks for that time.
std::unique_ptr<CommandRunner> make_local_runner(EventLoop& loop, Metrics& metrics, LocalRunnerOptions options);

/// Calls POST /execute of a Runner. Each call is limited to `limit` and to the context's deadline. `client` outlives
/// it.
std::unique_ptr<CommandRunner> make_remote_runner(HttpClient& client, std::chrono::milliseconds limit);

}  // namespace codehelper
