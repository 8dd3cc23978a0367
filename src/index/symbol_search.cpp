#include "symbol_search.hpp"

#include <algorithm>
#include <tuple>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kMaxNameBytes = 500;

auto order_of(const FoundDefinition& found, std::size_t name_parts) {
  const auto parts = split_symbol(found.definition.symbol).size();
  return std::tuple(parts != name_parts, found.definition.kind == "declaration", found.path, found.definition.line);
}

}  // namespace

Result<std::string> plain_symbol_name(std::string_view name) {
  const auto parts = split_symbol(name);
  if (name.size() > kMaxNameBytes) return fail(ErrorCode::invalid_input, "the name is too long");
  if (parts.empty() || parts.back().find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(ErrorCode::invalid_input, "the name has no part that could be a symbol: give one such as Widget::run");
  }
  return std::string(parts.back());
}

void keep_meant(std::vector<FoundDefinition>& found, std::string_view name) {
  const auto is_meant = [&](const FoundDefinition& entry) { return is_named(entry.definition.symbol, name); };
  if (std::ranges::any_of(found, is_meant)) {
    std::erase_if(found, [&](const FoundDefinition& entry) { return !is_meant(entry); });
  } else {
    const auto lower = to_lower_ascii(name);
    std::erase_if(
        found, [&](const FoundDefinition& entry) { return !is_named(to_lower_ascii(entry.definition.symbol), lower); });
  }
  const auto name_parts = split_symbol(name).size();
  std::ranges::sort(found, [&](const FoundDefinition& left, const FoundDefinition& right) {
    return order_of(left, name_parts) < order_of(right, name_parts);
  });
}

std::set<std::string> spellings(const std::vector<FoundDefinition>& meant, std::string_view plain_name) {
  std::set<std::string> names;
  for (const auto& entry : meant) names.insert(entry.definition.name);
  if (names.empty()) names.emplace(plain_name);
  return names;
}

}  // namespace codehelper
