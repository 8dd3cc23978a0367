#include "command_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace codehelper {

namespace {

std::vector<std::string> split_choices(const std::string& kind) {
  if (kind.find('|') == std::string::npos) return {};
  return CLI::detail::split(kind, '|');
}

CommandValue describe(const CLI::Option& option) {
  CommandValue value;
  const bool is_flag = !option.get_positional();
  value.name = is_flag ? "--" + option.get_lnames().front() : option.get_name(true);
  value.help = option.get_description();
  const std::string kind = option.get_type_name();
  value.choices = split_choices(kind);
  if (kind == "DIR" || kind == "FILE") value.kind = kind;
  value.takes_value = option.get_items_expected_max() > 0;
  value.is_required = option.get_required();
  value.repeats = option.get_items_expected_max() > 1 ||
                  (value.takes_value && option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll);
  return value;
}

}  // namespace

CommandEntry describe_command(const CLI::App& app) {
  CommandEntry entry{app.get_name(), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    (option->get_positional() ? entry.arguments : entry.flags).push_back(describe(*option));
  }
  return entry;
}

CLI::Option* set_kind(CLI::Option* option, const std::string& kind) {
  option->type_name(kind);
  const std::vector<std::string> choices = split_choices(kind);
  if (choices.empty()) return option;
  const auto check = [choices](const std::string& given) -> std::string {
    if (std::ranges::find(choices, given) != choices.end()) return {};
    return fmt::format("\"{}\" must be one of {}", given, fmt::join(choices, ", "));
  };
  return option->check(check, "");
}

CLI::Option* set_range(CLI::Option* option, std::int64_t minimum, std::int64_t maximum) {
  option->type_name("NUMBER");
  const auto check = [minimum, maximum](const std::string& given) -> std::string {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
    const bool is_whole = error == std::errc() && end == given.data() + given.size();
    if (is_whole && number >= minimum && number <= maximum) return {};
    return fmt::format("\"{}\" must be a whole number from {} to {}", given, minimum, maximum);
  };
  return option->check(check, "");
}

}  // namespace codehelper
