#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "codehelper/base/file_descriptor.hpp"
#include "codehelper/base/hash.hpp"
#include "codehelper/net/access.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kFileBytes = std::size_t{1} << 20;

std::string describe_errno(const std::filesystem::path& file, int code) {
  return fmt::format("tokens file {}: {}", file.string(), std::strerror(code));
}

/// What is another when the file is: replaced, written to, or given other rights.
std::string version_of(const struct stat& status) {
  return fmt::format("{}:{}:{}:{}.{}:{}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

Result<void> check_rights(const std::filesystem::path& file, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::invalid_input, fmt::format("tokens file {}: it is no file", file.string()));
  }
  // A group may read it: that is how a Secret's volume comes to a container whose user is not root.
  constexpr mode_t kTooMuch = S_IRWXO | S_IWGRP;
  if ((status.st_mode & kTooMuch) != 0) {
    return fail(ErrorCode::invalid_input,
                fmt::format("tokens file {}: its mode {:04o} lets others at it; run chmod 640 {}", file.string(),
                            status.st_mode & 07777, file.string()));
  }
  return {};
}

Result<std::string> read_all(const std::filesystem::path& file, int descriptor) {
  auto text = read_bytes(descriptor, kFileBytes + 1);
  if (!text) return fail(ErrorCode::invalid_input, describe_errno(file, text.error()));
  if (text->size() > kFileBytes) {
    return fail(ErrorCode::invalid_input, fmt::format("tokens file {}: it is over 1 MiB", file.string()));
  }
  return std::move(*text);
}

}  // namespace

AccessList::AccessList(Options options)
    : file_(std::move(options.file)), log_(std::move(options.log)), known_(std::move(options.known)) {}

Result<std::shared_ptr<AccessList>> AccessList::open(Options options) {
  std::shared_ptr<AccessList> list(new AccessList(std::move(options)));
  if (!list->file_.empty()) {
    const auto loaded = list->load();
    if (!loaded) return std::unexpected(loaded.error());
  }
  return list;
}

Result<void> AccessList::load() {
  const FileDescriptor file(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    return fail(ErrorCode::invalid_input, describe_errno(file_, errno));
  }
  file_version_ = version_of(status);
  const auto allowed = check_rights(file_, status);
  if (!allowed) return allowed;
  const auto text = read_all(file_, file.get());
  if (!text) return std::unexpected(text.error());
  auto tokens = parse_access_tokens(*text);
  if (!tokens) {
    return fail(ErrorCode::invalid_input, fmt::format("tokens file {}:\n{}", file_.string(), tokens.error().message));
  }
  from_file_ = std::move(*tokens);
  return {};
}

void AccessList::follow_file() {
  if (file_.empty()) return;
  struct stat status{};
  std::string now = ::stat(file_.c_str(), &status) == 0 ? version_of(status) : std::string();
  if (now == file_version_) return;
  file_version_ = std::move(now);
  const auto loaded = load();
  if (loaded) {
    log_.info("tokens_reloaded", {{"tokens", from_file_.size()}});
  } else {
    log_.error("tokens_not_reloaded", {{"cause", loaded.error().message}});
  }
}

std::optional<Caller> AccessList::identify(std::string_view token) {
  follow_file();
  const std::string hash = sha256_hex(token);
  std::optional<Caller> caller;
  for (const std::vector<AccessToken>* tokens : {&known_, &from_file_}) {
    for (const AccessToken& known : *tokens) {
      const bool is_it = CRYPTO_memcmp(hash.data(), known.sha256.data(), hash.size()) == 0;
      if (is_it) caller = Caller{known.name, known.scopes};
    }
  }
  return caller;
}

}  // namespace codehelper
