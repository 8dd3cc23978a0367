#include <algorithm>
#include <array>

#include "secret_finders.hpp"

namespace codehelper {

namespace {

using Accepts = bool (*)(char);

constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
constexpr bool is_upper_or_digit(char c) {
  return is_upper(c) || is_digit(c);
}
constexpr bool is_word(char c) {
  return is_alnum(c) || c == '_';
}
constexpr bool is_dashed(char c) {
  return is_word(c) || c == '-';
}
constexpr bool is_dotted(char c) {
  return is_dashed(c) || c == '.';
}

enum class Body { any, random };  // random: the prefix alone says too little

struct TokenShape {
  std::string_view prefix;
  Accepts accepts;  // the bytes after the prefix
  std::size_t least;
  std::size_t most;
  std::string_view what;
  Body body = Body::any;
};

constexpr std::size_t kLong = 512;

// Of two prefixes of one text the longer one stands first.
constexpr auto kShapes = std::to_array<TokenShape>({
    {"AKIA", is_upper_or_digit, 16, 16, "AWS access key"},
    {"ASIA", is_upper_or_digit, 16, 16, "AWS access key"},
    {"ABIA", is_upper_or_digit, 16, 16, "AWS access key"},
    {"ACCA", is_upper_or_digit, 16, 16, "AWS access key"},
    {"ABSK", is_base64, 100, 200, "AWS Bedrock key"},
    {"AGE-SECRET-KEY-1", is_upper_or_digit, 58, 58, "age key"},
    {"AIza", is_dashed, 35, 35, "Google API key"},
    {"GOCSPX-", is_dashed, 28, 28, "Google client secret"},
    {"ya29.", is_dotted, 20, kLong, "Google access token"},
    {"ghp_", is_alnum, 36, 255, "GitHub token"},
    {"gho_", is_alnum, 36, 255, "GitHub token"},
    {"ghu_", is_alnum, 36, 255, "GitHub token"},
    {"ghs_", is_dotted, 36, kLong, "GitHub token"},
    {"ghr_", is_alnum, 36, 255, "GitHub token"},
    {"github_pat_", is_word, 22, 255, "GitHub token"},
    {"glpat-", is_dotted, 20, 300, "GitLab token"},
    {"gldt-", is_dashed, 20, 64, "GitLab token"},
    {"glptt-", is_dashed, 20, 64, "GitLab token"},
    {"glrt-", is_dotted, 20, 300, "GitLab token"},
    {"glcbt-", is_dashed, 20, 64, "GitLab token"},
    {"GR1348941", is_dashed, 20, 20, "GitLab token"},
    {"xoxa-", is_dashed, 10, kLong, "Slack token"},
    {"xoxb-", is_dashed, 10, kLong, "Slack token"},
    {"xoxe-", is_dashed, 10, kLong, "Slack token"},
    {"xoxe.xoxp-", is_dashed, 10, kLong, "Slack token"},
    {"xoxe.xoxb-", is_dashed, 10, kLong, "Slack token"},
    {"xoxo-", is_dashed, 10, kLong, "Slack token"},
    {"xoxp-", is_dashed, 10, kLong, "Slack token"},
    {"xoxr-", is_dashed, 10, kLong, "Slack token"},
    {"xoxs-", is_dashed, 10, kLong, "Slack token"},
    {"xapp-", is_dashed, 20, kLong, "Slack token"},
    {"sk_live_", is_alnum, 10, 256, "Stripe key"},
    {"sk_test_", is_alnum, 10, 256, "Stripe key"},
    {"rk_live_", is_alnum, 10, 256, "Stripe key"},
    {"rk_test_", is_alnum, 10, 256, "Stripe key"},
    {"whsec_", is_base64, 24, 128, "webhook secret"},
    {"sk-ant-", is_dashed, 20, kLong, "Anthropic key"},
    {"sk-proj-", is_dashed, 20, kLong, "OpenAI key"},
    {"sk-svcacct-", is_dashed, 20, kLong, "OpenAI key"},
    {"sk-admin-", is_dashed, 20, kLong, "OpenAI key"},
    {"sk-or-v1-", is_hex, 32, 128, "OpenRouter key"},
    {"sk-", is_dashed, 20, kLong, "API key", Body::random},
    {"tvly-", is_dashed, 16, 128, "Tavily key"},
    {"gsk_", is_alnum, 40, 128, "Groq key"},
    {"xai-", is_alnum, 60, 128, "xAI key"},
    {"pplx-", is_alnum, 40, 128, "Perplexity key"},
    {"r8_", is_alnum, 37, 40, "Replicate key"},
    {"npm_", is_alnum, 36, 36, "npm token"},
    {"pypi-", is_dashed, 40, kLong, "PyPI token"},
    {"rubygems_", is_hex, 48, 48, "RubyGems key"},
    {"hf_", is_alnum, 30, 64, "Hugging Face token"},
    {"SG.", is_dotted, 40, 128, "SendGrid key"},
    {"SK", is_hex, 32, 32, "Twilio key"},
    {"key-", is_hex, 32, 32, "Mailgun key"},
    {"dop_v1_", is_hex, 64, 64, "DigitalOcean token"},
    {"doo_v1_", is_hex, 64, 64, "DigitalOcean token"},
    {"dor_v1_", is_hex, 64, 64, "DigitalOcean token"},
    {"dckr_pat_", is_dashed, 20, 64, "Docker token"},
    {"dckr_oat_", is_dashed, 20, 64, "Docker token"},
    {"shpat_", is_hex, 32, 32, "Shopify token"},
    {"shpca_", is_hex, 32, 32, "Shopify token"},
    {"shppa_", is_hex, 32, 32, "Shopify token"},
    {"shpss_", is_hex, 32, 32, "Shopify secret"},
    {"lin_api_", is_alnum, 32, 64, "Linear key"},
    {"ntn_", is_alnum, 40, 64, "Notion token"},
    {"figd_", is_dashed, 32, 64, "Figma token"},
    {"PMAK-", is_dashed, 50, 70, "Postman key"},
    {"glsa_", is_word, 32, 64, "Grafana token"},
    {"glc_", is_base64, 32, 400, "Grafana token"},
    {"sntrys_", is_base64, 40, kLong, "Sentry token"},
    {"sntryu_", is_hex, 64, 64, "Sentry token"},
    {"hvs.", is_dashed, 24, 256, "Vault token"},
    {"hvb.", is_dashed, 24, 256, "Vault token"},
    {"dp.pt.", is_alnum, 40, 48, "Doppler token"},
    {"dapi", is_hex, 32, 32, "Databricks token"},
    {"pul-", is_hex, 40, 40, "Pulumi token"},
    {"tskey-", is_dashed, 20, 128, "Tailscale key"},
    {"nvapi-", is_dashed, 40, 128, "NVIDIA key"},
    {"EAACEdEose0cBA", is_alnum, 20, kLong, "Facebook token"},
    {"sq0atp-", is_dashed, 22, 22, "Square token"},
    {"sq0csp-", is_dashed, 43, 43, "Square secret"},
    {"secret-token:", is_dashed, 16, 256, "secret token"},  // RFC 8959
});

std::size_t count_body(std::string_view text, std::size_t at, Accepts accepts, std::size_t most) {
  const std::size_t end = std::min(text.size(), at + most);
  std::size_t next = at;
  while (next < end && accepts(text[next])) ++next;
  return next - at;
}

// Stands for a secret in an example: "ghp_xxxxxxxx", "sk_live_...".
bool is_blanked(std::string_view body) {
  return body.find_first_not_of("xX*._-0") == std::string_view::npos;
}

bool is_random_body(std::string_view body) {
  const bool has_digit = std::ranges::any_of(body, is_digit);
  const auto longest = body.substr(body.rfind('-') + 1);
  return has_digit && (looks_random(body) || looks_random(longest));
}

/// The end of a token of `shape` at `at`, or `at`.
std::size_t match(std::string_view text, std::size_t at, const TokenShape& shape) {
  if (!text.substr(at).starts_with(shape.prefix)) return at;
  const std::size_t begin = at + shape.prefix.size();
  std::size_t length = count_body(text, begin, shape.accepts, shape.most);
  const bool goes_on = begin + length < text.size() && is_word(text[begin + length]);
  if (length == shape.most && shape.most != kLong && goes_on) return at;
  while (length > 0 && (text[begin + length - 1] == '.' || text[begin + length - 1] == '-')) --length;
  if (length < shape.least) return at;
  const auto body = text.substr(begin, length);
  if (is_blanked(body)) return at;
  return shape.body == Body::random && !is_random_body(body) ? at : begin + length;
}

// header.payload.signature, base64url (RFC 7519); the header is a JSON object, so it begins with "eyJ". Where a header
// isn't one, nothing before `no_token_before` is: that keeps the search linear.
std::size_t match_json_web_token(std::string_view text, std::size_t at, std::size_t& no_token_before) {
  constexpr std::size_t kLeast = 8;
  if (at < no_token_before || !text.substr(at).starts_with("eyJ")) return at;
  std::size_t end = at;
  int parts = 0;
  while (true) {
    const std::size_t length = count_body(text, end, is_dashed, text.size());
    if (length < kLeast && parts < 2) return at;
    end += length;
    if (parts == 0) no_token_before = end;
    ++parts;
    if (end >= text.size() || text[end] != '.' || parts == 5) break;
    ++end;
  }
  return parts < 2 ? at : end;
}

// 123456789:AA…, the number of a bot and its key.
std::size_t match_telegram_token(std::string_view text, std::size_t at) {
  const std::size_t digits = count_body(text, at, is_digit, 11);
  if (digits < 8 || digits > 10 || at + digits >= text.size() || text[at + digits] != ':') return at;
  const std::size_t key = at + digits + 1;
  if (!text.substr(key).starts_with("AA")) return at;
  return count_body(text, key, is_dashed, 36) == 35 ? key + 35 : at;
}

/// The secret that belongs to an access key stands near it without a name in tables: 40 bytes of base64.
void find_aws_secret(std::string_view text, std::size_t after, SecretSpans& found) {
  constexpr std::size_t kReach = 96;
  constexpr std::size_t kLength = 40;
  const auto accepts = [](char c) { return is_alnum(c) || c == '+' || c == '/'; };
  const std::size_t end = std::min(text.size(), after + kReach);
  for (std::size_t at = after; at < end;) {
    const std::size_t length = count_body(text, at, accepts, kLength + 1);
    const auto word = text.substr(at, length);
    const bool is_mixed = std::ranges::any_of(word, is_lower) && std::ranges::any_of(word, is_upper);
    if (length == kLength && is_mixed && looks_random(word)) {
      found.push_back({at, at + length, "AWS secret key"});
      return;
    }
    at += std::max<std::size_t>(length, 1);
  }
}

// For each byte whether a shape begins with it.
constexpr std::array<bool, 256> kFirst = [] {
  std::array<bool, 256> first{};
  for (const TokenShape& shape : kShapes) first[static_cast<unsigned char>(shape.prefix.front())] = true;
  first['e'] = true;
  for (char c = '0'; c <= '9'; ++c) first[static_cast<unsigned char>(c)] = true;
  return first;
}();

SecretSpan match_any(std::string_view text, std::size_t at, std::size_t& no_web_token_before) {
  if (is_digit(text[at])) return {at, match_telegram_token(text, at), "Telegram token"};
  for (const TokenShape& shape : kShapes) {
    if (shape.prefix.front() != text[at]) continue;
    const std::size_t end = match(text, at, shape);
    if (end != at) return {at, end, shape.what};
  }
  return {at, match_json_web_token(text, at, no_web_token_before), "JSON web token"};
}

}  // namespace

bool begins_word(std::string_view text, std::size_t at) {
  if (at == 0 || !is_word(text[at - 1])) return true;
  const char before = text[at - 1];
  if (at >= 2 && text[at - 2] == '\\' && (before == 'n' || before == 'r' || before == 't')) return true;
  return at >= 3 && text[at - 3] == '%';
}

void find_known_tokens(std::string_view text, SecretSpans& found) {
  std::size_t no_web_token_before = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!kFirst[static_cast<unsigned char>(text[at])] || !begins_word(text, at)) {
      ++at;
      continue;
    }
    const SecretSpan span = match_any(text, at, no_web_token_before);
    if (span.end == at) {
      ++at;
      continue;
    }
    found.push_back(span);
    if (span.what == "AWS access key") find_aws_secret(text, span.end, found);
    at = found.back().end;
  }
}

}  // namespace codehelper
