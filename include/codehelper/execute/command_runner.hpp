// Runs commands under the policy. A seam: here (local), or through a Runner service over HTTP (remote).
#pragma once

#include <memory>

#include "codehelper/base/metrics.hpp"
#include "codehelper/execute/child_process.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

class CommandRunner {
 public:
  virtual ~CommandRunner() = default;

  /// Output goes to `on_output` as it comes (may be empty) and into the result. Errors: invalid_input (refused by the
  /// policy), overloaded, timeout (a remote Runner did not answer within its limit), unavailable, cancelled. Never sent
  /// twice: a run that timed out is not repeated.
  virtual Task<Result<CommandResult>> run(RequestContext context, ExecuteRequest request, OutputSink on_output) = 0;
};

struct LocalRunnerOptions {
  PolicyRules rules;
  std::filesystem::path supervisor;  // the codehelper executable
  unsigned parallel = 4;             // further runs wait for their turn
  unsigned queue = 256;              // more are refused as overloaded
};
/// `loop` and `metrics` outlive it.
std::unique_ptr<CommandRunner> make_local_runner(EventLoop& loop, Metrics& metrics, LocalRunnerOptions options);

/// Calls POST /execute of a Runner. Each call is limited to `limit` and to the context's deadline. `client` outlives
/// it.
std::unique_ptr<CommandRunner> make_remote_runner(HttpClient& client, std::chrono::milliseconds limit);

}  // namespace codehelper
