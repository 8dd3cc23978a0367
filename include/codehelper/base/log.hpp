// Events as JSON lines: timestamp (ISO 8601, UTC), level, event, request_id, and the event's own fields.
// A Log is a cheap value bound to a request id; all copies write whole lines to the same descriptor.
// Never log a token, a key or the content of a file.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codehelper {

enum class LogLevel { debug, info, warning, error };

std::optional<LogLevel> parse_log_level(std::string_view text);

/// Now as "2026-11-27T08:15:30.123Z".
std::string utc_now();

class Log {
 public:
  /// Writes to `descriptor` (not owned), lines below `minimum` are dropped. So are lines while nobody reads the
  /// descriptor: a server must not stand still for its log. The next line that can be written says how many were lost.
  Log(int descriptor, LogLevel minimum);
  /// A log that drops everything.
  static Log none() { return Log(-1, LogLevel::error); }

  /// The same log with `request_id` on every line.
  Log bound_to(std::string request_id) const;

  /// Whether a line of that level would be written: spares making fields for nobody.
  bool takes(LogLevel level) const { return output_ != nullptr && level >= minimum_; }

  void debug(std::string_view event, boost::json::object fields = {}) const;
  void info(std::string_view event, boost::json::object fields = {}) const;
  void warning(std::string_view event, boost::json::object fields = {}) const;
  void error(std::string_view event, boost::json::object fields = {}) const;
  /// A field named like one of those that every line has takes its place.
  void write(LogLevel level, std::string_view event, boost::json::object fields) const;

 private:
  struct Output;
  std::shared_ptr<Output> output_;  // null: drops everything
  LogLevel minimum_;
  std::string request_id_;
};

}  // namespace codehelper
