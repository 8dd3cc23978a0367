#include "sandbox_paths.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <set>
#include <string_view>
#include <system_error>

#include "codehelper/base/path.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSystemDirectories[] = {"/usr",
                                              "/bin",
                                              "/sbin",
                                              "/lib",
                                              "/lib32",
                                              "/lib64",
                                              "/libx32",
                                              "/opt",
                                              "/nix/store",
                                              "/gnu/store",
                                              "/sys/devices/system/cpu",
                                              "/sys/devices/system/node",
                                              "/sys/fs/cgroup",
                                              "/sys/kernel/mm/transparent_hugepage"};

// Of /etc what programs and toolchains need to run; not shadow, sudoers, ssh, private keys and their like.
constexpr const char* kEtcEntries[] = {"alternatives",    "bash.bashrc",
                                       "ca-certificates", "ca-certificates.conf",
                                       "crypto-policies", "debian_version",
                                       "default/locale",  "fonts",
                                       "gai.conf",        "gradle",
                                       "group",           "host.conf",
                                       "hostname",        "hosts",
                                       "inputrc",         "ld.so.cache",
                                       "ld.so.conf",      "ld.so.conf.d",
                                       "locale.alias",    "locale.conf",
                                       "localtime",       "magic",
                                       "magic.mime",      "maven",
                                       "mime.types",      "networks",
                                       "nodejs",          "nsswitch.conf",
                                       "os-release",      "passwd",
                                       "pki/ca-trust",    "pki/java",
                                       "pki/tls/certs",   "profile",
                                       "protocols",       "redhat-release",
                                       "resolv.conf",     "rpc",
                                       "services",        "shells",
                                       "ssl/certs",       "ssl/cert.pem",
                                       "ssl/openssl.cnf", "terminfo",
                                       "timezone"};
constexpr std::string_view kEtcPrefixes[] = {"java", "python", "openjdk"};

// Homes of toolchains: a variable, or the place below the home directory where it is by default.
struct ToolchainHome {
  std::string_view variable;
  std::string_view below_home;
};
constexpr ToolchainHome kToolchainHomes[] = {{"PYENV_ROOT", ".pyenv"}, {"RUSTUP_HOME", ".rustup"}, {"NVM_DIR", ".nvm"},
                                             {"GOROOT", ""},           {"JAVA_HOME", ""},          {"MAVEN_HOME", ""},
                                             {"GRADLE_HOME", ""},      {"VIRTUAL_ENV", ""}};

// As fs::canonical(), which looks for a link at every component; empty when nothing is there.
fs::path find_real_path(const fs::path& path) {
  const int file = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (file < 0) return {};
  std::array<char, PATH_MAX> target;
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  ::close(file);
  return size <= 0 ? fs::path() : fs::path(std::string_view(target.data(), static_cast<std::size_t>(size)));
}

class ReadablePaths {
 public:
  explicit ReadablePaths(const SandboxRules& rules) : rules_(rules) {
    for (const fs::path& path : {rules.allowed_root, rules.cache_dir, rules.copy_dir}) {
      if (!path.empty()) hidden_.push_back(path);
    }
    const fs::path home = variable("HOME");
    std::error_code error;
    if (!home.empty()) home_ = fs::weakly_canonical(home, error);
  }

  std::vector<std::string> find() {
    for (const char* directory : kSystemDirectories) add_system(directory);
    add_etc();
    for (const std::string& executable : rules_.executables) add_executable(executable);
    for (const auto& [variable, path] : find_toolchain_homes(rules_.server_env)) add(path);
    for (const fs::path& path : rules_.read_paths) add(path);
    return without_nested();
  }

 private:
  // Without what lies inside of another directory of the list.
  std::vector<std::string> without_nested() const {
    std::vector<std::string> kept;
    std::vector<std::string> directories;
    for (const std::string& path : paths_) {
      const bool is_nested =
          std::ranges::any_of(directories, [&](const std::string& directory) { return is_inside(path, directory); });
      if (is_nested) continue;
      std::error_code error;
      if (!fs::is_symlink(path, error)) directories.push_back(path);
      kept.push_back(path);
    }
    return kept;
  }

  std::string_view variable(std::string_view name) const {
    const auto found = rules_.server_env.find(name);
    return found == rules_.server_env.end() ? std::string_view() : std::string_view(found->second);
  }

