// What a chat is given beside its message: files, and what is piped in. Texts only, bounded.
#pragma once

#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// {"name","text"} for each file. Errors: not_found or unavailable for one that can't be read, invalid_input for one
/// that is no text, too_large over 1 MiB each or 3 MiB together; the message names the file.
Result<boost::json::array> load_attachments(const std::vector<std::string>& files);

/// Standard input to its end. Nothing when it holds nothing: it is a terminal, or it is not the only thing asked about
/// and is a pipe on which nothing comes for ten seconds, one that whoever started us left open; standard error says so.
enum class PipedInput { the_message, beside_a_message };
/// Errors: as above.
Result<std::optional<std::string>> read_standard_input(PipedInput role);

}  // namespace codehelper
