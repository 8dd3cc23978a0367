#include "query_fields.hpp"

#include <fmt/format.h>

#include <charconv>

namespace codehelper {

std::optional<std::string> query_text(const HttpRequest& request, std::string_view field) {
  const auto found = request.query.find(std::string(field));
  if (found == request.query.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Result<std::string> required_query_text(const HttpRequest& request, std::string_view field) {
  auto text = query_text(request, field);
  if (!text) return fail(ErrorCode::invalid_field, fmt::format("query field \"{}\" is missing", field));
  return std::move(*text);
}

Result<bool> query_flag(const HttpRequest& request, std::string_view field) {
  const auto given = request.query.find(std::string(field));
  if (given == request.query.end() || given->second == "0") return false;
  if (given->second == "1") return true;
  return fail(ErrorCode::invalid_input, fmt::format("{}: must be 1 or 0", field));
}

Result<std::optional<std::int64_t>> query_integer(const HttpRequest& request, std::string_view field,
                                                  std::int64_t minimum, std::int64_t maximum) {
  const auto text = query_text(request, field);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == text->data() + text->size();
  if (is_number && number >= minimum && number <= maximum) return number;
  return fail(ErrorCode::invalid_field,
              fmt::format("query field \"{}\" must be a whole number from {} to {}", field, minimum, maximum));
}

}  // namespace codehelper
