// How the texts of settings become values. Each apply_ function returns the fault, empty when the text is fine; after a
// fault the target is of no use.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/config.hpp"

namespace codehelper {

std::optional<long> parse_whole(std::string_view text, long minimum, long maximum);
std::string apply_seconds(std::chrono::seconds& target, const std::string& value);
std::string apply_text(std::string& target, const std::string& value);
/// Whether it is one is judged by its beginning; the rest where the client is made.
std::string apply_base_url(std::string& target, const std::string& value);
std::string apply_prefix(std::optional<std::string>& target, const std::string& value);
std::string apply_names(std::vector<std::string>& target, const std::string& value);
/// Gives them in lower case.
std::string apply_host_names(std::vector<std::string>& target, const std::string& value);
std::string apply_yes_no(bool& target, const std::string& value);
std::string apply_count(unsigned& target, const std::string& value, long minimum, long maximum);
std::string apply_namespace(std::string& target, const std::string& value);
std::string apply_backend(IngestBackend& target, const std::string& value);
std::string apply_directory(std::filesystem::path& target, const std::string& value);
std::string apply_bytes(std::uint64_t& target, const std::string& value);
std::string apply_choice(std::string& target, const std::string& value, std::vector<std::string_view> choices);
std::string apply_names_of(std::vector<std::string>& target, const std::string& value,
                           std::vector<std::string_view> known);
std::string apply_paths(std::vector<std::filesystem::path>& target, std::string_view value);

}  // namespace codehelper
