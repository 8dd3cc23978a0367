// Credentials that a program prints, as kubeconfig's `exec` asks for (client.authentication.k8s.io).
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/net/event_loop.hpp"
#include "kubernetes_config.hpp"

namespace codehelper {

struct ExecCredential {
  std::string token;
  std::string certificate_pem;
  std::string key_pem;
  std::optional<std::chrono::system_clock::time_point> expires;  // nothing = good until it is refused
};

/// Pure. Errors: malformed; the message never holds the text.
Result<ExecCredential> parse_exec_credential(std::string_view text, std::string_view api_version);

/// "2030-01-02T03:04:05Z", with a fraction or an offset too (RFC 3339).
std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text);

struct ExecSurroundings {
  std::filesystem::path supervisor;        // the codehelper executable
  std::map<std::string, std::string> env;  // of the plugin, besides what its entry says
  std::chrono::milliseconds limit{30'000};
};

/// Errors: unavailable (not found, failed, too slow, printed nonsense), cancelled.
Task<Result<ExecCredential>> run_exec_plugin(EventLoop& loop, ExecPlugin plugin, ExecSurroundings surroundings);

}  // namespace codehelper
