#include "chat_input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include "codehelper/base/file_descriptor.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kOneBytes = std::size_t{1} << 20;
constexpr std::size_t kAllBytes = 3 * kOneBytes;
constexpr std::chrono::milliseconds kPatience{10'000};

std::unexpected<Error> fail_reading(const std::string& name, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable;
  return fail(code, fmt::format("{} can't be read: {}", name, std::generic_category().message(error)));
}

/// To the end. `name` is for messages.
Result<std::string> read_text(int descriptor, const std::string& name) {
  auto text = read_bytes(descriptor, kOneBytes + 1);
  if (!text) return fail_reading(name, text.error());
  if (text->size() > kOneBytes) {
    return fail(ErrorCode::too_large, fmt::format("{} is larger than 1 MiB; give the part of it that matters", name));
  }
  if (text->find('\0') != std::string::npos || to_valid_utf8(*text) != *text) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is no text in UTF-8; only texts can be attached", name));
  }
  return std::move(*text);
}

bool is_pipe(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

bool has_news(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(kPatience.count())) != 0;
}

}  // namespace

Result<json::array> load_attachments(const std::vector<std::string>& files) {
  json::array attachments;
  std::size_t bytes = 0;
  for (const std::string& file : files) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!descriptor.is_open()) return fail_reading(file, errno);
    auto text = read_text(descriptor.get(), file);
    if (!text) return std::unexpected(text.error());
    bytes += text->size();
    if (bytes > kAllBytes) {
      return fail(ErrorCode::too_large, "the attached files are larger than 3 MiB together; attach fewer");
    }
    attachments.push_back(json::object{{"name", file}, {"text", std::move(*text)}});
  }
  return attachments;
}

Result<std::optional<std::string>> read_standard_input(PipedInput role) {
  if (::isatty(STDIN_FILENO) == 1) return std::nullopt;
  if (role == PipedInput::beside_a_message && is_pipe(STDIN_FILENO) && !has_news(STDIN_FILENO)) {
    fmt::print(stderr, "note: nothing came on standard input for ten seconds; asked without it\n");
    return std::nullopt;
  }
  auto text = read_text(STDIN_FILENO, "standard input");
  // Of a process that was started without one.
  if (!text && role == PipedInput::beside_a_message && text.error().code == ErrorCode::unavailable) return std::nullopt;
  if (!text) return std::unexpected(text.error());
  if (is_blank(*text)) return std::nullopt;
  return std::move(*text);
}

}  // namespace codehelper
