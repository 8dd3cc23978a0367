#include "chroma_answers.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::size_t kShownBytes = 300;

struct ChromaError {
  std::string kind;  // "NotFoundError", …; empty when the body is no error of Chroma's
  std::string message;
};

ChromaError read_error(const HttpAnswer& answer) {
  const auto body = parse_json_object(answer.body);
  const json::value* kind = body ? body->if_contains("error") : nullptr;
  const json::value* message = body ? body->if_contains("message") : nullptr;
  if (kind == nullptr || !kind->is_string() || message == nullptr || !message->is_string()) {
    return {"", to_valid_utf8(answer.body.substr(0, kShownBytes))};
  }
  return {std::string(kind->as_string()), std::string(message->as_string())};
}

/// SQLite's words for a database that can't be used any more, whatever is tried. A read that needs the log in it fails
/// with status 400.
bool tells_of_volume(int status, std::string_view message) {
  if (message.contains("Failed to pull logs from the log store")) return true;
  if (status < 500) return false;
  constexpr std::array<std::string_view, 6> kWords = {"readonly database", "database or disk is full",
                                                      "disk I/O",          "unable to open database",
                                                      "malformed",         "no such table"};
  return std::ranges::any_of(kWords, [&](std::string_view words) { return message.contains(words); });
}

ChromaFailure explain_status(const HttpAnswer& answer, const HttpCall& call) {
  const ChromaError error = read_error(answer);
  const std::string said =
      fmt::format("{} {}", answer.status, error.message.empty() ? "without a word" : error.message);
  if (is_chroma_not_found(answer)) return {{ErrorCode::not_found, "Chroma: " + error.message}};
  if (answer.status == 413) {
    return {
        {ErrorCode::too_large,
         fmt::format("Chroma refuses a request of {} bytes as too large: raise its CHROMA_MAX_PAYLOAD_SIZE_BYTES, or "
                     "lower CODEHELPER_MAX_FILE_BYTES",
                     call.body.size())}};
  }
  if (answer.status == 404 || answer.status == 410) {
    return {{ErrorCode::bad_answer,
             fmt::format("what answers at VECTOR_DB_URL is no Chroma with API v2 ({}): correct the URL, or run Chroma "
                         "1.0 or later",
                         said)}};
  }
  if (tells_of_volume(answer.status, error.message)) {
    return {{ErrorCode::unavailable,
             fmt::format("Chroma's volume is broken ({}): see that its data directory is there, writable and not full, "
                         "restart Chroma, then POST /project",
                         said)}};
  }
  const bool may_pass = answer.status >= 500 || answer.status == 408 || answer.status == 429;
  return {{ErrorCode::unavailable, fmt::format("Chroma refused a call ({})", said)}, may_pass};
}

std::unexpected<Error> no_chroma_answer(std::string_view what) {
  return fail(
      ErrorCode::bad_answer,
      fmt::format("Chroma answered with nonsense: {}; see that VECTOR_DB_URL names it, and what stands between", what));
}

ChromaFailure explain_failure(Error error) {
  if (error.code == ErrorCode::timeout) {
    return {{error.code, fmt::format("Chroma did not answer in time: {}", error.message)}, true};
  }
  if (error.code == ErrorCode::bad_answer) return {no_chroma_answer(error.message).error(), true};
  if (error.code != ErrorCode::unavailable) return {std::move(error)};
  return {{error.code, fmt::format("Chroma can't be reached ({}): start it, or correct VECTOR_DB_URL", error.message)},
          true};
}

/// The array of that name; of its first element when it is nested, as in the answer to a query of one vector. Null when
/// it was not asked for.
Result<const json::array*> find_array(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_array()) return no_chroma_answer(fmt::format("\"{}\" is no list", name));
  const json::array& outer = value->as_array();
  const bool is_nested = outer.size() == 1 && outer.front().is_array();
  return is_nested ? &outer.front().as_array() : &outer;
}

/// Whether it can stand in the target of a call as it is.
bool is_path_segment(std::string_view id) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !id.empty() && std::ranges::all_of(id, is_plain);
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

}  // namespace

bool is_chroma_not_found(const HttpAnswer& answer) {
  return answer.status == 404 && read_error(answer).kind == "NotFoundError";
}

std::expected<HttpAnswer, ChromaFailure> read_chroma_answer(Result<HttpAnswer> answer, const HttpCall& call) {
  if (!answer) return std::unexpected(explain_failure(std::move(answer.error())));
  if (answer->status / 100 != 2) return std::unexpected(explain_status(*answer, call));
  return std::move(*answer);
}

Result<ChromaCollection> parse_chroma_collection(std::string_view text) {
  auto body = parse_json_object(text);
  if (!body) return no_chroma_answer(body.error().message);
  auto id = required_string(*body, "id");
  auto name = required_string(*body, "name");
  if (!id || !name) return no_chroma_answer("a collection without id or name");
  if (!is_path_segment(*id)) return no_chroma_answer("a collection's id that is no UUID");
  ChromaCollection collection{std::move(*id), std::move(*name), {}, {}};
  if (json::value* metadata = body->if_contains("metadata"); metadata != nullptr && metadata->is_object()) {
    collection.metadata = std::move(metadata->as_object());
  }
  boost::system::error_code missing;
  const json::value all(std::move(*body));
  const json::value* space = all.find_pointer("/configuration_json/hnsw/space", missing);
  if (space != nullptr) collection.space = text_of(*space);
  return collection;
}

Result<ChromaRecords> parse_chroma_records(std::string_view text) {
  auto body = parse_json_object(text);
  if (!body) return no_chroma_answer(body.error().message);
  auto ids = find_array(*body, "ids");
  auto metadatas = find_array(*body, "metadatas");
  auto documents = find_array(*body, "documents");
  auto distances = find_array(*body, "distances");
  for (const auto* found : {&ids, &metadatas, &documents, &distances}) {
    if (!*found) return std::unexpected(found->error());
  }
  if (*ids == nullptr) return no_chroma_answer("records without ids");
  for (const json::array* found : {*metadatas, *documents, *distances}) {
    if (found != nullptr && found->size() != (*ids)->size()) return no_chroma_answer("lists of different lengths");
  }
  ChromaRecords records;
  for (const json::value& id : **ids) records.ids.push_back(text_of(id));
  if (*metadatas != nullptr) {
    for (const json::value& entry : **metadatas) {
      records.metadatas.push_back(entry.is_object() ? entry.as_object() : json::object());
    }
  }
  if (*documents != nullptr) {
    for (const json::value& entry : **documents) records.documents.push_back(text_of(entry));
  }
  if (*distances != nullptr) {
    for (const json::value& entry : **distances) {
      if (!entry.is_number()) return no_chroma_answer("a distance that is no number");
      records.distances.push_back(entry.to_number<double>());
    }
  }
  return records;
}

Result<std::uint64_t> parse_chroma_count(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const std::uint64_t number = error ? 0 : value.to_number<std::uint64_t>(error);
  if (error) return no_chroma_answer("a count that is no number");
  return number;
}

}  // namespace codehelper
