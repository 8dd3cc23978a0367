#include "content_rules.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "codehelper/base/text.hpp"
#include "sound_pages.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kBinaryProbeBytes = 8 * 1024;
constexpr std::size_t kHeaderBytes = 2 * 1024;
constexpr std::size_t kMinifiedBytes = 10 * 1024;
constexpr std::size_t kMinifiedLineBytes = 500;
constexpr std::size_t kDrawingBytes = 20 * 1024;
constexpr std::size_t kKeyRunBytes = 32;  // shorter runs are placeholders

constexpr auto kLockFiles = std::to_array<std::string_view>({
    "bun.lock", "bun.lockb",       "cargo.lock",     "composer.lock",       "flake.lock",        "gemfile.lock",
    "go.sum",   "gradle.lockfile", "mix.lock",       "npm-shrinkwrap.json", "package-lock.json", "packages.lock.json",
    "pdm.lock", "pipfile.lock",    "pnpm-lock.yaml", "podfile.lock",        "poetry.lock",       "pubspec.lock",
    "uv.lock",  "yarn.lock",
});

constexpr auto kGeneratedEndings = std::to_array<std::string_view>({
    ".css.map",
    ".js.map",
    ".min.css",
    ".min.js",
    ".min.mjs",
    ".mjs.map",
});

