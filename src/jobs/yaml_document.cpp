#include "yaml_document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 20'000;
constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";

template <class Number>
bool read_number(std::string_view digits, Number& value, auto... format) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, format...);
  return error == std::errc{} && end == digits.data() + digits.size();
}

bool is_number_like(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  return !text.empty() && is_digit(text.front());
}

// YAML 1.1's whole numbers, without its base 60 and underscores.
bool read_integer(std::string_view text, std::int64_t& value) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  if (text.starts_with('-') || !read_number(text, value, base)) return false;
  if (is_negative) value = -value;
  return true;
}

json::value read_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (!is_number_like(text)) return json::value(text);
  std::int64_t whole = 0;
  if (read_integer(text, whole)) return whole;
  double real = 0;
  if (read_number(text.starts_with('+') ? std::string_view(text).substr(1) : text, real)) return real;
  return json::value(text);  // a quantity, a version, a date
}

class Reader {
 public:
  Result<json::value> read(const YAML::Node& node, int depth) {
    if (++nodes_ > kMaxNodes) return fault(node, "it is too large, or its aliases repeat each other");
    if (depth > kMaxDepth) return fault(node, "it is nested too deeply");
    if (node.IsMap()) return read_map(node, depth);
    if (node.IsSequence()) return read_list(node, depth);
    if (!node.IsScalar()) return json::value(nullptr);
    const bool is_plain = node.Tag() != "!" && node.Tag() != kStringTag;
    return is_plain ? read_plain(node.Scalar()) : json::value(node.Scalar());
  }

 private:
  static std::unexpected<Error> fault(const YAML::Node& node, std::string_view what) {
    return fail(ErrorCode::malformed, fmt::format("line {}: {}", node.Mark().line + 1, what));
  }

  Result<json::value> read_list(const YAML::Node& node, int depth) {
    json::array list;
    for (const YAML::Node& item : node) {
      auto value = read(item, depth + 1);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return list;
  }

  Result<json::value> read_map(const YAML::Node& node, int depth) {
    json::object object;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return fault(entry.first, "a key must be a word");
      const std::string& key = entry.first.Scalar();
      if (key == "<<") return fault(entry.first, "merge keys (<<) are not supported; write the entries out");
      auto value = read(entry.second, depth + 1);
      if (!value) return value;
      if (!object.emplace(key, std::move(*value)).second) return fault(entry.first, "a key appears twice");
    }
    return object;
  }

  std::size_t nodes_ = 0;
};

// The text with its one document's markers blanked, lines kept. yaml-cpp 0.7 can't be asked for all documents: its
// LoadAll() never ends on some malformed texts, as "!a ]".
Result<std::string> keep_one_document(std::string_view text) {
  std::string kept;
  int documents = 0;
  bool has_content = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_marker = line.starts_with("---") || line.starts_with("...");
    if (is_marker && (line.size() == 3 || std::string_view(" \t\r").contains(line[3]))) {
      line.replace(0, 3, "   ");
      has_content = false;
    }
    if (!has_content && line.starts_with('%')) line.clear();  // a directive
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (!has_content && first != std::string::npos && line[first] != '#') {
      has_content = true;
      ++documents;
    }
    kept += line + "\n";
  }
  if (documents == 0) return fail(ErrorCode::malformed, "it is empty");
  if (documents > 1) return fail(ErrorCode::malformed, "it holds more than one document; keep one");
  return kept;
}

Result<json::object> read_document(const YAML::Node& document) {
  if (!document.IsMap()) return fail(ErrorCode::malformed, "it is no mapping of names to values");
  auto value = Reader().read(document, 0);
  if (!value) return std::unexpected(std::move(value.error()));
  return std::move(value->as_object());
}

}  // namespace

Result<json::object> parse_yaml_object(std::string_view text) {
  const auto document = keep_one_document(text);
  if (!document) return std::unexpected(document.error());
  try {
    return read_document(YAML::Load(*document));
  } catch (const YAML::ParserException& error) {
    // Its message is one of the parser's fixed sentences.
    return fail(ErrorCode::malformed, fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::malformed, fmt::format("line {}: it is not valid YAML", error.mark.line + 1));
  }
}

}  // namespace codehelper
