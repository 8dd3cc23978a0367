#include "codehelper/base/log.hpp"

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

constexpr std::size_t kUsualLineBytes = 512;
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

// By hand: with fmt it was a quarter of the cost of a line.
std::string utc_now() {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t last_digit, long number) {
    for (; number != 0; --last_digit, number /= 10) text[last_digit] = static_cast<char>('0' + number % 10);
  };
  put(3, static_cast<int>(date.year()));
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, time.hours().count());
  put(15, time.minutes().count());
  put(18, time.seconds().count());
  put(22, time.subseconds().count());
  return text;
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
  if (!takes(level)) return;
  boost::json::value masked(std::move(fields));
  mask_secrets_in(masked);
  const boost::json::object& own = masked.as_object();
  std::string line;
  line.reserve(kUsualLineBytes);
  const auto append_name = [&line](std::string_view name) {
    line += line.empty() ? '{' : ',';
    append_json(line, name);
    line += ':';
  };
  const auto append_unless_own = [&](std::string_view name, std::string_view text) {
    if (own.contains(name)) return;
    append_name(name);
    append_json(line, text);
  };
  append_unless_own("timestamp", utc_now());
  append_unless_own("level", name_of(level));
  append_unless_own("event", event);
  if (!request_id_.empty()) append_unless_own("request_id", request_id_);
  for (const auto& [name, value] : own) {
    append_name(name);
    append_json(line, value);
  }
  line += '}';
  output_->write(to_valid_utf8(line).append("\n"));
}

}  // namespace codehelper
