#include "codehelper/base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>
#include <boost/json/serialize.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <utility>

#include "codehelper/base/json_text.hpp"
#include "codehelper/base/secret_text.hpp"
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

constexpr int kFirstWaitMilliseconds = 50;  // for a reader that is only slow; once it has stalled, none

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

// The descriptor that all copies of a log share.
struct Log::Output {
  explicit Output(int target) : descriptor(target) {}

  void write(std::string_view line) {
    const std::lock_guard lock(mutex);
    pollfd ready{descriptor, POLLOUT, 0};
    if (::poll(&ready, 1, dropped == 0 ? kFirstWaitMilliseconds : 0) == 0) {
      ++dropped;
      return;
    }
    if (dropped != 0) write_whole(descriptor, lost_line(std::exchange(dropped, 0)));
    write_whole(descriptor, line);
  }

  static std::string lost_line(std::uint64_t count) {
    return boost::json::serialize(boost::json::object{
               {"timestamp", utc_now()}, {"level", "warning"}, {"event", "log_lines_dropped"}, {"count", count}}) +
           '\n';
  }

  const int descriptor;
  std::mutex mutex;
  std::uint64_t dropped = 0;  // since the last line that was written
};

Log::Log(int descriptor, LogLevel minimum)
    : output_(descriptor < 0 ? nullptr : std::make_shared<Output>(descriptor)), minimum_(minimum) {}

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
  if (output_ == nullptr || level < minimum_) return;
  boost::json::object line{{"timestamp", utc_now()}, {"level", name_of(level)}, {"event", event}};
  if (!request_id_.empty()) line["request_id"] = request_id_;
  for (auto& field : fields) mask_secrets_in(field.value());
  for (auto& field : fields) line.insert_or_assign(field.key(), std::move(field.value()));
  output_->write(to_valid_utf8(to_json_text(line)) + '\n');
}

}  // namespace codehelper