  // The path with the links of its parents resolved; where it is a link itself, its target too.
  void add(const fs::path& path) {
    if (!path.has_filename() || !path.is_absolute()) return;
    const fs::path real = find_real_path(path);
    if (real.empty()) return;
    paths_.insert((find_real_directory(path.parent_path()) / path.filename()).string());
    paths_.insert(real.string());
  }

  // The same few are asked for again and again.
  const fs::path& find_real_directory(const fs::path& path) {
    const auto [found, is_new] = directories_.try_emplace(path.string());
    if (is_new) found->second = find_real_path(path);
    return found->second;
  }

  void add_system(const fs::path& directory) {
    std::error_code error;
    if (fs::is_symlink(directory, error)) return add(directory);
    for (const fs::path& part : leave_out(directory, hidden_)) add(part);
  }

  void add_etc() {
    for (const char* entry : kEtcEntries) add(fs::path("/etc") / entry);
    std::error_code error;
    for (fs::directory_iterator entry("/etc", error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (std::ranges::any_of(kEtcPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); })) {
        add(entry->path());
      }
    }
  }

  // The directory of the search path where it lies, that of the real file, and the libraries beside a "bin". Not all
  // that is beside it: ~/.local/bin and ~/.cargo/bin have neighbours that hold secrets.
  void add_executable(const std::string& name) {
    std::string_view search = variable("PATH");
    while (!search.empty()) {
      const std::size_t end = std::min(search.find(':'), search.size());
      const fs::path directory = search.substr(0, end);
      search.remove_prefix(std::min(end + 1, search.size()));
      if (!directory.is_absolute()) continue;
      const fs::path real = find_real_path(directory / name);
      if (real.empty()) continue;
      add_tools(directory);
      add_tools(real.parent_path());
      // pyenv, rbenv, asdf: what is started there starts the rest of the directory that holds it.
      if (directory.filename() == "shims") add_tools(directory.parent_path());
      if (real.parent_path().filename() != "bin") continue;
      for (const char* libraries : {"lib", "lib64", "libexec", "include"}) {
        add(real.parent_path().parent_path() / libraries);
      }
    }
  }

  // A search path may name a directory that holds much more than tools, such as the allowed root or somebody's home.
  void add_tools(const fs::path& directory) {
    const fs::path& real = find_real_directory(directory);
    const bool is_too_much =
        real.empty() || std::ranges::any_of(hidden_, [&](const fs::path& path) { return is_inside(path, real); }) ||
        (!home_.empty() && is_inside(home_, real));
    if (!is_too_much) add(directory);
  }

  const SandboxRules& rules_;
  std::vector<fs::path> hidden_;
  fs::path home_;  // empty: the server has none
  std::map<std::string, fs::path> directories_;
  std::set<std::string> paths_;
};

}  // namespace

std::map<std::string, std::string> find_toolchain_homes(const std::map<std::string, std::string, std::less<>>& server) {
  std::map<std::string, std::string> homes;
  const auto user = server.find("HOME");
  for (const ToolchainHome& home : kToolchainHomes) {
    const auto set = server.find(home.variable);
    if (set != server.end() && !set->second.empty()) {
      homes.emplace(home.variable, set->second);
      continue;
    }
    if (user == server.end() || user->second.empty() || home.below_home.empty()) continue;
    const fs::path path = fs::path(user->second) / home.below_home;
    std::error_code error;
    if (fs::is_directory(path, error)) homes.emplace(home.variable, path.string());
  }
  return homes;
}

std::vector<fs::path> leave_out(const fs::path& path, const std::vector<fs::path>& hidden) {
  const auto is_split = [&](const fs::path& other) { return other != path && is_inside(other, path); };
  if (std::ranges::none_of(hidden, is_split)) return {path};
  std::vector<fs::path> parts;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (std::ranges::find(hidden, entry->path()) != hidden.end()) continue;
    const std::vector<fs::path> some = leave_out(entry->path(), hidden);
    parts.insert(parts.end(), some.begin(), some.end());
  }
  return parts;
}

std::vector<std::string> find_readable_paths(const SandboxRules& rules) {
  return ReadablePaths(rules).find();
}

}  // namespace codehelper
