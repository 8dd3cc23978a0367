#include <algorithm>
#include <array>

#include "secret_finders.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kLongestUser = 512;  // with its password

struct SecretUrl {
  std::string_view host_and_path;
  std::string_view what;
};
// What follows is as good as a password.
constexpr auto kSecretUrls = std::to_array<SecretUrl>({
    {"hooks.slack.com/services/", "Slack webhook"},
    {"hooks.slack.com/workflows/", "Slack webhook"},
    {"hooks.slack.com/triggers/", "Slack webhook"},
    {"discord.com/api/webhooks/", "Discord webhook"},
    {"discordapp.com/api/webhooks/", "Discord webhook"},
    {"outlook.office.com/webhook/", "Teams webhook"},
});

bool ends_authority(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::string_view("/?#\"'`<>\\").contains(c);
}

void find_password(std::string_view text, std::size_t authority, SecretSpans& found) {
  const std::size_t limit = std::min(text.size(), authority + kLongestUser);
  std::size_t end = authority;
  std::size_t colon = std::string_view::npos;
  std::size_t at_sign = std::string_view::npos;
  for (; end < limit && !ends_authority(text[end]); ++end) {
    if (text[end] == ':' && colon == std::string_view::npos) colon = end;
    if (text[end] == '@') at_sign = end;
  }
  if (at_sign == std::string_view::npos || colon == std::string_view::npos || colon > at_sign) return;
  const auto password = text.substr(colon + 1, at_sign - colon - 1);
  if (is_secret_value(password, SecretName::password, ValuePlace::plain)) {
    found.push_back({colon + 1, at_sign, "password"});
  }
}

void find_secret_path(std::string_view text, std::size_t authority, SecretSpans& found) {
  for (const SecretUrl& url : kSecretUrls) {
    if (!text.substr(authority).starts_with(url.host_and_path)) continue;
    const std::size_t begin = authority + url.host_and_path.size();
    std::size_t end = begin;
    while (end < text.size() && (is_base64(text[end]) || text[end] == '@')) ++end;
    const auto path = text.substr(begin, end - begin);
    const bool has_digit = std::ranges::any_of(path, is_digit);
    if (path.size() >= 20 && has_digit && !is_placeholder(path)) found.push_back({begin, end, url.what});
    return;
  }
}

}  // namespace

void find_url_secrets(std::string_view text, SecretSpans& found) {
  constexpr std::string_view kMark = "://";
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + kMark.size())) {
    const std::size_t authority = at + kMark.size();
    if (at == 0 || !is_alnum(text[at - 1])) continue;  // no scheme before it
    find_password(text, authority, found);
    find_secret_path(text, authority, found);
  }
}

}  // namespace codehelper
