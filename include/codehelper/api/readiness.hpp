// Whether what the API depends on can be reached now. The checks run side by side, each within its own limit.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// What to do when the Runner refuses the token of this server, or its having none.
inline constexpr std::string_view kRunnerTokenFix = "set CODEHELPER_RUNNER_TOKEN to one that it takes";

struct ReadinessReport {
  // Each is "ok", "timeout", "connection_error", "error" or "not_configured".
  std::string runner;
  std::string chroma;
  std::string llm;
  std::string embedder = "not_configured";  // questions are answered without it too
  bool runner_refuses_token = false;        // it is "error" then

  /// Runner ok, and Chroma and the model each ok or not configured.
  bool ready() const;
};

class Readiness {
 public:
  struct Options {
    HttpClient& runner;
    HttpClient* chroma = nullptr;          // null = not configured: the embedded store takes its place
    HttpClient* llm = nullptr;             // null = not configured
    HttpClient* embedder = nullptr;        // null = the built-in one
    std::string embedder_url = {};         // of that client
    std::filesystem::path store_dir = {};  // of the embedded store; it must be there and writable
    std::string llm_health_path = "/";
    std::chrono::milliseconds limit{5'000};  // of each dependency, retries included
  };

  /// `loop` and what `options` refers to outlive it.
  Readiness(EventLoop& loop, Options options) : loop_(loop), options_(std::move(options)) {}

  Task<ReadinessReport> check(RequestContext context);

 private:
  EventLoop& loop_;
  Options options_;
};

}  // namespace codehelper
