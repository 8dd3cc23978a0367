#include "codehelper/base/secret_text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "secret_finders.hpp"

namespace codehelper {

namespace {

using Finder = void (*)(std::string_view, SecretSpans&);
constexpr Finder kFinders[] = {find_known_tokens, find_private_keys, find_url_secrets, find_assigned_secrets};

/// All, in order; those that overlap as one, called as the first finder of its begin calls it.
SecretSpans find_secrets(std::string_view text) {
  SecretSpans all;
  for (const Finder find : kFinders) {
    SecretSpans found;
    find(text, found);
    if (found.empty()) continue;
    SecretSpans both;
    std::ranges::merge(all, found, std::back_inserter(both), {}, &SecretSpan::begin, &SecretSpan::begin);
    all = std::move(both);
  }
  SecretSpans apart;
  for (const SecretSpan& span : all) {
    if (!apart.empty() && span.begin < apart.back().end) {
      apart.back().end = std::max(apart.back().end, span.end);
    } else {
      apart.push_back(span);
    }
  }
  return apart;
}

}  // namespace

MaskedText mask_secrets(std::string_view text) {
  constexpr std::size_t kShortest = 8;  // of a secret with what gives it away; most fields of a log line are shorter
  if (text.size() < kShortest) return {std::string(text), 0};
  const SecretSpans found = find_secrets(text);
  if (found.empty()) return {std::string(text), 0};

  MaskedText masked;
  masked.count = found.size();
  std::size_t done = 0;
  for (const SecretSpan& span : found) {
    masked.text += text.substr(done, span.begin - done);
    masked.text.append("[masked: ").append(span.what) += ']';
    const auto hidden = text.substr(span.begin, span.end - span.begin);
    masked.text.append(static_cast<std::size_t>(std::ranges::count(hidden, '\n')), '\n');
    done = span.end;
  }
  masked.text += text.substr(done);
  return masked;
}

std::size_t mask_secrets_in(boost::json::value& value) {
  std::size_t count = 0;
  if (const auto* text = value.if_string()) {
    MaskedText masked = mask_secrets(*text);
    count = masked.count;
    if (count != 0) value = masked.text;
  } else if (auto* array = value.if_array()) {
    for (boost::json::value& item : *array) count += mask_secrets_in(item);
  } else if (auto* object = value.if_object()) {
    for (auto& field : *object) {
      const auto* inner = field.value().if_string();
      const SecretName name = inner == nullptr ? SecretName::none : judge_secret_name(field.key());
      if (name != SecretName::none && is_secret_value(*inner, name, ValuePlace::quoted)) {
        field.value() = name == SecretName::password ? "[masked: password]" : "[masked: secret]";
        ++count;
      } else {
        count += mask_secrets_in(field.value());
      }
    }
  }
  return count;
}

}  // namespace codehelper
