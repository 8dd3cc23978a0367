#include "setting_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "codehelper/base/text.hpp"

namespace codehelper {

std::optional<long> parse_whole(std::string_view text, long minimum, long maximum) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < minimum || value > maximum)
    return std::nullopt;
  return value;
}

std::string apply_seconds(std::chrono::seconds& target, const std::string& value) {
  const auto seconds = parse_whole(value, 1, 86'400);
  if (!seconds) return "must be a whole number of seconds from 1 to 86400";
  target = std::chrono::seconds(*seconds);
  return {};
}

std::string apply_text(std::string& target, const std::string& value) {
  target = value;
  return {};
}

std::string apply_base_url(std::string& target, const std::string& value) {
  target = value;
  const std::size_t end = std::min(value.find("://"), value.size());
  const std::string scheme = to_lower_ascii(std::string_view(value).substr(0, end));
  const bool has_host = end + 3 < value.size() && value[end + 3] != '/';
  return (scheme == "http" || scheme == "https") && has_host ? "" : "must begin with http:// or https:// and a host";
}

std::string apply_prefix(std::optional<std::string>& target, const std::string& value) {
  target = value == "none" ? std::string() : value;
  return {};
}

std::string apply_names(std::vector<std::string>& target, const std::string& value) {
  target.clear();
  for (std::size_t begin = value.find_first_not_of(", "); begin != std::string::npos;) {
    const std::size_t end = std::min(value.find_first_of(", ", begin), value.size());
    target.push_back(value.substr(begin, end - begin));
    begin = value.find_first_not_of(", ", end);
  }
  return target.empty() ? "must hold at least one name" : std::string();
}

std::string apply_host_names(std::vector<std::string>& target, const std::string& value) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
  const std::string fault = apply_names(target, to_lower_ascii(value));
  const auto is_name = [&](const std::string& name) { return name.find_first_not_of(kPlain) == std::string::npos; };
  return std::ranges::all_of(target, is_name) ? fault : "must be names of hosts, without scheme and port";
}

std::string apply_yes_no(bool& target, const std::string& value) {
  const std::string lower = to_lower_ascii(value);
  target = lower == "1" || lower == "true" || lower == "yes";
  if (target || lower == "0" || lower == "false" || lower == "no") return {};
  return "must be 1, true, yes, 0, false or no";
}

std::string apply_count(unsigned& target, const std::string& value, long minimum, long maximum) {
  const auto count = parse_whole(value, minimum, maximum);
  if (!count) return fmt::format("must be a whole number from {} to {}", minimum, maximum);
  target = static_cast<unsigned>(*count);
  return {};
}

// A label of RFC 1123, as Kubernetes has it for namespaces.
std::string apply_namespace(std::string& target, const std::string& value) {
  target = value;
  const auto is_fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool is_label =
      value.size() <= 63 && std::ranges::all_of(value, is_fine) && value.front() != '-' && value.back() != '-';
  return is_label ? std::string() : "must be lower-case letters, digits and dashes, at most 63";
}

std::string apply_backend(IngestBackend& target, const std::string& value) {
  if (value == "auto") {
    target = IngestBackend::automatic;
  } else if (value == "local") {
    target = IngestBackend::local;
  } else if (value == "kubernetes") {
    target = IngestBackend::kubernetes;
  } else {
    return "must be kubernetes, local or auto";
  }
  return {};
}

std::string apply_directory(std::filesystem::path& target, const std::string& value) {
  std::error_code error;
  target = std::filesystem::absolute(value, error).lexically_normal();
  if (error) return "is no usable path: " + error.message();
  if (!target.has_filename()) target = target.parent_path();
  return {};
}

// Bytes, with one of K, M and G for powers of 1024; also as Kubernetes writes them, Ki, Mi and Gi.
std::string apply_bytes(std::uint64_t& target, const std::string& value) {
  constexpr const char* kFault = "must be a size from 1M to 1024G, such as 512M or 4G";
  const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  const auto number = parse_whole(std::string_view(value).substr(0, digits), 1, 1L << 40);
  std::string unit = to_lower_ascii(std::string_view(value).substr(digits));
  if (unit.ends_with('i')) unit.pop_back();
  constexpr std::string_view kUnits = "kmg";
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit) + 1;
  if (!number || unit.size() > 1 || (!unit.empty() && kUnits.find(unit) == std::string_view::npos)) return kFault;
  const auto count = static_cast<std::uint64_t>(*number);
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  if (count > (kMost >> (10 * power)) || (count << (10 * power)) < kLeast) return kFault;
  target = count << (10 * power);
  return {};
}

std::string apply_choice(std::string& target, const std::string& value, std::vector<std::string_view> choices) {
  const std::string lower = to_lower_ascii(value);
  if (std::ranges::find(choices, lower) == choices.end()) return fmt::format("must be {}", fmt::join(choices, ", "));
  target = lower;
  return {};
}

std::string apply_names_of(std::vector<std::string>& target, const std::string& value,
                           std::vector<std::string_view> known) {
  std::string fault = apply_names(target, value);
  for (const std::string& name : target) {
    if (std::ranges::find(known, name) == known.end())
      fault = fmt::format("must name some of {}", fmt::join(known, " "));
  }
  return fault;
}

std::string apply_paths(std::vector<std::filesystem::path>& target, std::string_view value) {
  target.clear();
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(':'), value.size());
    const std::filesystem::path path = value.substr(0, end);
    value.remove_prefix(std::min(end + 1, value.size()));
    if (path.empty()) continue;
    if (!path.is_absolute()) return "must hold absolute paths, separated by colons";
    target.push_back(path.lexically_normal());
  }
  return {};
}

}  // namespace codehelper
