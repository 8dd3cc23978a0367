#include "skipped_file.hpp"

#include <fmt/format.h>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

json::object to_json(const SkippedFile& skipped) {
  json::object object{{"path", to_valid_utf8(skipped.path)},
                      {"reason", to_string(skipped.reason)},
                      {"detail", to_valid_utf8(skipped.detail)}};
  if (skipped.rule) {
    object["rule"] = json::object{{"pattern", to_valid_utf8(skipped.rule->pattern)},
                                  {"file", to_valid_utf8(skipped.rule->file)},
                                  {"line", skipped.rule->line}};
  }
  return object;
}

std::string describe(const SkippedFile& skipped) {
  if (skipped.rule) {
    return fmt::format("ignored by {}:{}:{}", skipped.rule->file, skipped.rule->line, skipped.rule->pattern);
  }
  return fmt::format("{}, {}", to_string(skipped.reason), skipped.detail);
}

}  // namespace codehelper