constexpr auto kProseEndings = std::to_array<std::string_view>({
    ".adoc",
    ".csv",
    ".markdown",
    ".md",
    ".mdx",
    ".org",
    ".rst",
    ".tex",
    ".tsv",
    ".txt",
});

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool ends_with_any(std::string_view name, std::span<const std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_base64(char character) {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
         (character >= '0' && character <= '9') || character == '+' || character == '/' || character == '=';
}

/// Whether text begins, after quotes, spaces and escaped line feeds, with a long run of base64.
bool begins_with_key(std::string_view text) {
  for (;;) {
    if (text.starts_with("\\n") || text.starts_with("\\r")) {
      text.remove_prefix(2);
    } else if (!text.empty() && std::string_view(" \t\r\n\"'+:=").contains(text[0])) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  const auto end = std::ranges::find_if_not(text, is_base64) - text.begin();
  return static_cast<std::size_t>(end) >= kKeyRunBytes &&
         !text.substr(0, static_cast<std::size_t>(end)).contains("EXAMPLE");
}

constexpr auto kArmourHeaders =
    std::to_array<std::string_view>({"Proc-Type:", "Version:", "Comment:", "Charset:", "Hash:"});

bool holds_private_key(std::string_view bytes) {
  static constexpr std::string_view kBegin = "-----BEGIN ";
  for (auto at = bytes.find(kBegin); at != std::string_view::npos; at = bytes.find(kBegin, at + 1)) {
    const auto title = bytes.substr(at + kBegin.size(), 40);
    const auto dashes = title.find("-----");
    if (dashes == std::string_view::npos || !title.substr(0, dashes).contains("PRIVATE KEY")) continue;
    const auto body = bytes.substr(at + kBegin.size() + dashes + 5);
    const auto first_line = body.substr(0, 60);
    const bool has_headers =
        std::ranges::any_of(kArmourHeaders, [&](std::string_view header) { return first_line.contains(header); });
    if (has_headers || begins_with_key(body)) return true;
  }
  return false;
}

bool is_token_character(char character) {
  return character == '_' || character == '-' || (is_base64(character) && !std::string_view("+/=").contains(character));
}

/// Not a placeholder and not a name: of all kinds of characters, of many different ones.
bool looks_random(std::string_view text) {
  const auto has_between = [&](char first, char last) {
    return std::ranges::any_of(text, [=](char character) { return character >= first && character <= last; });
  };
  if (!has_between('0', '9') || !has_between('a', 'z') || !has_between('A', 'Z')) return false;
  if (to_lower_ascii(text).contains("example")) return false;
  constexpr std::size_t kDifferent = 10;
  std::string characters(text);
  std::ranges::sort(characters);
  characters.erase(std::ranges::unique(characters).begin(), characters.end());
  return characters.size() >= kDifferent;
}

struct TokenForm {
  std::string_view prefix;
  std::size_t bytes;  // at least, after the prefix
};
constexpr auto kTokenForms = std::to_array<TokenForm>({
    {"ghp_", 36},
    {"gho_", 36},
    {"ghs_", 36},
    {"github_pat_", 60},
    {"glpat-", 20},
    {"xoxb-", 40},
    {"xoxp-", 40},
    {"sk_live_", 24},
});

/// A token that a service hands out, known by its prefix.
bool holds_token(std::string_view bytes) {
  for (const TokenForm& form : kTokenForms) {
    for (auto at = bytes.find(form.prefix); at != std::string_view::npos; at = bytes.find(form.prefix, at + 1)) {
      if (at > 0 && is_token_character(bytes[at - 1])) continue;
      const auto rest = bytes.substr(at + form.prefix.size());
      const auto length = std::ranges::find_if_not(rest, is_token_character) - rest.begin();
      const auto token = rest.substr(0, static_cast<std::size_t>(length));
      if (token.size() >= form.bytes && looks_random(token)) return true;
    }
  }
  return false;
}

bool holds_run_of_key(std::string_view text) {
  constexpr std::size_t kSecretBytes = 40;
  while (!text.empty()) {
    const auto length = static_cast<std::size_t>(std::ranges::find_if_not(text, is_base64) - text.begin());
    if (length == kSecretBytes && looks_random(text.substr(0, length))) return true;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return false;
}

/// "AKIA…" or "ASIA…" (temporary) of 20 capitals and digits with a secret key beside it, as in a table of credentials.
bool holds_key_pair(std::string_view bytes) {
  constexpr std::size_t kIdBytes = 20;
  constexpr std::size_t kNear = 200;
  for (const std::string_view prefix : {"AKIA", "ASIA"}) {
    for (auto at = bytes.find(prefix); at != std::string_view::npos; at = bytes.find(prefix, at + 1)) {
      const auto id = bytes.substr(at, kIdBytes);
      const bool is_id = id.size() == kIdBytes && std::ranges::all_of(id, [](char character) {
                           return (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9');
                         });
      if (!is_id) continue;
      const auto begin = at - std::min(at, kNear);
      if (holds_run_of_key(bytes.substr(begin, at - begin)) || holds_run_of_key(bytes.substr(at + kIdBytes, kNear))) {
        return true;
      }
    }
  }
  return false;
}

bool holds_cloud_secret(std::string_view bytes) {
  static constexpr std::string_view kName = "aws_secret_access_key";
  const auto lower = to_lower_ascii(bytes);
  for (auto at = lower.find(kName); at != std::string::npos; at = lower.find(kName, at + 1)) {
    if (begins_with_key(bytes.substr(at + kName.size()))) return true;
  }
  return holds_key_pair(bytes);
}

bool is_comment(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  constexpr auto leaders =
      std::to_array<std::string_view>({"//", "#", "/*", "*", "--", ";", "<!--", "%", "\"\"\"", "'"});
  return std::ranges::any_of(leaders, [&](std::string_view leader) { return line.starts_with(leader); });
}

/// "Code generated by protoc-gen-go. DO NOT EDIT." or "@generated" in a comment at the top.
bool says_generated(std::string_view bytes) {
  auto head = bytes.substr(0, kHeaderBytes);
  bool is_generated = false;
  bool forbids_editing = false;
  while (!head.empty()) {
    const auto line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    if (!is_comment(line)) continue;
    if (line.contains("@generated")) return true;
    is_generated = is_generated || to_lower_ascii(line).contains("generated");
    forbids_editing = forbids_editing || line.contains("DO NOT EDIT") || line.contains("Do not edit");
  }
  return is_generated && forbids_editing;
}

bool is_minified(std::string_view name, std::string_view bytes) {
  if (bytes.size() <= kMinifiedBytes || ends_with_any(name, kProseEndings)) return false;
  const auto lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n')) + 1;
  return bytes.size() / lines > kMinifiedLineBytes;
}

/// "<name>-<16 hexadecimal digits>.db" and what stands beside it, as embedded_index_path() names them: a data directory
/// inside the project, whose files change with every pass.
bool is_own_index(std::string_view name) {
  constexpr std::size_t kDigits = 16;
  for (const std::string_view ending : {"-wal", "-shm", ".lock", SoundPages::kSuffix}) {
    if (name.ends_with(".db" + std::string(ending))) name.remove_suffix(ending.size());
  }
  if (!name.ends_with(".db")) return false;
  name.remove_suffix(3);
  if (name.size() <= kDigits || name[name.size() - kDigits - 1] != '-') return false;
  return std::ranges::all_of(name.substr(name.size() - kDigits), [](char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
  });
}

/// What a server that has its data directory in the project writes there: the project that was posted last.
bool is_own_state(std::string_view name, std::string_view bytes) {
  return name.starts_with("current_project.json") && bytes.starts_with("{\"project_path\":");
}

std::string lower_name(std::string_view path) {
  return to_lower_ascii(path.substr(path.rfind('/') + 1));
}

}  // namespace

std::optional<Refusal> refuse_name(std::string_view path) {
  const auto name = lower_name(path);
  if (is_one_of(kLockFiles, name)) return Refusal{SkipReason::generated, "lock file"};
  if (is_own_index(name)) return Refusal{SkipReason::generated, "an index of codehelper"};
  if (ends_with_any(name, kGeneratedEndings)) return Refusal{SkipReason::generated, "minified, by its name"};
  return std::nullopt;
}

std::optional<Refusal> refuse_content(std::string_view path, std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return Refusal{SkipReason::binary, "UTF-16"};
  if (bytes.substr(0, kBinaryProbeBytes).contains('\0')) return Refusal{SkipReason::binary, "holds NUL bytes"};
  if (holds_private_key(bytes)) return Refusal{SkipReason::secret, "holds a private key"};
  if (holds_cloud_secret(bytes)) return Refusal{SkipReason::secret, "holds an access key"};
  if (holds_token(bytes)) return Refusal{SkipReason::secret, "holds an access token"};
  const auto name = lower_name(path);
  if (is_own_state(name, bytes)) return Refusal{SkipReason::generated, "the state of codehelper"};
  if (says_generated(bytes)) return Refusal{SkipReason::generated, "says so at its top"};
  if (is_minified(name, bytes)) return Refusal{SkipReason::generated, "its lines are too long to be written by hand"};
  if (name.ends_with(".svg") && bytes.size() > kDrawingBytes) return Refusal{SkipReason::generated, "a drawing"};
  return std::nullopt;
}

}  // namespace codehelper
