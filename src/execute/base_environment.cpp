#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "codehelper/execute/command_policy.hpp"

namespace codehelper {

namespace {

bool is_named_by(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

std::map<std::string, std::string> make_base_environment(const std::map<std::string, std::string, std::less<>>& server,
                                                         const std::vector<std::string>& passed) {
  // Names, not patterns: nothing that holds a secret gets through because of how it is called.
  static constexpr std::array<std::string_view, 22> kPassed = {
      "PATH",           "LANG",           "LC_ALL",           "LC_CTYPE",         "TZ",
      "HOME",           "TMPDIR",         "CARGO_HOME",       "GOCACHE",          "GOMODCACHE",
      "GOPATH",         "GOROOT",         "GRADLE_USER_HOME", "JAVA_HOME",        "MAVEN_HOME",
      "NVM_DIR",        "PYENV_ROOT",     "RUSTUP_HOME",      "RUSTUP_TOOLCHAIN", "VIRTUAL_ENV",
      "XDG_CACHE_HOME", "XDG_CONFIG_HOME"};
  std::map<std::string, std::string> environment{
      {"LANG", "C.UTF-8"},
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"PYTHONUNBUFFERED", "1"},  // else a script that is ended by the time limit takes its output with it
      {"TERM", "dumb"},
  };
  for (const std::string_view name : kPassed) {
    const auto found = server.find(name);
    if (found != server.end() && !found->second.empty()) environment[std::string(name)] = found->second;
  }
  for (const auto& [name, value] : server) {
    const auto names_it = [&](const std::string& pattern) { return is_named_by(name, pattern); };
    if (!name.starts_with("CODEHELPER_") && std::ranges::any_of(passed, names_it)) environment[name] = value;
  }
  return environment;
}

}  // namespace codehelper
