#include <algorithm>
#include <array>
#include <span>

#include "codehelper/base/text.hpp"
#include "codehelper/index/source_files.hpp"

namespace codehelper {

namespace {

constexpr auto kNames = std::to_array<std::string_view>({
    ".boto",
    ".dockercfg",
    ".env",
    ".envrc",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".s3cfg",
    ".terraformrc",
    ".vault_pass",
    ".vault-token",
    ".yarnrc.yml",
    "_netrc",
    "credentials",
    "credentials.json",
    "credentials.yaml",
    "credentials.yml",
    "htpasswd",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "secrets.env",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    "service-account.json",
    "service_account.json",
    "serviceaccount.json",
    "terraform.tfstate",
    "terraform.tfstate.backup",
});

constexpr auto kEndings = std::to_array<std::string_view>({
    ".env",
    ".jks",
    ".kdbx",
    ".key",
    ".keystore",
    ".p12",
    ".pem",
    ".pfx",
    ".pkcs12",
    ".ppk",
    ".tfvars",
    ".tfvars.json",
    ".tfstate",
    ".tfstate.backup",
    ".keytab",
    ".ovpn",
});

// Keys and states are never templates, whatever else the name says.
constexpr auto kHardEndings = std::to_array<std::string_view>(
    {".pem", ".key", ".p12", ".pfx", ".jks", ".ppk", ".keytab", ".tfstate", ".tfstate.backup"});

constexpr auto kFolders = std::to_array<std::string_view>({".aws", ".azure", ".gnupg", ".kube", ".ssh"});

constexpr auto kTemplateWords = std::to_array<std::string_view>({
    "default",
    "defaults",
    "dist",
    "example",
    "sample",
    "template",
    "tmpl",
    "tpl",
});

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Whether one of the parts of "prod.env.example" says that it is a template.
bool is_template(std::string_view name) {
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of(".-_"), name.size());
    if (is_one_of(kTemplateWords, name.substr(0, end))) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

bool is_in_secret_folder(std::string_view path) {
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    if (is_one_of(kFolders, path.substr(0, slash))) return true;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

bool is_secret_path(std::string_view path) {
  const auto lower = to_lower_ascii(path);
  if (is_in_secret_folder(lower)) return true;
  if (lower.ends_with(".docker/config.json")) return true;
  const auto name = std::string_view(lower).substr(lower.rfind('/') + 1);
  const auto ends_name = [&](std::string_view ending) { return name.ends_with(ending); };
  if (is_template(name) && std::ranges::none_of(kHardEndings, ends_name)) return false;
  if (is_one_of(kNames, name) || name.starts_with(".env.")) return true;
  return std::ranges::any_of(kEndings, ends_name);
}

}  // namespace codehelper
