#include "embedding_answers.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;
using Kind = EmbeddingFailure::Kind;

constexpr std::size_t kShownBytes = 300;
constexpr std::chrono::seconds kLongestPause{60};

/// {"error":"text"} of Ollama, {"error":{"message":"text"}} of OpenAI, {"message":"text"} of older vLLMs, or the body.
std::string read_message(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return to_valid_utf8(body.substr(0, kShownBytes));
  const json::value* error = object->if_contains("error");
  if (error != nullptr && error->is_object()) return text_in(error->as_object(), "message");
  const std::string text = text_in(*object, "error");
  return text.empty() ? text_in(*object, "message") : text;
}

bool tells_of_length(std::string_view message) {
  constexpr std::array<std::string_view, 6> kWords = {"context length", "too large",      "too long",
                                                      "input length",   "maximum length", "token limit"};
  const std::string lower = to_lower_ascii(message);
  return std::ranges::any_of(kWords, [&](std::string_view words) { return lower.contains(words); });
}

std::chrono::milliseconds read_pause(const HttpHeaders& headers) {
  const std::string_view text = headers.find("Retry-After").value_or("");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0) return {};
  return std::min(std::chrono::seconds(seconds), kLongestPause);
}

EmbeddingFailure explain_status(const HttpAnswer& answer, std::string_view model) {
  const std::string message = read_message(answer.body);
  const std::string said = fmt::format("{} {}", answer.status, message.empty() ? "without a word" : message);
  const auto fails = [&](Kind kind, std::string_view way_out) {
    return EmbeddingFailure{kind,
                            {ErrorCode::unavailable, fmt::format("the embedding server said {}: {}", said, way_out)}};
  };
  if (answer.status == 401 || answer.status == 403) {
    return fails(Kind::hopeless, "set EMBED_API_KEY to a key that it takes");
  }
  if (answer.status == 404) {
    return fails(Kind::hopeless, fmt::format("see that EMBED_URL is right, and that it has the model {} (\"ollama pull "
                                             "{}\"), or set EMBED_MODEL",
                                             model, model));
  }
  constexpr std::array kPassing = {408, 425, 429, 502, 503, 504};
  if (std::ranges::find(kPassing, answer.status) != kPassing.end()) {
    EmbeddingFailure failure = fails(Kind::passing, "it is busy or starting; try again");
    failure.pause = read_pause(answer.headers);
    return failure;
  }
  const bool is_about_text = answer.status == 400 || answer.status == 413 || answer.status == 422;
  if (is_about_text || tells_of_length(message)) return fails(Kind::refused, "it refuses a text");
  // Ollama says 500 of a text whose vector holds no numbers, and of a model that crashed.
  if (answer.status == 500) return fails(Kind::refused, "it can't embed a text");
  return fails(Kind::hopeless, "see its log");
}

EmbeddingFailure explain_failure(const Error& error) {
  switch (error.code) {
    case ErrorCode::unavailable:
      return {Kind::passing,
              {error.code, fmt::format("the embedding server can't be reached ({}): start it, or correct EMBED_URL",
                                       error.message)}};
    case ErrorCode::timeout:
      return {Kind::hopeless,
              {error.code, fmt::format("the embedding server did not answer in time: {}", error.message)}};
    default:
      return {Kind::hopeless, error};
  }
}

std::unexpected<EmbeddingFailure> nonsense(std::string_view what, Kind kind = Kind::hopeless) {
  return std::unexpected(EmbeddingFailure{
      kind,
      {ErrorCode::bad_answer,
       fmt::format("the embedding server answered with nonsense: {}; see that EMBED_URL and EMBED_API are right",
                   what)}});
}

/// Nothing when it is no list of numbers.
std::optional<Embedding> read_vector(const json::value& value) {
  if (!value.is_array() || value.as_array().empty()) return std::nullopt;
  double square = 0;
  for (const json::value& entry : value.as_array()) {
    if (!entry.is_number()) return std::nullopt;
    const auto number = entry.to_number<double>();
    square += number * number;
  }
  if (!std::isfinite(square)) return std::nullopt;
  // Numbers that are too small for their square count as zero; those that are too large for a float are not one yet.
  const double factor = square < std::numeric_limits<double>::min() ? 0 : 1 / std::sqrt(square);
  Embedding vector;
  vector.reserve(value.as_array().size());
  for (const json::value& entry : value.as_array()) {
    vector.push_back(static_cast<float>(entry.to_number<double>() * factor));
  }
  return vector;
}

/// The vectors' values in the order of the texts: OpenAI's say which one they are, and may come in any order.
std::expected<std::vector<const json::value*>, EmbeddingFailure> order_values(EmbeddingApi api,
                                                                              const json::array& list) {
  std::vector<const json::value*> values(list.size(), nullptr);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (api == EmbeddingApi::ollama) {
      values[i] = &list[i];
      continue;
    }
    const json::object* entry = list[i].if_object();
    const json::value* vector = entry == nullptr ? nullptr : entry->if_contains("embedding");
    if (vector == nullptr) return nonsense("an entry without an embedding");
    const std::uint64_t place = count_in(*entry, "index", i);
    if (place >= list.size() || values[place] != nullptr) return nonsense("two embeddings for one text");
    values[place] = vector;
  }
  return values;
}

}  // namespace

std::string make_embedding_request(EmbeddingApi api, std::string_view model, std::span<const std::string> texts) {
  json::object request{{"model", model}, {"input", json::array(texts.begin(), texts.end())}};
  if (api == EmbeddingApi::ollama) {
    request["truncate"] = true;  // its own tokens are the only right measure; the words of the rest count elsewhere
  } else {
    request["encoding_format"] = "float";
  }
  return json::serialize(request);
}

std::expected<std::vector<Embedding>, EmbeddingFailure> read_embeddings(EmbeddingApi api, const Result<HttpAnswer>& got,
                                                                        std::string_view model, std::size_t texts) {
  if (!got) return std::unexpected(explain_failure(got.error()));
  if (got->status / 100 != 2) return std::unexpected(explain_status(*got, model));
  const auto body = parse_json_object(got->body);
  if (!body) return nonsense(body.error().message);
  const std::string_view field = api == EmbeddingApi::ollama ? "embeddings" : "data";
  const json::value* list = body->if_contains(field);
  if (list == nullptr || !list->is_array()) return nonsense(fmt::format("no list \"{}\"", field));
  if (list->as_array().size() != texts) {
    return nonsense(fmt::format("{} vectors for {} texts", list->as_array().size(), texts), Kind::refused);
  }
  const auto values = order_values(api, list->as_array());
  if (!values) return std::unexpected(values.error());
  std::vector<Embedding> vectors;
  for (const json::value* value : *values) {
    auto vector = read_vector(*value);
    if (!vector) return nonsense("a vector that is no list of numbers", Kind::refused);
    if (!vectors.empty() && vector->size() != vectors.front().size()) return nonsense("vectors of two dimensions");
    vectors.push_back(std::move(*vector));
  }
  return vectors;
}

}  // namespace codehelper
