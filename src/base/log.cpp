#include "codehelper/base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include <boost/json/serialize.hpp>

#include <cerrno>
#include <chrono>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

void write_whole(int descriptor, std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(descriptor, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads our log: there is nowhere left to say so
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  const std::string lower = to_lower_ascii(text);
  if (lower == "debug") return LogLevel::debug;
  if (lower == "info") return LogLevel::info;
  if (lower == "warning" || lower == "warn") return LogLevel::warning;
  if (lower == "error") return LogLevel::error;
  return std::nullopt;
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::now();
  const auto whole = std::chrono::floor<std::chrono::seconds>(now);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     milliseconds);
}

Log::Log(int descriptor, LogLevel minimum) : descriptor_(descriptor), minimum_(minimum) {}

Log Log::bound_to(std::string request_id) const {
  Log bound = *this;
  bound.request_id_ = std::move(request_id);
  return bound;
}

void Log::debug(std::string_view event, boost::json::object fields) const {
  write(LogLevel::debug, event, std::move(fields));
}
void Log::info(std::string_view event, boost::json::object fields) const {
  write(LogLevel::info, event, std::move(fields));
}
void Log::warning(std::string_view event, boost::json::object fields) const {
  write(LogLevel::warning, event, std::move(fields));
}
void Log::error(std::string_view event, boost::json::object fields) const {
  write(LogLevel::error, event, std::move(fields));
}

void Log::write(LogLevel level, std::string_view event, boost::json::object fields) const {
  if (descriptor_ < 0 || level < minimum_) return;
  boost::json::object line{{"timestamp", utc_now()}, {"level", name_of(level)}, {"event", event}};
  if (!request_id_.empty()) line["request_id"] = request_id_;
  for (auto& field : fields) line.insert_or_assign(field.key(), std::move(field.value()));
  write_whole(descriptor_, to_valid_utf8(boost::json::serialize(line)) + '\n');
}

}  // namespace codehelper
